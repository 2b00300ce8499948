import { useMemo } from "react";
import type { ModelRequest } from "@/api/types";
import { useNarrow } from "@/components/narrow";
import { Status } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { milliseconds } from "@/domain/modelLoad";
import { shownCode } from "@/domain/modelRequest";
import { bytes } from "@/domain/size";
import { fullTime, timeOfDay } from "@/domain/time";
import styles from "./Requests.module.css";

const NUMBER: Column<ModelRequest> = { key: "number", title: "Number", width: "64px", cell: ({ number }) => number };
const PATH: Column<ModelRequest> = { key: "path", title: "Path", width: "minmax(160px, 2fr)", cell: ({ path }) => <code title={path}>{path}</code> };
const REST: readonly Column<ModelRequest>[] = [
  { key: "at", title: "When", width: "92px", cell: ({ at }) => <time dateTime={at} title={fullTime(at)}>{timeOfDay(at)}</time> },
  { key: "code", title: "Answer", width: "132px", cell: ({ code }) => <Status shown={shownCode(code)} /> },
  { key: "took", title: "Took", width: "72px", align: "right", cell: ({ took_ms }) => milliseconds(took_ms) },
  { key: "sent", title: "Sent", width: "72px", align: "right", wide: true, cell: ({ request_size }) => bytes(request_size) },
  { key: "answered", title: "Answered", width: "72px", align: "right", wide: true, cell: ({ answer_size }) => bytes(answer_size) },
];
const REVISION: Column<ModelRequest> = { key: "revision", title: "Revision", width: "minmax(120px, 1fr)", wide: true, cell: ({ revision }) => <span title={revision}>{revision || <span className={styles.quiet}>none</span>}</span> };

interface Props {
  readonly rows: readonly ModelRequest[];
  readonly order: string;
  readonly current: number | undefined;
  readonly chosen: readonly number[];
  readonly onChoose: (number: number, isChosen: boolean) => void;
  readonly onOpen: (request: ModelRequest) => void;
  readonly onSight: (first: number) => void;
  readonly onEnd: (() => void) | undefined;
}

const keyOf = ({ number }: ModelRequest): string => String(number);

export function RequestTable({ rows, order, current, chosen, onChoose, onOpen, onSight, onEnd }: Props) {
  const isNarrow = useNarrow();
  const hasRevisions = rows.some(({ revision }) => revision !== "");
  const columns = useMemo(() => (isNarrow ? [PATH, ...REST, { ...NUMBER, align: "right" as const }] : [NUMBER, ...REST, PATH, ...(hasRevisions ? [REVISION] : [])]), [isNarrow, hasRevisions]);
  const selected = useMemo(() => new Set(chosen.map(String)), [chosen]);
  return (
    <Table
      label="Requests"
      columns={columns}
      rows={rows}
      rowKey={keyOf}
      order={order}
      current={current === undefined ? undefined : String(current)}
      selected={selected}
      onSelect={(key, isSelected) => onChoose(Number(key), isSelected)}
      onOpen={onOpen}
      onSight={onSight}
      onEnd={onEnd}
    />
  );
}
