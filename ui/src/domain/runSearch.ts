// What the address of a run's page holds.

export const RUN_TABS = ["graph", "timeline", "logs", "artifacts", "values", "definition"] as const;

export type RunTab = (typeof RUN_TABS)[number];

export interface RunSearch {
  readonly tab?: RunTab;
  /** The task that is selected, by its path. In the logs: the step whose log it is. */
  readonly task?: string;
  readonly attempt?: number;
  /** The group that the graph shows alone. */
  readonly at?: string;
  /** The groups that are open in the graph. */
  readonly open?: readonly string[];
  /** A line of the log, from 1, or the one that tells of the failure. */
  readonly line?: number | "fail";
  /** What is searched for in the log. */
  readonly find?: string;
}

export function runSearch(given: Record<string, unknown>): RunSearch {
  const tab = RUN_TABS.find((one) => one === given["tab"]);
  const attempt = whole(given["attempt"]);
  const line = given["line"] === "fail" ? "fail" : whole(given["line"]);
  const open = Array.isArray(given["open"]) ? given["open"].filter((one): one is string => typeof one === "string") : [];
  return {
    ...(tab && tab !== "graph" && { tab }),
    ...(typeof given["task"] === "string" && { task: given["task"] }),
    ...(attempt && { attempt }),
    ...(typeof given["at"] === "string" && given["at"] && { at: given["at"] }),
    ...(open.length > 0 && { open }),
    ...(line && { line }),
    ...(given["find"] !== undefined && given["find"] !== "" && { find: String(given["find"]) }),
  };
}

function whole(value: unknown): number | undefined {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}
