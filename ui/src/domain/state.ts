// What each state looks like and is called: the one table for every page.

import type { RunState, TaskState } from "@/api/types";

export type Tone = "ok" | "run" | "wait" | "warn" | "fail" | "skip";

/** How a state is shown: a tone is always beside an icon and a word. */
export interface Shown {
  readonly tone: Tone;
  readonly icon: "check" | "cross" | "turn" | "clock" | "stop" | "skip" | "cached" | "warning" | "moon";
  readonly word: string;
}

const RUN: Record<RunState, Shown> = {
  PENDING: { tone: "wait", icon: "clock", word: "Waiting" },
  RUNNING: { tone: "run", icon: "turn", word: "Running" },
  CANCELING: { tone: "warn", icon: "stop", word: "Stopping" },
  SUCCEEDED: { tone: "ok", icon: "check", word: "Succeeded" },
  FAILED: { tone: "fail", icon: "cross", word: "Failed" },
};

const TASK: Record<TaskState, Shown> = {
  PENDING: { tone: "wait", icon: "clock", word: "Waiting" },
  RUNNING: { tone: "run", icon: "turn", word: "Running" },
  SUCCEEDED: { tone: "ok", icon: "check", word: "Succeeded" },
  SKIPPED: { tone: "skip", icon: "skip", word: "Skipped" },
  FAILED: { tone: "fail", icon: "cross", word: "Failed" },
  CANCELED: { tone: "warn", icon: "stop", word: "Stopped" },
};

const CACHED: Shown = { tone: "ok", icon: "cached", word: "Cached" };

export const shownRun = (state: RunState): Shown => RUN[state];

export const shownTask = (state: TaskState, cached = false): Shown => (cached && state === "SUCCEEDED" ? CACHED : TASK[state]);

/** Whether nothing more will happen. */
export const isOver = (state: RunState): boolean => state === "SUCCEEDED" || state === "FAILED";
