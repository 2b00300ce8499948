// What can be done to a run.

import { ask, KFP, OWN, send } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

const at = (run: string, verb = ""): string => `${OWN}/runs/${encodeURIComponent(run)}${verb}`;

export const cancelRun = (run: string) => send("POST", at(run, ":cancel"));
export const retryRun = (run: string) => send("POST", at(run, ":retry"));
export const removeRun = (run: string) => ask<Schemas["RemovedRun"]>("DELETE", at(run));

/** An archived run is kept, out of the way. */
export const archiveRun = (run: string) => send("POST", `${KFP}/runs/${encodeURIComponent(run)}:archive`);
export const unarchiveRun = (run: string) => send("POST", `${KFP}/runs/${encodeURIComponent(run)}:unarchive`);

/** A new run that takes over what does not depend on a step. */
export const rerunFrom = (run: string, from: string) => ask<Schemas["CreatedRun"]>("POST", at(run, ":rerun"), { body: { from } });

/** Answered once JupyterLab is there, which takes a minute the first time in an image. */
export const openStep = (run: string, step: string) => ask<Schemas["OpenedStep"]>("POST", `${OWN}/opened-steps`, { body: { run, step } });
