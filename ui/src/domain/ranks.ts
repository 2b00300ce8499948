// How far to the right nodes stand, by what they wait for.

import type { Level } from "./layout";

export type Neighbours = ReadonlyMap<string, readonly string[]>;

/** What each node is joined to on one side. */
export function neighbours(level: Level, of: "from" | "to", at: "from" | "to"): Neighbours {
  const found = new Map<string, string[]>(level.nodes.map((node) => [node.id, []]));
  for (const edge of level.edges) if (found.has(edge[at])) found.get(edge[of])?.push(edge[at]);
  return found;
}

/** Each node as far left as what it waits for allows. */
export function rank(level: Level, before: Neighbours, after: Neighbours): string[][] {
  const open = new Map(level.nodes.map((node) => [node.id, before.get(node.id)?.length ?? 0]));
  let row = level.nodes.filter((node) => open.get(node.id) === 0).map((node) => node.id);
  const ranks: string[][] = [];
  while (row.length > 0) {
    ranks.push(row);
    const next: string[] = [];
    for (const id of row) {
      open.delete(id);
      for (const other of after.get(id) ?? []) {
        const left = (open.get(other) ?? 1) - 1;
        open.set(other, left);
        if (left === 0) next.push(other);
      }
    }
    row = next;
  }
  // What is left waits for itself: no definition that was accepted has that, but nothing may be lost.
  if (open.size > 0) ranks.push([...open.keys()]);
  return ranks;
}
