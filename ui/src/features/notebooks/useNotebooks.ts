import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { EVENTS, NOTEBOOKS, PODS } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import { requested } from "@/domain/holders";
import type { KubeEvent, Notebook, Pod } from "@/domain/kinds";
import { type NotebookNeeds, type NotebookState, needsOf, notebookState, podName } from "@/domain/notebook";
import { roomReason } from "@/domain/room";
import { type Machine, useMachine } from "../machine/useMachine";

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
  const machine = useMachine();
  const rows = useMemo(
    () => notebooks.data && pods.data && joined(notebooks.data, pods.data, events.data ?? [], machine),
    [notebooks.data, pods.data, events.data, machine],
  );
  return { rows, error: notebooks.error ?? pods.error };
}

/** Who waits for room is told who has it. */
function explained(state: NotebookState, pod: Pod | undefined, machine: Machine | undefined): NotebookState {
  const reason = state.phase === "waiting" && pod && machine && roomReason(requested(pod), machine);
  return reason ? { ...state, reason } : state;
}

function joined(notebooks: readonly Notebook[], pods: readonly Pod[], events: readonly KubeEvent[], machine: Machine | undefined): readonly NotebookRow[] {
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
      const about = [...(eventsOf.get(key) ?? []), ...(eventsOf.get(its) ?? [])];
      return { key, notebook, pod, events: about, state: explained(notebookState(notebook, pod, about), pod, machine), needs: needsOf(notebook) };
    })
    .toSorted((one, other) => (other.notebook.metadata.creationTimestamp ?? "").localeCompare(one.notebook.metadata.creationTimestamp ?? ""));
}
