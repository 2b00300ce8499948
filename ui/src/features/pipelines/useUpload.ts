import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Pipeline } from "@/api/kfp";
import { compileDefinition, fetchPipeline, fetchVersion, uploadPipeline, uploadVersion } from "@/api/pipelines";
import { isSource, nameInFile, nameOfFile } from "@/domain/definition";

/** A new pipeline rather than a version of one. */
export const NEW = "";

interface Wanted {
  readonly file: File | undefined;
  readonly url: string;
  /** The pipeline that gets a version. */
  readonly target: string;
  readonly name: string;
  /** Whether somebody has said the name or the pipeline; otherwise what was compiled says it. */
  readonly isSaid: boolean;
  readonly known: readonly Pipeline[];
}

/** Keeps a file or what is at an address, compiled first where it is Python. */
export function useUpload(wanted: Wanted, onDone: (pipelineId: string, versionId?: string) => void) {
  const [choices, setChoices] = useState<readonly string[]>([]);
  const [chosen, setChosen] = useState<string>();
  const upload = useMutation({
    mutationFn: async () => {
      const { file, url } = wanted;
      if (!file) return keep(wanted, (name) => fetchPipeline(url, name), (target, name) => fetchVersion(url, target, name));
      if (!isSource(file.name)) return keep(wanted, (name) => uploadPipeline(file, name), (target, name) => uploadVersion(file, target, name));
      const { definition, pipelines = [] } = await compileDefinition(file, chosen);
      if (!definition) return setChoices(pipelines);
      const made = new File([definition], `${nameOfFile(file.name)}.yaml`, { type: "application/yaml" });
      return keep(named(wanted, nameInFile(definition)), (name) => uploadPipeline(made, name), (target, name) => uploadVersion(made, target, name));
    },
    onSuccess: (kept) => kept && onDone(...kept),
  });
  const reset = () => {
    upload.reset();
    setChoices([]);
    setChosen(undefined);
  };
  return { upload, reset, choices, chosen, choose: setChosen };
}

/** As what was compiled calls itself, where nobody has said otherwise. */
function named(wanted: Wanted, name: string): Wanted {
  if (wanted.isSaid || wanted.target !== NEW || !name) return wanted;
  const namesake = wanted.known.find((one) => one.name === name);
  return namesake ? { ...wanted, target: namesake.pipeline_id } : { ...wanted, name };
}

type Kept = readonly [pipelineId: string, versionId?: string];

async function keep(
  { target, name }: Wanted,
  asPipeline: (name: string) => Promise<Pipeline>,
  asVersion: (target: string, name: string) => Promise<{ readonly pipeline_id: string; readonly pipeline_version_id: string }>,
): Promise<Kept> {
  if (target === NEW) return [(await asPipeline(name)).pipeline_id];
  const made = await asVersion(target, name);
  return [made.pipeline_id, made.pipeline_version_id];
}
