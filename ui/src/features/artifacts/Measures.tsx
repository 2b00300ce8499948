import { type Measured, measured, slices } from "@/domain/classification";
import { numberText, valueText } from "@/domain/values";
import { ConfusionMatrix } from "./ConfusionMatrix";
import styles from "./Preview.module.css";
import { RocCurve } from "./RocCurve";

/** Metrics: numbers, a confusion matrix, a ROC curve, and the same for each slice. */
export function Measures({ metadata }: { readonly metadata: Readonly<Record<string, unknown>> }) {
  const whole = measured(metadata);
  const parts = slices(metadata);
  const isEmpty = Object.keys(metadata).length === 0;
  return (
    <div className={styles.measures}>
      {isEmpty && <p className={styles.note}>Nothing was measured.</p>}
      <Measure {...whole} />
      {parts.map((part) => (
        <section key={part.slice}>
          <h3>{part.slice}</h3>
          <Measure {...part} />
        </section>
      ))}
    </div>
  );
}

function Measure({ numbers, matrix, curve, other }: Measured) {
  return (
    <div className={styles.measures}>
      {(numbers.length > 0 || other.length > 0) && (
        <dl className={styles.numbers}>
          {numbers.map(([name, value]) => (
            <div key={name}>
              <dt title={name}>{name}</dt>
              <dd title={String(value)}>{numberText(value)}</dd>
            </div>
          ))}
          {other.map(([name, value]) => (
            <div key={name}>
              <dt title={name}>{name}</dt>
              <dd title={valueText(value)}>{valueText(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {matrix && <ConfusionMatrix matrix={matrix} />}
      {curve && <RocCurve curves={[{ name: "", points: curve }]} />}
    </div>
  );
}
