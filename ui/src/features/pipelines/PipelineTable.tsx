import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { MoreHorizontal } from "lucide-react";
import { useMemo } from "react";
import type { Pipeline } from "@/api/kfp";
import { deletePipeline, newestVersion } from "@/api/pipelines";
import { runs } from "@/api/queries";
import { Button } from "@/components/Button";
import { Menu } from "@/components/Menu";
import { Status } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { Ago } from "@/components/Time";
import { useRemove } from "@/components/Undo";
import { nameOf } from "@/domain/definition";
import { shownRun } from "@/domain/state";
import styles from "./PipelineTable.module.css";

/** Pipelines, each with its newest version and its last run. */
export function PipelineTable({ rows }: { readonly rows: readonly Pipeline[] }) {
  const navigate = useNavigate();
  const columns = useMemo<readonly Column<Pipeline>[]>(
    () => [
      { key: "name", title: "Pipeline", width: "minmax(130px, 2fr)", cell: (one) => <Name pipeline={one} /> },
      { key: "version", title: "Newest version", width: "minmax(96px, 1fr)", wide: true, cell: (one) => <Newest id={one.pipeline_id} /> },
      { key: "run", title: "Last run", width: "minmax(184px, 1fr)", wide: true, cell: (one) => <LastRun id={one.pipeline_id} /> },
      { key: "created", title: "Created", width: "92px", align: "right", cell: (one) => <Ago at={one.created_at} /> },
      { key: "more", title: <span className={styles.hidden}>Actions</span>, width: "108px", align: "right", cell: (one) => <Actions pipeline={one} /> },
    ],
    [],
  );
  return (
    <Table
      label="Pipelines"
      columns={columns}
      rows={rows}
      rowKey={(one) => one.pipeline_id}
      onOpen={(one) => void navigate({ to: "/pipelines/$pipeline", params: { pipeline: one.pipeline_id } })}
    />
  );
}

const Name = ({ pipeline }: { readonly pipeline: Pipeline }) => (
  <span title={`${pipeline.display_name}${pipeline.description ? `: ${pipeline.description}` : ""}`}>
    <strong className={styles.name}>{pipeline.display_name}</strong>
    {pipeline.description && <span className={styles.about}> {pipeline.description}</span>}
  </span>
);

function Newest({ id }: { readonly id: string }) {
  const { data } = useQuery(newestVersion(id));
  if (!data) return null;
  if (!data.version) return <span className={styles.about}>No versions yet</span>;
  return (
    <span title={`${data.version.display_name}, of ${data.total}`}>
      {data.version.display_name}
      {data.total > 1 && <span className={styles.about}> of {data.total}</span>}
    </span>
  );
}

function LastRun({ id }: { readonly id: string }) {
  const newest = useQuery(newestVersion(id)).data;
  const list = useQuery(runs()).data?.runs;
  if (!newest || !list) return null;
  const name = newest.version ? nameOf(newest.version.pipeline_spec) : "";
  const last = name ? list.find((run) => run.pipeline === name) : undefined;
  if (!last) return <span className={styles.about}>Never</span>;
  return (
    <Link to="/runs/$id" params={{ id: last.run_id }} className={styles.run} title={last.display_name}>
      <Status shown={shownRun(last.state)} />
      <span className={styles.about}>
        <Ago at={last.created_at} />
      </span>
    </Link>
  );
}

function Actions({ pipeline }: { readonly pipeline: Pipeline }) {
  const navigate = useNavigate();
  const remove = useRemove();
  const { pipeline_id: id, display_name: name } = pipeline;
  return (
    <span className={styles.actions} data-stop>
      <Button kind="quiet" aria-label={`Run ${name}`} onClick={() => void navigate({ to: "/new-run", search: { pipeline: id } })}>
        Run
      </Button>
      <Menu
        trigger={<Button kind="quiet" aria-label={`More about ${name}`} icon={<MoreHorizontal size={16} aria-hidden />} />}
        items={[
          { label: "Open", onSelect: () => void navigate({ to: "/pipelines/$pipeline", params: { pipeline: id } }) },
          { label: "Upload a version", onSelect: () => void navigate({ to: "/pipelines/$pipeline", params: { pipeline: id }, search: { upload: true } }) },
          null,
          { label: "Delete", danger: true, onSelect: () => remove(id, `Deleted ${name} and its versions`, () => deletePipeline(id)) },
        ]}
      />
    </span>
  );
}
