import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { doctor, health, runs } from "@/api/queries";
import type { RunSummary } from "@/api/types";
import { Empty, Skeleton } from "@/components/Empty";
import { Card, Page, Section } from "@/components/Page";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { Ago, Took, useNow } from "@/components/Time";
import { isOver, shownRun } from "@/domain/state";
import styles from "./Home.module.css";

const RECENT = 8;
const DAY = 24 * 3_600_000;

export function Home() {
  const list = useQuery(runs());
  const engine = useQuery(health());
  const now = useNow(true);
  const all = list.data?.runs ?? [];
  const open = all.filter((run) => !isOver(run.state));
  const failedToday = all.filter((run) => run.state === "FAILED" && now - Date.parse(run.created_at) < DAY);
  return (
    <Page title="Home" answer={engine.data?.engine_summary}>
      <div className={styles.figures}>
        <Figure label="Running" value={open.filter((run) => run.state === "RUNNING").length} />
        <Figure label="Waiting" value={open.filter((run) => run.state === "PENDING").length} />
        <Figure label="Failed in 24 h" value={failedToday.length} tone={failedToday.length > 0 ? "fail" : undefined} />
        <Figure label="Runs" value={all.length} />
      </div>
      <Attention failed={failedToday} />
      {open.length > 0 && (
        <Section title="Running now">
          <RunList runs={open} />
        </Section>
      )}
      <Section title="Recent" actions={<Link to="/runs">All runs</Link>}>
        {list.isPending ? (
          <Skeleton />
        ) : all.length === 0 ? (
          <Card>
            <Empty title="Nothing has run yet">
              Run a compiled pipeline from a terminal, <code>coracle run pipeline.yaml</code>, or upload one.
            </Empty>
          </Card>
        ) : (
          <RunList runs={all.slice(0, RECENT)} />
        )}
      </Section>
    </Page>
  );
}

function Figure({ label, value, tone }: { readonly label: string; readonly value: number; readonly tone?: string | undefined }) {
  return (
    <Card className={styles.figure ?? ""}>
      <strong style={tone ? { color: `var(--${tone})` } : undefined}>{value}</strong>
      <span>{label}</span>
    </Card>
  );
}

/** What does not go by itself: findings of the doctor, and runs that failed. */
function Attention({ failed }: { readonly failed: readonly RunSummary[] }) {
  const report = useQuery(doctor());
  const findings = report.data?.checks.filter((check) => check.status !== "ok") ?? [];
  if (findings.length === 0 && failed.length === 0) return null;
  return (
    <Section title="Needs attention">
      <Card>
        <ul className={styles.list}>
          {findings.map((check) => (
            <li key={check.name} className={styles.finding}>
              <Status shown={{ tone: check.status === "problem" ? "fail" : "warn", icon: "warning", word: check.name }} reason={check.message} />
              {check.fix && (
                <span className={styles.hint}>
                  <Prose text={check.fix} />
                </span>
              )}
            </li>
          ))}
          {failed.slice(0, RECENT).map((run) => (
            <RunLine key={run.run_id} run={run} />
          ))}
        </ul>
      </Card>
    </Section>
  );
}

function RunList({ runs: shown }: { readonly runs: readonly RunSummary[] }) {
  return (
    <Card>
      <ul className={styles.list}>
        {shown.map((run) => (
          <RunLine key={run.run_id} run={run} />
        ))}
      </ul>
    </Card>
  );
}

function RunLine({ run }: { readonly run: RunSummary }) {
  return (
    <li>
      <Link to="/runs/$id" params={{ id: run.run_id }} className={styles.line}>
        <span className={styles.name}>{run.display_name}</span>
        <Status shown={shownRun(run.state)} reason={run.failure?.message} />
        <span className={styles.when}>
          <Took from={run.created_at} to={run.finished_at} />
        </span>
        <span className={styles.when}>
          <Ago at={run.created_at} />
        </span>
      </Link>
    </li>
  );
}
