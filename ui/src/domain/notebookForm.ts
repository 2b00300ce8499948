// What the form of a notebook holds, and the objects that it makes.

import type { KubeObject } from "@/api/kube";
import { type Claim, type Container, GPU, type Notebook, type PodVolume } from "./kinds";
import { quantityProblem } from "./quantity";
import { isSameJson } from "./sameJson";

export const OWN_IMAGE = "coracle/jupyterlab";
export const HOME = "/home/jovyan";

export interface DataVolume {
  readonly claim: string;
  readonly path: string;
  readonly readOnly: boolean;
}

export interface NotebookForm {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly cpu: string;
  readonly memory: string;
  readonly gpus: number;
  readonly workspace: { readonly kind: "new"; readonly name: string; readonly size: string } | { readonly kind: "existing"; readonly name: string } | { readonly kind: "none" };
  readonly data: readonly DataVolume[];
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly sharedMemory: boolean;
}

export const EMPTY_FORM: NotebookForm = {
  name: "",
  namespace: "default",
  image: OWN_IMAGE,
  cpu: "0.5",
  memory: "1Gi",
  gpus: 0,
  workspace: { kind: "new", name: "", size: "5Gi" },
  data: [],
  environment: [],
  sharedMemory: true,
};

/** A new workspace has the notebook's name, until somebody gives it another. */
export const workspaceName = (form: NotebookForm): string =>
  form.workspace.kind === "none" ? "" : form.workspace.name || (form.workspace.kind === "new" && form.name ? `${form.name}-workspace` : "");

/** Problems by field. */
export type Problems = Readonly<Partial<Record<"name" | "image" | "cpu" | "memory" | "workspace" | "size" | "data" | "environment", string>>>;

const NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

export function nameProblem(name: string, longest = 52): string | undefined {
  if (!name) return "It needs a name";
  if (name.length > longest) return `At most ${longest} characters`;
  return NAME.test(name) ? undefined : "Lower-case letters, digits and `-`; a letter first";
}

/** `taken` are the names of notebooks that there are, and `claims` those of volumes. */
export function problemsOf(form: NotebookForm, taken: readonly string[] = [], claims: readonly string[] = []): Problems {
  const workspace = workspaceName(form);
  const found: Record<string, string | undefined> = {
    name: nameProblem(form.name) ?? (taken.includes(form.name) ? "There is a notebook of this name" : undefined),
    image: form.image.trim() ? undefined : "It needs an image",
    cpu: quantityProblem(form.cpu, "0.5 or 2"),
    memory: quantityProblem(form.memory, "512Mi or 2Gi"),
    workspace: workspaceProblem(form.workspace.kind, workspace, claims),
    size: form.workspace.kind === "new" ? quantityProblem(form.workspace.size, "5Gi") : undefined,
    data: dataProblem(form),
    environment: form.environment.some(({ name }) => !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) ? "A variable's name has letters, digits and `_`" : undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== undefined));
}

function workspaceProblem(kind: NotebookForm["workspace"]["kind"], name: string, claims: readonly string[]): string | undefined {
  if (kind === "existing" && !name) return "Choose a volume";
  if (kind === "new" && claims.includes(name)) return "There is a volume of this name: choose it as an existing one, or write another name";
  return undefined;
}

function dataProblem(form: NotebookForm): string | undefined {
  if (form.data.some(({ claim }) => !claim)) return "Choose a volume";
  if (form.data.some(({ path }) => !path.startsWith("/"))) return "A path begins with `/`";
  const paths = form.data.map(({ path }) => path).concat(form.workspace.kind === "none" ? [] : [HOME]);
  return new Set(paths).size < paths.length ? "Two volumes cannot be at one path" : undefined;
}

/** The objects that the form makes, in the order to create them. */
export function objectsOf(form: NotebookForm): readonly KubeObject[] {
  const workspace = workspaceName(form);
  const claims = form.workspace.kind === "new" ? [claim(workspace, form.namespace, form.workspace.size)] : [];
  return [...claims, notebook(form, workspace)];
}

const claim = (name: string, namespace: string, storage: string) => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name, namespace },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
});

function notebook(form: NotebookForm, workspace: string) {
  const mounts = [
    ...(workspace ? [{ name: "workspace", mountPath: HOME }] : []),
    ...form.data.map(({ path, readOnly }, index) => ({ name: `data-${index + 1}`, mountPath: path, ...(readOnly && { readOnly }) })),
    ...(form.sharedMemory ? [{ name: "shared-memory", mountPath: "/dev/shm" }] : []),
  ];
  const volumes: readonly PodVolume[] = [
    ...(workspace ? [{ name: "workspace", persistentVolumeClaim: { claimName: workspace } }] : []),
    ...form.data.map(({ claim: claimName }, index) => ({ name: `data-${index + 1}`, persistentVolumeClaim: { claimName } })),
    ...(form.sharedMemory ? [{ name: "shared-memory", emptyDir: { medium: "Memory" } }] : []),
  ];
  const container: Container = {
    name: form.name,
    image: form.image.trim(),
    ...(form.environment.length > 0 && { env: form.environment }),
    resources: amounts(form),
    ...(mounts.length > 0 && { volumeMounts: mounts }),
  };
  return {
    apiVersion: "kubeflow.org/v1",
    kind: "Notebook",
    metadata: { name: form.name, namespace: form.namespace, labels: { app: form.name } },
    spec: { template: { spec: { containers: [container], ...(volumes.length > 0 && { volumes }) } } },
  };
}

/** What is asked for is what may be used: nobody takes from others what they were not given. */
export function amounts({ cpu, memory, gpus }: Pick<NotebookForm, "cpu" | "memory" | "gpus">) {
  const asked = { ...(cpu && { cpu }), ...(memory && { memory }) };
  return { requests: asked, limits: { ...asked, ...(gpus > 0 && { [GPU]: String(gpus) }) } };
}

/** The form that makes just these objects; nothing where they say more than a form can. */
export function formOf(objects: readonly KubeObject[]): NotebookForm | undefined {
  const found = objects.find(({ kind }) => kind === "Notebook") as Notebook | undefined;
  const container = found?.spec?.template?.spec?.containers?.[0];
  if (!found?.metadata?.name || !container) return undefined;
  const made = objects.find(({ kind }) => kind === "PersistentVolumeClaim") as Claim | undefined;
  const volumes = found.spec.template.spec.volumes ?? [];
  const claimOf = (name: string) => volumes.find((volume) => volume.name === name)?.persistentVolumeClaim?.claimName ?? "";
  const workspace = claimOf("workspace");
  const form: NotebookForm = {
    name: found.metadata.name,
    namespace: found.metadata.namespace ?? "default",
    image: container.image ?? "",
    cpu: String(container.resources?.requests?.["cpu"] ?? ""),
    memory: String(container.resources?.requests?.["memory"] ?? ""),
    gpus: Number(container.resources?.limits?.[GPU] ?? 0),
    workspace: made
      ? { kind: "new", name: made.metadata?.name ?? "", size: String(made.spec?.resources?.requests?.["storage"] ?? "") }
      : workspace
        ? { kind: "existing", name: workspace }
        : { kind: "none" },
    data: (container.volumeMounts ?? [])
      .filter(({ name }) => name.startsWith("data-"))
      .map(({ name, mountPath, readOnly }) => ({ claim: claimOf(name), path: mountPath, readOnly: readOnly ?? false })),
    environment: (container.env ?? []).map(({ name, value }) => ({ name, value: value ?? "" })),
    sharedMemory: volumes.some(({ emptyDir }) => emptyDir?.medium === "Memory"),
  };
  return isSameJson(objectsOf(form), objects) ? form : undefined;
}
