import { Copy } from "lucide-react";
import type { ModelAnswer } from "@/api/serving";
import { Button } from "@/components/Button";
import { useCopy } from "@/components/CopyAs";
import { Trouble } from "@/components/Empty";
import { Status } from "@/components/Status";
import { prettyJson } from "@/domain/prettyJson";
import type { Shown } from "@/domain/state";
import styles from "./Playground.module.css";

interface Props {
  readonly answer: ModelAnswer | undefined;
  readonly isPending: boolean;
  readonly error: Error | null;
}

/** What a model answered, how, and how long it took. */
export function Answer({ answer, isPending, error }: Props) {
  const copy = useCopy();
  const text = answer ? prettyJson(answer.text, "application/json") : "";
  return (
    <section className={styles.answer} aria-label="Answer">
      <header className={styles.head}>
        <h3>Answer</h3>
        <span role="status" className={styles.told}>
          {isPending ? "Waiting for it…" : answer && <Status shown={shownAnswer(answer)} />}
          {!isPending && answer && <span>{took(answer.milliseconds)}</span>}
        </span>
        <Button kind="quiet" aria-label="Copy the answer" disabled={!answer} icon={<Copy size={14} aria-hidden />} onClick={() => copy({ label: "answer", text })} />
      </header>
      {error ? (
        <Trouble error={error} />
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keys
        <pre className={styles.text} tabIndex={0} role="region" aria-label="What it answered" aria-busy={isPending}>
          {answer ? text || "It answered with no body." : "Send it something, and what it answers is here."}
        </pre>
      )}
    </section>
  );
}

const shownAnswer = ({ status, statusText }: ModelAnswer): Shown => {
  const word = `${status}${statusText ? ` ${statusText}` : ""}`;
  return status < 400 ? { tone: "ok", icon: "check", word } : { tone: "fail", icon: "cross", word };
};

const took = (milliseconds: number): string => (milliseconds < 1000 ? `${Math.max(1, Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(2)} s`);
