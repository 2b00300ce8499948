import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { runArtifacts } from "@/api/queries";
import type { ArtifactDetail } from "@/api/types";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { type Column, Table } from "@/components/Table";
import { Ago } from "@/components/Time";
import { bytes } from "@/domain/size";
import { ArtifactLink } from "./Values";
import styles from "./Run.module.css";

/** Everything a run made, imported, read or took over. */
export function RunArtifacts({ run, onTask }: { readonly run: string; readonly onTask: (path: string) => void }) {
  const list = useQuery(runArtifacts(run));
  const columns = useMemo<readonly Column<ArtifactDetail>[]>(
    () => [
      { key: "name", title: "Artifact", width: "minmax(150px, 2fr)", cell: ({ artifact }) => <ArtifactLink artifact={artifact} /> },
      {
        key: "task",
        title: "Made by",
        width: "minmax(100px, 2fr)",
        cell: ({ producers }) =>
          producers[0] ? (
            <button type="button" className={styles.asLink} title={producers[0].task} onClick={() => onTask(producers[0]?.task ?? "")}>
              {producers[0].task || "the run"}
            </button>
          ) : (
            "outside this run"
          ),
      },
      { key: "said", title: "Metadata", width: "minmax(120px, 3fr)", wide: true, cell: ({ artifact }) => said(artifact.metadata) },
      { key: "size", title: "Size", width: "80px", align: "right", wide: true, cell: ({ size_bytes: size, discarded_at: discarded }) => (typeof size === "number" ? bytes(size) : discarded ? "deleted" : "") },
      { key: "at", title: "Created", width: "92px", align: "right", wide: true, cell: (row) => <Ago at={row.created_at} /> },
    ],
    [onTask],
  );
  if (list.isPending) return <Skeleton rows={8} />;
  if (list.isError) return <Trouble error={list.error} />;
  if (list.data.length === 0) return <Empty title="No artifacts">Datasets, models, metrics and files that steps hand on are listed here, as soon as a step has made one.</Empty>;
  return (
    <Table
      label="Artifacts"
      columns={columns}
      rows={list.data}
      rowKey={(row) => String(row.artifact.id)}
      onOpen={(row) => {
        window.location.hash = `#/artifacts/${row.artifact.id}`;
      }}
    />
  );
}

const said = (metadata: Readonly<Record<string, unknown>>): string =>
  Object.entries(metadata)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value).slice(0, 60) : String(value)}`)
    .join(", ");
