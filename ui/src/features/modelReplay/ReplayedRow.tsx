import { useState } from "react";
import type { ModelServer, ReplayedRequest } from "@/api/types";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { milliseconds } from "@/domain/modelLoad";
import { failureWords, shownOutcome } from "@/domain/replay";
import { Answers } from "./Answers";
import { Place } from "./Place";
import styles from "./Replay.module.css";

/** An answer that is not as before: where, and all of both when it is opened. */
export function ReplayedRow({ server, replayed }: { readonly server: ModelServer; readonly replayed: ReplayedRequest }) {
  const [isOpen, setOpen] = useState(false);
  const { request, outcome, code, took_ms, differences, difference_count } = replayed;
  const [first] = differences;
  const failure = failureWords(replayed);
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className={styles.row}>
          <Status shown={shownOutcome(outcome)} />
          <span className={styles.number}>{`#${request.number}`}</span>
          <span>{request.code === code ? code : `${request.code} → ${code}`}</span>
          <span className={styles.times}>{`${milliseconds(request.took_ms)} → ${milliseconds(took_ms)}`}</span>
          <span className={styles.first}>
            {failure ? <Failure text={failure} /> : first && <Place path={first.path} />}
            {!failure && first && <span className={styles.change}>{`${first.before ?? "nothing"} → ${first.after ?? "nothing"}`}</span>}
            {!failure && difference_count > 1 && <span className={styles.count}>{`and ${difference_count - 1} more`}</span>}
          </span>
        </summary>
        {isOpen && <Answers server={server} replayed={replayed} />}
      </details>
    </li>
  );
}

const Failure = ({ text }: { readonly text: string }) => (
  <span className={styles.long} title={text}>
    <Prose text={text} />
  </span>
);
