import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type FocusEvent, type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { useNarrow } from "./narrow";
import styles from "./Table.module.css";
import { type Column, TableRow } from "./TableRow";

export type { Column } from "./TableRow";

interface Props<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** Rows that are not known yet are undefined, and drawn as such. */
  readonly rows: readonly (Row | undefined)[];
  readonly rowKey: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  readonly selected?: ReadonlySet<string>;
  readonly onSelect?: (key: string, isSelected: boolean) => void;
  /** Which rows can be selected; all, where it is not said. */
  readonly canSelect?: (row: Row) => boolean;
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
export function Table<Row>({ label, columns: all, rows, rowKey, onOpen, selected, onSelect, canSelect, onSight, order, onEnd, current }: Props<Row>) {
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

  const columns = useMemo(() => (isNarrow ? all.filter((column) => !column.wide) : all), [isNarrow, all]);
  const select = onSelect && selected;
  const template = isNarrow ? `${select ? "32px " : ""}minmax(0, 1fr) auto` : [select ? "32px" : "", ...columns.map((column) => column.width)].join(" ");
  const count = rows.length;
  const move = useCallback(
    (index: number) => {
      if (index < 0 || index >= count) return;
      const row = () => body.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);
      virtual.scrollToIndex(index);
      if (row()) row()?.focus({ preventScroll: true });
      else requestAnimationFrame(() => row()?.focus());
    },
    [virtual, count],
  );

  const lastFocused = useRef(0);
  const focused = (event: FocusEvent<HTMLElement>) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
    if (row) lastFocused.current = Number(row.dataset["index"]);
    // Whoever comes to the table itself comes from a row that has gone: the one that took its place has the focus.
    else if (event.target === event.currentTarget && event.target.matches(":focus-visible")) move(Math.min(lastFocused.current, count - 1));
  };

  return (
    // The focus comes to it only from its own rows.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div ref={body} className={styles.frame} role="table" aria-label={label} aria-rowcount={rows.length + 1} tabIndex={-1} onFocus={focused}>
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
            return (
              <TableRow
                key={key}
                row={row}
                name={key}
                index={item.index}
                start={item.start - head}
                height={height}
                template={template}
                columns={columns}
                isNarrow={isNarrow}
                isSelected={selected?.has(key) ?? false}
                isCurrent={current === undefined ? undefined : key === current}
                onOpen={onOpen}
                hasChoice={select !== undefined}
                onSelect={select && (canSelect?.(row) ?? true) ? onSelect : undefined}
                onMove={move}
              />
            );
          })}
        </div>
      </div>
    </div>
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
