import type { LoadSecond } from "@/api/types";
import { figuresOf, KEPT, milliseconds, rateWords, revisionsOf, revisionWords } from "@/domain/modelLoad";
import { colourOf } from "./colours";
import styles from "./Load.module.css";

const MINUTE = 60;

/** What each line stands for, with its newest figures. */
export function Now({ seconds, now }: { readonly seconds: readonly LoadSecond[]; readonly now: number }) {
  const revisions = revisionsOf(seconds);
  const since = new Date((now - MINUTE) * 1000).toISOString();
  return (
    <table className={styles.table} aria-label="Load of the last minute">
      <thead>
        <tr>
          <th scope="col">Revision</th>
          <th scope="col">Last minute</th>
          <th scope="col">p50</th>
          <th scope="col">p99</th>
          <th scope="col">Failed in 10 min</th>
        </tr>
      </thead>
      <tbody>
        {revisions.map((revision, index) => {
          const own = seconds.filter((second) => second.revision === revision);
          const minute = figuresOf(own.filter(({ at }) => at > since), MINUTE);
          const { failed, requests } = figuresOf(own, KEPT);
          return (
            <tr key={revision}>
              <th scope="row" title={revision}>
                <span className={styles.swatch} style={{ background: `var(--${colourOf(revision, index)})` }} aria-hidden />
                {revisionWords(revision, revisions.length === 1)}
              </th>
              <td>{`${rateWords(minute.rate)}/s`}</td>
              <td>{minute.p50 === undefined ? "–" : milliseconds(minute.p50)}</td>
              <td>{minute.p99 === undefined ? "–" : milliseconds(minute.p99)}</td>
              <td className={failed > 0 ? styles.failed : ""}>{`${failed.toLocaleString("en")} of ${requests.toLocaleString("en")}`}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
