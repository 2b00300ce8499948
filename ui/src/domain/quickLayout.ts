// A layered layout in linear time, for levels of thousands of nodes.

import type { Box, Layout, Level } from "./layout";
import { type Neighbours, neighbours, rank } from "./ranks";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** More nodes of one rank than this stand in columns beside each other. */
const HIGHEST = 40;
/** Passes over the ranks that bring nodes near to what they are joined to. */
const PASSES = 4;

export function quickPlaces(level: Level, sizes: ReadonlyMap<string, Size>, gap: { readonly beside: number; readonly below: number }): Layout {
  const before = neighbours(level, "to", "from");
  const after = neighbours(level, "from", "to");
  const ranks = rank(level, before, after);
  order(ranks, before, after);
  const columns = ranks.flatMap(inColumns);
  const heights = columns.map((row) => row.reduce((sum, id) => sum + (sizes.get(id)?.height ?? 0) + gap.below, -gap.below));
  const height = Math.max(0, ...heights);
  const boxes = new Map<string, Box>();
  let x = 0;
  columns.forEach((row, index) => {
    const width = Math.max(...row.map((id) => sizes.get(id)?.width ?? 0));
    let y = (height - (heights[index] ?? 0)) / 2;
    for (const id of row) {
      const size = sizes.get(id) ?? { width: 0, height: 0 };
      boxes.set(id, { x, y, ...size });
      y += size.height + gap.below;
    }
    x += width + gap.beside;
  });
  return { boxes, bends: new Map(), width: Math.max(0, x - gap.beside), height };
}

/** Columns of about the same height, in the order of the rank. */
function inColumns(row: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(row.length / HIGHEST);
  const size = Math.ceil(row.length / count);
  return Array.from({ length: count }, (_, index) => row.slice(index * size, (index + 1) * size));
}

function order(ranks: string[][], before: Neighbours, after: Neighbours): void {
  const at = new Map<string, number>();
  const number = (row: readonly string[]) => row.forEach((id, index) => at.set(id, row.length > 1 ? index / (row.length - 1) : 0.5));
  ranks.forEach(number);
  for (let pass = 0; pass < PASSES; pass += 1) {
    const side = pass % 2 === 0 ? before : after;
    for (const row of pass % 2 === 0 ? ranks : ranks.toReversed()) {
      const weight = new Map(row.map((id) => [id, mean(side.get(id) ?? [], at) ?? at.get(id) ?? 0]));
      row.sort((one, other) => (weight.get(one) ?? 0) - (weight.get(other) ?? 0));
      number(row);
    }
  }
}

function mean(ids: readonly string[], at: ReadonlyMap<string, number>): number | undefined {
  return ids.length === 0 ? undefined : ids.reduce((sum, id) => sum + (at.get(id) ?? 0), 0) / ids.length;
}
