// Who holds what of the machine: steps of runs and pods, which are given from one ledger.

import type { Task } from "@/api/types";
import { GPU, type Container, type MachineNode, type Pod, type PodSpec } from "./kinds";
import { bytesOf, cpuOf } from "./quantity";

/** CPU in thousandths, memory in bytes, whole GPUs. */
export interface Share {
  readonly cpu: number;
  readonly memory: number;
  readonly gpus: number;
}

export interface Holder extends Share {
  readonly key: string;
  readonly title: string;
  readonly kind: "step" | "notebook" | "pod";
  /** The run of a step. */
  readonly run?: string;
  readonly namespace?: string;
  readonly name?: string;
}

const NOTHING: Share = { cpu: 0, memory: 0, gpus: 0 };

export const sum = (shares: readonly Share[]): Share =>
  shares.reduce((all, share) => ({ cpu: all.cpu + share.cpu, memory: all.memory + share.memory, gpus: all.gpus + share.gpus }), NOTHING);

export const capacityOf = (node: MachineNode | undefined): Share => ({
  cpu: cpuOf(node?.status?.allocatable?.["cpu"]),
  memory: bytesOf(node?.status?.allocatable?.["memory"]),
  gpus: Number(node?.status?.allocatable?.[GPU] ?? 0),
});

/** What steps that run have been given. */
export function stepHolders(run: { readonly run_id: string; readonly display_name: string }, tasks: readonly Task[]): readonly Holder[] {
  return tasks.flatMap((task) => {
    const attempt = task.attempts.at(-1);
    if (task.state !== "RUNNING" || attempt?.state !== "RUNNING") return [];
    const { cpu_request, cpu_limit, memory_request, memory_limit } = attempt.resources;
    return {
      key: `${run.run_id}/${task.path}`,
      title: `${task.display_name} · ${run.display_name}`,
      kind: "step" as const,
      run: run.run_id,
      cpu: cpu_request ?? cpu_limit ?? 0,
      memory: memory_request ?? memory_limit ?? 0,
      gpus: attempt.gpus.length,
    };
  });
}

/** What a pod has been given, from when it has room until it has ended. */
export function podHolder(pod: Pod): readonly Holder[] {
  const { phase, conditions } = pod.status ?? {};
  const hasRoom = conditions?.some(({ type, status }) => type === "PodScheduled" && status === "True") ?? false;
  if (!hasRoom || phase === "Succeeded" || phase === "Failed") return [];
  const { name, namespace = "default", labels } = pod.metadata;
  const notebook = labels?.["notebook-name"];
  const at = namespace === "default" ? "" : ` · ${namespace}`;
  return [
    {
      key: `${namespace}/${name}`,
      title: `${notebook ?? name}${at}`,
      kind: notebook ? "notebook" : "pod",
      namespace,
      name: notebook ?? name,
      ...requested(pod),
    },
  ];
}

/** What a pod asks for: its init containers run alone, one by one; the others together. */
export function requested(pod: { readonly spec: PodSpec }): Share {
  const together = sum(pod.spec.containers.map(shareOf));
  const alone = (pod.spec.initContainers ?? []).map(shareOf);
  const most = (pick: (share: Share) => number) => Math.max(pick(together), ...alone.map(pick));
  return { cpu: most(({ cpu }) => cpu), memory: most(({ memory }) => memory), gpus: most(({ gpus }) => gpus) };
}

function shareOf({ resources }: Container): Share {
  const { requests, limits } = resources ?? {};
  return {
    cpu: cpuOf(requests?.["cpu"] ?? limits?.["cpu"]),
    memory: bytesOf(requests?.["memory"] ?? limits?.["memory"]),
    gpus: Number(limits?.[GPU] ?? requests?.[GPU] ?? 0),
  };
}
