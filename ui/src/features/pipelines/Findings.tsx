import type { Diagnostic } from "@/api/types";
import { Prose } from "@/components/Prose";
import styles from "./Findings.module.css";

interface Props {
  readonly findings: readonly Diagnostic[];
  /** The text that they are about, where it is text. */
  readonly text?: string | undefined;
  readonly onPick?: ((finding: Diagnostic) => void) | undefined;
}

const AROUND = 1;

/** What is wrong with a definition, each with the lines where it is. */
export function Findings({ findings, text, onPick }: Props) {
  const lines = text?.split("\n");
  return (
    <ul className={styles.list} aria-label="What is wrong">
      {findings.map((finding) => {
        const at = finding.span?.line;
        const from = Math.max(1, (at ?? 1) - AROUND);
        return (
          <li key={`${at}-${finding.message}`} className={styles.finding}>
            <div className={styles.head}>
              {at !== undefined && <Place line={at} column={finding.span?.column} tone={finding.severity === "error" ? "fail" : "warn"} onPick={onPick && (() => onPick(finding))} />}
              <strong>
                <Prose text={finding.message} />
              </strong>
            </div>
            {finding.help && (
              <div className={styles.help}>
                <Prose text={finding.help} />
              </div>
            )}
            {lines && at !== undefined && (
              // It is scrolled by keys, too.
              // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
              <pre className={styles.excerpt} tabIndex={0} aria-label={`Line ${at}`}>
                {lines.slice(from - 1, at + AROUND).map((line, index) => (
                  <span key={from + index} className={from + index === at ? styles.at : undefined}>
                    <i>{from + index}</i>
                    {line || " "}
                    {"\n"}
                  </span>
                ))}
              </pre>
            )}
          </li>
        );
      })}
    </ul>
  );
}

interface PlaceProps {
  readonly line: number;
  readonly column?: number | undefined;
  readonly tone: "fail" | "warn";
  readonly onPick?: (() => void) | undefined;
}

function Place({ line, column, tone, onPick }: PlaceProps) {
  const words = `Line ${line}${column ? `, column ${column}` : ""}`;
  const style = { color: `var(--${tone})` };
  if (!onPick) {
    return (
      <span className={styles.place} style={style}>
        {words}
      </span>
    );
  }
  return (
    <button type="button" className={styles.place} style={style} onClick={onPick}>
      {words}
    </button>
  );
}
