// Which node of a drawing is next to another, for those who go from one to the next by arrow keys.

import { type Box, NODE, type Point } from "./layout";

export type Direction = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

/** What is aside of the way is this much farther. */
const ASIDE = 2;

const WAYS: Record<Direction, (from: Point, to: Point) => readonly [ahead: number, aside: number]> = {
  ArrowLeft: (from, to) => [from.x - to.x, to.y - from.y],
  ArrowRight: (from, to) => [to.x - from.x, to.y - from.y],
  ArrowUp: (from, to) => [from.y - to.y, to.x - from.x],
  ArrowDown: (from, to) => [to.y - from.y, to.x - from.x],
};

/** Where a node is read: an open group at its head. */
const head = ({ x, y, width, height }: Box): Point => ({ x: x + Math.min(width, NODE.width) / 2, y: y + Math.min(height, NODE.height) / 2 });

/** The nearest node in a direction; none at the edge. */
export function neighbour(boxes: ReadonlyMap<string, Box>, from: string, direction: Direction): string | undefined {
  const box = boxes.get(from);
  if (!box) return undefined;
  const start = head(box);
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [id, other] of boxes) {
    const [ahead, aside] = WAYS[direction](start, head(other));
    const far = ahead + ASIDE * Math.abs(aside);
    if (id === from || ahead <= 0 || far >= least) continue;
    [nearest, least] = [id, far];
  }
  return nearest;
}
