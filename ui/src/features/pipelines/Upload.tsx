import { useMutation, useQuery } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import { useRef, useState } from "react";
import { Refused } from "@/api/client";
import { fetchPipeline, fetchVersion, pipelines, uploadPipeline, uploadVersion, versions } from "@/api/pipelines";
import { Button } from "@/components/Button";
import { Trouble } from "@/components/Empty";
import { Field, Input, Select } from "@/components/Field";
import { nextVersionName } from "@/domain/definition";
import { Findings } from "./Findings";
import { useFileText } from "./fileText";
import styles from "./Upload.module.css";

interface Props {
  readonly file: File | undefined;
  readonly onFile: (file: File | undefined) => void;
  /** The pipeline that gets a version; a new pipeline where there is none. */
  readonly pipelineId?: string | undefined;
  readonly onDone: (pipelineId: string, versionId?: string) => void;
}

const NEW = "";

/** A file or an address becomes a pipeline, or a version of one. */
export function Upload({ file, onFile, pipelineId, onDone }: Props) {
  const chooser = useRef<HTMLInputElement>(null);
  const [url, setUrl] = useState("");
  const [chosen, setChosen] = useState<string>();
  const [typed, setTyped] = useState<string>();
  const { text, name: ownName } = useFileText(file, url);
  const known = useQuery(pipelines()).data ?? [];
  const namesake = known.find((one) => one.name === ownName || one.display_name === ownName);
  const target = chosen ?? pipelineId ?? namesake?.pipeline_id ?? NEW;
  const taken = useQuery(versions(target)).data;
  const name = typed ?? (target === NEW ? ownName : nextVersionName((taken ?? []).map((one) => one.display_name)));

  const upload = useMutation({
    mutationFn: async () => {
      if (target === NEW) {
        const made = await (file ? uploadPipeline(file, name) : fetchPipeline(url, name));
        return [made.pipeline_id] as const;
      }
      const made = await (file ? uploadVersion(file, target, name) : fetchVersion(url, target, name));
      return [made.pipeline_id, made.pipeline_version_id] as const;
    },
    onSuccess: ([pipeline, version]) => onDone(pipeline, version),
  });
  const choose = (next: File | undefined) => {
    upload.reset();
    setTyped(undefined);
    onFile(next);
  };
  const isReady = (file !== undefined || url.includes("://")) && name.trim() !== "";

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) upload.mutate();
      }}
    >
      <input
        ref={chooser}
        type="file"
        hidden
        aria-label="Pipeline file"
        accept=".yaml,.yml,.json,.zip,.gz,.tgz"
        onChange={(event) => {
          choose(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      <button type="button" className={styles.zone} onClick={() => chooser.current?.click()}>
        <FileUp size={18} aria-hidden />
        <span className={styles.file} title={file?.name}>
          {file ? file.name : "Choose a file, or drop one anywhere"}
        </span>
        <small>{file ? "Choose another" : "A compiled pipeline: YAML, JSON, zip or tar.gz"}</small>
      </button>
      {!file && (
        <Field label="Or an address" help="By HTTPS, from well-known hosts and those in PIPELINE_URL_ALLOWED_DOMAINS">
          {(given) => <Input {...given} type="url" value={url} placeholder="https://raw.githubusercontent.com/…" onChange={(event) => (upload.reset(), setUrl(event.target.value))} />}
        </Field>
      )}
      <Field label="As" help={namesake && chosen === undefined && !pipelineId ? "There is a pipeline of this name: this becomes a version of it" : undefined}>
        {(given) => (
          <Select {...given} value={target} onChange={(event) => (upload.reset(), setChosen(event.target.value), setTyped(undefined))}>
            <option value={NEW}>A new pipeline</option>
            {known.map((one) => (
              <option key={one.pipeline_id} value={one.pipeline_id}>
                A version of {one.display_name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={target === NEW ? "Name of the pipeline" : "Name of the version"}>
        {(given) => <Input {...given} value={name} maxLength={127} onChange={(event) => setTyped(event.target.value)} />}
      </Field>
      {upload.isError && <Refusal error={upload.error} text={text} />}
      <div className={styles.actions}>
        <Button type="submit" kind="primary" disabled={!isReady || upload.isPending}>
          {upload.isPending ? "Uploading…" : target === NEW ? "Upload pipeline" : "Upload version"}
        </Button>
      </div>
    </form>
  );
}

function Refusal({ error, text }: { readonly error: Error; readonly text: string | undefined }) {
  const findings = error instanceof Refused ? (error.diagnostics ?? []) : [];
  if (findings.length === 0) return <Trouble error={error} />;
  return (
    <div role="alert" className={styles.refusal}>
      <h3>
        This file was not taken: {findings.length} {findings.length === 1 ? "problem" : "problems"}
      </h3>
      <Findings findings={findings} text={text} />
    </div>
  );
}
