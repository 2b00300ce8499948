import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { Task } from "@/api/types";
import { Status } from "@/components/Status";
import { Took } from "@/components/Time";
import type { TaskIndex } from "@/domain/runTasks";
import { shownTask } from "@/domain/state";
import { parentOf } from "@/domain/taskPath";
import { Part } from "./Part";
import styles from "./Run.module.css";

const ROW = 30;
const HIGHEST = 8;

interface Props {
  readonly task: Task;
  readonly index: TaskIndex;
  readonly tasks: readonly Task[];
  readonly onSelect: (path: string) => void;
}

/** The tasks in a group, or the iterations of a loop. */
export function Inside({ task, index, tasks, onSelect }: Props) {
  const all = task.kind === "loop" ? (index.iterations.get(task.path) ?? []) : tasks.filter((one) => one.path !== "" && parentOf(one.path) === task.path);
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: all.length, getScrollElement: () => frame.current, estimateSize: () => ROW, overscan: 6 });
  if (all.length === 0) return null;
  return (
    <Part title={task.kind === "loop" ? `Iterations (${all.length})` : `Tasks (${all.length})`}>
      <div ref={frame} className={styles.inside} style={{ height: Math.min(all.length, HIGHEST) * ROW + 2 }}>
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const one = all[item.index];
            return (
              one && (
                <button key={one.path} type="button" className={styles.insideRow} style={{ transform: `translateY(${item.start}px)` }} onClick={() => onSelect(one.path)}>
                  <span className={styles.insideName}>{task.kind === "loop" ? `[${item.index}]` : one.display_name}</span>
                  <Status shown={shownTask(one.state, one.cached)} reason={one.reason?.message} />
                  <span className={styles.number}>
                    <Took from={one.started_at} to={one.finished_at} />
                  </span>
                </button>
              )
            );
          })}
        </div>
      </div>
    </Part>
  );
}
