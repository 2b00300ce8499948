import { useState } from "react";
import { Checkbox } from "@/components/Field";
import { Section } from "@/components/Page";
import { Scrolls } from "@/components/Scrolls";
import type { Compared } from "@/domain/compare";
import { numberText, valueText } from "@/domain/values";
import styles from "./Compare.module.css";

interface Props {
  readonly title: string;
  readonly rows: readonly Compared[];
  readonly names: readonly string[];
  /** What to say where there is nothing. */
  readonly nothing: string;
  /** Whether numbers are told with what they are more or less than the first run's. */
  readonly hasDistance?: boolean;
}

/** Values of runs beside each other, those that differ first. */
export function Values({ title, rows, names, nothing, hasDistance = false }: Props) {
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  const differing = rows.filter((row) => row.differs).length;
  const shown = onlyDifferent ? rows.filter((row) => row.differs) : rows;
  const note = rows.length === 0 ? undefined : differing === 0 ? "all the same" : `${differing} of ${rows.length} differ`;
  return (
    <Section
      title={
        <>
          {title} {note && <span className={styles.note}>{note}</span>}
        </>
      }
      actions={differing > 0 && differing < rows.length && <Checkbox label="Only differences" checked={onlyDifferent} onChange={(event) => setOnlyDifferent(event.target.checked)} />}
    >
      {rows.length === 0 ? (
        <p className={styles.note}>{nothing}</p>
      ) : (
        <Scrolls label={title} className={styles.scrolls}>
          <table className={styles.values}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                {names.map((name, index) => (
                  <th key={index} scope="col" title={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <tr key={row.name} data-differs={row.differs || undefined}>
                  <th scope="row" title={row.name}>
                    {row.name}
                  </th>
                  {row.values.map((value, index) => (
                    <td key={index} title={value === undefined ? undefined : String(typeof value === "number" ? value : valueText(value))}>
                      {value === undefined ? <span className={styles.none}>–</span> : valueText(value)}
                      {hasDistance && index > 0 && <Distance value={value} from={row.values[0]} />}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolls>
      )}
    </Section>
  );
}

function Distance({ value, from }: { readonly value: unknown; readonly from: unknown }) {
  if (typeof value !== "number" || typeof from !== "number" || value === from) return null;
  return (
    <span className={styles.distance}>
      {value > from ? "+" : "−"}
      {numberText(Math.abs(value - from))}
    </span>
  );
}
