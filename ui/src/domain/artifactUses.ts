// Which steps have to do with an artifact.

import type { LineageGraph } from "@/api/types";

export interface Use {
  readonly how: "made" | "taken over" | "read";
  readonly run: string;
  readonly runName: string;
  readonly task: string;
  /** The name of the output or input. */
  readonly key: string;
}

/** The steps that have to do with the artifact itself, those that made it first. */
export function usesOf(graph: LineageGraph): readonly Use[] {
  const uses = graph.edges
    .filter((edge) => edge.artifact_id === graph.artifact_id)
    .map((edge): Use => {
      const step = graph.tasks.find((task) => task.run_id === edge.run_id && task.task === edge.task);
      const how = edge.kind === "input" ? "read" : step?.cached ? "taken over" : "made";
      return { how, run: edge.run_id, runName: step?.run_name ?? edge.run_id, task: edge.task, key: edge.key };
    });
  const order = ["made", "taken over", "read"];
  return uses.toSorted((one, other) => order.indexOf(one.how) - order.indexOf(other.how));
}
