import type { Run, Task } from "@/api/types";
import { Select } from "@/components/Field";
import type { RunSearch } from "@/domain/runSearch";
import { isStep, type TaskIndex } from "@/domain/runTasks";
import { isOver } from "@/domain/state";
import { LogView } from "@/features/log/LogView";
import styles from "./Run.module.css";
import { StepList } from "./StepList";

interface Props {
  readonly run: Run;
  readonly tasks: readonly Task[];
  readonly index: TaskIndex;
  readonly search: RunSearch;
  readonly onSearch: (change: Partial<Record<keyof RunSearch, unknown>>) => void;
  readonly cursor: number | undefined;
}

/** The logs of a run: of one step and attempt, or of all steps by time. */
export function RunLogs({ run, tasks, index, search, onSearch, cursor }: Props) {
  const task = search.task === undefined ? undefined : index.byPath.get(search.task);
  const step = task && isStep(task) ? task : undefined;
  const attempt = step?.attempts.find((one) => one.number === search.attempt) ?? step?.attempts.at(-1);
  const retries = tasks.reduce((count, one) => count + one.attempts.filter((tried) => tried.before_retry).length, 0);
  const open = step ? step.state === "RUNNING" || step.state === "PENDING" : !isOver(run.state);
  const key = `${step?.path ?? ""}#${attempt?.number ?? ""}#${retries}`;
  return (
    <div className={styles.logsRow}>
      <div className={styles.steps}>
        <StepList tasks={tasks} selected={step?.path} onSelect={(path) => onSearch({ task: path, attempt: undefined, line: undefined })} />
        {step && attempt && step.attempts.length > 1 && (
          <label className={styles.attemptsBar}>
            Attempt
            <Select value={attempt.number} onChange={(event) => onSearch({ attempt: Number(event.target.value), line: undefined })}>
              {step.attempts.map((one) => (
                <option key={one.number} value={one.number}>
                  {one.number} {one.before_retry ? "(before the retry)" : ""}
                </option>
              ))}
            </Select>
          </label>
        )}
      </div>
      <LogView
        key={key}
        run={run.run_id}
        step={step?.path}
        attempt={attempt?.number}
        epoch={retries}
        failure={attempt?.state === "FAILED" ? (attempt.failure?.message ?? step?.reason?.message ?? "") : undefined}
        isOpen={open}
        line={search.line}
        onLine={(line) => onSearch({ line })}
        find={search.find ?? ""}
        onFind={(find) => onSearch({ find: find || undefined })}
        time={cursor}
      />
    </div>
  );
}
