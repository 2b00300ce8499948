import type { NodeProps } from "@xyflow/react";
import { ChevronLeft, ChevronRight, ChevronsDownUp, Maximize2 } from "lucide-react";
import { memo } from "react";
import { StateIcon } from "@/components/Icon";
import { Took } from "@/components/Time";
import { iteration, iterationOf } from "@/domain/taskPath";
import { useActions } from "./actions";
import { KINDS } from "./kinds";
import type { IterationLook } from "./look";
import styles from "./Node.module.css";
import type { TaskFlowNode } from "./TaskNode";

/** A group that is open: a frame around what is in it, with a head. */
export const GroupNode = memo(function GroupNode({ data }: NodeProps<TaskFlowNode>) {
  const { node, look } = data;
  const { task, path, opened = path } = node;
  const actions = useActions();
  const { icon: Kind } = KINDS[task.kind];
  return (
    <div className={`${styles.group} ${data.isSelected ? styles.selected : ""} ${styles[look?.shown.tone ?? "none"]}`} data-task={path}>
      <div className={styles.head}>
        <button type="button" className={styles.title} aria-pressed={data.isSelected} title={task.condition || task.title} onClick={() => actions.select(path)}>
          <Kind size={14} className={styles.kind} aria-hidden />
          <span className={styles.name}>{task.title}</span>
          {look && <StateIcon shown={look.shown} size={13} label />}
          {look?.from && (
            <span className={styles.took}>
              <Took from={look.from} to={look.to} />
            </span>
          )}
        </button>
        {look?.iterations && look.iterations.length > 0 && <Iterations loop={path} title={task.title} at={iterationOf(opened) ?? 0} all={look.iterations} />}
        <button type="button" className={styles.toggle} aria-label={`Show ${task.title} alone`} title="Show alone" onClick={() => actions.enter(opened)}>
          <Maximize2 size={13} aria-hidden />
        </button>
        <button type="button" className={styles.toggle} aria-label={`Close ${task.title}`} title="Close" onClick={() => actions.close(path)}>
          <ChevronsDownUp size={14} aria-hidden />
        </button>
      </div>
    </div>
  );
});

interface IterationsProps {
  readonly loop: string;
  readonly title: string;
  readonly at: number;
  readonly all: readonly IterationLook[];
}

/** Which iteration of a loop is shown. */
function Iterations({ loop, title, at, all }: IterationsProps) {
  const actions = useActions();
  const place = all.findIndex((one) => one.index === at);
  const go = (to: IterationLook | undefined) => to && actions.open(iteration(loop, to.index));
  return (
    <span className={styles.iterations}>
      <button type="button" className={styles.toggle} aria-label="Iteration before" disabled={place <= 0} onClick={() => go(all[place - 1])}>
        <ChevronLeft size={14} aria-hidden />
      </button>
      <select className={styles.choice} aria-label={`Iteration of ${title}`} value={at} onChange={(event) => actions.open(iteration(loop, Number(event.target.value)))}>
        {all.map((one) => (
          <option key={one.index} value={one.index}>
            {`${one.index} · ${one.shown.word}`}
          </option>
        ))}
      </select>
      <button type="button" className={styles.toggle} aria-label="Iteration after" disabled={place >= all.length - 1} onClick={() => go(all[place + 1])}>
        <ChevronRight size={14} aria-hidden />
      </button>
    </span>
  );
}
