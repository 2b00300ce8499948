import type { Run, Task } from "@/api/types";
import { isOver, type Shown, shownTask } from "@/domain/state";
import { iterationOf, parentOf } from "@/domain/taskPath";
import { type TaskIndex, waitsFor } from "@/domain/runTasks";
import type { Looks, NodeLook } from "@/features/graph/look";

const NOT_RUN: Shown = { tone: "skip", icon: "skip", word: "Not run" };
const LATER: NodeLook = { shown: shownTask("PENDING"), isCached: false, isFaint: false };
const NEVER: NodeLook = { shown: NOT_RUN, isCached: false, isFaint: true };
const SKIPPED: NodeLook = { shown: shownTask("SKIPPED"), isCached: false, isFaint: true };

/** Tasks stay the same objects while they do not change, and so do their looks. */
const known = new WeakMap<Task, NodeLook>();

/** How the tasks of a run look in its graph, also those that have not begun. */
export function looksOf(run: Run, index: TaskIndex): Looks {
  const made = new Map<string, NodeLook | undefined>();
  const look = (path: string): NodeLook => {
    const task = index.byPath.get(path);
    if (task) return task.kind === "loop" ? loopLook(task, index) : taskLook(task, waitsFor(run, path));
    for (let at = parentOf(path); at !== ""; at = parentOf(at)) if (index.byPath.get(at)?.state === "SKIPPED") return SKIPPED;
    return isOver(run.state) ? NEVER : LATER;
  };
  return {
    get: (path) => {
      if (!made.has(path)) made.set(path, look(path));
      return made.get(path);
    },
  };
}

function taskLook(task: Task, waiting: string | undefined): NodeLook {
  const before = known.get(task);
  if (before && (before.reason === waiting || waiting === undefined)) return before;
  const look: NodeLook = {
    shown: shownTask(task.state, task.cached),
    from: task.started_at,
    to: task.finished_at,
    reason: task.reason?.message ?? waiting,
    isCached: task.cached,
    isFaint: task.state === "SKIPPED" || (task.state === "CANCELED" && !task.started_at),
  };
  known.set(task, look);
  return look;
}

const loops = new WeakMap<readonly Task[], NodeLook>();

function loopLook(task: Task, index: TaskIndex): NodeLook {
  const all = index.iterations.get(task.path) ?? [];
  const before = loops.get(all);
  if (before) return before;
  const look: NodeLook = {
    ...taskLook(task, undefined),
    iterations: all.map((one) => ({ index: iterationOf(one.path) ?? 0, shown: shownTask(one.state, one.cached) })),
    ...(all.length > 0 && { progress: loopProgress(task, all) }),
  };
  loops.set(all, look);
  return look;
}

function loopProgress(task: Task, all: readonly Task[]): string {
  const failed = all.filter((one) => one.state === "FAILED").length;
  if (failed > 0) return `${failed} of ${all.length} failed`;
  if (task.state === "SUCCEEDED") return `${all.length} ${all.length === 1 ? "iteration" : "iterations"}`;
  return `${all.filter((one) => one.state !== "PENDING" && one.state !== "RUNNING").length} of ${all.length}`;
}
