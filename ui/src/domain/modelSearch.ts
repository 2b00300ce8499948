// What the addresses of the pages of models hold.

export const MODEL_TABS = ["overview", "playground", "requests", "drift", "logs", "events", "definition"] as const;
export type ModelTab = (typeof MODEL_TABS)[number];

export interface ModelSearch {
  readonly tab?: ModelTab;
  /** Whose log is shown. */
  readonly pod?: string;
  readonly container?: string;
  /** What requests have in their path, their id or their bodies. */
  readonly text?: string;
  /** From which HTTP status on. */
  readonly code?: number;
  readonly revision?: string;
  /** From how many milliseconds on. */
  readonly slower?: number;
  /** The request that is open. */
  readonly request?: number;
  /** Those that are chosen, to be sent again. */
  readonly chosen?: readonly number[];
  /** The feature whose values are compared. */
  readonly feature?: string;
  /** Which requests are to be sent again, while that is being decided. */
  readonly replay?: Replayed;
  /** Who is to answer them. */
  readonly against?: string;
  readonly last?: number;
  readonly tolerance?: string;
}

export const REPLAYED = ["last", "fitting", "chosen"] as const;
export type Replayed = (typeof REPLAYED)[number];

export interface NewModelSearch {
  readonly name?: string;
  readonly storage?: string;
  readonly format?: string;
}

const texts = (given: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => given[name] !== undefined && given[name] !== "").map((name) => [name, written(given[name])]));

/** What looks like JSON has been read as such. */
const written = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

export function modelSearch(given: Record<string, unknown>): ModelSearch {
  const tab = MODEL_TABS.find((one) => one === given["tab"] && one !== "overview");
  const replay = REPLAYED.find((one) => one === given["replay"]);
  const chosen = Array.isArray(given["chosen"]) ? given["chosen"].map(Number).filter((one) => Number.isInteger(one) && one > 0) : [];
  return {
    ...(tab && { tab }),
    ...texts(given, ["pod", "container", "text", "revision", "against", "tolerance", "feature"]),
    ...numbers(given, ["code", "slower", "request", "last"]),
    ...(chosen.length > 0 && { chosen }),
    ...(replay && { replay }),
  };
}

const numbers = (given: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, Number(given[name])] as const).filter(([, value]) => Number.isFinite(value) && value > 0));

export const newModelSearch = (given: Record<string, unknown>): NewModelSearch => texts(given, ["name", "storage", "format"]);
