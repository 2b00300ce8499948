import { Refused } from "@/api/client";
import { Trouble } from "@/components/Empty";
import { Findings } from "./Findings";
import styles from "./Upload.module.css";

/** Why a file was not taken: each problem at its line, and what Python itself said. */
export function Refusal({ error, text }: { readonly error: Error; readonly text: string | undefined }) {
  const findings = error instanceof Refused ? (error.diagnostics ?? []) : [];
  if (findings.length === 0) return <Trouble error={error} />;
  const said = error.message.split("\n").slice(1).join("\n");
  return (
    <div role="alert" className={styles.refusal}>
      <h3>
        This file was not taken: {findings.length} {findings.length === 1 ? "problem" : "problems"}
      </h3>
      <Findings findings={findings} text={text} />
      {said && (
        // It is scrolled by keys, too.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <pre className={styles.said} tabIndex={0} aria-label="What Python said">
          {said}
        </pre>
      )}
    </div>
  );
}
