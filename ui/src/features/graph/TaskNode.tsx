import type { Node, NodeProps } from "@xyflow/react";
import { ChevronsUpDown, Zap } from "lucide-react";
import { memo } from "react";
import { StateIcon } from "@/components/Icon";
import { Took } from "@/components/Time";
import type { GraphNode } from "@/domain/graph";
import { iteration } from "@/domain/taskPath";
import { useActions } from "./actions";
import { KINDS } from "./kinds";
import { type NodeLook, telling } from "./look";
import styles from "./Node.module.css";

export interface NodeData extends Record<string, unknown> {
  readonly node: GraphNode;
  readonly look: NodeLook | undefined;
  readonly isSelected: boolean;
  /** Something is lit and this is not it. */
  readonly isDim: boolean;
}

export type TaskFlowNode = Node<NodeData, "task" | "frame">;

/** The path under which a group opens. */
export const opening = (node: GraphNode, look: NodeLook | undefined): string =>
  node.task.kind === "loop" && look?.iterations?.length ? iteration(node.path, telling(look.iterations)) : node.path;

/** A task that is not open: icon, name, state, duration, and whether it came from the cache. */
export const TaskNode = memo(function TaskNode({ data }: NodeProps<TaskFlowNode>) {
  const { node, look } = data;
  const { task, path } = node;
  const actions = useActions();
  const { icon: Kind, word } = KINDS[task.kind];
  const isGroup = task.dag !== undefined;
  const classes = [styles.node, isGroup ? styles.stack : "", data.isSelected ? styles.selected : "", data.isDim || look?.isFaint ? styles.faint : "", styles[look?.shown.tone ?? "none"]];
  return (
    <div className={classes.join(" ")} data-task={path}>
      <button
        type="button"
        className={styles.main}
        aria-pressed={data.isSelected}
        title={look?.reason ? `${task.title}: ${look.reason}` : task.title}
        onClick={() => actions.select(path)}
        onDoubleClick={() => isGroup && actions.open(opening(node, look))}
      >
        <span className={styles.line}>
          <Kind size={14} className={styles.kind} aria-hidden />
          <span className={styles.name}>{task.title}</span>
        </span>
        <span className={styles.line}>
          {look ? (
            <>
              <StateIcon shown={look.shown} size={13} />
              <span className={styles.word}>{look.progress ?? look.shown.word}</span>
              {look.isCached && <Zap size={12} className={styles.cached} role="img" aria-label="Cached" />}
              <span className={styles.took}>{look.from && <Took from={look.from} to={look.to} />}</span>
            </>
          ) : (
            <span className={styles.word}>{task.condition && task.kind !== "condition" ? `If ${task.condition}` : word}</span>
          )}
        </span>
      </button>
      {isGroup && (
        <button type="button" className={styles.toggle} aria-label={`Open ${task.title}`} title="Open here" onClick={() => actions.open(opening(node, look))}>
          <ChevronsUpDown size={14} aria-hidden />
        </button>
      )}
    </div>
  );
});
