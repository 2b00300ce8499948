// Volumes: the claims of the Kubernetes API and what is in those that pipelines mount.

import type { Volume } from "@/api/types";
import type { Claim, Notebook, Pod, PodSpec } from "./kinds";

export interface VolumeUser {
  readonly kind: "notebook" | "pod";
  readonly name: string;
  readonly runs: boolean;
}

export interface VolumeRow {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly size: string;
  readonly modes: readonly string[];
  /** Bytes of what is in it, where that is known. */
  readonly bytes: number | undefined;
  /** Its directory, where that is known. */
  readonly path: string | undefined;
  readonly createdAt: string | undefined;
  readonly isDeleting: boolean;
  readonly users: readonly VolumeUser[];
  /** Whether it is an object of the Kubernetes API. */
  readonly isClaim: boolean;
}

const mounts = (spec: PodSpec, claim: string): boolean => spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim) ?? false;

/** Claims of every namespace, and volumes of pipelines that are none. */
export function volumeRows(volumes: readonly Volume[], claims: readonly Claim[], notebooks: readonly Notebook[], pods: readonly Pod[]): readonly VolumeRow[] {
  const known = new Map(volumes.map((volume) => [volume.name, volume]));
  const users = (namespace: string, name: string): readonly VolumeUser[] => {
    const here = ({ metadata }: Notebook | Pod) => (metadata.namespace ?? "default") === namespace;
    const running = pods.filter((pod) => here(pod) && mounts(pod.spec, name) && pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed");
    const ofNotebook = (pod: Pod) => pod.metadata.labels?.["notebook-name"];
    return [
      ...notebooks
        .filter((notebook) => here(notebook) && mounts(notebook.spec.template.spec, name))
        .map(({ metadata }) => ({ kind: "notebook" as const, name: metadata.name, runs: running.some((pod) => ofNotebook(pod) === metadata.name) })),
      ...running.filter((pod) => !ofNotebook(pod)).map(({ metadata }) => ({ kind: "pod" as const, name: metadata.name, runs: true })),
    ];
  };
  const rows = claims.map(({ metadata, spec }) => {
    const { name, namespace = "default" } = metadata;
    const volume = namespace === "default" ? known.get(name) : undefined;
    if (volume) known.delete(name);
    return {
      key: `${namespace}/${name}`,
      namespace,
      name,
      size: spec.resources?.requests?.["storage"] ?? "",
      modes: spec.accessModes ?? [],
      bytes: volume?.bytes,
      path: volume?.path,
      createdAt: metadata.creationTimestamp,
      isDeleting: metadata.deletionTimestamp !== undefined,
      users: users(namespace, name),
      isClaim: true,
    };
  });
  const others = [...known.values()].map(({ name, size, access_modes, bytes, path }) => ({
    key: `default/${name}`,
    namespace: "default",
    name,
    size,
    modes: access_modes,
    bytes,
    path,
    createdAt: undefined,
    isDeleting: false,
    users: users("default", name),
    isClaim: false,
  }));
  return [...rows, ...others].toSorted((one, other) => one.key.localeCompare(other.key));
}
