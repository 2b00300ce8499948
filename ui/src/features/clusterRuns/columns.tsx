import type { ReactNode } from "react";
import type { RemoteRun } from "@/api/remoteRuns";
import type { RunSummary } from "@/api/types";
import { Badge, Status } from "@/components/Status";
import type { Column } from "@/components/Table";
import { Ago, Took } from "@/components/Time";
import { isRemote, isRemoteOver, placeName, type RunRow, shownRemoteRun } from "@/domain/remoteRun";
import runs from "@/features/runs/Runs.module.css";
import styles from "./ClusterRuns.module.css";
import { RemoteMenu } from "./RemoteMenu";

const CELLS: Readonly<Record<string, (run: RemoteRun) => ReactNode>> = {
  name: (run) => (
    <span className={styles.remote}>
      <a href={`#/runs/remote/${run.run_id}`} className={runs.name} title={run.display_name}>
        {run.display_name}
      </a>
      <span title={`on ${placeName(run.place)}`}>
        <Badge tone="accent">{placeName(run.place)}</Badge>
      </span>
    </span>
  ),
  state: (run) => {
    const [shown, reason] = shownRemoteRun(run);
    return <Status shown={shown} reason={reason} />;
  },
  pipeline: ({ pipeline }) => <span title={pipeline}>{pipeline}</span>,
  experiment: ({ experiment }) => <span title={experiment}>{experiment}</span>,
  took: (run) => !run.is_recurring && <Took from={run.created_at} to={run.finished_at ?? (isRemoteOver(run) ? run.seen_at : null)} />,
  created: ({ created_at }) => <Ago at={created_at} />,
  finished: ({ finished_at }) => <Ago at={finished_at} />,
  menu: (run) => <RemoteMenu run={run} />,
};

/** The columns of the table of runs, for those on clusters too. What they have nothing for stays empty. */
export const withRemoteCells = (columns: readonly Column<RunSummary>[]): readonly Column<RunRow>[] =>
  columns.map((column) => ({ ...column, cell: (row) => (isRemote(row) ? CELLS[column.key]?.(row) : column.cell(row)) }));
