import { useMemo } from "react";
import { type Column, Table } from "@/components/Table";
import { Ago } from "@/components/Time";
import { LAST_ACTIVITY } from "@/domain/notebook";
import { NotebookActions } from "./NotebookActions";
import { NotebookStatus } from "./NotebookStatus";
import type { NotebookRow } from "./useNotebooks";

interface Props {
  readonly rows: readonly NotebookRow[];
  readonly current: string | undefined;
  /** Columns that only matter where there is room for them. */
  readonly isNarrow: boolean;
  readonly onShow: (key: string, tab: string) => void;
}

export function NotebookTable({ rows, current, isNarrow, onShow }: Props) {
  const columns = useMemo<readonly Column<NotebookRow>[]>(() => {
    const isOne = rows.every(({ notebook }) => (notebook.metadata.namespace ?? "default") === "default");
    const all: readonly (Column<NotebookRow> & { readonly spare?: boolean })[] = [
      { key: "name", title: "Notebook", width: "minmax(88px, 1.6fr)", cell: ({ notebook }) => <Name title={notebook.metadata.name} /> },
      ...(isOne ? [] : [{ key: "namespace", title: "Namespace", width: "minmax(80px, 1fr)", wide: true, spare: true, cell: ({ notebook }: NotebookRow) => notebook.metadata.namespace }]),
      { key: "state", title: "State", width: "minmax(84px, 3fr)", cell: (row) => <NotebookStatus row={row} /> },
      { key: "image", title: "Image", width: "minmax(110px, 1.3fr)", wide: true, spare: true, cell: ({ needs }) => <span title={needs.image}>{needs.image.replace(/^.*\/(?=[^/]+\/[^/]+$)/, "")}</span> },
      { key: "cpu", title: "CPU", width: "52px", align: "right", wide: true, spare: true, cell: ({ needs }) => needs.cpu },
      { key: "memory", title: "Memory", width: "72px", align: "right", wide: true, spare: true, cell: ({ needs }) => needs.memory },
      { key: "gpus", title: "GPUs", width: "44px", align: "right", wide: true, spare: true, cell: ({ needs }) => needs.gpus || "" },
      { key: "used", title: "Last used", width: "84px", align: "right", wide: true, spare: true, cell: ({ notebook }) => <Ago at={notebook.metadata.annotations?.[LAST_ACTIVITY]} /> },
      { key: "age", title: "Made", width: "84px", align: "right", wide: true, cell: ({ notebook }) => <Ago at={notebook.metadata.creationTimestamp} /> },
      { key: "actions", title: "", width: "140px", align: "right", cell: (row) => <NotebookActions row={row} onShow={(tab) => onShow(row.key, tab)} /> },
    ];
    return isNarrow ? all.filter(({ spare }) => !spare) : all;
  }, [rows, isNarrow, onShow]);
  return <Table label="Notebooks" columns={columns} rows={rows} rowKey={({ key }) => key} onOpen={({ key }) => onShow(key, "overview")} {...(current !== undefined && { current })} />;
}

const Name = ({ title }: { readonly title: string }) => <strong title={title}>{title}</strong>;
