import type { ReactNode } from "react";
import styles from "./Beside.module.css";

/** Content with a panel at its right, while there is one. */
export const Beside = ({ panel, children }: { readonly panel?: ReactNode; readonly children: ReactNode }) => (
  <div className={styles.row}>
    <div className={styles.content}>{children}</div>
    {panel}
  </div>
);
