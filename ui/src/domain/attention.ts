// What does not go by itself.

import type { RunSummary } from "@/api/types";

/** Runs that failed since a time, without those whose pipeline has succeeded after them. Newest first, as they are given. */
export function unresolved(runs: readonly RunSummary[], since: number): readonly RunSummary[] {
  const succeeded = new Set<string>();
  return runs.filter(({ state, pipeline, created_at }) => {
    if (state === "SUCCEEDED") succeeded.add(pipeline);
    return state === "FAILED" && Date.parse(created_at) >= since && !succeeded.has(pipeline);
  });
}
