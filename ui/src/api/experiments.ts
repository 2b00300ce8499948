// Experiments, and the runs in them.

import { queryOptions } from "@tanstack/react-query";
import { ask, get, KFP, send } from "./client";
import type { Experiment, KfpRun } from "./kfp";
import { all } from "./pages";

const ROOT = `${KFP}/experiments`;
const at = (id: string) => `${ROOT}/${encodeURIComponent(id)}`;

export const experiments = () =>
  queryOptions({ queryKey: ["experiments"], queryFn: ({ signal }) => all<Experiment>(ROOT, "experiments", { sort_by: "created_at desc" }, signal) });

export const experiment = (id: string) => queryOptions({ queryKey: ["experiments", id], queryFn: ({ signal }) => get<Experiment>(at(id), {}, signal) });

export const experimentRuns = (id: string) =>
  queryOptions({
    queryKey: ["runs", "of-experiment", id],
    queryFn: ({ signal }) => all<KfpRun>(`${KFP}/runs`, "runs", { experiment_id: id, sort_by: "created_at desc" }, signal, 2000),
  });

export const createExperiment = (name: string, description: string): Promise<Experiment> =>
  ask("POST", ROOT, { body: { display_name: name, description } });

export const archiveExperiment = (id: string, isArchived: boolean): Promise<Response> => send("POST", `${at(id)}:${isArchived ? "archive" : "unarchive"}`);

export const deleteExperiment = (id: string): Promise<Response> => send("DELETE", at(id));
