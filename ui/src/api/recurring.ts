// Recurring runs, and what begins runs in general.

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ask, get, KFP, OWN, send } from "./client";
import type { KfpRun, RecurringRun } from "./kfp";
import { all } from "./pages";
import type { RecurringStatus } from "./types";

const ROOT = `${KFP}/recurringruns`;
const at = (id: string) => `${ROOT}/${encodeURIComponent(id)}`;

export const recurringRuns = () =>
  queryOptions({
    queryKey: ["recurring"],
    queryFn: ({ signal }) => all<RecurringRun>(ROOT, "recurringRuns", { sort_by: "created_at desc" }, signal),
  });

export const recurringRun = (id: string) => queryOptions({ queryKey: ["recurring", id], queryFn: ({ signal }) => get<RecurringRun>(at(id), {}, signal) });

/** How it stands changes with its runs, and when it is itself changed. */
export const recurringStatus = ({ recurring_run_id: id, updated_at: changed }: RecurringRun) =>
  queryOptions({
    queryKey: ["runs", "recurring-status", id, changed],
    queryFn: ({ signal }) => get<RecurringStatus>(`${OWN}/recurring-runs/${encodeURIComponent(id)}`, {}, signal),
    placeholderData: keepPreviousData,
  });

/** The newest runs that it has begun. */
export const runsBegunBy = (id: string) =>
  queryOptions({
    queryKey: ["runs", "of-recurring", id],
    queryFn: async ({ signal }) => {
      const filter = JSON.stringify({ predicates: [{ key: "recurring_run_id", operation: "EQUALS", string_value: id }] });
      const page = await get<{ runs?: readonly KfpRun[] }>(`${KFP}/runs`, { filter, sort_by: "created_at desc", page_size: 10 }, signal);
      return page.runs ?? [];
    },
  });

export const enableRecurring = (id: string, isEnabled: boolean): Promise<Response> => send("POST", `${at(id)}:${isEnabled ? "enable" : "disable"}`);

export const deleteRecurring = (id: string): Promise<Response> => send("DELETE", at(id));

/** Begins a run: `body` is KFP's message of one. */
export const createRun = (body: unknown): Promise<KfpRun> => ask("POST", `${KFP}/runs`, { body });

export const createRecurring = (body: unknown): Promise<RecurringRun> => ask("POST", ROOT, { body });
