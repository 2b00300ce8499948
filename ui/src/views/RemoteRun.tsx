import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { remoteEvents, remoteRun } from "@/api/remoteRuns";
import { CopyAs } from "@/components/CopyAs";
import { Skeleton, Trouble } from "@/components/Empty";
import { Facts } from "@/components/Facts";
import { Page, Section } from "@/components/Page";
import { Badge, Status } from "@/components/Status";
import { Ago, Took } from "@/components/Time";
import { isRemoteOver, placeName, shownRemoteRun } from "@/domain/remoteRun";
import styles from "@/features/clusterRuns/ClusterRuns.module.css";
import { News } from "@/features/clusterRuns/News";
import { Problem } from "@/features/clusterRuns/Problem";
import { RemoteTasks } from "@/features/clusterRuns/RemoteTasks";
import { StopThere } from "@/features/clusterRuns/StopThere";

/** A run on a cluster: how it stands there, its tasks, and what was heard of it. */
export function RemoteRun() {
  const { id } = useParams({ from: "/runs/remote/$id" });
  const { data: run, error } = useQuery(remoteRun(id));
  const events = useQuery(remoteEvents(id));
  if (!run) return <Page title="Run on a cluster" answer=" ">{error ? <Trouble error={error} /> : <Skeleton rows={12} />}</Page>;
  const [shown, reason] = shownRemoteRun(run);
  const isOver = isRemoteOver(run);
  const answer = (
    <span className={styles.answer}>
      <Status shown={shown} reason={run.problem ? undefined : reason} />
      {!run.is_recurring && (
        <span>
          <Took from={run.created_at} to={run.finished_at ?? (isOver ? run.seen_at : null)} />
        </span>
      )}
      <Badge tone="accent">{placeName(run.place)}</Badge>
    </span>
  );
  return (
    <Page title={run.display_name} answer={answer} actions={
        <>
          {!isOver && !run.is_recurring && <StopThere run={run} />}
          <CopyAs texts={copies(run)} />
        </>
      }
    >
      <div className={styles.parts}>
        {run.problem && <Problem run={run} problem={run.problem} />}
        <Facts
          facts={[
            ["Pipeline", run.pipeline],
            ["Experiment there", run.experiment],
            ["Where", "endpoint" in run.place ? <code>{run.place.endpoint}</code> : `context ${run.place.context.name}`],
            ["Id there", run.remote_id && <code>{run.remote_id}</code>],
            ["Sent", <Ago key="sent" at={run.created_at} />],
            [isOver ? "Seen last" : "Seen", run.seen_at && <Ago key="seen" at={run.seen_at} />],
          ]}
        />
        {!run.is_recurring && (
          <Section title="Tasks">
            <RemoteTasks run={run} isOver={isOver} />
          </Section>
        )}
        <Section title="What was heard">{events.error && !events.data ? <Trouble error={events.error} /> : events.data ? <News events={events.data} /> : <Skeleton rows={3} />}</Section>
      </div>
    </Page>
  );
}

function copies(run: { readonly run_id: string; readonly remote_id?: string | null | undefined }) {
  return [
    { label: "command", text: `coracle follow ${run.run_id.slice(0, 8)}` },
    { label: "command to stop it", text: `coracle cancel ${run.run_id.slice(0, 8)}` },
    { label: "id", text: run.run_id },
    ...(run.remote_id ? [{ label: "id there", text: run.remote_id }] : []),
  ];
}
