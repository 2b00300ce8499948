import { type KeyboardEvent, memo, type MouseEvent, type ReactNode } from "react";
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
  readonly row: Row;
  readonly name: string;
  readonly index: number;
  readonly start: number;
  readonly height: number;
  readonly template: string;
  readonly columns: readonly Column<Row>[];
  readonly isNarrow: boolean;
  readonly isSelected: boolean;
  /** Whether it is the one that is open beside the table, where one can be. */
  readonly isCurrent: boolean | undefined;
  /** Whether rows of the table can be selected, though this one may not. */
  readonly hasChoice: boolean;
  readonly onOpen: ((row: Row) => void) | undefined;
  readonly onSelect: ((key: string, isSelected: boolean) => void) | undefined;
  readonly onMove: (index: number) => void;
}

function Drawn<Row>({ row, name, index, start, height, template, columns, isNarrow, isSelected, isCurrent, hasChoice, onOpen, onSelect, onMove }: Props<Row>) {
  const press = (event: MouseEvent<HTMLElement>) => {
    const target = event.target as HTMLElement;
    // What a menu of the row does is told to the row, too, though it stands elsewhere.
    if (event.currentTarget.contains(target) && !target.closest("a, button, input, [data-stop]")) onOpen?.(row);
  };
  const type = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === "Enter") onOpen?.(row);
    else if (event.key === " " && onSelect) onSelect(name, !isSelected);
    else if (event.key === "ArrowDown") onMove(index + 1);
    else if (event.key === "ArrowUp") onMove(index - 1);
    else return;
    event.preventDefault();
  };
  return (
    <div
      role="row"
      tabIndex={0}
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={onSelect || isCurrent !== undefined ? isSelected || isCurrent : undefined}
      className={`${styles.row} ${styles.item} ${onOpen ? styles.opens : ""}`}
      style={{ gridTemplateColumns: template, height, transform: `translateY(${start}px)` }}
      onClick={press}
      onKeyDown={type}
    >
      {hasChoice && (
        <span role="cell">
          {onSelect && <input type="checkbox" aria-label={`Select row ${index + 1}`} checked={isSelected} onChange={(event) => onSelect(name, event.target.checked)} />}
        </span>
      )}
      {isNarrow ? <TwoLines columns={columns} row={row} /> : columns.map((column) => <Cell key={column.key} column={column} row={row} />)}
    </div>
  );
}

/** A row of a table. One that is as it was is not drawn again while the table scrolls. */
export const TableRow = memo(Drawn) as typeof Drawn;

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
