import type { Run } from "@/api/types";
import { Prose } from "@/components/Prose";
import styles from "./Run.module.css";

/** What one should know of a run that is no failure. */
export function Notices({ run }: { readonly run: Run }) {
  const [first, ...rest] = run.notices;
  if (!first) return null;
  return (
    <details className={styles.notices}>
      <summary>
        <Prose text={first.message} />
        {rest.length > 0 && ` and ${rest.length} more`}
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
