// How high the items of layers stand, whose order is known: as near to their neighbours as there is room for.

import type { Item } from "./layers";

const PASSES = 16;
/** An edge that passes nodes is to be straight before anything else is. */
const PASSING = 8;

/** Sets the middle of each item. */
export function straightened(rows: readonly (readonly Item[])[], gap: (one: Item, other: Item) => number): void {
  for (const row of rows) settle(row, gap, row.map(() => 0));
  for (let pass = 0; pass <= PASSES; pass += 1) {
    // The last one goes forwards: what waits for one thing is level with it.
    const isForwards = pass % 2 === 0;
    for (const row of isForwards ? rows : rows.toReversed()) {
      const wanted = row.map((one) => mean(one, isForwards ? one.before : one.after));
      settle(row, gap, wanted);
    }
  }
}

function mean(one: Item, others: readonly Item[]): number {
  let [sum, weight] = [0, 0];
  for (const other of others) {
    const own = one.isNode || other.isNode ? 1 : PASSING;
    sum += own * other.y;
    weight += own;
  }
  return weight === 0 ? one.y : sum / weight;
}

/** Puts a row where it is wanted, in its order and apart: what has no room moves together, to where it is least far off. */
function settle(row: readonly Item[], gap: (one: Item, other: Item) => number, wanted: readonly number[]): void {
  const offsets: number[] = [];
  const blocks: { first: number; count: number; sum: number }[] = [];
  row.forEach((one, index) => {
    const before = row[index - 1];
    const offset = before ? (offsets[index - 1] ?? 0) + before.height / 2 + gap(before, one) + one.height / 2 : 0;
    offsets.push(offset);
    let block = { first: index, count: 1, sum: (wanted[index] ?? 0) - offset };
    for (let last = blocks.at(-1); last && last.sum / last.count >= block.sum / block.count; last = blocks.at(-1)) {
      block = { first: last.first, count: last.count + block.count, sum: last.sum + block.sum };
      blocks.pop();
    }
    blocks.push(block);
  });
  for (const { first, count, sum } of blocks) {
    for (let index = first; index < first + count; index += 1) {
      const one = row[index];
      if (one) one.y = sum / count + (offsets[index] ?? 0);
    }
  }
}
