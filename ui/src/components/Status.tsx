import type { Shown } from "@/domain/state";
import { StateIcon } from "./Icon";
import { Prose } from "./Prose";
import styles from "./Status.module.css";

/** A state: icon and word, and a reason where there is one. */
export function Status({ shown, reason }: { readonly shown: Shown; readonly reason?: string | undefined }) {
  return (
    <span className={styles.status} title={reason}>
      <StateIcon shown={shown} />
      <span className={styles.word} style={{ color: `var(--${shown.tone})` }}>
        {shown.word}
      </span>
      {reason && (
        <span className={styles.reason}>
          <Prose text={reason} />
        </span>
      )}
    </span>
  );
}

/** A small label with a tone, for what is no state. */
export function Badge({ tone, children }: { readonly tone: Shown["tone"] | "accent"; readonly children: React.ReactNode }) {
  return (
    <span className={styles.badge} style={{ color: `var(--${tone})`, background: `var(--${tone}-soft)` }}>
      {children}
    </span>
  );
}
