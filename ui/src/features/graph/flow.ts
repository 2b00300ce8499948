// Nodes and edges as xyflow wants them. What has not changed stays the same object, so that it is not drawn again.

import { Position } from "@xyflow/react";
import type { Graph, GraphEdge, GraphNode } from "@/domain/graph";
import type { Box, Layout, Point } from "@/domain/layout";
import { GROUP, NODE } from "@/domain/layout";
import type { ArtifactFlowEdge } from "./ArtifactEdge";
import type { NodeLook } from "./look";
import type { TaskFlowNode } from "./TaskNode";

export interface Shown {
  readonly graph: Graph;
  readonly layout: Layout;
  readonly looks: ReadonlyMap<string, NodeLook> | undefined;
  readonly selected: string | undefined;
  /** Only these are lit, when it is given. */
  readonly lit: ReadonlySet<string> | undefined;
}

export type Kept = Map<string, TaskFlowNode>;

/** The nodes, outer before inner. `kept` holds those of the last time. */
export function flowNodes({ graph, layout, looks, selected, lit }: Shown, kept: Kept): TaskFlowNode[] {
  const nodes: TaskFlowNode[] = [];
  for (const node of graph.nodes.values()) {
    const box = layout.boxes.get(node.path);
    if (!box) continue;
    const look = looks?.get(node.path);
    const isSelected = node.path === selected;
    const isDim = lit !== undefined && !lit.has(node.path);
    const before = kept.get(node.path);
    const isSame =
      before?.data.node === node &&
      before.data.look === look &&
      before.data.isSelected === isSelected &&
      before.data.isDim === isDim &&
      isPlaced(before, box);
    const made = isSame ? before : flowNode(node, look, isSelected, isDim, box);
    kept.set(node.path, made);
    nodes.push(made);
  }
  return nodes;
}

const isPlaced = (node: TaskFlowNode, box: Box): boolean =>
  node.position.x === box.x && node.position.y === box.y && node.width === box.width && node.height === box.height;

function flowNode(node: GraphNode, look: NodeLook | undefined, isSelected: boolean, isDim: boolean, box: Box): TaskFlowNode {
  const { width, height } = box;
  const isOpen = node.opened !== undefined;
  // The size is known, so nothing is measured; the ends of edges are told to be at the sides.
  const side = (type: "source" | "target", position: Position, x: number) => ({ type, position, x, y: height / 2, width: 1, height: 1 });
  return {
    id: node.path,
    type: isOpen ? "group" : "task",
    position: { x: box.x, y: box.y },
    width,
    height,
    measured: { width, height },
    handles: [side("target", Position.Left, 0), side("source", Position.Right, width)],
    zIndex: node.path.split("/").length,
    data: { node, look, isSelected, isDim },
  };
}

export function flowEdges({ graph, layout, looks, selected, lit }: Shown): ArtifactFlowEdge[] {
  return graph.edges.flatMap((edge) => {
    const points = pointsOf(edge, graph, layout);
    if (!points) return [];
    const isFaint = Boolean(looks?.get(edge.from)?.isFaint || looks?.get(edge.to)?.isFaint || (lit && !(lit.has(edge.from) && lit.has(edge.to))));
    const isLit = selected !== undefined && (edge.from === selected || edge.to === selected);
    return [
      {
        id: edge.id,
        source: edge.from,
        target: edge.to,
        type: "handed" as const,
        zIndex: edge.from.split("/").length,
        data: { points, artifacts: edge.artifacts, parameters: edge.parameters, isLit, isFaint },
      },
    ];
  });
}

function pointsOf(edge: GraphEdge, graph: Graph, layout: Layout): readonly Point[] | undefined {
  const from = layout.boxes.get(edge.from);
  const to = layout.boxes.get(edge.to);
  if (!from || !to) return undefined;
  return [
    { x: from.x + from.width, y: middle(from, graph.nodes.get(edge.from)) },
    ...(layout.bends.get(edge.id) ?? []),
    { x: to.x, y: middle(to, graph.nodes.get(edge.to)) },
  ];
}

/** Edges meet an open group at the height of its head. */
const middle = (box: Box, node: GraphNode | undefined): number => box.y + (node?.opened === undefined ? NODE.height / 2 : GROUP.head / 2);
