// KFP's API has more states of runs than the workbench: they are shown as the one that they stand for.

import { type Shown, shownRun } from "./state";

const KNOWN = ["PENDING", "RUNNING", "CANCELING", "SUCCEEDED", "FAILED"] as const;

export const shownRunState = (state: string): Shown => shownRun(KNOWN.find((known) => known === state) ?? "PENDING");
