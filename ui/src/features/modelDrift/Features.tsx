import { Scrolls } from "@/components/Scrolls";
import { Status } from "@/components/Status";
import { shownDrift, type Watched, watchedKey } from "@/domain/drift";
import { numberText } from "@/domain/values";
import styles from "./Drift.module.css";

interface Props {
  readonly all: readonly Watched[];
  readonly shown: string | undefined;
  readonly onShow: (key: string) => void;
}

/** Each feature with what is said of it; a press on its name shows its values. */
export const Features = ({ all, shown, onShow }: Props) => (
  <Scrolls label="Features" className={styles.features}>
    <table>
      <thead>
        <tr>
          <th scope="col">Feature</th>
          <th scope="col">Verdict</th>
          <th scope="col">PSI</th>
          <th scope="col">KS</th>
          <th scope="col">Rows</th>
        </tr>
      </thead>
      <tbody>
        {all.map((one) => (
          <tr key={watchedKey(one)} className={watchedKey(one) === shown ? styles.current : ""}>
            <th scope="row">
              <button type="button" title={one.name} aria-pressed={watchedKey(one) === shown} onClick={() => onShow(watchedKey(one))}>
                {one.isPrediction ? <em>{one.name}, predicted</em> : one.name}
              </button>
            </th>
            <td>
              <Status shown={shownDrift(one.verdict)} />
            </td>
            <td>{numberText(Number(one.psi.toFixed(3)))}</td>
            <td>{typeof one.ks_statistic === "number" && numberText(Number(one.ks_statistic.toFixed(3)))}</td>
            <td>{one.rows}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scrolls>
);
