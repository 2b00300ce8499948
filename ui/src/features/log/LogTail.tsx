import { Link } from "@tanstack/react-router";
import { failingLine } from "@/domain/logFailure";
import { LineText } from "./Line";
import styles from "./Log.module.css";
import { useLog } from "./useLog";

const SHOWN = 12;
const LEAST = 4;
/** Enough that the line that tells is among them. */
const READ = 200;

interface Props {
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly failure?: string | undefined;
}

/** The last lines of a log, or those around the one that tells of the failure. */
export function LogTail({ run, step, attempt, failure }: Props) {
  const { reader } = useLog({ run, step, attempt, tail: READ });
  const { text, state } = reader;
  const failing = failure !== undefined && state === "whole" ? failingLine(text.count, (index) => text.line(index)?.text ?? "", failure) : undefined;
  const last = failing === undefined ? text.count : Math.min(text.count, Math.max(failing + 4, SHOWN));
  const first = Math.max(0, last - SHOWN);
  return (
    <>
      <div
        className={styles.tail}
        style={{ minHeight: LEAST * 17 + 10 }}
        role="region"
        aria-label="Last lines"
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys
        tabIndex={0}
      >
        {text.count === 0 && <span className={styles.none}>{state === "reading" || state === "asking" ? "…" : state === "broken" ? reader.error?.message : "Nothing was written."}</span>}
        {Array.from({ length: last - first }, (_, offset) => {
          const index = first + offset;
          return (
            <div key={index} className={`${styles.line} ${index === failing ? styles.failing : ""}`}>
              <span className={styles.text}>
                <LineText text={text.line(index)?.text ?? ""} find="" />
              </span>
            </div>
          );
        })}
      </div>
      <Link to="/runs/$id" params={{ id: run }} search={{ tab: "logs", task: step, attempt, ...(failing !== undefined && { line: "fail" as const }) }}>
        {failing === undefined ? "Whole log" : "Show the failing line in the whole log"}
      </Link>
    </>
  );
}
