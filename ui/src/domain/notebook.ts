// What a notebook is doing and why, told from its pod and its events, as Kubeflow's own pages tell it.

import { type ContainerStatus, eventTime, GPU, type KubeEvent, type Notebook, type Pod } from "./kinds";
import type { Shown } from "./state";

export const STOPPED = "kubeflow-resource-stopped";
export const LAST_ACTIVITY = "notebooks.kubeflow.org/last-activity";
export const OPENED_STEP = "coracle.dev/opened-step";

export type NotebookPhase = "ready" | "starting" | "waiting" | "stopping" | "stopped" | "failing" | "deleting";

export interface NotebookState {
  readonly phase: NotebookPhase;
  readonly reason?: string;
}

const SHOWN: Record<NotebookPhase, Shown> = {
  ready: { tone: "ok", icon: "check", word: "Ready" },
  starting: { tone: "run", icon: "turn", word: "Starting" },
  waiting: { tone: "wait", icon: "clock", word: "Waiting" },
  stopping: { tone: "warn", icon: "stop", word: "Stopping" },
  stopped: { tone: "skip", icon: "moon", word: "Stopped" },
  failing: { tone: "fail", icon: "cross", word: "Failing" },
  deleting: { tone: "warn", icon: "stop", word: "Deleting" },
};

export const shownNotebook = (phase: NotebookPhase): Shown => SHOWN[phase];

/** Reasons of a waiting container that are the ordinary way of a start. */
const ORDINARY = new Set(["", "PodInitializing", "ContainerCreating"]);

/** `events` are those of the notebook, of its stateful set and of its pod. */
export function notebookState(notebook: Notebook, pod: Pod | undefined, events: readonly KubeEvent[] = []): NotebookState {
  const { annotations, deletionTimestamp } = notebook.metadata;
  if (deletionTimestamp) return { phase: "deleting" };
  if (annotations?.[STOPPED] !== undefined) {
    return pod ? { phase: "stopping", reason: "its kernels and files are being closed" } : { phase: "stopped" };
  }
  if (!pod) return podless(events);
  if (pod.metadata.deletionTimestamp) return { phase: "starting", reason: "the pod from before is ending" };
  const conditions = pod.status?.conditions ?? [];
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") return { phase: "waiting", reason: scheduled.message ?? "it waits for room on the machine" };
  const statuses = pod.status?.containerStatuses ?? [];
  const main = statuses.find(({ name }) => name === notebook.metadata.name) ?? statuses[0];
  if (main?.ready && conditions.some(({ type, status }) => type === "Ready" && status === "True")) return { phase: "ready" };
  return troubleOf(pod, main) ?? starting(events, pod);
}

/** What keeps a container from running. */
function troubleOf(pod: Pod, main: ContainerStatus | undefined): NotebookState | undefined {
  const waiting = main?.state?.waiting;
  const ended = main?.state?.terminated ?? (waiting?.reason === "CrashLoopBackOff" ? main?.lastState?.terminated : undefined);
  if (ended) return { phase: "failing", reason: told(ended.reason, ended.message) ?? `the server ended with ${ended.exitCode}` };
  if (waiting && !ORDINARY.has(waiting.reason ?? "")) return { phase: "failing", reason: told(waiting.reason, waiting.message) ?? "" };
  if (pod.status?.phase === "Failed") return { phase: "failing", reason: told(pod.status.reason, pod.status.message) ?? "its pod failed" };
  return undefined;
}

/** Whether a pod will come, as its stateful set tells. */
function podless(events: readonly KubeEvent[]): NotebookState {
  const last = newest(events.filter(({ involvedObject }) => involvedObject.kind === "StatefulSet"));
  if (last?.type === "Warning") return { phase: "failing", reason: told(last.reason, last.message) ?? "" };
  return { phase: "starting", reason: "its pod is being made" };
}

function starting(events: readonly KubeEvent[], pod: Pod): NotebookState {
  const own = events.filter(({ involvedObject }) => involvedObject.uid === pod.metadata.uid);
  const last = newest(own);
  if (last?.type === "Warning") return { phase: "starting", reason: told(last.reason, last.message) ?? "" };
  return { phase: "starting", reason: last?.message ?? "its container is being made" };
}

const told = (reason?: string, message?: string): string | undefined => [reason, message].filter(Boolean).join(": ") || undefined;

/** The one that happened last; of several at one time, the last of the list. */
export const newest = (events: readonly KubeEvent[]): KubeEvent | undefined =>
  events.reduce<KubeEvent | undefined>((last, event) => (last && eventTime(event) < eventTime(last) ? last : event), undefined);

export interface NotebookNeeds {
  readonly image: string;
  readonly cpu: string;
  readonly memory: string;
  readonly gpus: number;
}

/** What a notebook asks of the machine. */
export function needsOf(notebook: Notebook): NotebookNeeds {
  const container = mainContainer(notebook);
  const { requests, limits } = container?.resources ?? {};
  return {
    image: container?.image ?? "",
    cpu: requests?.["cpu"] ?? limits?.["cpu"] ?? "",
    memory: requests?.["memory"] ?? limits?.["memory"] ?? "",
    gpus: Number(limits?.[GPU] ?? requests?.[GPU] ?? 0),
  };
}

export function mainContainer(notebook: Notebook) {
  const { containers } = notebook.spec.template.spec;
  return containers.find(({ name }) => name === notebook.metadata.name) ?? containers[0];
}

export const podName = (notebook: Notebook): string => `${notebook.metadata.name}-0`;

/** Where its server is reached. */
export const serverPath = (notebook: Notebook): string => `/notebook/${notebook.metadata.namespace ?? "default"}/${notebook.metadata.name}/`;

/** The step that it was opened from, where it was. */
export function openedStep(notebook: Notebook): { readonly run: string; readonly step: string } | undefined {
  const { labels, annotations } = notebook.metadata;
  const run = labels?.["coracle.dev/run"];
  if (labels?.[OPENED_STEP] === undefined || !run) return undefined;
  return { run, step: annotations?.["coracle.dev/step"] ?? "" };
}
