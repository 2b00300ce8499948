import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { pipelines, versions } from "@/api/pipelines";
import { Button } from "@/components/Button";
import { Field, Input, Select } from "@/components/Field";
import { isSource, nextVersionName } from "@/domain/definition";
import { FileZone } from "./FileZone";
import { useFileText } from "./fileText";
import { Refusal } from "./Refusal";
import styles from "./Upload.module.css";
import { NEW, useUpload } from "./useUpload";

interface Props {
  readonly file: File | undefined;
  readonly onFile: (file: File | undefined) => void;
  /** The pipeline that gets a version; a new pipeline where there is none. */
  readonly pipelineId?: string | undefined;
  readonly onDone: (pipelineId: string, versionId?: string) => void;
}

/** A file or an address becomes a pipeline, or a version of one. */
export function Upload({ file, onFile, pipelineId, onDone }: Props) {
  const [url, setUrl] = useState("");
  const [target, setTarget] = useState<string>();
  const [typed, setTyped] = useState<string>();
  const { text, name: ownName } = useFileText(file, url);
  const known = useQuery(pipelines()).data ?? [];
  const namesake = known.find((one) => one.name === ownName || one.display_name === ownName);
  const into = target ?? pipelineId ?? namesake?.pipeline_id ?? NEW;
  const taken = useQuery(versions(into)).data;
  const name = typed ?? (into === NEW ? ownName : nextVersionName((taken ?? []).map((one) => one.display_name)));
  const isSaid = typed !== undefined || target !== undefined;
  const { upload, reset, choices, chosen, choose } = useUpload({ file, url, target: into, name, isSaid, known }, onDone);
  const isOpen = choices.length > 0 && chosen === undefined;
  const isReady = (file !== undefined || url.includes("://")) && name.trim() !== "" && !isOpen;
  const noun = into === NEW ? "pipeline" : "version";

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) upload.mutate();
      }}
    >
      <FileZone
        file={file}
        onFile={(next) => {
          reset();
          setTyped(undefined);
          onFile(next);
        }}
      />
      {choices.length > 0 && (
        <Field label="Which pipeline of the file" error={isOpen ? "It has several: choose one" : undefined}>
          {(given) => (
            <Select {...given} value={chosen ?? ""} onChange={(event) => choose(event.target.value || undefined)}>
              <option value="">Choose</option>
              {choices.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          )}
        </Field>
      )}
      {!file && (
        <Field label="Or an address" help="By HTTPS, from well-known hosts and those in PIPELINE_URL_ALLOWED_DOMAINS">
          {(given) => <Input {...given} type="url" value={url} placeholder="https://raw.githubusercontent.com/…" onChange={(event) => (reset(), setUrl(event.target.value))} />}
        </Field>
      )}
      <Field label="As" help={namesake && target === undefined && !pipelineId ? "There is a pipeline of this name: this becomes a version of it" : undefined}>
        {(given) => (
          <Select {...given} value={into} onChange={(event) => (upload.reset(), setTarget(event.target.value), setTyped(undefined))}>
            <option value={NEW}>A new pipeline</option>
            {known.map((one) => (
              <option key={one.pipeline_id} value={one.pipeline_id}>
                A version of {one.display_name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={`Name of the ${noun}`}>{(given) => <Input {...given} value={name} maxLength={127} onChange={(event) => setTyped(event.target.value)} />}</Field>
      {upload.isError && <Refusal error={upload.error} text={text} />}
      <div className={styles.actions}>
        <Button type="submit" kind="primary" disabled={!isReady || upload.isPending}>
          {upload.isPending ? (file && isSource(file.name) ? "Compiling…" : "Uploading…") : `Upload ${noun}`}
        </Button>
      </div>
    </form>
  );
}
