import { useMemo } from "react";
import type { LoadSecond } from "@/api/types";
import { Chart } from "@/components/Chart";
import { linesOf, milliseconds, rateWords, revisionWords } from "@/domain/modelLoad";
import { colourOf } from "./colours";
import styles from "./Load.module.css";

/** Charts are drawn anew when a point comes, and when one changes. */
export function LoadCharts({ seconds, now }: { readonly seconds: readonly LoadSecond[]; readonly now: number }) {
  const { times, revisions, failed } = useMemo(() => linesOf(seconds, now), [seconds, now]);
  const isAlone = revisions.length === 1;
  const rates = revisions.map(({ revision, rates: values }, index) => ({ key: revision, title: isAlone ? "asked" : revisionWords(revision, false), colour: colourOf(revision, index), values }));
  const failures = failed.some((rate) => rate > 0) ? [{ key: " failed", title: "failed", colour: "fail", values: failed, look: "filled" as const }] : [];
  const times99 = revisions.flatMap(({ revision, p50s, p99s }, index) => {
    const [own, colour] = [isAlone ? "" : `${revisionWords(revision, false)} `, colourOf(revision, index)];
    return [
      { key: `${revision} p50`, title: `${own}p50`, colour, values: p50s },
      { key: `${revision} p99`, title: `${own}p99`, colour, values: p99s, look: "dashed" as const },
    ];
  });
  return (
    <div className={styles.charts}>
      <Chart label={failures.length > 0 ? "Requests a second; failed in red" : "Requests a second"} times={times} lines={[...rates, ...failures]} words={rateWords} least={1} />
      <Chart label="Latency: p50, and p99 dashed" times={times} lines={times99} words={milliseconds} least={1} />
    </div>
  );
}
