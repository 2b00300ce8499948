import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { why } from "@/api/queries";
import type { Task } from "@/api/types";
import { Section } from "@/components/Page";
import { Prose } from "@/components/Prose";
import { firstDifference } from "@/domain/compare";
import styles from "./Compare.module.css";

interface Side {
  readonly id: string;
  readonly name: string;
  readonly tasks: readonly Task[];
}

/** The first step that was not made of the same as in the first run: whatever differs further on may come of it. */
export function First({ before, after }: { readonly before: Side; readonly after: Side }) {
  const found = firstDifference(before.tasks, after.tasks);
  const explained = useQuery({ ...why(after.id, found?.path ?? ""), enabled: found !== undefined });
  const verdict = explained.data?.verdict;
  const reason = verdict?.type === "changed" && verdict.before === before.id ? verdict.changes.map(({ part, before: old, after: young }) => ({ part, before: old ?? "", after: young ?? "" })) : undefined;
  if (!found) {
    return <p className={styles.note}>Every step of {after.name} was made of the same.</p>;
  }
  return (
    <div className={styles.first}>
      <p>
        <Link to="/runs/$id" params={{ id: after.id }} search={{ task: found.path }}>
          <strong>{found.name}</strong>
        </Link>{" "}
        of {after.name}
      </p>
      <ul>
        {(reason ?? found.changes).map((change) => (
          <li key={change.part}>
            <span>
              <Prose text={change.part} />
            </span>
            <code title={change.before}>{change.before || "nothing"}</code>
            <span aria-label="became">→</span>
            <code title={change.after}>{change.after || "nothing"}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** For each run beside the first one. */
export function FirstDifferences({ sides }: { readonly sides: readonly Side[] }) {
  const [before, ...others] = sides;
  if (!before) return null;
  return (
    <Section
      title={
        <>
          What differed first <span className={styles.note}>from {before.name}</span>
        </>
      }
    >
      {others.map((after) => (
        <First key={after.id} before={before} after={after} />
      ))}
    </Section>
  );
}
