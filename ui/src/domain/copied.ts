// Objects of the Kubernetes API as commands, and as files without what the server wrote into them.

import type { KubeObject } from "@/api/kube";

/** A text that can be taken along: what it is, and what it says. */
export interface Copyable {
  readonly label: string;
  readonly text: string;
}

const WRITTEN = ["managedFields", "uid", "resourceVersion", "creationTimestamp", "generation", "finalizers", "deletionTimestamp"];

/** What somebody would write to have the same object. */
export function bare<Item extends KubeObject>(object: Item): KubeObject {
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([name]) => !WRITTEN.includes(name)));
  return Object.fromEntries(Object.entries({ ...object, metadata }).filter(([name]) => name !== "status")) as unknown as KubeObject;
}

export const kubectl = (words: string, namespace: string): string => `kubectl --kubeconfig "$(coracle kubeconfig)" -n ${namespace} ${words}`;
