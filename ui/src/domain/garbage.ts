// What cleaning frees, by its kind.

import type { GcItem, GcItemKind } from "@/api/types";
import { packagesOf } from "./environment";

export const GC_WORDS: Record<GcItemKind, { readonly word: string; readonly about: string }> = {
  run: { word: "Runs that ended", about: "Their records, logs and the artifacts that only they use" },
  artifacts: { word: "Artifacts of removed runs", about: "Nothing refers to them any more" },
  logs: { word: "Logs of removed runs", about: "Nothing refers to them any more" },
  environment: { word: "Prepared environments", about: "The next step that needs one makes it again" },
};

const ORDER: readonly GcItemKind[] = ["run", "artifacts", "logs", "environment"];

export interface Group {
  readonly kind: GcItemKind;
  readonly count: number;
  readonly bytes: number;
}

export const byKind = (items: readonly GcItem[]): readonly Group[] =>
  ORDER.map((kind) => {
    const of = items.filter((item) => item.kind === kind);
    return { kind, count: of.length, bytes: of.reduce((all, { bytes }) => all + bytes, 0) };
  });

/** What to call it in a line. */
export const titleOf = ({ kind, name }: Pick<GcItem, "kind" | "name">): string => (kind === "environment" ? environmentTitle(name) : name);

/** An environment is known by its packages; its install text is long. */
export function environmentTitle(install: string): string {
  const packages = packagesOf(install);
  return packages.length > 0 ? packages.join(", ") : (install.trim().split("\n")[0] ?? "");
}
