// Loaded when lineage is first shown.

import { Link } from "@tanstack/react-router";
import { Controls, type Edge, Handle, type Node, type NodeProps, type OnInit, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { Box, Cog } from "lucide-react";
import { useMemo, useRef } from "react";
import type { LineageGraph } from "@/api/types";
import { drawnLineage, type LineageNode, NODE } from "@/domain/lineage";
import styles from "./Lineage.module.css";

type Drawn = Node<LineageNode & Record<string, unknown>, "lineage">;

const TYPES = { lineage: LineageBox };

/** Below this nothing can be read: the artifact that was asked about is shown rather than all of them. */
const LEAST_READABLE = 0.75;

const FIT = { maxZoom: 1, padding: 0.1 };

const CLOSE = 0.8;

/** Shows all of it, or where that is too much the surroundings of what was asked about, without empty space beside them. */
async function begin(drawing: Parameters<OnInit<Drawn>>[0], width: number): Promise<void> {
  await drawing.fitView(FIT);
  const nodes = drawing.getNodes();
  const asked = nodes.find((node) => node.data.isAsked);
  if (!asked || drawing.getZoom() >= LEAST_READABLE) return;
  const bounds = drawing.getNodesBounds(nodes);
  const half = width / CLOSE / 2 - NODE.height;
  const x = Math.max(Math.min(asked.position.x + NODE.width / 2, bounds.x + bounds.width - half), bounds.x + Math.min(half, bounds.width / 2));
  await drawing.setCenter(x, asked.position.y + NODE.height / 2, { zoom: CLOSE });
}

export default function LineageDrawing({ graph }: { readonly graph: LineageGraph }) {
  const frame = useRef<HTMLDivElement>(null);
  const { nodes, edges } = useMemo(() => {
    const drawn = drawnLineage(graph);
    return {
      nodes: drawn.nodes.map<Drawn>((node) => ({ id: node.id, type: "lineage", position: { x: node.x, y: node.y }, data: { ...node }, width: NODE.width, height: NODE.height })),
      edges: drawn.lines.map<Edge>((line) => ({ id: line.id, source: line.from, target: line.to })),
    };
  }, [graph]);
  return (
    <ReactFlow
      ref={frame}
      nodes={nodes}
      edges={edges}
      nodeTypes={TYPES}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      fitView
      onInit={(drawing) => void begin(drawing, frame.current?.clientWidth ?? 0)}
      fitViewOptions={FIT}
      minZoom={0.1}
      maxZoom={1.5}
      aria-label="Lineage"
    >
      <Controls showInteractive={false} className={styles.controls ?? ""} />
    </ReactFlow>
  );
}

function LineageBox({ data }: NodeProps<Drawn>) {
  const content = (
    <>
      {data.kind === "artifact" ? <Box size={16} aria-hidden /> : <Cog size={16} aria-hidden />}
      <span className={styles.words}>
        <strong title={data.title}>{data.title}</strong>
        <span title={data.about}>
          {data.isCached && "cached in "}
          {data.about}
        </span>
      </span>
    </>
  );
  const look = `nopan ${styles.box} ${styles[data.kind]} ${data.isAsked ? styles.asked : ""}`;
  return (
    <>
      <Handle type="target" position={Position.Left} className={styles.handle ?? ""} isConnectable={false} />
      {data.kind === "artifact" ? (
        <Link to="/artifacts/$id" params={{ id: String(data.artifact) }} search={{ tab: "lineage" }} className={look} aria-current={data.isAsked || undefined}>
          {content}
        </Link>
      ) : (
        <Link to="/runs/$id" params={{ id: data.run ?? "" }} search={data.task === undefined ? {} : { task: data.task }} className={look}>
          {content}
        </Link>
      )}
      <Handle type="source" position={Position.Right} className={styles.handle ?? ""} isConnectable={false} />
    </>
  );
}
