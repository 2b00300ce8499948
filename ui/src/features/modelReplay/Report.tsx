import { useState } from "react";
import type { Replay } from "@/api/modelRequests";
import type { ModelServer } from "@/api/types";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Card } from "@/components/Page";
import { milliseconds } from "@/domain/modelLoad";
import { differing, replayCopies, reportWords } from "@/domain/replay";
import { fullTime } from "@/domain/time";
import { ReplayedRow } from "./ReplayedRow";
import styles from "./Replay.module.css";

/** So many are listed at a time. */
const PAGE = 50;

/** What came of requests that were sent again. */
export function Report({ server, replay }: { readonly server: ModelServer; readonly replay: Replay }) {
  const { report, at } = replay;
  const [shown, setShown] = useState(PAGE);
  const others = differing(report);
  return (
    <section className={styles.report} aria-label="Report">
      <header className={styles.line}>
        <p className={styles.words} role="status">
          <strong>{reportWords(report)}</strong> <span>{`${againstWords(replay)}, at ${fullTime(at)}`}</span>
        </p>
        <CopyAs label="Copy report as" texts={replayCopies(server, replay, location.origin)} />
      </header>
      <dl className={styles.figures}>
        <Figure title="Same" value={report.same} tone="ok" />
        <Figure title="Different" value={report.different} tone="warn" />
        <Figure title="Failed" value={report.failed} tone="fail" />
        <Figure title="Not kept" value={report.skipped} tone="skip" />
        <Figure title="Median before" value={typeof report.before_median_ms === "number" ? milliseconds(report.before_median_ms) : "–"} />
        <Figure title="Median now" value={typeof report.after_median_ms === "number" ? milliseconds(report.after_median_ms) : "–"} />
      </dl>
      {others.length > 0 && (
        <Card>
          <ul className={styles.rows} aria-label="Answers that are not as before">
            {others.slice(0, shown).map((one) => (
              <ReplayedRow key={one.request.number} server={server} replayed={one} />
            ))}
          </ul>
        </Card>
      )}
      {others.length > shown && <Button className={styles.more ?? ""} onClick={() => setShown(shown + PAGE)}>{`Show more of ${others.length}`}</Button>}
    </section>
  );
}

const againstWords = ({ wanted: { against, revision } }: Replay): string => (against ? `Against ${against.name}` : revision ? `Against ${revision}` : "Against what it answers with now");

const Figure = ({ title, value, tone }: { readonly title: string; readonly value: number | string; readonly tone?: string }) => (
  <div>
    <dt>{title}</dt>
    <dd style={tone && value !== 0 ? { color: `var(--${tone})` } : undefined}>{typeof value === "number" ? value.toLocaleString("en") : value}</dd>
  </div>
);
