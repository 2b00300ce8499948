import { useState } from "react";
import { parseAllDocuments, stringify } from "yaml";
import type { KubeObject } from "@/api/kube";

interface Written {
  readonly text: string;
  readonly objects: readonly KubeObject[];
  readonly problem?: string;
  /** Whether it says more than the fields can hold. */
  readonly isMore: boolean;
}

/** How a form becomes objects, and the objects the form again. */
export interface Way<Form> {
  /** The kind that has to be among the objects. */
  readonly kind: string;
  readonly objectsOf: (form: Form) => readonly KubeObject[];
  /** The form that makes just these; nothing where they say more than it can. */
  readonly formOf: (objects: readonly KubeObject[]) => Form | undefined;
}

/** The form and its file, each of which follows the other: fields as far as they can hold what is written. */
export function useObjectFile<Form extends object>(first: Form, { kind, objectsOf, formOf }: Way<Form>) {
  const [form, setForm] = useState(first);
  const [written, setWritten] = useState<Written>();
  const made = objectsOf(form);
  return {
    form,
    text: written?.text ?? made.map((object) => stringify(object)).join("---\n"),
    objects: written?.objects ?? made,
    problem: written?.problem,
    isMore: written?.isMore ?? false,
    fill: (change: Partial<Form>) => {
      setForm({ ...form, ...change });
      setWritten(undefined);
    },
    write: (text: string) => {
      const read = readFile(text, kind);
      const found = read.problem === undefined ? formOf(read.objects) : undefined;
      if (found) setForm(found);
      setWritten({ ...read, text, isMore: read.problem === undefined && !found });
    },
    backToFields: () => setWritten(undefined),
  };
}

function readFile(text: string, wanted: string): { readonly objects: readonly KubeObject[]; readonly problem?: string } {
  const documents = parseAllDocuments(text);
  const list = Array.isArray(documents) ? documents : [];
  const wrong = list.flatMap(({ errors }) => errors)[0];
  if (wrong) return { objects: [], problem: wrong.message.split("\n")[0] ?? wrong.message };
  const objects = list.map((document) => document.toJS() as KubeObject | null).filter((object) => object !== null);
  const nameless = objects.findIndex((object) => typeof object !== "object" || !object.kind || !object.metadata?.name);
  if (nameless >= 0) return { objects: [], problem: `Document ${nameless + 1} needs a \`kind\` and a \`metadata.name\`` };
  if (!objects.some(({ kind }) => kind === wanted)) return { objects: [], problem: `There is no object of the kind \`${wanted}\`` };
  return { objects };
}
