import { useMutation } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState } from "react";
import { Refused } from "@/api/client";
import type { PipelineVersion } from "@/api/kfp";
import { uploadVersion } from "@/api/pipelines";
import { Button } from "@/components/Button";
import type { Span } from "@/components/CodeEditor";
import { Trouble } from "@/components/Empty";
import { Input } from "@/components/Field";
import { nextVersionName } from "@/domain/definition";
import { definitionIn } from "@/domain/places";
import { Findings } from "@/features/pipelines/Findings";
import { Definition, type Shown } from "./Definition";
import styles from "./Edit.module.css";
import { placed, useCheck } from "./useCheck";

interface Props extends Shown {
  readonly version: PipelineVersion;
  readonly first: string;
  readonly taken: readonly string[];
  readonly onShow: (change: Partial<Shown>) => void;
  readonly onSaved: (version: PipelineVersion) => void;
  readonly onCancel: () => void;
}

/** The text of a version is changed, and becomes a version of its own. What is wrong with it is said while it is typed. */
export function Edit({ version, first, taken, onShow, onSaved, onCancel, ...shown }: Props) {
  const [text, setText] = useState(first);
  const [typed, setTyped] = useState<string>();
  const [spot, setSpot] = useState<Span>();
  const name = typed ?? nextVersionName(taken);
  const seen = useDeferredValue(text);
  const check = useCheck(seen);
  const save = useMutation({
    mutationFn: () => uploadVersion(new File([text], "pipeline.yaml", { type: "application/yaml" }), version.pipeline_id, name.trim()),
    onSuccess: onSaved,
  });
  const refused = useMemo(() => (save.error instanceof Refused ? (save.error.diagnostics ?? []) : []), [save.error]);
  const findings = check.findings.length > 0 ? check.findings : refused;
  const isChanged = text !== first;
  const drawn = useDrawn(version.pipeline_spec, seen, check.isRead);
  return (
    <div className={styles.edit}>
      <form
        className={styles.bar}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <span className={check.isWrong ? styles.wrong : styles.state} role="status">
          {check.words}
        </span>
        <Button onClick={onCancel}>{isChanged ? "Discard changes" : "Stop editing"}</Button>
        <Input className={styles.name ?? ""} aria-label="Name of the new version" value={name} maxLength={127} onChange={(event) => setTyped(event.target.value)} />
        <Button kind="primary" type="submit" disabled={!isChanged || !check.isRead || name.trim() === "" || save.isPending}>
          {save.isPending ? "Saving…" : "Save as new version"}
        </Button>
      </form>
      {save.isError && refused.length === 0 && <Trouble error={save.error} />}
      {findings.length > 0 && (
        <div className={styles.findings} data-wrong={check.isWrong || undefined}>
          <Findings findings={findings} onPick={(finding) => setSpot(placed(text, finding)[0])} />
        </div>
      )}
      <div className={styles.rest}>
        <Definition
          definition={drawn}
          text={text}
          problems={check.problems}
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
