// Model servers: what their states are called, and what is changed of their services.

import type { KubeObject } from "@/api/kube";
import type { ModelServer, ModelServerState, ServerContainer, ServerPart, ServerPod, ServerRevision } from "@/api/types";
import { type Copyable, kubectl } from "./copied";
import { curlCall, predictPath, pythonCall } from "./modelCall";
import type { Shown } from "./state";

const SHOWN: Record<ModelServerState, Shown> = {
  ready: { tone: "ok", icon: "check", word: "Ready" },
  degraded: { tone: "warn", icon: "warning", word: "Degraded" },
  starting: { tone: "run", icon: "turn", word: "Starting" },
  loading: { tone: "run", icon: "turn", word: "Loading" },
  waiting: { tone: "wait", icon: "clock", word: "Waiting" },
  failing: { tone: "fail", icon: "cross", word: "Failing" },
  asleep: { tone: "skip", icon: "moon", word: "Asleep" },
  stopping: { tone: "warn", icon: "stop", word: "Stopping" },
  stopped: { tone: "skip", icon: "moon", word: "Stopped" },
  deleting: { tone: "warn", icon: "stop", word: "Deleting" },
};

export const shownServer = (state: ModelServerState): Shown => SHOWN[state];

export const serverKey = ({ namespace, name }: Pick<ModelServer, "namespace" | "name">): string => `${namespace}/${name}`;

export const isStopped = ({ state }: ModelServer): boolean => state === "stopped" || state === "stopping";

/** Whether it can be asked: one that sleeps is woken by it. */
export const answers = ({ state }: ModelServer): boolean => state === "ready" || state === "degraded";

/** What serves a model: its runtime, or the image of one's own. */
export const servedBy = ({ runtime, parts }: ModelServer): string => runtime ?? parts[0]?.revisions[0]?.image ?? "";

/** `20 % new`, where what is asked is split. */
export const trafficWords = ({ canary_percent }: ModelServer): string => (typeof canary_percent === "number" ? `${canary_percent} % new` : "");

/** Of the newest revision and of what was before it. */
export interface Split {
  readonly newest: string | undefined;
  readonly before: string | undefined;
  /** What of a hundred goes to the newest by now; none while nothing is split. */
  readonly told: number | undefined;
}

export function splitOf({ parts }: ModelServer): Split {
  const traffic = parts[0]?.traffic ?? [];
  const newest = traffic.find(({ is_latest }) => is_latest);
  return { newest: newest?.revision, before: traffic.find(({ is_latest }) => !is_latest)?.revision, told: traffic.length > 0 ? (newest?.percent ?? 0) : undefined };
}

/** How far what is asked is split as it is wanted. */
export function splitWords({ told }: Split, wanted: number): string {
  if (told === undefined) return `It has one revision; the next one will answer ${wanted} of a hundred requests.`;
  if (told !== wanted) return `So far ${told} % goes to the new revision.`;
  return wanted === 0 ? "Rolled back: everything goes to the revision before." : "Requests are split so, until the new revision is promoted or rolled back.";
}

/** What of a hundred requests a revision answers: all of them where nothing is split; nothing for one that is over. */
export function revisionShare({ traffic }: ServerPart, { name, replicas }: ServerRevision): string {
  if (traffic.length > 0) return traffic.filter(({ revision }) => revision === name).map(({ percent }) => `${percent} %`).join("");
  return replicas.wanted > 0 ? "100 %" : "";
}

const STOP = "serving.kserve.io/stop";

/** A change of an inference service, as a merge patch. */
export const stopped = (isWanted: boolean) => ({ metadata: { annotations: { [STOP]: isWanted ? "true" : null } } });

/** `null` gives all of it to the newest revision. */
export const canary = (percent: number | null) => ({ spec: { predictor: { canaryTrafficPercent: percent } } });

/** An inference service whose new revision answers so many of a hundred requests; as it is written where that is not said. */
export function begun<Item extends KubeObject>(service: Item, percent: string): Item {
  const { spec } = service as unknown as { readonly spec?: { readonly predictor?: object } };
  if (percent === "" || !spec?.predictor) return service;
  return { ...service, spec: { ...spec, predictor: { ...spec.predictor, canaryTrafficPercent: Number(percent) } } };
}

/** `1 ready, 2 failing`. */
export function serversWords(servers: readonly ModelServer[]): string {
  const states = [...new Set(servers.map(({ state }) => state))].toSorted((one, other) => ORDER.indexOf(one) - ORDER.indexOf(other));
  return states.map((state) => `${servers.filter((one) => one.state === state).length} ${SHOWN[state].word.toLowerCase()}`).join(", ");
}

const ORDER = Object.keys(SHOWN);

export interface Told {
  readonly pod: ServerPod;
  readonly container: ServerContainer;
}

/** What tells of a server that fails: the container with trouble. */
export function troubled({ parts }: ModelServer): Told | undefined {
  for (const pod of parts.flatMap(({ pods }) => pods)) {
    const container = pod.containers.find(({ trouble }) => trouble);
    if (container) return { pod, container };
  }
  return undefined;
}

const SERVER = "kserve-container";

/** Whose log is shown: the one that is chosen, the one that has trouble, or the server of the newest pod. */
export function loggedOf(server: ModelServer, pod?: string, container?: string): Told | undefined {
  const pods = server.parts.flatMap((part) => part.pods);
  const found = pods.find(({ name }) => name === pod) ?? troubled(server)?.pod ?? pods[0];
  if (!found) return undefined;
  const { containers } = found;
  const one = containers.find(({ name }) => name === container) ?? containers.find(({ trouble }) => trouble) ?? containers.find(({ name }) => name === SERVER) ?? containers.at(-1);
  return one && { pod: found, container: one };
}

export function serverCopies(server: ModelServer, origin: string): readonly Copyable[] {
  const { namespace, name } = server;
  const call = { url: `${origin}${server.path}${predictPath(name)}`, body: { instances: [] } };
  return [
    { label: "address", text: origin + server.path },
    ...(server.cluster_url ? [{ label: "address for pods", text: server.cluster_url }] : []),
    { label: "kubectl", text: kubectl(`get inferenceservice ${name} -o yaml`, namespace) },
    { label: "curl", text: curlCall(call) },
    { label: "Python", text: pythonCall(call) },
  ];
}
