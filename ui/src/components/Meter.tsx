import styles from "./Meter.module.css";

interface Part {
  readonly key: string;
  readonly title: string;
  readonly value: number;
}

/** How much of a whole is taken, and by what. */
export function Meter({ label, of, parts }: { readonly label: string; readonly of: number; readonly parts: readonly Part[] }) {
  const taken = parts.reduce((all, { value }) => all + value, 0);
  const whole = Math.max(of, taken, 1e-9);
  return (
    <div className={styles.meter} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={of} aria-valuenow={Math.min(taken, of)}>
      {parts
        .filter(({ value }) => value > 0)
        .map(({ key, title, value }) => (
          <span key={key} className={styles.part} style={{ width: `${(value / whole) * 100}%` }} title={title} />
        ))}
    </div>
  );
}
