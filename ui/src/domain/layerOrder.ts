// The order within layers that has few crossings.

import type { Item } from "./layers";

type Rows = readonly (readonly Item[])[];

const SWEEPS = 12;

export function ordered(rows: Rows): Rows {
  let order = asFound(rows);
  let best = order;
  let least = crossings(order);
  for (let sweep = 0; sweep < SWEEPS && least > 0; sweep += 1) {
    order = untangled(swept(order, sweep % 2 === 0));
    const count = crossings(order);
    if (count < least) [best, least] = [order, count];
  }
  return best;
}

/** What follows each other stands together: each item where one comes to it who goes along the edges. */
function asFound(rows: Rows): Rows {
  const found = new Map<Item, number>();
  const go = (one: Item) => {
    const open = [one];
    for (let next = open.pop(); next; next = open.pop()) {
      if (found.has(next)) continue;
      found.set(next, found.size);
      open.push(...next.after.toReversed());
    }
  };
  rows.flat().filter((one) => one.before.length === 0).forEach(go);
  rows.flat().forEach(go);
  return rows.map((row) => row.toSorted((one, other) => (found.get(one) ?? 0) - (found.get(other) ?? 0)));
}

const indexed = (row: readonly Item[]): ReadonlyMap<Item, number> => new Map(row.map((one, index) => [one, index]));

/** Each row by where its neighbours are in the row before it, or in the one after it. */
function swept(rows: Rows, isForwards: boolean): Rows {
  const result = [...rows];
  const steps = isForwards ? rows.map((_, index) => index).slice(1) : rows.map((_, index) => index).slice(0, -1).toReversed();
  for (const step of steps) {
    const fixed = indexed(result[isForwards ? step - 1 : step + 1] ?? []);
    const row = result[step] ?? [];
    const weight = new Map(
      row.map((one, index) => {
        const others = isForwards ? one.before : one.after;
        return [one, others.length === 0 ? index : others.reduce((sum, other) => sum + (fixed.get(other) ?? 0), 0) / others.length];
      }),
    );
    result[step] = row.toSorted((one, other) => (weight.get(one) ?? 0) - (weight.get(other) ?? 0));
  }
  return result;
}

/** Neighbours change places where that takes crossings away. */
function untangled(rows: Rows): Rows {
  return rows.map((row, at) => {
    const [left, right] = [indexed(rows[at - 1] ?? []), indexed(rows[at + 1] ?? [])];
    const cost = (one: Item, other: Item) => between(one.before, other.before, left) + between(one.after, other.after, right);
    const result = [...row];
    for (let isChanged = true, turns = 0; isChanged && turns < SWEEPS; turns += 1) {
      isChanged = false;
      for (let index = 1; index < result.length; index += 1) {
        const [one, other] = [result[index - 1], result[index]];
        if (!one || !other || cost(other, one) >= cost(one, other)) continue;
        [result[index - 1], result[index]] = [other, one];
        isChanged = true;
      }
    }
    return result;
  });
}

/** The crossings of the edges of two items, the first of which is above the other. */
function between(above: readonly Item[], below: readonly Item[], places: ReadonlyMap<Item, number>): number {
  let count = 0;
  for (const one of above) for (const other of below) if ((places.get(one) ?? 0) > (places.get(other) ?? 0)) count += 1;
  return count;
}

function crossings(rows: Rows): number {
  let count = 0;
  rows.forEach((row, at) => {
    const places = indexed(rows[at + 1] ?? []);
    row.forEach((one, index) => {
      for (const other of row.slice(index + 1)) count += between(one.after, other.after, places);
    });
  });
  return count;
}
