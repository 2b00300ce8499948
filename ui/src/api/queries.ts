// What pages ask for, with the topics by which they hear of changes.

import { queryOptions } from "@tanstack/react-query";
import { get, OWN } from "./client";
import { kfpRun } from "./kfp";
import type { DoctorReport, Health, Run, RunSummary, Task } from "./types";

export const health = () => queryOptions({ queryKey: ["health"], queryFn: ({ signal }) => get<Health>(`${OWN}/health`, {}, signal) });

export const doctor = () =>
  queryOptions({ queryKey: ["doctor"], queryFn: ({ signal }) => get<DoctorReport>(`${OWN}/doctor`, {}, signal), staleTime: 60_000 });

/** The newest runs, as far as one page of the workbench's own list goes. */
export const runs = (limit = 1000, state = "") =>
  queryOptions({
    queryKey: ["runs", { limit, state }],
    queryFn: ({ signal }) => get<{ runs: readonly RunSummary[]; next?: string }>(`${OWN}/runs`, { limit, state }, signal),
  });

export const run = (id: string) =>
  queryOptions({ queryKey: ["run", id], queryFn: ({ signal }) => get<Run>(`${OWN}/runs/${encodeURIComponent(id)}`, {}, signal) });

export const tasks = (id: string) =>
  queryOptions({
    queryKey: ["run", id, "tasks"],
    queryFn: async ({ signal }) => (await get<{ tasks: readonly Task[] }>(`${OWN}/runs/${encodeURIComponent(id)}/tasks`, {}, signal)).tasks,
  });

/** A run as KFP has it: its definition, experiment and storage state. Its definition never changes. */
export const definedRun = (id: string) => queryOptions({ queryKey: ["run", id, "kfp"], queryFn: ({ signal }) => kfpRun(id, signal) });
