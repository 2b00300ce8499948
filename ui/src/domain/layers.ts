// Nodes in layers: each to the right of what it waits for, with few crossings, and edges as straight as there is room for.

import { ordered } from "./layerOrder";
import type { Box, Layout, Level, Point } from "./layout";
import { quickPlaces } from "./quickLayout";
import { type Neighbours, neighbours, rank } from "./ranks";
import { straightened } from "./straight";

/** A node, or the place where an edge passes the nodes of a rank. */
export interface Item {
  readonly id: string;
  readonly height: number;
  readonly isNode: boolean;
  readonly before: Item[];
  readonly after: Item[];
  /** Its middle. */
  y: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Gap {
  readonly beside: number;
  readonly below: number;
}

/** What an edge has around it where it passes nodes. */
const EDGE = 12;
/** More nodes than this, and more that is passed by edges, are placed by rank alone: crossings take time that grows with the square. */
const [NODES, PASSED] = [90, 800];

export function places(level: Level, sizes: ReadonlyMap<string, Size>, gap: Gap): Layout {
  return (level.nodes.length <= NODES ? layeredPlaces(level, sizes, gap) : undefined) ?? quickPlaces(level, sizes, gap);
}

function layeredPlaces(level: Level, sizes: ReadonlyMap<string, Size>, gap: Gap): Layout | undefined {
  const [before, after] = [neighbours(level, "to", "from"), neighbours(level, "from", "to")];
  const ranks = nearer(rank(level, before, after), before, after);
  const at = new Map(ranks.flatMap((row, index) => row.map((id) => [id, index] as const)));
  const passed = level.edges.reduce((sum, { from, to }) => sum + Math.max(0, (at.get(to) ?? 0) - (at.get(from) ?? 0) - 1), 0);
  if (passed > PASSED) return undefined;
  const rows: Item[][] = ranks.map((row) => row.map((id) => item(id, sizes.get(id)?.height ?? 0, true)));
  const items = new Map(rows.flat().map((one) => [one.id, one]));
  const passing = new Map<string, readonly Item[]>();
  for (const { id, from, to } of level.edges) {
    const [begin, end] = [items.get(from), items.get(to)];
    const [first, last] = [at.get(from) ?? 0, at.get(to) ?? 0];
    // An edge of a circle has no place in layers.
    if (!begin || !end || last <= first) continue;
    const chain = Array.from({ length: last - first - 1 }, () => item(id, 0, false));
    chain.forEach((one, index) => rows[first + 1 + index]?.push(one));
    passing.set(id, chain);
    let left = begin;
    for (const right of [...chain, end]) {
      left.after.push(right);
      right.before.push(left);
      left = right;
    }
  }
  const placed = ordered(rows);
  straightened(placed, (one, other) => (one.isNode || other.isNode ? gap.below : EDGE));
  return drawn(placed, passing, sizes, gap.beside);
}

const item = (id: string, height: number, isNode: boolean): Item => ({ id, height, isNode, before: [], after: [], y: 0 });

/** What hands on more than it waits for stands before what takes it, rather than at the beginning. */
function nearer(ranks: readonly (readonly string[])[], before: Neighbours, after: Neighbours): string[][] {
  const at = new Map(ranks.flatMap((row, index) => row.map((id) => [id, index] as const)));
  for (const id of ranks.toReversed().flat()) {
    const takers = after.get(id) ?? [];
    const nearest = Math.min(...takers.map((taker) => at.get(taker) ?? 0)) - 1;
    if (takers.length > (before.get(id)?.length ?? 0) && nearest > (at.get(id) ?? 0)) at.set(id, nearest);
  }
  const moved = ranks.map((): string[] => []);
  for (const id of ranks.flat()) moved[at.get(id) ?? 0]?.push(id);
  // The first may have moved altogether.
  return moved.filter((row) => row.length > 0);
}

function drawn(rows: readonly (readonly Item[])[], passing: ReadonlyMap<string, readonly Item[]>, sizes: ReadonlyMap<string, Size>, beside: number): Layout {
  const top = Math.min(...rows.flat().map((one) => one.y - one.height / 2));
  const boxes = new Map<string, Box>();
  const columns = new Map<Item, { readonly x: number; readonly width: number }>();
  let x = 0;
  for (const row of rows) {
    const width = Math.max(...row.map((one) => (one.isNode ? (sizes.get(one.id)?.width ?? 0) : 0)));
    for (const one of row) {
      columns.set(one, { x, width });
      const size = sizes.get(one.id);
      if (one.isNode && size) boxes.set(one.id, { x: x + (width - size.width) / 2, y: one.y - one.height / 2 - top, ...size });
    }
    x += width + beside;
  }
  const bends = new Map<string, readonly Point[]>();
  for (const [id, chain] of passing) {
    const points = chain.flatMap((one) => {
      const column = columns.get(one);
      return column ? [{ x: column.x, y: one.y - top }, { x: column.x + column.width, y: one.y - top }] : [];
    });
    if (points.length > 0) bends.set(id, points);
  }
  const height = Math.max(0, ...[...boxes.values()].map((box) => box.y + box.height));
  return { boxes, bends, width: Math.max(0, x - beside), height };
}
