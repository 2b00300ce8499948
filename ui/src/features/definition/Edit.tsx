import { useMutation } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState } from "react";
import { Refused } from "@/api/client";
import type { PipelineVersion } from "@/api/kfp";
import { uploadVersion } from "@/api/pipelines";
import type { Diagnostic } from "@/api/types";
import { Button } from "@/components/Button";
import type { Span } from "@/components/CodeEditor";
import { Trouble } from "@/components/Empty";
import { Input } from "@/components/Field";
import { nextVersionName } from "@/domain/definition";
import { definitionIn, offsetOf, type Problem, problems as problemsIn } from "@/domain/places";
import { Findings } from "@/features/pipelines/Findings";
import { Definition, type Shown } from "./Definition";
import styles from "./Edit.module.css";

interface Props extends Shown {
  readonly version: PipelineVersion;
  readonly first: string;
  readonly taken: readonly string[];
  readonly onShow: (change: Partial<Shown>) => void;
  readonly onSaved: (version: PipelineVersion) => void;
  readonly onCancel: () => void;
}

const asFinding = ({ message, line, column }: Problem): Diagnostic => ({ severity: "error", code: "", message, span: { line, column } });

/** The text of a version is changed, and becomes a version of its own. */
export function Edit({ version, first, taken, onShow, onSaved, onCancel, ...shown }: Props) {
  const [text, setText] = useState(first);
  const [typed, setTyped] = useState<string>();
  const [spot, setSpot] = useState<Span>();
  const name = typed ?? nextVersionName(taken);
  const seen = useDeferredValue(text);
  const own = useMemo(() => problemsIn(seen), [seen]);
  const save = useMutation({
    mutationFn: () => uploadVersion(new File([text], "pipeline.yaml", { type: "application/yaml" }), version.pipeline_id, name.trim()),
    onSuccess: onSaved,
  });
  const refused = useMemo(() => (save.error instanceof Refused ? (save.error.diagnostics ?? []) : []), [save.error]);
  const problems = useMemo(() => [...own, ...refused.flatMap((finding) => placed(seen, finding))], [own, refused, seen]);
  const findings = own.length > 0 ? own.map(asFinding) : refused;
  const isChanged = text !== first;
  const drawn = useDrawn(version.pipeline_spec, seen, own.length === 0);
  return (
    <div className={styles.edit}>
      <form
        className={styles.bar}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <span className={own.length > 0 ? styles.wrong : styles.state} role="status">
          {stateOf(own.length, isChanged)}
        </span>
        <Button onClick={onCancel}>{isChanged ? "Discard changes" : "Stop editing"}</Button>
        <Input className={styles.name ?? ""} aria-label="Name of the new version" value={name} maxLength={127} onChange={(event) => setTyped(event.target.value)} />
        <Button kind="primary" type="submit" disabled={!isChanged || own.length > 0 || name.trim() === "" || save.isPending}>
          {save.isPending ? "Saving…" : "Save as new version"}
        </Button>
      </form>
      {save.isError && refused.length === 0 && <Trouble error={save.error} />}
      {findings.length > 0 && (
        <div className={styles.findings} role="alert">
          <Findings findings={findings} onPick={(finding) => setSpot(placed(text, finding)[0])} />
        </div>
      )}
      <div className={styles.rest}>
        <Definition
          definition={drawn}
          text={text}
          problems={problems}
          spot={spot}
          onText={(changed) => {
            setText(changed);
            setSpot(undefined);
            if (save.isError) save.reset();
          }}
          onShow={(change) => {
            setSpot(undefined);
            onShow(change);
          }}
          {...shown}
        />
      </div>
    </div>
  );
}

/** The definition as it was when its form was right last: the graph follows what is typed. */
function useDrawn(first: unknown, text: string, isRight: boolean): unknown {
  const [drawn, setDrawn] = useState(first);
  const [read, setRead] = useState(text);
  if (isRight && read !== text) {
    setRead(text);
    setDrawn(definitionIn(text) ?? drawn);
  }
  return drawn;
}

function stateOf(problems: number, isChanged: boolean): string {
  if (problems > 0) return `${problems} ${problems === 1 ? "problem" : "problems"}`;
  return isChanged ? "Its form is right; everything else is checked when it is saved" : "Its form is checked while you type";
}

/** Where a finding of the workbench stands in the text. */
function placed(text: string, { message, span }: Diagnostic): readonly Problem[] {
  if (!span) return [];
  const from = offsetOf(text, span.line, span.column);
  return [{ message, from, to: offsetOf(text, span.line, Number.MAX_SAFE_INTEGER), line: span.line, column: span.column }];
}
