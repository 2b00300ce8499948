import type { Run } from "@/api/types";
import { Prose } from "@/components/Prose";
import styles from "./Run.module.css";

/** What one should know of a run that is no failure. */
export function Notices({ run }: { readonly run: Run }) {
  const [first, ...rest] = run.notices;
  if (!first) return null;
  if (rest.length === 0) {
    return (
      <p className={styles.notices}>
        {first.task && <code>{first.task}</code>} <Prose text={first.message} />
      </p>
    );
  }
  return (
    <details className={styles.notices}>
      <summary>
        {first.task && <code>{first.task}</code>} <Prose text={first.message} />
        {` and ${rest.length} more`}
      </summary>
      <ul>
        {rest.map((notice) => (
          <li key={`${notice.at}-${notice.message}`}>
            {notice.task && <code>{notice.task}</code>} <Prose text={notice.message} />
          </li>
        ))}
      </ul>
    </details>
  );
}
