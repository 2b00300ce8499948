import type { ReactNode } from "react";
import styles from "./Beside.module.css";

/** Content, and a panel beside it while one is open. */
export function Beside({ children, panel }: { readonly children: ReactNode; readonly panel: ReactNode }) {
  return (
    <div className={styles.beside}>
      <div className={styles.main}>{children}</div>
      {panel}
    </div>
  );
}
