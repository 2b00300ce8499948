import "@xyflow/react/dist/base.css";
import { ReactFlow, useReactFlow, useStoreApi } from "@xyflow/react";
import { type MouseEvent, useCallback } from "react";
import type { Layout } from "@/domain/layout";
import { Controls } from "./Controls";
import { useIsFar } from "./Distance";
import type { DrawnEdge } from "./edge";
import { Edges } from "./Edges";
import { Far } from "./Far";
import { nodeAt } from "./far";
import styles from "./Ground.module.css";
import { GroupNode } from "./GroupNode";
import { Overview } from "./Overview";
import { type TaskFlowNode, TaskNode } from "./TaskNode";
import { Viewing } from "./Viewing";
import { Walking } from "./Walking";

interface Props {
  readonly nodes: TaskFlowNode[];
  readonly edges: readonly DrawnEdge[];
  readonly layout: Layout;
  readonly at: string;
  readonly selected: string | undefined;
  readonly onSelect: (path: string | undefined) => void;
}

// `group` would be one of xyflow's own.
const NODES = { task: TaskNode, frame: GroupNode };
const NONE: TaskFlowNode[] = [];
/** A map helps where there is more than one sees. */
const MAPPED = 12;

/** What a graph stands on and is moved with. From afar all of it is one drawing, near by each node is an element of its own. */
export function Ground({ nodes, edges, layout, at, selected, onSelect }: Props) {
  const flow = useReactFlow();
  const store = useStoreApi();
  const isFar = useIsFar();
  // No state: nothing is drawn anew for it.
  const mark = (isMoving: boolean) => store.getState().domNode?.toggleAttribute("data-moving", isMoving);
  const under = useCallback(
    ({ clientX, clientY }: MouseEvent) => (isFar ? nodeAt(nodes, flow.screenToFlowPosition({ x: clientX, y: clientY })) : undefined),
    [isFar, nodes, flow],
  );
  return (
    <ReactFlow<TaskFlowNode>
      nodes={isFar ? NONE : nodes}
      nodeTypes={NODES}
      onPaneClick={(event) => onSelect(under(event)?.id)}
      onPaneMouseMove={(event) => {
        if (event.target instanceof HTMLElement) event.target.title = under(event)?.data.node.task.title ?? "";
      }}
      onMoveStart={() => mark(true)}
      onMoveEnd={() => mark(false)}
      className={styles.ground ?? ""}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      elementsSelectable={false}
      onlyRenderVisibleElements
      minZoom={0.05}
      maxZoom={1.5}
      zoomOnDoubleClick={false}
      deleteKeyCode={null}
      selectionKeyCode={null}
      proOptions={{ hideAttribution: true }}
    >
      {isFar ? <Far nodes={nodes} edges={edges} /> : <Edges edges={edges} />}
      <Viewing layout={layout} at={at} selected={selected} />
      <Controls layout={layout} />
      <Walking layout={layout} />
      {nodes.length > MAPPED && <Overview nodes={nodes} layout={layout} />}
    </ReactFlow>
  );
}
