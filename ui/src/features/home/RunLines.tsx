import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { runTopTasks, tasks } from "@/api/queries";
import type { RunSummary } from "@/api/types";
import { Meter } from "@/components/Meter";
import { Status } from "@/components/Status";
import { Ago, Took } from "@/components/Time";
import { progress } from "@/domain/progress";
import { shownRun } from "@/domain/state";
import styles from "./Home.module.css";

/** Runs, each with its state or, while it is under way, with how far it is. */
export function RunLines({ runs }: { readonly runs: readonly RunSummary[] }) {
  return (
    <ul className={styles.list}>
      {runs.map((run) => (
        <li key={run.run_id}>
          <Link to="/runs/$id" params={{ id: run.run_id }} className={styles.line}>
            <span className={styles.name} title={run.display_name}>
              {run.display_name}
            </span>
            {run.state === "RUNNING" ? <RunProgress run={run} /> : <Status shown={shownRun(run.state)} reason={run.failure?.message} />}
            <span className={styles.when}>
              <Took from={run.created_at} to={run.finished_at} />
            </span>
            <span className={styles.when}>
              <Ago at={run.created_at} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function RunProgress({ run }: { readonly run: RunSummary }) {
  const names = useQuery(runTopTasks(run.run_id)).data ?? [];
  const { done, of, running } = progress(names, useQuery(tasks(run.run_id)).data ?? []);
  const now = running.length > 0 ? ` · ${running.join(", ")}` : "";
  return (
    <span className={styles.progress}>
      <Meter label={`Steps of ${run.display_name} that are over`} of={Math.max(of, 1)} parts={[{ key: "done", title: `${done} of ${of}`, value: done }]} />
      <span className={styles.steps} title={running.join(", ")}>
        {done} of {of}
        {now}
      </span>
    </span>
  );
}
