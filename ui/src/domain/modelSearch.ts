// What the addresses of the pages of models hold.

export const MODEL_TABS = ["overview", "playground", "logs", "events", "definition"] as const;
export type ModelTab = (typeof MODEL_TABS)[number];

export interface ModelSearch {
  readonly tab?: ModelTab;
  /** Whose log is shown. */
  readonly pod?: string;
  readonly container?: string;
}

export interface NewModelSearch {
  readonly name?: string;
  readonly storage?: string;
  readonly format?: string;
}

const texts = (given: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => given[name] !== undefined && given[name] !== "").map((name) => [name, String(given[name])]));

export function modelSearch(given: Record<string, unknown>): ModelSearch {
  const tab = MODEL_TABS.find((one) => one === given["tab"] && one !== "overview");
  return { ...(tab && { tab }), ...texts(given, ["pod", "container"]) };
}

export const newModelSearch = (given: Record<string, unknown>): NewModelSearch => texts(given, ["name", "storage", "format"]);
