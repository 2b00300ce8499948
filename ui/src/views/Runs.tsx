import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { remoteRuns } from "@/api/remoteRuns";
import type { RunSummary } from "@/api/types";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Table } from "@/components/Table";
import { fitsRemote, isRemote, withRemote } from "@/domain/remoteRun";
import { isFiltered, type RunsSearch, runsQuery } from "@/domain/runTable";
import { withRemoteCells } from "@/features/clusterRuns/columns";
import { Chosen } from "@/features/runs/Chosen";
import { runColumns } from "@/features/runs/columns";
import { type ChangeSearch, RunFilters } from "@/features/runs/RunFilters";
import { RunMenu } from "@/features/runs/RunMenu";
import styles from "@/features/runs/Runs.module.css";
import { useColumns } from "@/features/runs/useColumns";
import { useRunActions } from "@/features/runs/useRunActions";
import { useRunRows } from "@/features/runs/useRunRows";

export function Runs() {
  const search = useSearch({ from: "/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const change = useCallback<ChangeSearch>(
    (part) =>
      void navigate({
        search: (before) => Object.fromEntries(Object.entries({ ...before, ...part }).filter(([name, value]) => value !== undefined && (value !== "" || name === "columns"))) as RunsSearch,
        replace: true,
      }),
    [navigate],
  );
  const [keys, choose] = useColumns(search.columns, (columns) => change({ columns }));
  const { rows: local, total: localTotal, isPending, error, onSight } = useRunRows(runsQuery(search));
  const { data: sent } = useQuery(remoteRuns());
  const remote = useMemo(() => (sent ?? []).filter((run) => fitsRemote(run, search)), [sent, search]);
  const rows = useMemo(() => withRemote(local, remote, search.sort), [local, remote, search.sort]);
  const total = localTotal === undefined ? undefined : localTotal + remote.length;
  // So many rows more may stand above what is in sight.
  const sight = useCallback((first: number, last: number) => onSight(Math.max(0, first - remote.length), Math.max(0, Math.min(last, local.length - 1))), [onSight, remote.length, local.length]);
  const actions = useRunActions();
  const [chosen, setChosen] = useState<ReadonlyMap<string, RunSummary>>(new Map());
  // As they are now, where they are in sight.
  const now = useMemo(() => new Map(local.flatMap((row) => (row && chosen.has(row.run_id) ? [[row.run_id, row] as const] : []))), [local, chosen]);
  const select = (id: string, isSelected: boolean) =>
    setChosen((before) => {
      const next = new Map(before);
      const row = local.find((one) => one?.run_id === id);
      if (isSelected && row) next.set(id, row);
      else next.delete(id);
      return next;
    });
  const columns = withRemoteCells(runColumns(keys, search.sort, (sort) => change({ sort }), {
    key: "menu",
    title: <span className={styles.unseen}>Actions</span>,
    width: "28px",
    cell: (run) => <RunMenu run={run} actions={actions} />,
  }));
  const filtered = isFiltered(search);
  return (
    <Page title="Runs" answer={total === undefined ? "…" : `${total.toLocaleString("en")} ${total === 1 ? "run" : "runs"}${filtered ? " that fit" : ""}${remote.length > 0 ? `, ${remote.length} of them on clusters` : ""}`} fills>
      <div className={styles.page}>
        {chosen.size > 0 ? (
          <Chosen runs={[...chosen].map(([id, run]) => now.get(id) ?? run)} actions={actions} onClear={() => setChosen(new Map())} />
        ) : (
          <RunFilters search={search} onChange={change} columns={keys} onColumns={choose} />
        )}
        {error ? (
          <Trouble error={error} />
        ) : isPending ? (
          <Skeleton rows={12} />
        ) : total === 0 ? (
          <NoRuns isFiltered={filtered} />
        ) : (
          <div className={styles.table}>
            <Table
              label="Runs"
              columns={columns}
              rows={rows}
              rowKey={(run) => run.run_id}
              selected={new Set(chosen.keys())}
              onSelect={select}
              canSelect={(run) => !isRemote(run)}
              onSight={sight}
              order={JSON.stringify({ ...search, columns: undefined })}
              onOpen={(run) => void navigate({ to: isRemote(run) ? "/runs/remote/$id" : "/runs/$id", params: { id: run.run_id } })}
            />
          </div>
        )}
      </div>
    </Page>
  );
}

function NoRuns({ isFiltered: filtered }: { readonly isFiltered: boolean }) {
  if (filtered) {
    return (
      <Empty title="No run fits" action={<Link to="/runs">Show all runs</Link>}>
        Take a filter away to see more.
      </Empty>
    );
  }
  return (
    <Empty title="No runs yet" action={<Link to={"/pipelines" as "/"}>Go to the pipelines</Link>}>
      A run is one execution of a pipeline. Upload a pipeline, or begin one in a terminal: <code>coracle run pipeline.yaml</code>
    </Empty>
  );
}
