import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type ReactNode, useEffect, useRef } from "react";
import styles from "./Table.module.css";

export interface Column<Row> {
  readonly key: string;
  readonly title: ReactNode;
  readonly cell: (row: Row) => ReactNode;
  /** A width as in CSS grid: `120px`, `minmax(160px, 2fr)`. */
  readonly width: string;
  readonly align?: "left" | "right";
  /** Left out on narrow screens. */
  readonly wide?: boolean;
  readonly sort?: { readonly direction: "asc" | "desc" | null; readonly toggle: () => void };
}

interface Props<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  readonly selected?: ReadonlySet<string>;
  readonly onSelect?: (key: string, isSelected: boolean) => void;
  /** Called near the end, when there are more. */
  readonly onEnd?: (() => void) | undefined;
  readonly current?: string | undefined;
}

const ROW = 36;

/** A table of which only the rows in sight are drawn. Arrow keys move, Enter opens, Space selects. */
export function Table<Row>({ label, columns, rows, rowKey, onOpen, selected, onSelect, onEnd, current }: Props<Row>) {
  const body = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => body.current, estimateSize: () => ROW, overscan: 12 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (onEnd && rows.length > 0 && last >= rows.length - 20) onEnd();
  }, [last, rows.length, onEnd]);

  const select = onSelect && selected;
  const widths = (of: readonly Column<Row>[]) => [select ? "32px" : "", ...of.map(({ width }) => width)].join(" ");
  // Where a column is left out, its width is, too.
  const template = { "--columns": widths(columns), "--narrow-columns": widths(columns.filter(({ wide }) => !wide)) } as CSSProperties;
  const focusRow = (index: number) => {
    virtual.scrollToIndex(index);
    requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus());
  };

  return (
    <div className={styles.frame} role="table" aria-label={label} aria-rowcount={rows.length + 1}>
      <div className={styles.head} role="rowgroup">
        <div className={styles.row} role="row" style={template}>
          {select && <span role="columnheader" aria-label="Selected" />}
          {columns.map((column) => (
            <span
              key={column.key}
              role="columnheader"
              className={`${column.align === "right" ? styles.right : ""} ${column.wide ? styles.wide : ""}`}
              aria-sort={column.sort?.direction ? (column.sort.direction === "asc" ? "ascending" : "descending") : undefined}
            >
              {column.sort ? (
                <button type="button" className={styles.sort} onClick={column.sort.toggle}>
                  {column.title}
                  <span aria-hidden>{column.sort.direction === "asc" ? " ↑" : column.sort.direction === "desc" ? " ↓" : ""}</span>
                </button>
              ) : (
                column.title
              )}
            </span>
          ))}
        </div>
      </div>
      <div ref={body} className={styles.body} role="rowgroup">
        <div style={{ height: virtual.getTotalSize(), position: "relative" }} role="presentation">
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            const key = rowKey(row);
            const isSelected = selected?.has(key) ?? false;
            return (
              <div
                key={key}
                role="row"
                tabIndex={0}
                data-index={item.index}
                aria-rowindex={item.index + 2}
                aria-selected={select || current !== undefined ? isSelected || key === current : undefined}
                className={`${styles.row} ${styles.item} ${onOpen ? styles.opens : ""}`}
                style={{ ...template, transform: `translateY(${item.start}px)` }}
                onClick={(event) => {
                  if (!(event.target as HTMLElement).closest("a, button, input, [data-stop]")) onOpen?.(row);
                }}
                onKeyDown={(event) => {
                  if (event.target !== event.currentTarget) return;
                  if (event.key === "Enter") onOpen?.(row);
                  else if (event.key === " " && onSelect) onSelect(key, !isSelected);
                  else if (event.key === "ArrowDown" && item.index + 1 < rows.length) focusRow(item.index + 1);
                  else if (event.key === "ArrowUp" && item.index > 0) focusRow(item.index - 1);
                  else return;
                  event.preventDefault();
                }}
              >
                {select && (
                  <span role="cell">
                    <input
                      type="checkbox"
                      aria-label={`Select row ${item.index + 1}`}
                      checked={isSelected}
                      onChange={(event) => onSelect(key, event.target.checked)}
                    />
                  </span>
                )}
                {columns.map((column) => (
                  <span
                    key={column.key}
                    role="cell"
                    className={`${styles.cell} ${column.align === "right" ? styles.right : ""} ${column.wide ? styles.wide : ""}`}
                  >
                    {column.cell(row)}
                  </span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
