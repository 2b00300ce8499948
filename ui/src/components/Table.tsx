import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef } from "react";
import { useNarrow } from "./narrow";
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
  /** Rows that are not known yet are undefined, and drawn as such. */
  readonly rows: readonly (Row | undefined)[];
  readonly rowKey: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  readonly selected?: ReadonlySet<string>;
  readonly onSelect?: (key: string, isSelected: boolean) => void;
  /** Called with the first and the last row that are drawn, when these are others. */
  readonly onSight?: ((first: number, last: number) => void) | undefined;
  /** The table goes to its beginning when this is another. */
  readonly order?: string | undefined;
  /** Called near the end, when there are more. */
  readonly onEnd?: (() => void) | undefined;
  readonly current?: string | undefined;
}

/** The height of a row, and of one that has two lines. */
const ROW = 36;
const NARROW_ROW = 60;

/**
 * A table of which only the rows in sight are drawn. Arrow keys move, Enter opens, Space selects. On narrow screens a row
 * has two lines: the first and the last column, and below them the others that are not left out.
 */
export function Table<Row>({ label, columns: all, rows, rowKey, onOpen, selected, onSelect, onSight, order, onEnd, current }: Props<Row>) {
  const body = useRef<HTMLDivElement>(null);
  const isNarrow = useNarrow();
  const [height, head] = isNarrow ? [NARROW_ROW, 0] : [ROW, ROW];
  // The titles stand above the rows in what scrolls, so that wide tables scroll with their titles.
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => body.current,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: head,
    scrollPaddingStart: head,
  });
  useEffect(() => void virtual.measure(), [virtual, height]);
  const items = virtual.getVirtualItems();
  const first = items.at(0)?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => void onSight?.(first, last), [first, last, onSight]);
  useEffect(() => void body.current?.scrollTo({ top: 0 }), [order]);
  useStill(body, rows, rowKey, height);
  useEffect(() => {
    if (onEnd && rows.length > 0 && last >= rows.length - 20) onEnd();
  }, [last, rows.length, onEnd]);

  const columns = isNarrow ? all.filter((column) => !column.wide) : all;
  const select = onSelect && selected;
  const template = isNarrow ? `${select ? "32px " : ""}minmax(0, 1fr) auto` : [select ? "32px" : "", ...columns.map((column) => column.width)].join(" ");
  const focusRow = (index: number) => {
    const row = () => body.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);
    virtual.scrollToIndex(index);
    if (row()) row()?.focus({ preventScroll: true });
    else requestAnimationFrame(() => row()?.focus());
  };

  return (
    <div ref={body} className={styles.frame} role="table" aria-label={label} aria-rowcount={rows.length + 1}>
      <div className={`${styles.sheet} ${isNarrow ? styles.narrow : ""}`} role="presentation">
        <div className={styles.head} role="rowgroup">
          <div className={styles.row} role="row" style={{ gridTemplateColumns: template }}>
            {select && <span role="columnheader" aria-label="Selected" />}
            {columns.map((column) => (
              <span
                key={column.key}
                role="columnheader"
                className={`${styles.cell} ${column.align === "right" ? styles.right : ""}`}
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
        <div style={{ height: virtual.getTotalSize(), position: "relative" }} role="rowgroup">
          {items.map((item) => {
            const row = rows[item.index];
            const place = { gridTemplateColumns: template, height, transform: `translateY(${item.start - head}px)` };
            if (row === undefined) return <Unknown key={`row ${item.index}`} style={place} />;
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
                style={place}
                onClick={(event) => {
                  const target = event.target as HTMLElement;
                  // What a menu of the row does is told to the row, too, though it stands elsewhere.
                  if (event.currentTarget.contains(target) && !target.closest("a, button, input, [data-stop]")) onOpen?.(row);
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
                {isNarrow ? <TwoLines columns={columns} row={row} /> : columns.map((column) => <Cell key={column.key} column={column} row={row} />)}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Cell<Row>({ column, row }: { readonly column: Column<Row>; readonly row: Row }) {
  return (
    <span role="cell" className={`${styles.cell} ${column.align === "right" ? styles.right : ""}`}>
      {column.cell(row)}
    </span>
  );
}

function TwoLines<Row>({ columns, row }: { readonly columns: readonly Column<Row>[]; readonly row: Row }) {
  const [first, last] = [columns[0], columns.length > 1 ? columns.at(-1) : undefined];
  return (
    <>
      {first && <Cell column={first} row={row} />}
      {last && <Cell column={last} row={row} />}
      <div role="presentation" className={styles.second}>
        {columns.slice(1, -1).map((column) => (
          <Cell key={column.key} column={column} row={row} />
        ))}
      </div>
    </>
  );
}

/** A row that is being asked for. */
const Unknown = ({ style }: { readonly style: CSSProperties }) => (
  <div role="row" aria-busy="true" className={`${styles.row} ${styles.item}`} style={style}>
    <span role="cell" className={styles.unknown} aria-label="Loading" />
  </div>
);

/** Keeps what is being read where it is, when rows come or go above it. */
function useStill<Row>(body: RefObject<HTMLDivElement | null>, rows: readonly (Row | undefined)[], rowKey: (row: Row) => string, height: number): void {
  const before = useRef<readonly (Row | undefined)[]>(rows);
  useLayoutEffect(() => {
    const [old, element] = [before.current, body.current];
    before.current = rows;
    if (old === rows || !element || element.scrollTop < height) return;
    const at = Math.floor(element.scrollTop / height);
    const read = old[at];
    if (read === undefined) return;
    const key = rowKey(read);
    const isRead = (row: Row | undefined) => row !== undefined && rowKey(row) === key;
    const found = isRead(rows[at]) ? at : rows.findIndex(isRead);
    if (found >= 0 && found !== at) element.scrollTop += (found - at) * height;
  }, [body, rows, rowKey, height]);
}
