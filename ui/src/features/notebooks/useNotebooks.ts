import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { EVENTS, NOTEBOOKS, PODS } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import type { KubeEvent, Notebook, Pod } from "@/domain/kinds";
import { type NotebookNeeds, type NotebookState, needsOf, notebookState, podName } from "@/domain/notebook";

/** A notebook with all that is told of it. */
export interface NotebookRow {
  readonly key: string;
  readonly notebook: Notebook;
  readonly pod: Pod | undefined;
  readonly events: readonly KubeEvent[];
  readonly state: NotebookState;
  readonly needs: NotebookNeeds;
}

export const keyOf = ({ metadata }: Notebook): string => `${metadata.namespace ?? "default"}/${metadata.name}`;

/** All notebooks, each with its pod and its events. */
export function useNotebooks() {
  const notebooks = useQuery(kubeObjects<Notebook>(NOTEBOOKS));
  const pods = useQuery(kubeObjects<Pod>(PODS));
  const events = useQuery(kubeObjects<KubeEvent>(EVENTS));
  const rows = useMemo(
    () => notebooks.data && pods.data && joined(notebooks.data, pods.data, events.data ?? []),
    [notebooks.data, pods.data, events.data],
  );
  return { rows, error: notebooks.error ?? pods.error };
}

function joined(notebooks: readonly Notebook[], pods: readonly Pod[], events: readonly KubeEvent[]): readonly NotebookRow[] {
  const podOf = new Map(pods.map((pod) => [`${pod.metadata.namespace}/${pod.metadata.name}`, pod]));
  const eventsOf = new Map<string, KubeEvent[]>();
  for (const event of events) {
    const about = `${event.involvedObject.namespace}/${event.involvedObject.name}`;
    eventsOf.set(about, [...(eventsOf.get(about) ?? []), event]);
  }
  return notebooks
    .map((notebook) => {
      const key = keyOf(notebook);
      const its = `${notebook.metadata.namespace ?? "default"}/${podName(notebook)}`;
      const pod = podOf.get(its);
      const told = eventsOf.get(its) ?? [];
      return { key, notebook, pod, events: [...(eventsOf.get(key) ?? []), ...told], state: notebookState(notebook, pod, told), needs: needsOf(notebook) };
    })
    .toSorted((one, other) => (other.notebook.metadata.creationTimestamp ?? "").localeCompare(one.notebook.metadata.creationTimestamp ?? ""));
}
