import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { NODES, PODS } from "@/api/kube";
import { kubeObjects, runs, tasks } from "@/api/queries";
import type { RunSummary } from "@/api/types";
import { capacityOf, type Holder, podHolder, type Share, stepHolders, sum } from "@/domain/holders";
import type { MachineNode, Pod } from "@/domain/kinds";

/** Of how many runs the steps are asked for. */
const RUNS = 8;
const UNDER_WAY = "PENDING,RUNNING,CANCELING";

export interface Machine {
  readonly capacity: Share;
  readonly held: Share;
  /** Who holds most comes first. */
  readonly holders: readonly Holder[];
}

/** Runs that are under way, newest first. */
export function useOpenRuns(): readonly RunSummary[] {
  return useQuery(runs(100, UNDER_WAY)).data?.runs ?? [];
}

/** What the machine has, and who holds what of it; nothing until that is known. */
export function useMachine(): Machine | undefined {
  const node = useQuery(kubeObjects<MachineNode>(NODES)).data?.[0];
  const pods = useQuery(kubeObjects<Pod>(PODS)).data;
  const open = useOpenRuns().filter(({ state }) => state !== "PENDING").slice(0, RUNS);
  const steps = useQueries({
    queries: open.map(({ run_id }) => tasks(run_id)),
    combine: (results) => results.map(({ data }) => data ?? []),
  });
  return useMemo(() => {
    if (!node || !pods) return undefined;
    const capacity = capacityOf(node);
    const weight = (holder: Holder) => holder.memory / Math.max(capacity.memory, 1) + holder.cpu / Math.max(capacity.cpu, 1) + holder.gpus;
    const holders = [...open.flatMap((run, index) => stepHolders(run, steps[index] ?? [])), ...pods.flatMap(podHolder)].toSorted((one, other) => weight(other) - weight(one));
    return { capacity, held: sum(holders), holders };
  }, [node, pods, open, steps]);
}
