// The table of runs: what its address holds, its columns, and what the workbench is asked for.

import type { RunState } from "@/api/types";

export interface RunsSearch {
  readonly text?: string;
  readonly state?: string;
  readonly pipeline?: string;
  readonly experiment?: string;
  readonly recurring?: string;
  /** `yes` shows what was put aside, `all` everything. */
  readonly archived?: "yes" | "all";
  /** A column's key, with `-` before it for the greatest first. */
  readonly sort?: string;
  /** The columns' keys with commas between them. Where it is left out, the remembered ones. */
  readonly columns?: string;
}

/** Columns that every table of runs may have; the name is always there. */
export const COLUMNS = {
  state: "State",
  pipeline: "Pipeline",
  experiment: "Experiment",
  recurring: "Recurring run",
  took: "Took",
  created: "Created",
  finished: "Ended",
} as const;

export type PlainColumn = keyof typeof COLUMNS;

export const USUAL_COLUMNS: readonly string[] = ["state", "pipeline", "took", "created"];

/** A column as its key says it. */
export type ColumnKey = { readonly kind: "plain"; readonly name: PlainColumn } | { readonly kind: "parameters" | "metrics"; readonly name: string };

/** What may be asked for as a state, with the states that it stands for. */
export const STATES: readonly { readonly key: string; readonly word: string; readonly states: readonly RunState[] }[] = [
  { key: "open", word: "Not over", states: ["PENDING", "RUNNING", "CANCELING"] },
  { key: "waiting", word: "Waiting", states: ["PENDING"] },
  { key: "running", word: "Running", states: ["RUNNING"] },
  { key: "succeeded", word: "Succeeded", states: ["SUCCEEDED"] },
  { key: "failed", word: "Failed", states: ["FAILED"] },
];

export function runsSearch(given: Record<string, unknown>): RunsSearch {
  const text = (name: string) => (given[name] === undefined || given[name] === "" ? {} : { [name]: String(given[name]) });
  const archived = given["archived"] === "yes" || given["archived"] === "all" ? { archived: given["archived"] } : {};
  const plain = ["text", "state", "pipeline", "experiment", "recurring", "sort", "columns"].map(text);
  return Object.assign({}, ...plain, archived) as RunsSearch;
}

/** The query of the workbench for what the address says. */
export function runsQuery(search: RunsSearch): Record<string, string | boolean | undefined> {
  const chosen = STATES.find((state) => state.key === search.state);
  return {
    text: search.text,
    state: chosen?.states.join(","),
    pipeline: search.pipeline,
    experiment: search.experiment,
    recurring: search.recurring,
    archived: search.archived === "all" ? undefined : search.archived === "yes",
    sort: search.sort,
    values: true,
  };
}

/** Whether anything is left out of the table. */
export const isFiltered = ({ text, state, pipeline, experiment, recurring, archived }: RunsSearch): boolean =>
  [text, state, pipeline, experiment, recurring, archived].some((part) => part !== undefined);

/** Names may have commas in them, so each key is escaped. */
export const columnsText = (keys: readonly string[]): string => keys.map(encodeURIComponent).join(",");

export const columnsOf = (text: string | undefined): readonly string[] =>
  text === undefined ? USUAL_COLUMNS : unique(text.split(",").filter(Boolean).map(decoded)).filter((key) => columnOf(key) !== undefined);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const unique = (keys: readonly string[]): readonly string[] => [...new Set(keys)];

export function columnOf(key: string): ColumnKey | undefined {
  if (key in COLUMNS) return { kind: "plain", name: key as PlainColumn };
  const [, kind, name] = /^(parameters|metrics)\.(.+)$/s.exec(key) ?? [];
  return name && (kind === "parameters" || kind === "metrics") ? { kind, name } : undefined;
}

export function columnTitle(key: string): string {
  const column = columnOf(key);
  return column?.kind === "plain" ? COLUMNS[column.name] : (column?.name ?? key);
}

/** The columns with one more, or one less. Plain ones stand in their own order before times, values in between. */
export function toggled(keys: readonly string[], key: string): readonly string[] {
  if (keys.includes(key)) return keys.filter((one) => one !== key);
  return [...keys, key].toSorted((one, other) => place(one) - place(other));
}

function place(key: string): number {
  const column = columnOf(key);
  if (column?.kind === "parameters") return 10;
  if (column?.kind === "metrics") return 11;
  const order: readonly string[] = ["state", "pipeline", "experiment", "recurring"];
  const found = order.indexOf(key);
  return found >= 0 ? found : 20 + Object.keys(COLUMNS).indexOf(key);
}

/** How the table is sorted by a column, where it is. */
export function direction(sort: string | undefined, key: string): "asc" | "desc" | null {
  const current = sort ?? "-created";
  return current === key ? "asc" : current === `-${key}` ? "desc" : null;
}

/** The order after a press on a column's title: words from A, times and numbers from the greatest, then the other way. */
export function nextSort(sort: string | undefined, key: string): string {
  const current = direction(sort, key);
  if (current) return current === "asc" ? `-${key}` : key;
  const isText = key === "name" || ["state", "pipeline", "experiment", "recurring"].includes(key);
  return isText || columnOf(key)?.kind === "parameters" ? key : `-${key}`;
}
