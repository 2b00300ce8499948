// A graph that is too far away for its names to be read: a few drawings of many nodes each, which cost no more than one would.

import type { Box, Point } from "@/domain/layout";
import { curve, type DrawnEdge } from "./edge";
import type { TaskFlowNode } from "./TaskNode";

export interface Drawing {
  readonly key: string;
  readonly tone: string;
  readonly isFaint: boolean;
  readonly path: string;
}

/** Nodes and edges of one drawing: those that stand together, so that what is out of sight is passed over. */
const TOGETHER = 64;

const boxPath = ({ x, y, width, height }: Box): string => `M${x},${y}h${width}v${height}h${-width}z`;

export const boxOf = ({ position, width = 0, height = 0 }: TaskFlowNode): Box => ({ ...position, width, height });

export const toneOf = ({ type, data }: TaskFlowNode): string => (type === "frame" ? "frame" : (data.look?.shown.tone ?? "none"));

/** Groups first, since nodes stand upon them. */
export function farNodes(nodes: readonly TaskFlowNode[]): readonly Drawing[] {
  const kind = (node: TaskFlowNode) => [toneOf(node), node.data.isDim || node.data.look?.isFaint] as const;
  const drawings = grouped(nodes, kind, (node) => boxPath(boxOf(node)));
  return drawings.toSorted((one, other) => Number(other.tone === "frame") - Number(one.tone === "frame"));
}

export const farEdges = (edges: readonly DrawnEdge[]): readonly Drawing[] => grouped(edges, (edge) => [edge.isLit ? "lit" : "plain", edge.isFaint], (edge) => curve(edge.points));

function grouped<One>(all: readonly One[], kind: (one: One) => readonly [tone: string, isFaint: boolean | undefined], path: (one: One) => string): readonly Drawing[] {
  const open = new Map<string, string[]>();
  const drawings: Drawing[] = [];
  const close = (key: string, paths: readonly string[]) => {
    const [tone = "", faint] = key.split(" ");
    drawings.push({ key: `${key} ${drawings.length}`, tone, isFaint: faint === "true", path: paths.join("") });
  };
  for (const one of all) {
    const [tone, isFaint = false] = kind(one);
    const key = `${tone} ${isFaint}`;
    const paths = open.get(key) ?? [];
    paths.push(path(one));
    open.set(key, paths);
    if (paths.length < TOGETHER) continue;
    close(key, paths);
    open.delete(key);
  }
  open.forEach((paths, key) => close(key, paths));
  return drawings;
}

/** The innermost node at a place. */
export function nodeAt(nodes: readonly TaskFlowNode[], { x, y }: Point): TaskFlowNode | undefined {
  return nodes.findLast((node) => {
    const box = boxOf(node);
    return x >= box.x && y >= box.y && x <= box.x + box.width && y <= box.y + box.height;
  });
}
