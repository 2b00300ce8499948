import type { RemoteRun } from "@/api/remoteRuns";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { Took } from "@/components/Time";
import { shownRemoteState } from "@/domain/remoteRun";
import styles from "./ClusterRuns.module.css";

/** The tasks of a run as the server shows them. */
export function RemoteTasks({ tasks, isOver }: { readonly tasks: RemoteRun["tasks"]; readonly isOver: boolean }) {
  if (tasks.length === 0) return <p className={styles.none}>{isOver ? "The server told of no tasks." : "The server tells of none yet."}</p>;
  return (
    <ul className={styles.list} aria-label="Tasks">
      {tasks.map(({ name, states, started_at: started, finished_at: finished, error }, at) => (
        <li key={`${name} ${at}`}>
          <strong className={styles.name}>{name}</strong>
          <Status shown={shownRemoteState(states.at(-1) ?? "PENDING")} />
          <span className={styles.took}>{started && <Took from={started} to={finished ?? (isOver ? started : null)} />}</span>
          {error && (
            <span className={styles.about}>
              <Prose text={error} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
