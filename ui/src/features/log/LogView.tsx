import { useEffect, useMemo, useRef, useState } from "react";
import { Button } from "@/components/Button";
import { Skeleton, Trouble } from "@/components/Empty";
import { failingLine } from "@/domain/logFailure";
import styles from "./Log.module.css";
import { LogBar } from "./LogBar";
import { Lines, type LinesHandle } from "./Lines";
import { useFind } from "./useFind";
import { useLog } from "./useLog";

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
  const { reader } = useLog({ run, step, attempt, epoch });
  const found = useFind(reader, reader.text.count, find);
  const lines = useRef<LinesHandle>(null);
  const [isFollowing, setFollowing] = useState(isOpen && line === undefined);
  const [wraps, setWraps] = useState(() => localStorage.getItem(WRAPS) === "yes");
  const [hit, setHit] = useState<{ readonly find: string; readonly at: number }>();
  const { text, state } = reader;
  const failing = useMemo(
    () => (failure !== undefined && state === "whole" ? failingLine(text.count, (index) => text.line(index)?.text ?? "", failure) : undefined),
    [failure, state, text],
  );
  const target = line === "fail" ? failing : line === undefined ? undefined : line - 1;
  const isThere = target !== undefined && target < text.count;
  useEffect(() => {
    if (target !== undefined && isThere) lines.current?.show(target);
  }, [target, isThere]);
  const since = time === undefined ? undefined : Math.min(text.firstSince(time), text.count - 1);
  useEffect(() => {
    if (since !== undefined && since >= 0) lines.current?.show(since);
  }, [since]);

  const at = hit?.find === find ? hit.at : -1;
  const go = (by: 1 | -1) => {
    const many = found.lines.length;
    if (many === 0) return;
    const next = at < 0 && by < 0 ? many - 1 : (at + by + many) % many;
    setHit({ find, at: next });
    setFollowing(false);
    lines.current?.show(found.lines[next] ?? 0);
  };
  const count = find === "" ? "" : found.lines.length === 0 ? (found.isWhole ? "Not found" : "Searching…") : `${at + 1} of ${found.lines.length}${found.isWhole ? "" : "…"}`;
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
