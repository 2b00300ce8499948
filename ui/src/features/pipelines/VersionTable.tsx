import { useNavigate } from "@tanstack/react-router";
import { MoreHorizontal } from "lucide-react";
import { useMemo } from "react";
import type { PipelineVersion } from "@/api/kfp";
import { deleteVersion } from "@/api/pipelines";
import { Button } from "@/components/Button";
import { Menu } from "@/components/Menu";
import { Badge } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { Ago } from "@/components/Time";
import { useRemove } from "@/components/Undo";
import { fieldOf, partsOf } from "@/domain/definition";
import { parametersOf } from "@/domain/parameters";
import styles from "./PipelineTable.module.css";

interface Props {
  /** The newest first. */
  readonly versions: readonly PipelineVersion[];
  readonly current: string;
}

/** The versions of a pipeline, each with what it takes and how many steps it has. */
export function VersionTable({ versions, current }: Props) {
  const navigate = useNavigate({ from: "/pipelines/$pipeline" });
  const newest = versions[0]?.pipeline_version_id;
  const columns = useMemo<readonly Column<PipelineVersion>[]>(
    () => [
      {
        key: "name",
        title: "Version",
        width: "minmax(150px, 2fr)",
        cell: (one) => (
          <span title={one.display_name}>
            <strong className={styles.name}>{one.display_name}</strong> {one.pipeline_version_id === newest && <Badge tone="accent">newest</Badge>}
            {one.description && <span className={styles.about}> {one.description}</span>}
          </span>
        ),
      },
      { key: "steps", title: "Executors", width: "84px", align: "right", wide: true, cell: (one) => executors(one) },
      { key: "parameters", title: "Parameters", width: "minmax(120px, 2fr)", wide: true, cell: (one) => <Parameters version={one} /> },
      { key: "created", title: "Created", width: "92px", align: "right", cell: (one) => <Ago at={one.created_at} /> },
      { key: "more", title: <span className={styles.hidden}>Actions</span>, width: "108px", align: "right", cell: (one) => <Actions version={one} /> },
    ],
    [newest],
  );
  return (
    <Table
      label="Versions"
      columns={columns}
      rows={versions}
      rowKey={(one) => one.pipeline_version_id}
      current={current}
      onOpen={(one) => void navigate({ search: { version: one.pipeline_version_id } })}
    />
  );
}

const executors = (one: PipelineVersion) => Object.keys(fieldOf(fieldOf(partsOf(one.pipeline_spec).spec, "deploymentSpec"), "executors")).length;

function Parameters({ version }: { readonly version: PipelineVersion }) {
  const names = parametersOf(version.pipeline_spec)
    .map((one) => one.name)
    .join(", ");
  return <span title={names}>{names || <span className={styles.about}>None</span>}</span>;
}

function Actions({ version }: { readonly version: PipelineVersion }) {
  const navigate = useNavigate({ from: "/pipelines/$pipeline" });
  const remove = useRemove();
  const { pipeline_id: pipeline, pipeline_version_id: id, display_name: name } = version;
  return (
    <span className={styles.actions} data-stop>
      <Button kind="quiet" aria-label={`Run ${name}`} onClick={() => void navigate({ to: "/new-run", search: { pipeline, version: id } })}>
        Run
      </Button>
      <Menu
        trigger={<Button kind="quiet" aria-label={`More about ${name}`} icon={<MoreHorizontal size={16} aria-hidden />} />}
        items={[
          { label: "Show the definition", onSelect: () => void navigate({ search: { version: id } }) },
          { label: "Show what it changes", onSelect: () => void navigate({ search: { version: id, tab: "changes" } }) },
          { label: "Edit", onSelect: () => void navigate({ search: { version: id, edit: true } }) },
          { label: "Send to a cluster", onSelect: () => void navigate({ to: "/deploy", search: { pipeline, version: id } }) },
          null,
          { label: "Delete", danger: true, onSelect: () => remove(id, `Deleted ${name}`, () => deleteVersion(pipeline, id)) },
        ]}
      />
    </span>
  );
}
