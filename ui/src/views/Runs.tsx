import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { runs } from "@/api/queries";
import type { RunSummary } from "@/api/types";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Status } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { Ago, Took } from "@/components/Time";
import { shownRun } from "@/domain/state";

export function Runs() {
  const navigate = useNavigate();
  const list = useQuery(runs());
  const columns = useMemo<readonly Column<RunSummary>[]>(
    () => [
      { key: "name", title: "Run", width: "minmax(140px, 2fr)", cell: (run) => run.display_name },
      { key: "state", title: "State", width: "minmax(120px, 2fr)", cell: (run) => <Status shown={shownRun(run.state)} reason={run.failure?.message} /> },
      { key: "pipeline", title: "Pipeline", width: "minmax(100px, 1fr)", wide: true, cell: (run) => run.pipeline },
      { key: "took", title: "Took", width: "92px", align: "right", wide: true, cell: (run) => <Took from={run.created_at} to={run.finished_at} /> },
      { key: "created", title: "Created", width: "92px", align: "right", cell: (run) => <Ago at={run.created_at} /> },
    ],
    [],
  );
  return (
    <Page title="Runs" answer={list.data && `${list.data.runs.length} runs`} fills>
      {list.isPending ? (
        <Skeleton rows={12} />
      ) : list.isError ? (
        <Trouble error={list.error} />
      ) : list.data.runs.length === 0 ? (
        <Empty title="No runs yet">A run is one execution of a pipeline. Upload a pipeline, or begin one in a terminal.</Empty>
      ) : (
        <Table
          label="Runs"
          columns={columns}
          rows={list.data.runs}
          rowKey={(run) => run.run_id}
          onOpen={(run) => void navigate({ to: "/runs/$id", params: { id: run.run_id } })}
        />
      )}
    </Page>
  );
}
