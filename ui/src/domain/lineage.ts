// The lineage of an artifact as a graph that flows from left to right, and where everything stands in it.

import type { LineageGraph } from "@/api/types";
import { shortType } from "./artifactType";
import { places } from "./layers";
import type { Point } from "./layout";

export const NODE = { width: 196, height: 48 };
const GAP = { beside: 56, below: 20 };

export interface LineageNode {
  readonly id: string;
  readonly kind: "artifact" | "task";
  readonly title: string;
  /** The type of an artifact; the run of a step. */
  readonly about: string;
  readonly artifact?: number;
  readonly run?: string;
  readonly task?: string;
  readonly isAsked: boolean;
  readonly isCached: boolean;
  readonly x: number;
  readonly y: number;
}

export interface LineageLine {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly key: string;
}

const ofArtifact = (id: number): string => `artifact ${id}`;
const ofTask = (run: string, task: string): string => `task ${run} ${task}`;

export function drawnLineage(graph: LineageGraph): { readonly nodes: readonly LineageNode[]; readonly lines: readonly LineageLine[] } {
  const artifacts = graph.artifacts
    .filter((artifact) => typeof artifact.id === "number")
    .map((artifact) => ({
      id: ofArtifact(artifact.id ?? 0),
      kind: "artifact" as const,
      title: artifact.name,
      about: shortType(artifact.schema_title),
      artifact: artifact.id ?? 0,
      isAsked: artifact.id === graph.artifact_id,
      isCached: false,
    }));
  const tasks = graph.tasks.map((task) => ({
    id: ofTask(task.run_id, task.task),
    kind: "task" as const,
    title: task.display_name,
    about: task.run_name,
    run: task.run_id,
    task: task.task,
    isAsked: false,
    isCached: task.cached,
  }));
  const lines = graph.edges.map((edge) => {
    const ends = [ofArtifact(edge.artifact_id), ofTask(edge.run_id, edge.task)] as const;
    const [from, to] = edge.kind === "input" ? ends : [ends[1], ends[0]];
    return { id: `${from} > ${to} ${edge.key}`, from, to, key: edge.key };
  });
  const all = [...artifacts, ...tasks];
  const placed = placesOf(all.map((node) => node.id), lines);
  return { nodes: all.map((node) => ({ ...node, ...(placed.get(node.id) ?? { x: 0, y: 0 }) })), lines };
}

function placesOf(ids: readonly string[], lines: readonly LineageLine[]): ReadonlyMap<string, Point> {
  const known = new Set(ids);
  const level = { nodes: ids.map((id) => ({ id })), edges: lines.filter(({ from, to }) => known.has(from) && known.has(to)) };
  return places(level, new Map(ids.map((id) => [id, NODE])), GAP).boxes;
}
