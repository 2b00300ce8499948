import { memo } from "react";
import type { LogLine } from "@/domain/logText";
import { fullTime } from "@/domain/time";
import { LineText } from "./Line";
import styles from "./Log.module.css";

interface Props {
  readonly index: number;
  /** None where it is not there yet. */
  readonly line: LogLine | undefined;
  readonly tone: "failing" | "marked" | "stderr" | undefined;
  /** What the widest number takes. */
  readonly width: string;
  /** Says which step wrote it. */
  readonly hasStep: boolean;
  readonly find: string;
  readonly onLine: (line: number) => void;
}

/** A line with its number. One that stays in sight is not drawn again while the log scrolls. */
export const LineRow = memo(function LineRow({ index, line, tone, width, hasStep, find, onLine }: Props) {
  return (
    <div className={`${styles.line} ${tone ? styles[tone] : ""}`} data-line={index + 1}>
      <button type="button" tabIndex={-1} className={styles.at} style={{ minWidth: width }} title={line && fullTime(line.at)} aria-label={`Line ${index + 1}`} onClick={() => onLine(index + 1)}>
        {index + 1}
      </button>
      {hasStep && (
        <span className={styles.step} title={line?.step}>
          {line?.step}
        </span>
      )}
      <span className={styles.text}>{line && <LineText text={line.text} find={find} />}</span>
    </div>
  );
});
