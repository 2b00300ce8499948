// The tasks of a run, as they are asked about.

import type { Run, Task } from "@/api/types";
import { isWithin, iterationOf, parentOf } from "./taskPath";

/** Kinds that hold other tasks. */
const HOLDS: ReadonlySet<Task["kind"]> = new Set(["dag", "loop", "iteration"]);

export const isStep = (task: Task): boolean => !HOLDS.has(task.kind);

export interface TaskIndex {
  readonly byPath: ReadonlyMap<string, Task>;
  /** The iterations of each loop, by number. */
  readonly iterations: ReadonlyMap<string, readonly Task[]>;
}

export function indexTasks(tasks: readonly Task[]): TaskIndex {
  const byPath = new Map<string, Task>();
  const iterations = new Map<string, Task[]>();
  for (const task of tasks) {
    byPath.set(task.path, task);
    if (task.kind !== "iteration") continue;
    const loop = parentOf(task.path);
    const siblings = iterations.get(loop);
    if (siblings) siblings.push(task);
    else iterations.set(loop, [task]);
  }
  for (const all of iterations.values()) all.sort((one, other) => (iterationOf(one.path) ?? 0) - (iterationOf(other.path) ?? 0));
  return { byPath, iterations };
}

/** The step that failed first, below a path. What was stopped or skipped for it is not it. */
export function failedStep(tasks: readonly Task[], below = ""): Task | undefined {
  return tasks
    .filter((task) => isStep(task) && task.state === "FAILED" && isWithin(task.path, below))
    .toSorted((one, other) => (one.finished_at ?? "~").localeCompare(other.finished_at ?? "~"))[0];
}

/** What a step waits for on the machine, where it waits. */
export const waitsFor = (run: Run, path: string): string | undefined => run.waiting.find((waiting) => waiting.task === path)?.reason;

/** How many steps are over, of those that are known. */
export function progress(tasks: readonly Task[]): { readonly over: number; readonly all: number } {
  const steps = tasks.filter(isStep);
  return { over: steps.filter((task) => task.state !== "PENDING" && task.state !== "RUNNING").length, all: steps.length };
}
