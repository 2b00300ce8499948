// How far a run is: of the tasks that its definition has at the top, those that are over.

import type { Task } from "@/api/types";

const OVER = new Set<Task["state"]>(["SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"]);

export interface Progress {
  readonly done: number;
  readonly of: number;
  /** What runs now, by the names people see. */
  readonly running: readonly string[];
}

/** The names of the tasks at the top of a definition: a spec alone, or one with its platform document. */
export function topTasks(definition: unknown): readonly string[] {
  const spec = field(definition, "pipeline_spec") ?? definition;
  const tasks = field(field(field(spec, "root"), "dag"), "tasks");
  return typeof tasks === "object" && tasks !== null ? Object.keys(tasks) : [];
}

const field = (value: unknown, name: string): unknown => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined);

export function progress(names: readonly string[], tasks: readonly Task[]): Progress {
  const top = tasks.filter(({ path }) => path !== "" && !path.includes("/"));
  return {
    done: top.filter(({ state }) => OVER.has(state)).length,
    of: Math.max(names.length, top.length),
    running: tasks.filter(({ state, kind }) => state === "RUNNING" && kind !== "dag" && kind !== "loop" && kind !== "iteration").map((task) => task.display_name),
  };
}
