import { useMemo } from "react";
import type { PipelineVersion } from "@/api/kfp";
import { Empty } from "@/components/Empty";
import { Field, Select } from "@/components/Field";
import { textOf } from "@/domain/definition";
import { counts, type DiffLine, diffLines, type Hunk, hunks } from "@/domain/diff";
import styles from "./Changes.module.css";

interface Props {
  readonly versions: readonly PipelineVersion[];
  readonly base: PipelineVersion;
  readonly version: PipelineVersion;
  readonly onBase: (id: string) => void;
}

/** So many lines are drawn; more is not read by anybody. */
const MOST = 3000;
const SIGNS = { same: " ", added: "+", removed: "−" } as const;

/** What a version changes against another. */
export function Changes({ versions, base, version, onBase }: Props) {
  const lines = useMemo(() => diffLines(textOf(base.pipeline_spec), textOf(version.pipeline_spec)), [base, version]);
  const parts = useMemo(() => hunks(lines), [lines]);
  const { added, removed } = counts(lines);
  return (
    <div className={styles.changes}>
      <div className={styles.bar}>
        <Field label={`What ${version.display_name} changes against`}>
          {(given) => (
            <Select {...given} value={base.pipeline_version_id} onChange={(event) => onBase(event.target.value)}>
              {versions
                .filter((one) => one.pipeline_version_id !== version.pipeline_version_id)
                .map((one) => (
                  <option key={one.pipeline_version_id} value={one.pipeline_version_id}>
                    {one.display_name}
                  </option>
                ))}
            </Select>
          )}
        </Field>
        <span className={styles.counts}>
          <b className={styles.plus}>+{added}</b> <b className={styles.minus}>−{removed}</b> lines
        </span>
      </div>
      {parts.length === 0 ? <Empty title="Nothing differs">Both versions hold the same definition.</Empty> : <Parts parts={parts} />}
    </div>
  );
}

function Parts({ parts }: { readonly parts: readonly Hunk[] }) {
  const shown = parts.filter((_, index) => parts.slice(0, index).reduce((sum, part) => sum + part.lines.length, 0) < MOST);
  return (
    // It is scrolled by keys, too.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.diff} role="region" aria-label="Changes" tabIndex={0}>
      <div className={styles.lines}>
        {shown.map((part) => (
          <div key={`${part.lines[0]?.before}-${part.lines[0]?.after}`}>
            {part.skipped > 0 && <div className={styles.skipped}>{part.skipped} equal lines</div>}
            {part.lines.map((line) => (
              <Line key={`${line.before}-${line.after}`} line={line} />
            ))}
          </div>
        ))}
      </div>
      {shown.length < parts.length && <div className={styles.skipped}>Too much differs to show all of it</div>}
    </div>
  );
}

const Line = ({ line }: { readonly line: DiffLine }) => (
  <div className={`${styles.line} ${styles[line.kind]}`}>
    <span className={styles.number}>{line.before}</span>
    <span className={styles.number}>{line.after}</span>
    <span className={styles.sign}>{SIGNS[line.kind]}</span>
    <code>{line.text || " "}</code>
  </div>
);
