import { Scrolls } from "@/components/Scrolls";
import { valueText } from "@/domain/values";
import { Cut } from "./Cut";
import styles from "./Preview.module.css";

/** The first rows of a table. */
export function TablePreview({ columns, rows, isCut }: { readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[]; readonly isCut: boolean }) {
  return (
    <>
      <Scrolls label="Rows" className={styles.scrolls}>
        <table className={styles.table}>
          <thead>
            <tr>
              {columns.map((name, index) => (
                <th key={index} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {row.map((cell, at) => (
                  <td key={at} className={isNumber(cell) ? styles.number : ""} title={valueText(cell)}>
                    {valueText(cell)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolls>
      {isCut && <Cut />}
    </>
  );
}

const isNumber = (cell: unknown): boolean => typeof cell === "number" || (typeof cell === "string" && cell !== "" && Number.isFinite(Number(cell)));
