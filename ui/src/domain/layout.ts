// Where nodes stand: left to right by what they wait for, groups that are open around what is in them.

import { places } from "./layers";

/** A node, and what is in it when it is open. */
export interface Tree {
  readonly id: string;
  readonly level?: Level;
}

export interface Link {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

/** Nodes and edges at one depth. */
export interface Level {
  readonly nodes: readonly Tree[];
  readonly edges: readonly Link[];
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly boxes: ReadonlyMap<string, Box>;
  /** The points between its ends that an edge goes through. */
  readonly bends: ReadonlyMap<string, readonly Point[]>;
  readonly width: number;
  readonly height: number;
}

/** Every node that is not open has this size. */
export const NODE = { width: 208, height: 52 } as const;
/** What an open group has around its inside. */
export const GROUP = { head: 44, pad: 16 } as const;
export const GAP = { beside: 44, below: 20 } as const;

export const countNodes = (level: Level): number => level.nodes.reduce((sum, node) => sum + 1 + (node.level ? countNodes(node.level) : 0), 0);

export function layout(level: Level): Layout {
  const boxes = new Map<string, Box>();
  const bends = new Map<string, readonly Point[]>();
  const size = place(level, boxes, bends);
  return { boxes, bends, ...size };
}

/** Places a level from (0, 0) on, and everything in it. */
function place(level: Level, boxes: Map<string, Box>, bends: Map<string, readonly Point[]>): { width: number; height: number } {
  const inner = new Map<string, Layout>();
  const sizes = new Map<string, { width: number; height: number }>();
  for (const node of level.nodes) {
    if (!node.level) {
      sizes.set(node.id, NODE);
      continue;
    }
    const inside = layout(node.level);
    inner.set(node.id, inside);
    sizes.set(node.id, {
      width: Math.max(NODE.width, inside.width + 2 * GROUP.pad),
      height: Math.max(NODE.height, inside.height + GROUP.head + GROUP.pad),
    });
  }
  const placed = places(level, sizes, GAP);
  for (const [id, points] of placed.bends) bends.set(id, points);
  for (const [id, box] of placed.boxes) {
    boxes.set(id, box);
    const inside = inner.get(id);
    if (!inside) continue;
    const dx = box.x + Math.max(GROUP.pad, (box.width - inside.width) / 2);
    const dy = box.y + GROUP.head;
    for (const [child, at] of inside.boxes) boxes.set(child, { ...at, x: at.x + dx, y: at.y + dy });
    for (const [edge, points] of inside.bends) bends.set(edge, points.map((point) => ({ x: point.x + dx, y: point.y + dy })));
  }
  return { width: placed.width, height: placed.height };
}
