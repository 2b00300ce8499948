import { lazy, Suspense } from "react";
import { again } from "./again";
import styles from "./Chart.module.css";
import type { ChartProps } from "./ChartDrawn";

const Drawn = lazy(again(() => import("./ChartDrawn")));

/** Lines over time. What draws them is loaded when the first is shown; its place is there before. */
export const Chart = (props: ChartProps) => (
  <figure className={styles.chart} aria-label={props.label}>
    <Suspense fallback={<div className={styles.place} aria-busy />}>
      <Drawn {...props} />
    </Suspense>
  </figure>
);
