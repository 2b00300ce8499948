import { useState } from "react";
import type { RemoteRun } from "@/api/remoteRuns";
import { Button } from "@/components/Button";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { Took } from "@/components/Time";
import { shownRemoteTask } from "@/domain/remoteRun";
import { WorkloadLog } from "@/features/clusters/WorkloadLog";
import styles from "./ClusterRuns.module.css";

/** The tasks of a run as the server shows them, each with the log of its pod where that is known. */
export function RemoteTasks({ run, isOver }: { readonly run: Pick<RemoteRun, "tasks" | "place" | "namespace">; readonly isOver: boolean }) {
  const [open, setOpen] = useState<string>();
  const { tasks, namespace } = run;
  const context = "context" in run.place ? run.place.context : undefined;
  if (tasks.length === 0) return <p className={styles.none}>{isOver ? "The server told of no tasks." : "The server tells of none yet."}</p>;
  return (
    <ul className={styles.list} aria-label="Tasks">
      {tasks.map(({ name, states, started_at: started, finished_at: finished, error, pod }, at) => (
        <li key={`${name} ${at}`}>
          <strong className={styles.name}>{name}</strong>
          <Status shown={shownRemoteTask(states, isOver)} />
          <span className={styles.took}>{started && <Took from={started} to={finished ?? (isOver ? started : null)} />}</span>
          {error && (
            <span className={styles.about}>
              <Prose text={error} />
            </span>
          )}
          {pod && context && (
            <div className={styles.log}>
              <Button aria-expanded={pod === open} aria-label={`Log of ${name}`} onClick={() => setOpen(pod === open ? undefined : pod)}>
                Log
              </Button>
              {pod === open && <WorkloadLog context={context.name} kubeconfig={context.kubeconfig} namespace={namespace} workload={`pod/${pod}`} />}
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}
