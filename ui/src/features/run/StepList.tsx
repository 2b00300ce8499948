import { useVirtualizer } from "@tanstack/react-virtual";
import { Layers } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import type { Task } from "@/api/types";
import { Input } from "@/components/Field";
import { StateIcon } from "@/components/Icon";
import { isStep } from "@/domain/runTasks";
import { matches } from "@/domain/search";
import { shownTask } from "@/domain/state";
import styles from "./Run.module.css";

const ROW = 30;
const MANY = 10;

interface Props {
  readonly tasks: readonly Task[];
  readonly selected: string | undefined;
  readonly onSelect: (path: string | undefined) => void;
}

/** Whose log is shown: one step's, or that of all of them. */
export function StepList({ tasks, selected, onSelect }: Props) {
  const [wanted, setWanted] = useState("");
  const steps = useMemo(
    () =>
      tasks
        .filter((task) => isStep(task) && (task.attempts.length > 0 || task.state === "RUNNING"))
        .toSorted((one, other) => (one.started_at ?? "~").localeCompare(other.started_at ?? "~")),
    [tasks],
  );
  const shown = wanted === "" ? steps : steps.filter((task) => matches(task.path, wanted));
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: shown.length + 1, getScrollElement: () => frame.current, estimateSize: () => ROW, overscan: 8 });
  return (
    <nav className={styles.stepsNav} aria-label="Steps">
      {steps.length > MANY && (
        <div className={styles.stepsFind}>
          <Input type="search" placeholder="Find a step" aria-label="Find a step" value={wanted} onChange={(event) => setWanted(event.target.value)} />
        </div>
      )}
      <div ref={frame} className={styles.stepsList}>
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const task = item.index === 0 ? undefined : shown[item.index - 1];
            if (item.index > 0 && !task) return null;
            return (
              <button
                key={task?.path ?? ""}
                type="button"
                className={styles.stepsRow}
                style={{ transform: `translateY(${item.start}px)` }}
                aria-pressed={task?.path === selected}
                title={task?.path}
                onClick={() => onSelect(task?.path)}
              >
                {task ? <StateIcon shown={shownTask(task.state, task.cached)} size={13} label /> : <Layers size={13} aria-hidden />}
                <span>{task?.path ?? "All steps"}</span>
              </button>
            );
          })}
        </div>
      </div>
    </nav>
  );
}
