import type { Edge, EdgeProps } from "@xyflow/react";
import { memo } from "react";
import type { Point } from "@/domain/layout";
import styles from "./Node.module.css";

export interface EdgeData extends Record<string, unknown> {
  readonly points: readonly Point[];
  readonly artifacts: readonly string[];
  readonly parameters: readonly string[];
  readonly isLit: boolean;
  readonly isFaint: boolean;
}

export type ArtifactFlowEdge = Edge<EdgeData, "handed">;

const DOTS = 4;

/** What one task hands to another. Each artifact is a dot before its taker. */
export const ArtifactEdge = memo(function ArtifactEdge({ data }: EdgeProps<ArtifactFlowEdge>) {
  if (!data) return null;
  const end = data.points.at(-1) ?? { x: 0, y: 0 };
  const handed = [...data.artifacts, ...data.parameters].join(", ");
  return (
    <g>
      {handed && <title>{handed}</title>}
      <path className={`${styles.edge} ${data.isLit ? styles.lit : ""} ${data.isFaint ? styles.faintEdge : ""}`} d={curve(data.points)} />
      {data.artifacts.slice(0, DOTS).map((name, index) => (
        <circle key={name} className={styles.dot} cx={end.x - 10 - index * 9} cy={end.y} r={3.5} />
      ))}
    </g>
  );
});

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
