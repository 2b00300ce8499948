import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { MoreHorizontal, Pause, Play } from "lucide-react";
import type { RecurringRun } from "@/api/kfp";
import { pipeline as pipelineQuery } from "@/api/pipelines";
import { createRun, deleteRecurring, recurringStatus, runsBegunBy } from "@/api/recurring";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Skeleton } from "@/components/Empty";
import { Menu } from "@/components/Menu";
import { Status } from "@/components/Status";
import { Ago } from "@/components/Time";
import { useToasts } from "@/components/Toasts";
import { useRemove } from "@/components/Undo";
import { nextTimes, triggerInWords } from "@/domain/schedule";
import { shownRunState } from "@/domain/runState";
import { fullTime } from "@/domain/time";
import styles from "./Recurring.module.css";
import { useSwitch } from "./RecurringTable";
import { shownRecurring } from "./state";

/** A recurring run in the panel: how it stands, when it is due, what it has begun, what can be done. */
export function RecurringDetail({ run, onGone }: { readonly run: RecurringRun; readonly onGone: () => void }) {
  const navigate = useNavigate();
  const id = run.recurring_run_id;
  const status = useQuery(recurringStatus(run)).data;
  const remove = useRemove();
  const { fail } = useToasts();
  const { isOn, toggle, isPending } = useSwitch(run);
  const now = useMutation({
    mutationFn: () => createRun(onceOf(run)),
    onSuccess: (made) => void navigate({ to: "/runs/$id", params: { id: made.run_id } }),
    onError: fail,
  });
  return (
    <div className={styles.detail}>
      <Status {...shownRecurring(run, status)} />
      <div className={styles.actions}>
        <Button kind="primary" icon={<Play size={14} aria-hidden />} disabled={now.isPending} onClick={() => now.mutate()}>
          Run now
        </Button>
        <Button icon={isOn ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />} disabled={isPending} onClick={toggle}>
          {isOn ? "Pause" : "Resume"}
        </Button>
        <CopyAs texts={texts(run)} />
        <Menu
          trigger={<Button aria-label="More" icon={<MoreHorizontal size={16} aria-hidden />} />}
          items={[
            { label: "Make another like it", onSelect: () => void navigate({ to: "/new-run", search: { recurring: id } }) },
            null,
            {
              label: "Delete",
              danger: true,
              onSelect: () => {
                remove(id, `Deleted ${run.display_name}`, () => deleteRecurring(id));
                onGone();
              },
            },
          ]}
        />
      </div>
      <Facts run={run} />
      {isOn && (
        <section>
          <h3>Next times</h3>
          <Times run={run} next={status?.next_at ?? undefined} />
        </section>
      )}
      <section>
        <h3>Last runs</h3>
        <LastRuns id={id} />
      </section>
    </div>
  );
}

function Facts({ run }: { readonly run: RecurringRun }) {
  const reference = run.pipeline_version_reference;
  const pipeline = useQuery(pipelineQuery(reference?.pipeline_id ?? "")).data;
  const given = run.trigger.cron_schedule ?? run.trigger.periodic_schedule;
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    ["Trigger", triggerInWords(run.trigger)],
    ...(run.trigger.cron_schedule ? [["Cron", <code key="cron">{run.trigger.cron_schedule.cron}</code>] as const] : []),
    ...(given?.start_time ? [["Starts", fullTime(given.start_time)] as const] : []),
    ...(given?.end_time ? [["Ends", fullTime(given.end_time)] as const] : []),
    [
      "Pipeline",
      reference ? (
        <Link key="pipeline" to="/pipelines/$pipeline" params={{ pipeline: reference.pipeline_id }} search={{ version: reference.pipeline_version_id }}>
          {pipeline?.display_name ?? reference.pipeline_id}
          {!reference.pipeline_version_id && ", the newest version"}
        </Link>
      ) : (
        "A definition of its own"
      ),
    ],
    ["Runs at once", run.max_concurrency],
    ["Missed times", run.no_catchup ? "Only the newest is run" : "All are run, one after another"],
    ...Object.entries(run.runtime_config?.parameters ?? {}).map(([name, value]) => [name, <code key={name}>{JSON.stringify(value)}</code>] as const),
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt title={name}>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Times({ run, next }: { readonly run: RecurringRun; readonly next: string | undefined }) {
  if (!next) return <p className={styles.muted}>It is not due again.</p>;
  const times = [Date.parse(next), ...nextTimes(run.trigger, Date.parse(next), 4)];
  return (
    <ol className={styles.times}>
      {times.map((at) => (
        <li key={at}>
          <span>{fullTime(new Date(at).toISOString())}</span>
          <Ago at={new Date(at).toISOString()} />
        </li>
      ))}
    </ol>
  );
}

function LastRuns({ id }: { readonly id: string }) {
  const list = useQuery(runsBegunBy(id));
  if (list.isPending) return <Skeleton rows={3} />;
  if (!list.data || list.data.length === 0) return <p className={styles.muted}>It has begun none yet.</p>;
  return (
    <ul className={styles.runs}>
      {list.data.map((run) => (
        <li key={run.run_id}>
          <Link to="/runs/$id" params={{ id: run.run_id }} title={run.display_name}>
            {run.display_name}
          </Link>
          <Status shown={shownRunState(run.state)} />
          <Ago at={run.created_at} />
        </li>
      ))}
    </ul>
  );
}

/** A run as it would begin one, at once. */
const onceOf = (run: RecurringRun): object => ({
  display_name: `${run.display_name}, by hand`,
  experiment_id: run.experiment_id,
  ...(run.pipeline_version_reference ? { pipeline_version_reference: run.pipeline_version_reference } : { pipeline_spec: (run as { pipeline_spec?: unknown }).pipeline_spec }),
  ...(run.runtime_config && { runtime_config: run.runtime_config }),
});

function texts(run: RecurringRun) {
  const at = `${window.location.origin}/apis/v2beta1/recurringruns/${run.recurring_run_id}`;
  const client = `import kfp\n\nclient = kfp.Client(host="${window.location.origin}")`;
  return [
    { label: "curl: show", text: `curl ${at}` },
    { label: "curl: pause", text: `curl -X POST ${at}:disable` },
    { label: "Python", text: `${client}\nrecurring = client.get_recurring_run("${run.recurring_run_id}")` },
    { label: "JSON", text: JSON.stringify(run, null, 2) },
  ];
}
