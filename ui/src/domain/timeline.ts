// A run along its time: rows of bars, what ran when, and what made it take as long as it did.

import type { Run, Task } from "@/api/types";
import { dagAt } from "./graph";
import type { Pipeline } from "./pipeline";
import { isStep } from "./runTasks";
import { shownTask, type Tone } from "./state";
import { ancestors, iterationOf, parentOf, segments } from "./taskPath";

export interface Bar {
  readonly from: number;
  /** None while it goes on. */
  readonly to?: number;
  readonly kind: "queued" | "running" | "group";
  readonly tone: Tone;
  readonly word: string;
}

export interface Row {
  readonly path: string;
  readonly title: string;
  readonly depth: number;
  readonly task: Task;
  readonly bars: readonly Bar[];
  readonly holds: boolean;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

const time = (at: string | null | undefined): number | undefined => (at ? Date.parse(at) : undefined);

/** From when to when a run goes; to now while it does. */
export function spanOf(run: Run, now: number): Span {
  const from = time(run.started_at) ?? Date.parse(run.created_at);
  return { from, to: Math.max(time(run.finished_at) ?? now, from + 1) };
}

/** The rows, groups before what is in them, in the order of their beginnings. */
export function rowsOf(tasks: readonly Task[], closed: ReadonlySet<string>): readonly Row[] {
  const inside = new Map<string, Task[]>();
  for (const task of tasks) {
    if (task.path === "") continue;
    const parent = parentOf(task.path);
    const siblings = inside.get(parent);
    if (siblings) siblings.push(task);
    else inside.set(parent, [task]);
  }
  const rows: Row[] = [];
  const walk = (parent: string, depth: number) => {
    for (const task of (inside.get(parent) ?? []).toSorted(byBeginning)) {
      const holds = inside.has(task.path);
      rows.push({ path: task.path, title: titleOf(task), depth, task, bars: barsOf(task), holds });
      if (holds && !closed.has(task.path)) walk(task.path, depth + 1);
    }
  };
  walk("", 0);
  return rows;
}

const titleOf = (task: Task): string => (task.kind === "iteration" ? `Iteration ${iterationOf(task.path)}` : task.display_name);

function byBeginning(one: Task, other: Task): number {
  const difference = (time(one.started_at) ?? Number.MAX_VALUE) - (time(other.started_at) ?? Number.MAX_VALUE);
  return difference || (iterationOf(one.path) ?? 0) - (iterationOf(other.path) ?? 0) || one.path.localeCompare(other.path);
}

/** A step's attempts, with what it waited between them; a group's whole time. */
export function barsOf(task: Task): readonly Bar[] {
  const from = time(task.started_at);
  if (from === undefined) return [];
  const to = time(task.finished_at);
  const shown = shownTask(task.state, task.cached);
  const whole = { from, ...(to !== undefined && { to }), tone: shown.tone, word: shown.word };
  if (!isStep(task)) return [{ ...whole, kind: "group" }];
  if (task.attempts.length === 0) return [{ ...whole, kind: task.state === "PENDING" || task.state === "RUNNING" ? "queued" : "running" }];
  const bars: Bar[] = [];
  let at = from;
  for (const attempt of task.attempts) {
    const began = Date.parse(attempt.started_at);
    const ended = time(attempt.finished_at);
    if (began > at) bars.push({ from: at, to: began, kind: "queued", tone: "wait", word: "Waiting" });
    const tried = shownTask(attempt.state);
    bars.push({ from: began, ...(ended !== undefined && { to: ended }), kind: "running", tone: tried.tone, word: `Attempt ${attempt.number}: ${tried.word}` });
    at = ended ?? began;
  }
  if (to === undefined && task.attempts.at(-1)?.finished_at) bars.push({ from: at, kind: "queued", tone: "wait", word: "Waiting" });
  return bars;
}

/** What ran at a time, with everything that holds it. */
export function litAt(tasks: readonly Task[], at: number): ReadonlySet<string> {
  const lit = new Set<string>();
  for (const task of tasks) {
    const from = time(task.started_at);
    if (!isStep(task) || from === undefined || from > at || (time(task.finished_at) ?? Number.MAX_VALUE) < at) continue;
    lit.add(task.path);
    for (const path of ancestors(task.path)) lit.add(path);
  }
  return lit;
}

/** Steps begin at once when the last that they wait for has ended; clocks and records are not quicker than this. */
const AT_ONCE = 250;

/** The steps that made the run take as long as it did, last to first. */
export function criticalPath(tasks: readonly Task[], pipeline: Pipeline | undefined): ReadonlySet<string> {
  const steps = tasks.flatMap((task) => {
    const from = time(task.started_at);
    const to = time(task.finished_at) ?? (task.state === "RUNNING" ? Number.MAX_VALUE : undefined);
    return isStep(task) && from !== undefined && to !== undefined && to > from ? [{ path: task.path, from, to }] : [];
  });
  const path = new Set<string>();
  let at = steps.toSorted((one, other) => other.to - one.to)[0];
  while (at && !path.has(at.path)) {
    path.add(at.path);
    const { from, path: here } = at;
    at = steps
      .filter((step) => step.to <= from + AT_ONCE && step.path !== here && !path.has(step.path) && (!pipeline || leadsTo(pipeline, step.path, here)))
      .toSorted((one, other) => other.to - one.to)[0];
  }
  return path;
}

/** Whether what is at `to` waits for what is at `from`, as far as the DAG that both are in says, or for room in their loop. */
function leadsTo(pipeline: Pipeline, from: string, to: string): boolean {
  const one = segments(from);
  const other = segments(to);
  let common = 0;
  while (one[common]?.name === other[common]?.name && one[common]?.iteration === other[common]?.iteration) common += 1;
  const [left, right] = [one[common], other[common]];
  if (!left || !right) return false;
  if (left.name === right.name) return true;
  const parent = other
    .slice(0, common)
    .map((segment) => segment.name)
    .join("/");
  return dagAt(pipeline, parent)?.edges.some((edge) => edge.from === left.name && edge.to === right.name) ?? false;
}

const SECOND = 1000;
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 172_800, 604_800].map((step) => step * SECOND);

/** Milliseconds from the beginning at which an axis is marked: at most so many, at round times. */
export function ticks(length: number, most: number): readonly number[] {
  const step = STEPS.find((one) => length / one <= most) ?? length;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step);
}

/** `0`, `0.5 s`, `45 s`, `2:30`, `3:00:00`. */
export function tickLabel(milliseconds: number): string {
  if (milliseconds === 0) return "0";
  const seconds = milliseconds / SECOND;
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`;
  const parts = [Math.floor((seconds % 3600) / 60), Math.floor(seconds % 60)];
  const hours = Math.floor(seconds / 3600);
  if (hours === 0) return `${parts[0]}:${String(parts[1]).padStart(2, "0")}`;
  return [hours, ...parts.map((part) => String(part).padStart(2, "0"))].join(":");
}
