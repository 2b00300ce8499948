import type { Attempt } from "@/api/types";
import { Status } from "@/components/Status";
import { Took } from "@/components/Time";
import { shownTask } from "@/domain/state";
import { Part } from "./Part";
import styles from "./Run.module.css";

interface Props {
  readonly attempts: readonly Attempt[];
  readonly at: number;
  readonly onAt: (number: number) => void;
}

/** Every try at a step, to choose among. */
export function Attempts({ attempts, at, onAt }: Props) {
  return (
    <Part title={`Attempts (${attempts.length})`}>
      <div className={styles.attempts} role="radiogroup" aria-label="Attempt">
        {attempts.map((attempt) => (
          <button
            key={attempt.number}
            type="button"
            role="radio"
            aria-checked={attempt.number === at}
            className={styles.attempt}
            title={attempt.failure?.message}
            onClick={() => onAt(attempt.number)}
          >
            <span className={styles.number}>{attempt.number}</span>
            <Status shown={shownTask(attempt.state)} />
            {attempt.exit_code !== null && attempt.exit_code !== undefined && <span className={styles.number}>exit {attempt.exit_code}</span>}
            <span className={styles.number}>
              <Took from={attempt.started_at} to={attempt.finished_at} />
            </span>
            {attempt.before_retry && <span className={styles.kind}>before the retry</span>}
          </button>
        ))}
      </div>
    </Part>
  );
}
