import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { why } from "@/api/queries";
import type { Why } from "@/api/types";
import { Prose } from "@/components/Prose";
import { Part } from "./Part";
import styles from "./Run.module.css";

/** Why a step ran, or was taken from an earlier run. */
export function WhyCached({ run, step }: { readonly run: string; readonly step: string }) {
  const answer = useQuery(why(run, step));
  return (
    <Part title="Cache">
      {answer.isError ? (
        <p className={styles.none}>{answer.error.message}</p>
      ) : (
        <p className={styles.cacheLine}>
          {answer.data ? <Prose text={sentence(answer.data.message)} /> : "…"}
          {answer.data && <Earlier answer={answer.data} />}
        </p>
      )}
      {answer.data?.verdict.type === "changed" && (
        <ul className={styles.changes}>
          {answer.data.verdict.changes.map((change) => (
            <li key={change.part}>
              <Prose text={change.part} />: <code title={change.before ?? ""}>{cut(change.before)}</code> → <code title={change.after ?? ""}>{cut(change.after)}</code>
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}

const cut = (text: string | null | undefined): string => (text ? (text.length > 60 ? `${text.slice(0, 60)}…` : text) : "nothing");

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function Earlier({ answer }: { readonly answer: Why }) {
  const verdict = answer.verdict;
  const id = verdict.type === "cached" || verdict.type === "taken_over" ? verdict.from : verdict.type === "changed" || verdict.type === "unchanged" ? verdict.before : undefined;
  if (!id) return null;
  return (
    <>
      {" "}
      <Link to="/runs/$id" params={{ id }} search={{ task: answer.task }}>
        That run
      </Link>
    </>
  );
}
