import { useQueries } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { runDefinition } from "@/api/queries";
import { Skeleton } from "@/components/Empty";
import { Select } from "@/components/Field";
import { Section } from "@/components/Page";
import { Scrolls } from "@/components/Scrolls";
import { counts, diffLines, hunks } from "@/domain/diff";
import styles from "./Compare.module.css";

interface Side {
  readonly id: string;
  readonly name: string;
}

/** What the definition of one run has otherwise than the first one's. */
export function Definitions({ sides }: { readonly sides: readonly Side[] }) {
  const texts = useQueries({ queries: sides.map(({ id }) => runDefinition(id)), combine: (results) => results.map((result) => result.data) });
  const others = sides.map((side, index) => ({ ...side, index })).slice(1);
  const differing = others.filter(({ index }) => texts[index] !== texts[0]);
  const [wanted, setWanted] = useState<string>();
  const shown = differing.find(({ id }) => id === wanted) ?? differing[0];
  const isKnown = texts.every((text) => text !== undefined);
  return (
    <Section
      title={
        <>
          Definition {isKnown && differing.length === 0 && <span className={styles.note}>the same in all</span>}
        </>
      }
      actions={
        differing.length > 1 && (
          <Select aria-label="Whose definition" className={styles.whose} value={shown?.id} onChange={(event) => setWanted(event.target.value)}>
            {differing.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        )
      }
    >
      {!isKnown ? <Skeleton rows={3} /> : shown && <Diff before={texts[0] ?? ""} after={texts[shown.index] ?? ""} title={`${sides[0]?.name} and ${shown.name}`} />}
    </Section>
  );
}

const SIGNS = { same: " ", added: "+", removed: "−" };

function Diff({ before, after, title }: { readonly before: string; readonly after: string; readonly title: string }) {
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  const { added, removed } = counts(lines);
  return (
    <>
      <p className={styles.note}>
        {title}: {added} {added === 1 ? "line" : "lines"} added, {removed} removed
      </p>
      <Scrolls label="What differs in the definition" className={styles.diff}>
        <table>
          <tbody>
            {hunks(lines).map((hunk) => [
              hunk.skipped > 0 && (
                <tr key={`before ${hunk.lines[0]?.before} ${hunk.lines[0]?.after}`} className={styles.skipped}>
                  <td colSpan={4}>{hunk.skipped} lines are the same</td>
                </tr>
              ),
              ...hunk.lines.map((line) => (
                <tr key={`${line.before} ${line.after}`} className={styles[line.kind]}>
                  <td>{line.before}</td>
                  <td>{line.after}</td>
                  <td aria-label={line.kind}>{SIGNS[line.kind]}</td>
                  <td>{line.text}</td>
                </tr>
              )),
            ])}
          </tbody>
        </table>
      </Scrolls>
    </>
  );
}
