import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Textarea } from "@/components/Field";
import { Prose } from "@/components/Prose";
import { kubectl } from "@/domain/copied";
import styles from "./ObjectFile.module.css";

/** A file as it is written in: `useObjectFile` has it. */
export interface FileText {
  readonly text: string;
  readonly problem: string | undefined;
  readonly isMore: boolean;
  readonly write: (text: string) => void;
  readonly backToFields: () => void;
}

interface Props {
  readonly file: FileText;
  readonly namespace: string;
}

/** The file that a form makes, to be written in, too. */
export function ObjectFile({ file: { text, problem, isMore, write, backToFields }, namespace }: Props) {
  return (
    <div className={styles.file}>
      <div className={styles.fileHead}>
        <h2>YAML</h2>
        {isMore ? (
          <Button onClick={backToFields}>Go back to the fields</Button>
        ) : (
          <CopyAs
            texts={[
              { label: "YAML", text },
              { label: "kubectl apply", text: `${kubectl("apply -f -", namespace)} <<'END'\n${text}END` },
            ]}
          />
        )}
      </div>
      <Textarea
        className={styles.text}
        aria-label="YAML"
        aria-describedby="yaml-below"
        aria-invalid={problem !== undefined}
        spellCheck={false}
        value={text}
        onChange={(event) => write(event.target.value)}
      />
      <div id="yaml-below" className={problem ? styles.problem : styles.below}>
        <Prose text={problem ?? (isMore ? "This says more than the fields can hold. What is written here is what starts." : "What the fields make. Write here, and the fields follow.")} />
      </div>
    </div>
  );
}
