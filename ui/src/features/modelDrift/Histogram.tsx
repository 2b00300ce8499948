import { binShares, chanceText, percentText, type Watched } from "@/domain/drift";
import styles from "./Drift.module.css";

/** The values of a feature in training, and in what is asked. */
export function Histogram({ of }: { readonly of: Watched }) {
  const shares = binShares(of.bins);
  const most = Math.max(1, ...shares.flatMap(({ trained, asked }) => [trained, asked]));
  return (
    <figure className={styles.histogram}>
      <figcaption>
        <strong title={of.name}>{of.name}</strong>
        <span className={styles.key}>
          <i className={styles.trained} aria-hidden /> in training
        </span>
        <span className={styles.key}>
          <i className={styles.asked} aria-hidden /> as asked
        </span>
        <span className={styles.chance}>by chance: {chanceText(of.chance)}</span>
      </figcaption>
      <ul aria-label={`Values of ${of.name}`}>
        {shares.map(({ label, trained, asked }, at) => (
          // Bins have no other name: two may be called alike, and none comes or goes.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={at}>
            <span className={styles.label} title={label}>
              {label}
            </span>
            <span className={styles.bars}>
              <Bar className={styles.trained ?? ""} share={trained} most={most} title="in training" />
              <Bar className={styles.asked ?? ""} share={asked} most={most} title="as asked" />
            </span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

const Bar = ({ className, share, most, title }: { readonly className: string; readonly share: number; readonly most: number; readonly title: string }) => (
  <span className={styles.bar} title={`${percentText(share)} ${title}`}>
    <i className={className} style={{ width: `${(80 * share) / most}%` }} aria-hidden />
    <span>{percentText(share)}</span>
  </span>
);
