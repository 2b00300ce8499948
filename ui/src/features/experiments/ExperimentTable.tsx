import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { MoreHorizontal } from "lucide-react";
import { useMemo } from "react";
import { experimentRuns } from "@/api/experiments";
import type { Experiment } from "@/api/kfp";
import { Button } from "@/components/Button";
import { StateIcon } from "@/components/Icon";
import { Menu } from "@/components/Menu";
import { Badge } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { Ago } from "@/components/Time";
import { shownRunState } from "@/domain/runState";
import styles from "./Experiments.module.css";
import { useExperimentActions } from "./useExperimentActions";

/** Experiments, each with how its last runs ended. */
export function ExperimentTable({ rows }: { readonly rows: readonly Experiment[] }) {
  const navigate = useNavigate();
  const columns = useMemo<readonly Column<Experiment>[]>(
    () => [
      { key: "name", title: "Experiment", width: "minmax(140px, 2fr)", cell: (one) => <Name experiment={one} /> },
      { key: "runs", title: "Last runs", width: "minmax(110px, 1fr)", wide: true, cell: (one) => <LastRuns id={one.experiment_id} /> },
      { key: "last", title: "Last run", width: "92px", align: "right", wide: true, cell: (one) => <LastRun experiment={one} /> },
      { key: "created", title: "Created", width: "92px", align: "right", cell: (one) => <Ago at={one.created_at} /> },
      { key: "more", title: <span className={styles.hidden}>Actions</span>, width: "40px", align: "right", cell: (one) => <Actions experiment={one} /> },
    ],
    [],
  );
  return (
    <Table
      label="Experiments"
      columns={columns}
      rows={rows}
      rowKey={(one) => one.experiment_id}
      onOpen={(one) => void navigate({ to: "/experiments/$id", params: { id: one.experiment_id } })}
    />
  );
}

const Name = ({ experiment }: { readonly experiment: Experiment }) => (
  <span title={`${experiment.display_name}${experiment.description ? `: ${experiment.description}` : ""}`}>
    <strong className={styles.name}>{experiment.display_name}</strong> {experiment.storage_state === "ARCHIVED" && <Badge tone="skip">archived</Badge>}
    {experiment.description && <span className={styles.muted}> {experiment.description}</span>}
  </span>
);

/** A time before the first computer stands for never. */
const LastRun = ({ experiment }: { readonly experiment: Experiment }) =>
  experiment.last_run_created_at && Date.parse(experiment.last_run_created_at) > 0 ? <Ago at={experiment.last_run_created_at} /> : <span className={styles.muted}>Never</span>;

const SHOWN = 5;

function LastRuns({ id }: { readonly id: string }) {
  const runs = useQuery(experimentRuns(id)).data ?? [];
  return (
    <span className={styles.icons}>
      {runs.slice(0, SHOWN).map((run) => (
        <StateIcon key={run.run_id} shown={shownRunState(run.state)} label />
      ))}
      {runs.length > SHOWN && <span className={styles.muted}>of {runs.length}</span>}
    </span>
  );
}

function Actions({ experiment }: { readonly experiment: Experiment }) {
  const items = useExperimentActions(experiment);
  return (
    <span data-stop>
      <Menu trigger={<Button kind="quiet" aria-label={`More about ${experiment.display_name}`} icon={<MoreHorizontal size={16} aria-hidden />} />} items={items} />
    </span>
  );
}
