import { expect, it } from "vitest";
import type { LineageGraph } from "@/api/types";
import { usesOf } from "./artifactUses";

it("tells who made and who read an artifact", () => {
  const task = (run_id: string, name: string, cached: boolean) => ({ run_id, run_name: `run ${run_id}`, task: name, display_name: name, state: "SUCCEEDED", cached });
  const edge = (artifact_id: number, run_id: string, name: string, kind: string) => ({ artifact_id, run_id, task: name, kind, key: "data" });
  const uses = usesOf({
    artifact_id: 2,
    artifacts: [],
    truncated: false,
    tasks: [task("r", "train", false), task("s", "load", true), task("r", "load", false)],
    edges: [edge(2, "r", "train", "input"), edge(2, "s", "load", "output"), edge(2, "r", "load", "output"), edge(1, "r", "train", "output")],
  } as unknown as LineageGraph);
  expect(uses.map(({ how, run, task: step }) => [how, run, step])).toEqual([
    ["made", "r", "load"],
    ["taken over", "s", "load"],
    ["read", "r", "train"],
  ]);
});
