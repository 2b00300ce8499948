import type { ReactNode } from "react";
import styles from "./Empty.module.css";
import { Prose } from "./Prose";

/** Nothing is here yet: what would be, and the first step to it. */
export function Empty({ title, children, action }: { readonly title: string; readonly children?: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <h2>{title}</h2>
      {children && <div className={styles.text}>{children}</div>}
      {action}
    </div>
  );
}

/** What went wrong: the reason, and what to try. */
export function Trouble({ error, action }: { readonly error: Error & { readonly hint?: string | undefined }; readonly action?: ReactNode }) {
  return (
    <div className={styles.trouble} role="alert">
      <strong>
        <Prose text={error.message} />
      </strong>
      {error.hint && (
        <span className={styles.text}>
          <Prose text={error.hint} />
        </span>
      )}
      {action}
    </div>
  );
}

/** Something of this height will be here. */
export function Skeleton({ rows = 6 }: { readonly rows?: number }) {
  return (
    <div aria-busy="true" aria-label="Loading" role="status">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={styles.bar} />
      ))}
    </div>
  );
}
