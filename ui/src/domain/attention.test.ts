import { expect, it } from "vitest";
import type { RunSummary } from "@/api/types";
import { unresolved } from "./attention";

const run = (run_id: string, pipeline: string, state: RunSummary["state"], hour: number) => ({ run_id, pipeline, state, created_at: `2026-01-01T${String(hour).padStart(2, "0")}:00:00Z` }) as RunSummary;

it("tells of failed runs, unless their pipeline has succeeded since or it was long ago", () => {
  const runs = [run("a", "digits", "SUCCEEDED", 12), run("b", "loop", "FAILED", 11), run("c", "digits", "FAILED", 10), run("d", "loop", "FAILED", 9), run("e", "loop", "FAILED", 1)];
  expect(unresolved(runs, Date.parse("2026-01-01T06:00:00Z")).map(({ run_id }) => run_id)).toEqual(["b", "d"]);
});
