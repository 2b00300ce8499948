import type { RunSummary } from "@/api/types";
import { Status } from "@/components/Status";
import type { Column } from "@/components/Table";
import { Ago, Took } from "@/components/Time";
import { columnOf, columnTitle, direction, nextSort, type PlainColumn } from "@/domain/runTable";
import { isOver, shownRun } from "@/domain/state";
import { numberText, valueText } from "@/domain/values";
import styles from "./Runs.module.css";

// Rows come and go by the dozen while the table scrolls, so their links are plain ones: each of the router's follows all its state.
type Plain = Omit<Column<RunSummary>, "key" | "title" | "sort">;

const PLAIN: Record<PlainColumn, Plain> = {
  state: { width: "minmax(132px, 1.5fr)", cell: (run) => <Status shown={shownRun(run.state)} reason={reason(run)} /> },
  pipeline: { width: "minmax(100px, 1fr)", wide: true, cell: (run) => <span title={run.pipeline}>{run.pipeline}</span> },
  experiment: { width: "minmax(100px, 1fr)", wide: true, cell: (run) => run.experiment && <Owner href={`#/experiments/${run.experiment.id}`} name={run.experiment.name} /> },
  recurring: { width: "minmax(100px, 1fr)", wide: true, cell: (run) => run.recurring && <Owner href={`#/recurring?id=${run.recurring.id}`} name={run.recurring.name} /> },
  took: { width: "96px", align: "right", wide: true, cell: (run) => <Took from={run.created_at} to={run.finished_at} /> },
  created: { width: "88px", align: "right", cell: (run) => <Ago at={run.created_at} /> },
  finished: { width: "88px", align: "right", wide: true, cell: (run) => <Ago at={run.finished_at} /> },
};

/** A failure's message; how far it is while it runs. */
function reason(run: RunSummary): string | undefined {
  if (run.failure) return run.failure.message;
  const values = run.values;
  return values && values.steps > 0 && !isOver(run.state) ? `${values.steps_over} of ${values.steps} steps` : undefined;
}

function Owner({ name, href }: { readonly href: string; readonly name?: string | null | undefined }) {
  if (!name) return <span className={styles.gone}>deleted</span>;
  return (
    <a href={href} title={name}>
      {name}
    </a>
  );
}

function columnFor(key: string): Plain {
  const column = columnOf(key);
  if (!column) return { width: "0", cell: () => null };
  if (column.kind === "plain") return PLAIN[column.name];
  const { kind, name } = column;
  return {
    width: "minmax(88px, 0.6fr)",
    align: "right",
    wide: true,
    cell: (run) => {
      const value = run.values?.[kind][name];
      return <span title={valueText(value) && String(value)}>{typeof value === "number" ? numberText(value) : valueText(value)}</span>;
    },
  };
}

/** The columns of the table of runs: the name, those that are chosen, and whatever `last` is. */
export function runColumns(keys: readonly string[], sort: string | undefined, onSort: (sort: string) => void, last: Column<RunSummary>): readonly Column<RunSummary>[] {
  const sorted = (key: string) => ({ direction: direction(sort, key), toggle: () => onSort(nextSort(sort, key)) });
  return [
    {
      key: "name",
      title: "Run",
      width: "minmax(150px, 2fr)",
      sort: sorted("name"),
      cell: (run) => (
        <a href={`#/runs/${run.run_id}`} className={styles.name} title={run.display_name}>
          {run.display_name}
        </a>
      ),
    },
    ...keys.map((key) => ({ key, title: <span title={columnTitle(key)}>{columnTitle(key)}</span>, sort: sorted(key), ...columnFor(key) })),
    last,
  ];
}
