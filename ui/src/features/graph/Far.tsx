import { ViewportPortal } from "@xyflow/react";
import { memo, useMemo } from "react";
import type { DrawnEdge } from "./edge";
import { boxOf, type Drawing, farEdges, farNodes } from "./far";
import styles from "./Far.module.css";
import type { TaskFlowNode } from "./TaskNode";

/** All nodes and edges as bare shapes. Nothing of it is made anew while the graph moves. */
export const Far = memo(function Far({ nodes, edges }: { readonly nodes: readonly TaskFlowNode[]; readonly edges: readonly DrawnEdge[] }) {
  const groups = useMemo(() => farNodes(nodes), [nodes]);
  const lines = useMemo(() => farEdges(edges), [edges]);
  const selected = nodes.find(({ data }) => data.isSelected);
  return (
    <ViewportPortal>
      <svg className={styles.far} aria-hidden>
        {groups.filter(({ tone }) => tone === "frame").map(drawn)}
        {lines.map(({ key, tone, isFaint, path }) => (
          <path key={key} className={`${styles.edge} ${tone === "lit" ? styles.lit : ""} ${isFaint ? styles.dim : ""}`} d={path} />
        ))}
        {groups.filter(({ tone }) => tone !== "frame").map(drawn)}
        {selected && <rect className={styles.selected} {...boxOf(selected)} />}
      </svg>
    </ViewportPortal>
  );
});

const drawn = ({ key, tone, isFaint, path }: Drawing) => <path key={key} className={`${styles.node} ${styles[tone] ?? ""} ${isFaint ? styles.dim : ""}`} d={path} />;
