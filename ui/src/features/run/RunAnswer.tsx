import { Link } from "@tanstack/react-router";
import type { Run, Task } from "@/api/types";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { Took } from "@/components/Time";
import { progress } from "@/domain/runTasks";
import { isOver, shownRun } from "@/domain/state";
import styles from "./Run.module.css";

interface Props {
  readonly run: Run;
  readonly tasks: readonly Task[];
  readonly failed: Task | undefined;
}

/** How a run is, how long it takes or took, what failed and why, what it waits for. */
export function RunAnswer({ run, tasks, failed }: Props) {
  const steps = progress(tasks);
  const wait = run.waiting[0];
  return (
    <div className={styles.answer}>
      <Status shown={shownRun(run.state)} />
      <span className={styles.number}>
        <Took from={run.started_at ?? run.created_at} to={run.finished_at} />
      </span>
      {failed ? (
        <span className={styles.why}>
          <Link to="/runs/$id" params={{ id: run.run_id }} search={{ task: failed.path }} title={failed.path}>
            {failed.display_name}
          </Link>{" "}
          <span title={failed.reason?.message}>{failed.reason && <Prose text={failed.reason.message} />}</span>
        </span>
      ) : run.failure ? (
        <span className={styles.why} title={run.failure.message}>
          <Prose text={run.failure.message} />
        </span>
      ) : wait ? (
        <span className={styles.why} title={wait.reason}>
          <code>{wait.task}</code> waits: <Prose text={wait.reason} />
          {run.waiting.length > 1 && ` · ${run.waiting.length - 1} more wait`}
        </span>
      ) : (
        <span className={styles.number}>{steps.all > 0 && (isOver(run.state) ? `${steps.all} ${steps.all === 1 ? "step" : "steps"}` : `${steps.over} of ${steps.all} steps`)}</span>
      )}
    </div>
  );
}
