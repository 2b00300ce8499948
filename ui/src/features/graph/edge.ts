// An edge as it is drawn.

import type { Box, Point } from "@/domain/layout";

export interface DrawnEdge {
  readonly id: string;
  readonly points: readonly Point[];
  readonly bounds: Box;
  readonly artifacts: readonly string[];
  readonly parameters: readonly string[];
  readonly isLit: boolean;
  readonly isFaint: boolean;
}

/** Through all the points, level at each. The last part is straight, so that dots sit on it. */
export function curve(points: readonly Point[]): string {
  const [start, ...rest] = points;
  if (!start) return "";
  let from = start;
  let path = `M${from.x},${from.y}`;
  rest.forEach((to, index) => {
    const isLast = index === rest.length - 1;
    const end = isLast ? Math.max(from.x, to.x - 14) : to.x;
    const middle = (from.x + end) / 2;
    path += `C${middle},${from.y} ${middle},${to.y} ${end},${to.y}`;
    if (isLast) path += `H${to.x}`;
    from = to;
  });
  return path;
}
