import { useMutation, useQuery } from "@tanstack/react-query";
import { Pause, Play } from "lucide-react";
import { useMemo } from "react";
import type { RecurringRun } from "@/api/kfp";
import { enableRecurring, recurringStatus } from "@/api/recurring";
import { Button } from "@/components/Button";
import { Status } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { Ago } from "@/components/Time";
import { useToasts } from "@/components/Toasts";
import { triggerInWords } from "@/domain/schedule";
import styles from "./Recurring.module.css";
import { shownRecurring } from "./state";

interface Props {
  readonly rows: readonly RecurringRun[];
  readonly current?: string | undefined;
  readonly onOpen: (id: string) => void;
}

/** Recurring runs: when each is due, and how it stands. */
export function RecurringTable({ rows, current, onOpen }: Props) {
  const columns = useMemo<readonly Column<RecurringRun>[]>(
    () => [
      { key: "name", title: "Recurring run", width: "minmax(130px, 2fr)", cell: (one) => <strong className={styles.name} title={one.display_name}>{one.display_name}</strong> },
      { key: "state", title: "State", width: "minmax(110px, 1.4fr)", cell: (one) => <State run={one} /> },
      { key: "trigger", title: "Trigger", width: "minmax(130px, 1.6fr)", wide: true, cell: (one) => <span title={triggerInWords(one.trigger)}>{triggerInWords(one.trigger)}</span> },
      { key: "next", title: "Next", width: "92px", align: "right", wide: true, cell: (one) => <Next run={one} /> },
      { key: "begun", title: "Runs begun", width: "84px", align: "right", wide: true, cell: (one) => <Begun run={one} /> },
      { key: "switch", title: <span className={styles.hidden}>Pause</span>, width: "40px", align: "right", cell: (one) => <Switch run={one} /> },
    ],
    [],
  );
  return <Table label="Recurring runs" columns={columns} rows={rows} rowKey={(one) => one.recurring_run_id} current={current ?? ""} onOpen={(one) => onOpen(one.recurring_run_id)} />;
}

function State({ run }: { readonly run: RecurringRun }) {
  const status = useQuery(recurringStatus(run)).data;
  return <Status {...shownRecurring(run, status)} />;
}

function Next({ run }: { readonly run: RecurringRun }) {
  const status = useQuery(recurringStatus(run)).data;
  return run.status === "ENABLED" ? <Ago at={status?.next_at} /> : null;
}

const Begun = ({ run }: { readonly run: RecurringRun }) => <>{useQuery(recurringStatus(run)).data?.begun}</>;

/** Pauses and goes on with one press. */
export function useSwitch(run: RecurringRun): { readonly isOn: boolean; readonly toggle: () => void; readonly isPending: boolean } {
  const { fail } = useToasts();
  const isOn = run.status === "ENABLED";
  const change = useMutation({ mutationFn: () => enableRecurring(run.recurring_run_id, !isOn), onError: fail });
  return { isOn, toggle: () => change.mutate(), isPending: change.isPending };
}

function Switch({ run }: { readonly run: RecurringRun }) {
  const { isOn, toggle, isPending } = useSwitch(run);
  const label = `${isOn ? "Pause" : "Resume"} ${run.display_name}`;
  return (
    <Button
      kind="quiet"
      aria-label={label}
      title={label}
      disabled={isPending}
      icon={isOn ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
      onClick={toggle}
    />
  );
}
