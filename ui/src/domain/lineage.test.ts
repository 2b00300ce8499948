import { describe, expect, it } from "vitest";
import type { LineageGraph } from "@/api/types";
import { drawnLineage } from "./lineage";

const graph = {
  artifact_id: 2,
  artifacts: [
    { id: 2, name: "model", schema_title: "system.Model", uri: "", metadata: {} },
    { id: 1, name: "data", schema_title: "", uri: "", metadata: {} },
  ],
  tasks: [{ run_id: "r", run_name: "digits", task: "train", display_name: "train", state: "SUCCEEDED", cached: true }],
  edges: [
    { artifact_id: 2, run_id: "r", task: "train", kind: "output", key: "model" },
    { artifact_id: 1, run_id: "r", task: "train", kind: "input", key: "training" },
  ],
  truncated: false,
} as unknown as LineageGraph;

describe("lineage", () => {
  const { nodes, lines } = drawnLineage(graph);

  it("flows from what a step read to what it made", () => {
    expect(lines.map(({ from, to, key }) => [from, to, key])).toEqual([
      ["task r train", "artifact 2", "model"],
      ["artifact 1", "task r train", "training"],
    ]);
  });

  it("stands from left to right", () => {
    const x = (id: string) => nodes.find((node) => node.id === id)?.x ?? Number.NaN;
    expect(x("artifact 1")).toBeLessThan(x("task r train"));
    expect(x("task r train")).toBeLessThan(x("artifact 2"));
  });

  it("marks what was asked about and what was cached", () => {
    expect(nodes.filter((node) => node.isAsked).map((node) => node.id)).toEqual(["artifact 2"]);
    expect(nodes.filter((node) => node.isCached).map((node) => node.about)).toEqual(["digits"]);
  });
});
