import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { KfpRun } from "@/api/kfp";
import { Badge, Status } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { Ago, Took } from "@/components/Time";
import { shownRunState } from "@/domain/runState";
import styles from "./Experiments.module.css";

/** KFP's API says of a run that has not ended that it ended at the beginning of time. */
const endOf = (run: KfpRun): string | undefined => (run.finished_at && Date.parse(run.finished_at) > 0 ? run.finished_at : undefined);

/** The runs in an experiment. */
export function ExperimentRuns({ rows }: { readonly rows: readonly KfpRun[] }) {
  const navigate = useNavigate();
  const columns = useMemo<readonly Column<KfpRun>[]>(
    () => [
      {
        key: "name",
        title: "Run",
        width: "minmax(140px, 2fr)",
        cell: (one) => (
          <span title={one.display_name}>
            <strong className={styles.name}>{one.display_name}</strong> {one.storage_state === "ARCHIVED" && <Badge tone="skip">archived</Badge>}
          </span>
        ),
      },
      { key: "state", title: "State", width: "minmax(110px, 1fr)", cell: (one) => <Status shown={shownRunState(one.state)} /> },
      { key: "took", title: "Took", width: "92px", align: "right", wide: true, cell: (one) => <Took from={one.created_at} to={endOf(one)} /> },
      { key: "created", title: "Created", width: "92px", align: "right", cell: (one) => <Ago at={one.created_at} /> },
    ],
    [],
  );
  return <Table label="Runs" columns={columns} rows={rows} rowKey={(one) => one.run_id} onOpen={(one) => void navigate({ to: "/runs/$id", params: { id: one.run_id } })} />;
}
