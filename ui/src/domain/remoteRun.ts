// Runs on clusters, as they are shown beside the local ones.

import type { RunSummary } from "@/api/types";
import type { RemoteNews, RemotePlace, RemoteRun, RemoteState } from "@/api/remoteRuns";
import { type RunsSearch, STATES } from "./runTable";
import type { Shown } from "./state";

const STATE: Readonly<Record<RemoteState, Shown>> = {
  RUNTIME_STATE_UNSPECIFIED: { tone: "wait", icon: "clock", word: "Not known" },
  PENDING: { tone: "wait", icon: "clock", word: "Waiting" },
  RUNNING: { tone: "run", icon: "turn", word: "Running" },
  SUCCEEDED: { tone: "ok", icon: "check", word: "Succeeded" },
  SKIPPED: { tone: "skip", icon: "skip", word: "Skipped" },
  FAILED: { tone: "fail", icon: "cross", word: "Failed" },
  CANCELING: { tone: "warn", icon: "stop", word: "Stopping" },
  CANCELED: { tone: "warn", icon: "stop", word: "Stopped" },
  PAUSED: { tone: "wait", icon: "moon", word: "Paused" },
};

/** How a task stands; what had not begun when its run was over did not begin at all. */
export function shownRemoteTask(states: readonly RemoteState[], isOver: boolean): Shown {
  const state = states.at(-1) ?? "PENDING";
  return isOver && state === "PENDING" ? { tone: "skip", icon: "skip", word: "Not begun" } : STATE[state];
}

/** Whether nothing more is heard of it. */
export const isRemoteOver = ({ stage }: Pick<RemoteRun, "stage">): boolean => stage === "DONE" || stage === "REFUSED";

/** How a run on a cluster stands, and why. */
export function shownRemoteRun({ stage, state, problem, error, is_recurring }: Pick<RemoteRun, "stage" | "state" | "problem" | "error" | "is_recurring">): readonly [Shown, string?] {
  const why = problem?.message ?? error ?? undefined;
  const said = (shown: Shown): readonly [Shown, string?] => (why ? [shown, why] : [shown]);
  if (stage === "REFUSED") return said({ tone: "fail", icon: "cross", word: "Refused" });
  if (problem) return said({ tone: "warn", icon: "warning", word: "Not answered" });
  if (stage === "SENDING") return said({ tone: "wait", icon: "clock", word: "Sending" });
  if (is_recurring) return said({ tone: "ok", icon: "check", word: "Scheduled" });
  return said(STATE[state ?? "PENDING"]);
}

/** Where it is, in a word or an address. */
export const placeName = (place: RemotePlace): string => ("endpoint" in place ? place.endpoint.replace(/^https?:\/\//, "").replace(/\/$/, "") : place.context.name);

/** What was heard, in a line. */
export function newsWords(news: RemoteNews): readonly [string, (string | null | undefined)?] {
  switch (news.kind) {
    case "version":
      return [news.uploaded ? "The pipeline was uploaded" : "The pipeline was there already", `version ${news.version_id}`];
    case "made":
      return [news.found ? "It was found there" : "It was made there", `id ${news.remote_id}`];
    case "run":
      return [`The run: ${STATE[news.state].word.toLowerCase()}`, news.error];
    case "task":
      return [`\`${news.name}\`: ${STATE[news.state].word.toLowerCase()}`, news.error];
    case "trouble":
      return [`The server does not answer as it should: ${news.message}`, news.hint];
    case "back":
      return ["The server answers again"];
    case "refused":
      return [`The server refuses: ${news.message}`, news.hint];
  }
}

/** A row of the table of runs: one of this workbench, or one on a cluster. */
export type RunRow = RunSummary | RemoteRun;

export const isRemote = (row: RunRow): row is RemoteRun => "place" in row;

/** The state by which the table of runs is filtered. A schedule that was made is none that waits: nothing is to come of it but other runs. */
function stateInTable({ stage, state, is_recurring: isRecurring }: RemoteRun): string {
  if (stage === "REFUSED") return "FAILED";
  return isRecurring && stage !== "SENDING" ? "" : (state ?? "PENDING");
}

/** Whether a run on a cluster fits what the table is filtered by. Experiments and what begins runs by itself are those here. */
export function fitsRemote(run: RemoteRun, { text, state, pipeline, experiment, recurring, archived }: RunsSearch): boolean {
  if (experiment || recurring || archived === "yes") return false;
  if (pipeline && run.pipeline !== pipeline) return false;
  const states: readonly string[] | undefined = STATES.find(({ key }) => key === state)?.states;
  if (states && !states.includes(stateInTable(run))) return false;
  const sought = text?.toLowerCase();
  return !sought || [run.display_name, run.pipeline, run.run_id, run.remote_id ?? "", placeName(run.place)].some((part) => part.toLowerCase().includes(sought));
}

const SORTED: Readonly<Record<string, (row: RunRow) => string>> = {
  name: ({ display_name }) => display_name,
  pipeline: ({ pipeline }) => pipeline,
  created: ({ created_at }) => created_at,
  finished: ({ finished_at }) => finished_at ?? "",
};

/**
 * The runs on clusters among the local ones, which are sorted already and of which those out of sight are not known. Where a
 * column says nothing of runs on clusters, they stand after the others.
 */
export function withRemote(local: readonly (RunSummary | undefined)[], remote: readonly RemoteRun[], sort = "-created"): readonly (RunRow | undefined)[] {
  if (remote.length === 0) return local;
  const way = sort.startsWith("-") ? -1 : 1;
  const key = SORTED[sort.replace(/^-/, "")];
  if (!key) return [...local, ...remote];
  const order = (one: RunRow, other: RunRow) => way * (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0);
  const waiting = remote.toSorted(order);
  const rows: (RunRow | undefined)[] = [];
  for (const row of local) {
    const before = row ? waiting.filter((one) => order(one, row) < 0).length : 0;
    rows.push(...waiting.splice(0, before), row);
  }
  return [...rows, ...waiting];
}
