import { areaUnder, type RocPoint } from "@/domain/classification";
import { numberText } from "@/domain/values";
import styles from "./Charts.module.css";

export interface Curve {
  /** Whose curve it is, where there are several. */
  readonly name: string;
  readonly points: readonly RocPoint[];
}

const SIZE = 240;
const TONES = ["accent", "warn", "run", "fail", "ok", "wait"];
const DASHES = ["", "6 3", "2 2", "8 3 2 3", "1 3", "10 4"];
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** ROC curves in one frame. Besides their colours, lines are told apart by their dashes. */
export function RocCurve({ curves }: { readonly curves: readonly Curve[] }) {
  const areas = curves.map(({ points }) => numberText(Math.round(areaUnder(points) * 1e4) / 1e4));
  const said = curves.map(({ name }, index) => `${name || "the curve"}: area ${areas[index]}`).join("; ");
  return (
    <figure className={styles.figure}>
      <svg className={styles.curve} viewBox={`-44 -10 ${SIZE + 60} ${SIZE + 52}`} role="img" aria-label={`ROC, ${said}`}>
        {TICKS.map((tick) => (
          <g key={tick} className={styles.tick}>
            <line x1={tick * SIZE} x2={tick * SIZE} y1={0} y2={SIZE} />
            <line x1={0} x2={SIZE} y1={tick * SIZE} y2={tick * SIZE} />
            <text x={tick * SIZE} y={SIZE + 14} textAnchor="middle">
              {tick}
            </text>
            <text x={-6} y={SIZE - tick * SIZE + 4} textAnchor="end">
              {tick}
            </text>
          </g>
        ))}
        <line className={styles.chance} x1={0} y1={SIZE} x2={SIZE} y2={0} />
        {curves.map(({ name, points }, index) => (
          <polyline key={name || index} className={styles.line} points={path(points)} stroke={`var(--${TONES[index % TONES.length]})`} strokeDasharray={DASHES[index % DASHES.length]} />
        ))}
        <text className={styles.axis} x={SIZE / 2} y={SIZE + 34} textAnchor="middle">
          false positive rate
        </text>
        <text className={styles.axis} transform={`translate(-34 ${SIZE / 2}) rotate(-90)`} textAnchor="middle">
          true positive rate
        </text>
      </svg>
      <figcaption>
        {curves.map(({ name }, index) => (
          <span key={name || index} className={styles.key}>
            {curves.length > 1 && (
              <svg width={22} height={8} aria-hidden>
                <line x1={0} x2={22} y1={4} y2={4} className={styles.line} stroke={`var(--${TONES[index % TONES.length]})`} strokeDasharray={DASHES[index % DASHES.length]} />
              </svg>
            )}
            {name && `${name}: `}area under the curve {areas[index]}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

function path(points: readonly RocPoint[]): string {
  const all = [{ falsePositives: 0, recall: 0 }, ...points, { falsePositives: 1, recall: 1 }];
  return all.map(({ falsePositives, recall }) => `${falsePositives * SIZE},${SIZE - recall * SIZE}`).join(" ");
}
