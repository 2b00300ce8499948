import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { doctor, health, runs } from "@/api/queries";
import { Skeleton, Trouble } from "@/components/Empty";
import { Card, Page, Section } from "@/components/Page";
import { useNow } from "@/components/Time";
import { unresolved } from "@/domain/attention";
import { bytes } from "@/domain/size";
import { isOver } from "@/domain/state";
import { Attention } from "@/features/home/Attention";
import { Figures } from "@/features/home/Figures";
import { FirstSteps } from "@/features/home/FirstSteps";
import styles from "@/features/home/Home.module.css";
import { RunLines } from "@/features/home/RunLines";
import { Holders } from "@/features/machine/Holders";
import { useMachine } from "@/features/machine/useMachine";

const RECENT = 10;
const DAY = 24 * 3_600_000;

export function Home() {
  const list = useQuery(runs());
  const engine = useQuery(health());
  const report = useQuery(doctor());
  const machine = useMachine();
  const now = useNow(true);
  const all = list.data?.runs;
  const open = all?.filter(({ state }) => !isOver(state)) ?? [];
  const failed = all?.filter(({ state, created_at }) => state === "FAILED" && now - Date.parse(created_at) < DAY) ?? [];
  const count = (value: number) => (all ? String(value) : undefined);
  const running = open.filter(({ state }) => state !== "PENDING").length;
  const free = report.data?.machine?.disk_free;
  const isLow = report.data?.checks.some(({ name, status }) => name === "disk" && status !== "ok");
  const isFirst = all?.length === 0;
  return (
    <Page title="Home" answer={engine.data?.engine_summary ?? " "}>
      <Figures
        figures={[
          { label: "Running", value: count(running), to: "/runs", tone: running > 0 ? "run" : undefined },
          { label: "Waiting", value: count(open.length - running), to: "/runs" },
          { label: "Failed in 24 h", value: count(failed.length), to: "/runs", tone: failed.length > 0 ? "fail" : undefined },
          { label: "Disk free", value: free === undefined ? undefined : bytes(free), to: "/disk", tone: isLow ? "warn" : undefined },
        ]}
      />
      {isFirst && <FirstSteps />}
      <div className={styles.columns}>
        <div className={styles.column}>
          <Section title="Running now">
            <Card>{open.length > 0 ? <RunLines runs={open.slice(0, RECENT)} /> : <p className={styles.quiet}>Nothing is running.</p>}</Card>
          </Section>
          <Section title="Recent" actions={<Link to="/runs">All runs</Link>}>
            {list.isError && !all ? (
              <Trouble error={list.error} />
            ) : !all ? (
              <Skeleton rows={RECENT} />
            ) : (
              <Card>{isFirst ? <p className={styles.quiet}>What has run is here, newest first.</p> : <RunLines runs={all.filter(({ state }) => isOver(state)).slice(0, RECENT)} />}</Card>
            )}
          </Section>
        </div>
        <div className={styles.column}>
          <div className={styles.attention}>
            <Attention failed={unresolved(all ?? [], now - DAY)} />
          </div>
          <Section title="Machine">
            <Card className={styles.machineCard ?? ""}>{machine ? <Holders machine={machine} /> : <Skeleton rows={4} />}</Card>
          </Section>
        </div>
      </div>
    </Page>
  );
}
