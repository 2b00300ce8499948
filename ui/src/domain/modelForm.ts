// What the form of a model server holds, and the inference service that it makes.

import type { KubeObject } from "@/api/kube";
import { nameProblem } from "./notebookForm";
import { isSameJson } from "./sameJson";

export interface ModelForm {
  readonly name: string;
  readonly namespace: string;
  readonly format: string;
  readonly storage: string;
  /** Nothing where KServe's rules choose one. */
  readonly runtime: string;
  /** Nothing where the runtime's own is taken. */
  readonly protocol: string;
  readonly minReplicas: string;
}

export const EMPTY_MODEL: ModelForm = { name: "", namespace: "default", format: "sklearn", storage: "", runtime: "", protocol: "", minReplicas: "1" };

export type ModelProblems = Readonly<Partial<Record<"name" | "format" | "storage" | "minReplicas", string>>>;

/** Names of what is made of it have to be shorter than a name of a network. */
const LONGEST = 50;

const SCHEMES = ["pvc", "file", "s3", "gs", "hf", "http", "https", "hdfs", "webhdfs"];

/** `taken` are the names of the servers that there are. */
export function modelProblems(form: ModelForm, taken: readonly string[] = []): ModelProblems {
  const found: Record<string, string | undefined> = {
    name: nameProblem(form.name, LONGEST) ?? (taken.includes(form.name) ? "There is a model server of this name" : undefined),
    format: form.format.trim() ? undefined : "It needs a format",
    storage: storageProblem(form.storage.trim()),
    minReplicas: /^\d{1,3}$/.test(form.minReplicas) ? undefined : "A whole number: `0`, `1`, `2`",
  };
  return Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== undefined));
}

function storageProblem(storage: string): string | undefined {
  if (!storage) return "Say where the model is";
  const [scheme = "", rest] = storage.split("://", 2);
  if (rest === undefined) return "It begins with where it is: `pvc://`, `file://`, `s3://`, `hf://`, `https://`";
  if (!SCHEMES.includes(scheme)) return `\`${scheme}://\` is not served here`;
  if (scheme === "file" && !rest.startsWith("/")) return "`file://` and the whole path of a folder: `file:///home/me/model`";
  return rest ? undefined : "Say where in it the model is";
}

export interface InferenceService extends KubeObject {
  readonly spec?: { readonly predictor?: { readonly minReplicas?: number; readonly model?: ModelSpec } };
}

interface ModelSpec {
  readonly modelFormat?: { readonly name?: string };
  readonly storageUri?: string;
  readonly runtime?: string;
  readonly protocolVersion?: string;
}

export function modelObjects(form: ModelForm): readonly KubeObject[] {
  const model: ModelSpec = {
    modelFormat: { name: form.format.trim() },
    ...(form.storage.trim() && { storageUri: form.storage.trim() }),
    ...(form.runtime && { runtime: form.runtime }),
    ...(form.protocol && { protocolVersion: form.protocol }),
  };
  const service: InferenceService = {
    apiVersion: "serving.kserve.io/v1beta1",
    kind: "InferenceService",
    metadata: { name: form.name, namespace: form.namespace },
    spec: { predictor: { ...(form.minReplicas !== "1" && { minReplicas: Number(form.minReplicas) }), model } },
  };
  return [service];
}

/** The form that makes just these objects; nothing where they say more than a form can. */
export function modelForm(objects: readonly KubeObject[]): ModelForm | undefined {
  const found = objects.find(({ kind }) => kind === "InferenceService") as InferenceService | undefined;
  const { minReplicas, model } = found?.spec?.predictor ?? {};
  if (!found || !model) return undefined;
  const form: ModelForm = {
    name: found.metadata.name,
    namespace: found.metadata.namespace ?? "default",
    format: model.modelFormat?.name ?? "",
    storage: model.storageUri ?? "",
    runtime: model.runtime ?? "",
    protocol: model.protocolVersion ?? "",
    minReplicas: String(minReplicas ?? 1),
  };
  return isSameJson(modelObjects(form), objects) ? form : undefined;
}

/** A runtime of model servers, of a namespace or of all. */
export interface Runtime extends KubeObject {
  readonly spec: {
    readonly disabled?: boolean;
    readonly protocolVersions?: readonly string[];
    readonly supportedModelFormats?: readonly { readonly name: string; readonly version?: string; readonly autoSelect?: boolean }[];
  };
}

/** The formats that some runtime takes, by name. */
export const formatsOf = (runtimes: readonly Runtime[]): readonly string[] =>
  [...new Set(enabled(runtimes).flatMap(({ spec }) => (spec.supportedModelFormats ?? []).map(({ name }) => name)))].toSorted();

/** The runtimes that take a format, by name. */
export const runtimesFor = (runtimes: readonly Runtime[], format: string): readonly string[] =>
  enabled(runtimes)
    .filter(({ spec }) => spec.supportedModelFormats?.some(({ name }) => name === format))
    .map(({ metadata }) => metadata.name)
    .toSorted();

const enabled = (runtimes: readonly Runtime[]) => runtimes.filter(({ spec }) => !spec.disabled);

/** A name for a server of an artifact: what is left of its own. */
export const nameFrom = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, LONGEST);
