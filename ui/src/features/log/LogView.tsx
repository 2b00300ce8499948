import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Button } from "@/components/Button";
import { Skeleton, Trouble } from "@/components/Empty";
import { failingLine, LOOKED_AT } from "@/domain/logFailure";
import styles from "./Log.module.css";
import { LogBar } from "./LogBar";
import { Lines, type LinesHandle } from "./Lines";
import { useFind } from "./useFind";
import { useLog } from "./useLog";
import { useSince } from "./useSince";

interface Props {
  readonly run: string;
  /** All steps when it is left out. */
  readonly step?: string | undefined;
  readonly attempt?: number | undefined;
  readonly epoch: string | number;
  /** Why the step failed, where it did. */
  readonly failure?: string | undefined;
  readonly isOpen: boolean;
  readonly line?: number | "fail" | undefined;
  readonly onLine: (line: number) => void;
  readonly find: string;
  readonly onFind: (text: string) => void;
  /** A time that is pointed at elsewhere, in milliseconds. */
  readonly time?: number | undefined;
}

const WRAPS = "coracle.log-wraps";

/** A log: searched, followed, linked to by its lines. */
export function LogView({ run, step, attempt, epoch, failure, isOpen, line, onLine, find, onFind, time }: Props) {
  // Steps that are at work write in between each other, so that lines have no numbers before they were read.
  const [byPage] = useState(attempt !== undefined || !isOpen);
  const { reader } = useLog({ run, step, attempt, epoch, byPage });
  const found = useFind(reader, reader.text.count, find);
  const lines = useRef<LinesHandle>(null);
  const [isFollowing, setFollowing] = useState(isOpen && line === undefined);
  const [wraps, setWraps] = useState(() => localStorage.getItem(WRAPS) === "yes");
  const [hit, setHit] = useState<{ readonly find: string; readonly at: number }>();
  const { text, state } = reader;
  const tellsFrom = failure !== undefined && state === "whole" ? Math.max(0, text.count - LOOKED_AT) : undefined;
  useEffect(() => {
    if (tellsFrom !== undefined) reader.look("failure", tellsFrom, text.count);
  }, [reader, text, tellsFrom]);
  const isTold = tellsFrom !== undefined && text.missing(tellsFrom, text.count) === undefined;
  const failing = useMemo(
    () => (isTold ? failingLine(text.count, (index) => text.line(index)?.text ?? "", failure) : undefined),
    [failure, isTold, text],
  );
  const target = line === "fail" ? failing : line === undefined ? undefined : line - 1;
  const isThere = target !== undefined && target < text.count;
  useEffect(() => {
    if (target !== undefined && isThere) lines.current?.show(target);
  }, [target, isThere]);
  const since = useSince(reader, time);
  useEffect(() => {
    if (since !== undefined && since >= 0) lines.current?.show(since);
  }, [since]);

  const onSight = useCallback((first: number, end: number) => reader.look("lines", first, end), [reader]);
  const at = hit?.find === find ? hit.at : -1;
  const go = (by: 1 | -1) => {
    const many = found.lines.length;
    if (many === 0) return;
    const next = at < 0 && by < 0 ? many - 1 : (at + by + many) % many;
    setHit({ find, at: next });
    setFollowing(false);
    lines.current?.show(found.lines[next] ?? 0);
  };
  const more = found.isFull ? "+" : found.isWhole ? "" : "…";
  const count = find === "" ? "" : found.lines.length === 0 ? (found.isWhole ? "Not found" : "Searching…") : `${at + 1} of ${found.lines.length}${more}`;
  return (
    <section className={styles.view} aria-label="Log">
      <LogBar
        run={run}
        step={step}
        attempt={attempt}
        find={find}
        onFind={onFind}
        count={count}
        onStep={go}
        wraps={wraps}
        onWraps={(wanted) => {
          setWraps(wanted);
          localStorage.setItem(WRAPS, wanted ? "yes" : "no");
        }}
        isFollowing={isFollowing}
        onFollow={() => setFollowing(!isFollowing)}
      />
      {text.count > 0 ? (
        <Lines
          ref={lines}
          text={text}
          label={step ? `Log of ${step}` : "Log of all steps"}
          find={find}
          marked={since ?? (at >= 0 ? found.lines[at] : target)}
          failing={failing}
          wraps={wraps}
          hasSteps={step === undefined}
          isFollowing={isFollowing}
          onFollow={setFollowing}
          onLine={onLine}
          onSight={onSight}
        />
      ) : (
        <div className={styles.lines}>
          <div className={styles.none}>{state === "whole" ? "Nothing was written." : state === "broken" ? null : state === "reading" && isOpen ? "Nothing has been written yet." : <Skeleton rows={10} />}</div>
        </div>
      )}
      {state === "broken" && reader.error && <Trouble error={reader.error} action={<Button onClick={reader.again}>Read it again</Button>} />}
      <footer className={styles.foot}>
        {text.count.toLocaleString("en")} {text.count === 1 ? "line" : "lines"}
        {(state === "reading" || state === "asking") && (isOpen ? " · live" : " · reading…")}
      </footer>
    </section>
  );
}
