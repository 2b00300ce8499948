import { useStore, ViewportPortal } from "@xyflow/react";
import { memo, useMemo } from "react";
import { curve, type DrawnEdge } from "./edge";
import styles from "./Node.module.css";

const DOTS = 4;
/** What is in sight is looked for again after this much of a move, in pixels. */
const MOVE = 400;

/** All edges that are in sight, in one drawing: one for each edge would cost more than the nodes do. */
export function Edges({ edges }: { readonly edges: readonly DrawnEdge[] }) {
  const view = useStore((state) => {
    const [x, y, zoom] = state.transform;
    const part = (value: number) => Math.floor(-value / MOVE);
    return [part(x), part(y), zoom, Math.ceil(state.width / MOVE), Math.ceil(state.height / MOVE)].join(" ");
  });
  const shown = useMemo(() => {
    const [x = 0, y = 0, zoom = 1, width = 0, height = 0] = view.split(" ").map(Number);
    const scale = MOVE / zoom;
    return edges.filter(
      ({ bounds }) =>
        bounds.x < (x + width + 1) * scale && bounds.x + bounds.width > x * scale && bounds.y < (y + height + 1) * scale && bounds.y + bounds.height > y * scale,
    );
  }, [edges, view]);
  return (
    <ViewportPortal>
      <svg className={styles.edges} aria-hidden>
        {shown.map((edge) => (
          <Edge key={edge.id} edge={edge} />
        ))}
      </svg>
    </ViewportPortal>
  );
}

/** What one task hands to another. Each artifact is a dot before its taker. */
const Edge = memo(function Edge({ edge }: { readonly edge: DrawnEdge }) {
  const end = edge.points.at(-1) ?? { x: 0, y: 0 };
  const handed = [...edge.artifacts, ...edge.parameters].join(", ");
  return (
    <g className={`${styles.edge} ${edge.isLit ? styles.lit : ""} ${edge.isFaint ? styles.faintEdge : ""}`}>
      {handed && <title>{handed}</title>}
      <path d={curve(edge.points)} />
      {edge.artifacts.slice(0, DOTS).map((name, index) => (
        <circle key={name} cx={end.x - 8 - index * 9} cy={end.y} r={3.5} />
      ))}
    </g>
  );
});
