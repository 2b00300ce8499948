// Nodes as xyflow wants them, and edges as they are drawn. What has not changed stays the same object, so that it is not drawn again.

import type { Graph, GraphEdge, GraphNode } from "@/domain/graph";
import type { Box, Layout, Point } from "@/domain/layout";
import { GROUP, NODE } from "@/domain/layout";
import type { DrawnEdge } from "./edge";
import type { Looks, NodeLook } from "./look";
import type { TaskFlowNode } from "./TaskNode";

export interface Shown {
  readonly graph: Graph;
  readonly layout: Layout;
  readonly looks: Looks | undefined;
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
  return {
    id: node.path,
    type: isOpen ? "frame" : "task",
    position: { x: box.x, y: box.y },
    width,
    height,
    // It is known, so nothing is measured, and what is out of sight is never drawn.
    measured: { width, height },
    handles: [],
    // Edges are drawn above open groups and below everything else.
    zIndex: isOpen ? 0 : 2,
    data: { node, look, isSelected, isDim },
  };
}

export function drawnEdges({ graph, layout, looks, selected, lit }: Shown): DrawnEdge[] {
  return graph.edges.flatMap((edge) => {
    const points = pointsOf(edge, graph, layout);
    if (!points) return [];
    const isFaint = Boolean(looks?.get(edge.from)?.isFaint || looks?.get(edge.to)?.isFaint || (lit && !(lit.has(edge.from) && lit.has(edge.to))));
    const isLit = selected !== undefined && (edge.from === selected || edge.to === selected);
    return [{ id: edge.id, points, bounds: boundsOf(points), artifacts: edge.artifacts, parameters: edge.parameters, isLit, isFaint }];
  });
}

function boundsOf(points: readonly Point[]): Box {
  const x = Math.min(...points.map((point) => point.x));
  const y = Math.min(...points.map((point) => point.y));
  return { x, y, width: Math.max(...points.map((point) => point.x)) - x + 1, height: Math.max(...points.map((point) => point.y)) - y + 1 };
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
