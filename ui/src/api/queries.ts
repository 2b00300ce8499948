// What pages ask for, with the topics by which they hear of changes.

import { queryOptions } from "@tanstack/react-query";
import { get, KFP, OWN, send } from "./client";
import { type Experiment, kfpRun } from "./kfp";
import type { ArtifactList, DoctorReport, Health, Run, RunSummary, Task, Why } from "./types";

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

export const experimentName = (id: string) =>
  queryOptions({
    queryKey: ["experiments", "name", id],
    queryFn: async ({ signal }) => (await get<Experiment>(`${KFP}/experiments/${encodeURIComponent(id)}`, {}, signal)).display_name,
  });

/** Why a step ran, or did not have to. */
export const why = (id: string, step: string) =>
  queryOptions({ queryKey: ["run", id, "why", step], queryFn: ({ signal }) => get<Why>(`${OWN}/runs/${encodeURIComponent(id)}/why`, { step }, signal) });

/** What a run made, imported, read or took over. */
export const runArtifacts = (id: string) =>
  queryOptions({
    queryKey: ["run", id, "artifacts"],
    queryFn: async ({ signal }) => (await get<ArtifactList>(`${OWN}/runs/${encodeURIComponent(id)}/artifacts`, {}, signal)).artifacts,
  });

/** A run's definition, as it was written. */
export const runDefinition = (id: string) =>
  queryOptions({
    queryKey: ["definition", id],
    queryFn: async ({ signal }) => (await send("GET", `${OWN}/runs/${encodeURIComponent(id)}/definition`, { signal })).text(),
  });
