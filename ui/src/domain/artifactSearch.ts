// What the addresses of the artifacts' pages hold.

export interface ArtifactsSearch {
  readonly text?: string;
  readonly type?: string;
  /** A run's id. */
  readonly run?: string;
}

export const ARTIFACT_TABS = ["preview", "lineage", "uses"] as const;
export type ArtifactTab = (typeof ARTIFACT_TABS)[number];

export interface ArtifactSearch {
  readonly tab?: ArtifactTab;
  /** The file of a folder that is open. */
  readonly file?: string;
}

const texts = (given: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => given[name] !== undefined && given[name] !== "").map((name) => [name, String(given[name])]));

export const artifactsSearch = (given: Record<string, unknown>): ArtifactsSearch => texts(given, ["text", "type", "run"]);

export function artifactSearch(given: Record<string, unknown>): ArtifactSearch {
  const tab = ARTIFACT_TABS.find((one) => one === given["tab"] && one !== "preview");
  return { ...(tab && { tab }), ...texts(given, ["file"]) };
}

export interface CompareSearch {
  /** Ids with commas between them, the one that the others are compared with first. */
  readonly runs: string;
}

/** KFP's pages say `runlist`. */
export const compareSearch = (given: Record<string, unknown>): CompareSearch => ({ runs: String(given["runs"] ?? given["runlist"] ?? "") });

export const comparedIds = ({ runs }: CompareSearch): readonly string[] => [...new Set(runs.split(",").map((id) => id.trim()).filter(Boolean))];
