import { Scrolls } from "@/components/Scrolls";
import { accuracy, type ConfusionMatrix as Matrix } from "@/domain/classification";
import { numberText } from "@/domain/values";
import styles from "./Charts.module.css";

/** Counts by true label and answer; the more of its row a cell has, the darker it is. */
export function ConfusionMatrix({ matrix }: { readonly matrix: Matrix }) {
  const { total, right } = accuracy(matrix);
  return (
    <figure className={styles.figure}>
      <Scrolls label="Confusion matrix" className={styles.scrolls}>
        <table className={styles.matrix}>
          <caption>
            {numberText(right)} of {numberText(total)} on the diagonal
            {total > 0 && ` (${numberText(Math.round((right / total) * 10_000) / 100)} %)`}. Rows are what is true, columns what was answered.
          </caption>
          <thead>
            <tr>
              <th scope="col" aria-label="True label" />
              {matrix.labels.map((label, index) => (
                <th key={index} scope="col" title={label}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {matrix.rows.map((row, index) => (
              <tr key={index}>
                <th scope="row" title={matrix.labels[index]}>
                  {matrix.labels[index]}
                </th>
                {row.map((count, at) => (
                  <td key={at} data-zero={count === 0 || undefined} style={{ background: shade(count, row) }} title={`${matrix.labels[index]} answered as ${matrix.labels[at]}: ${count}`}>
                    {numberText(count)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolls>
    </figure>
  );
}

/** Never so dark that the number on it cannot be read. */
function shade(count: number, row: readonly number[]): string {
  const share = count / Math.max(1, ...row, row.reduce((sum, one) => sum + one, 0));
  return `color-mix(in srgb, var(--accent) ${Math.round(share * 45)}%, var(--surface))`;
}
