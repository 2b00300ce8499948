// An object of the Kubernetes API that is changed as text.

import type { KubeObject } from "@/api/kube";

/** A document of YAML, as its reader has it. */
interface Read {
  readonly errors: readonly { readonly message: string }[];
  readonly toJS: () => unknown;
}

/** What the text says, if that is the same object still. */
export function readObject(document: Read, of: KubeObject): { readonly object: KubeObject } | { readonly problem: string } {
  const [wrong] = document.errors;
  if (wrong) return { problem: wrong.message.split("\n")[0] ?? wrong.message };
  const object = document.toJS() as KubeObject | null;
  const { name, namespace } = object?.metadata ?? {};
  if (!object || name !== of.metadata.name || (namespace ?? "default") !== (of.metadata.namespace ?? "default")) {
    return { problem: "Its name and its namespace stay as they are" };
  }
  return { object };
}
