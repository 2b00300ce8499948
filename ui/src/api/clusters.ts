// Real clusters that what runs here can be sent to.

import { queryOptions } from "@tanstack/react-query";
import { ask, get, OWN, send } from "./client";
import { IS_ELSEWHERE } from "./live";
import { messages } from "./messages";
import { keepReading } from "./reading";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type ClusterContext = Schemas["ClusterContext"];
export type ClusterFinding = Schemas["ClusterFinding"];
export type PreflightReport = Schemas["PreflightReport"];
export type ListedDeployment = Schemas["ListedDeployment"];
export type StandingObject = Schemas["StandingObject"];
export type WorkloadNews = Schemas["WorkloadNews"];

/** The contexts of the workbench's kubeconfig. No cluster is asked for them. */
export const clusterContexts = () =>
  queryOptions({
    queryKey: ["clusters"],
    queryFn: ({ signal }) => get<Schemas["ClusterContextList"]>(`${OWN}/clusters/contexts`, {}, signal),
  });

/** The workbench does not hear of changes in a cluster, and each question may run a program that has credentials. */
const ELSEWHERE = { staleTime: Number.POSITIVE_INFINITY, retry: false, meta: { [IS_ELSEWHERE]: true } } as const;

/** How the objects of a deployment stand in their cluster now. */
export const deploymentStanding = (context: string, namespace: string, deployment: string) =>
  queryOptions({
    queryKey: ["cluster-deployments", context, namespace, deployment, "standing"],
    queryFn: async ({ signal }) => (await ask<Schemas["DeploymentStanding"]>("POST", `${OWN}/clusters/deployments:look`, { body: { context, namespace, deployment }, signal })).objects,
    ...ELSEWHERE,
  });

/** What a cluster has, and whether it can be reached: it is asked when somebody looks, and not again until somebody asks for it. */
export const clusterLook = (context: string) =>
  queryOptions({
    queryKey: ["clusters", context],
    queryFn: ({ signal }) => ask<PreflightReport>("POST", `${OWN}/clusters/preflight`, { body: { context }, signal }),
    ...ELSEWHERE,
  });

/** What was sent to a cluster, by its records there; of all its namespaces where none is named. */
export const clusterDeployments = (context: string, namespace: string) =>
  queryOptions({
    queryKey: ["cluster-deployments", context, namespace],
    queryFn: ({ signal }) => get<Schemas["DeploymentList"]>(`${OWN}/clusters/deployments`, { context, ...(namespace ? { namespace } : { all_namespaces: true }) }, signal),
    ...ELSEWHERE,
  });

export type PreviewedDeployment = Schemas["PreviewedDeployment"];
export type Deployed = Schemas["Deployed"];
type DeployObjects = Schemas["DeployObjects"];
export type DeploymentPlace = Schemas["DeploymentPlace"];

/** What sending would do. Nothing is written. */
export const previewDeployment = (body: DeployObjects) => ask<PreviewedDeployment>("POST", `${OWN}/clusters/deployments:preview`, { body });

/** Sends objects; the same again finishes what broke off. */
export const deployObjects = (body: DeployObjects) => ask<Deployed>("POST", `${OWN}/clusters/deployments`, { body });

/** Has objects be as they were before they were last sent. */
export const rollbackDeployment = (body: DeploymentPlace) => ask<Deployed>("POST", `${OWN}/clusters/deployments:rollback`, { body });

/** Deletes from a cluster what was sent there; what others had made before stays. */
export const removeDeployment = (body: DeploymentPlace) => ask<Deployed>("POST", `${OWN}/clusters/deployments:remove`, { body });

/** A workload of a cluster: `job/NAME`, `pod/NAME` or `deployment/NAME`. */
export interface WorkloadPlace {
  readonly context: string;
  /** The kubeconfig that has the context; the workbench's own where none is named. */
  readonly kubeconfig?: string | null | undefined;
  /** That of the context where none is named. */
  readonly namespace?: string | null | undefined;
  readonly workload: string;
}

/** Follows a workload to its end, or until it is told to stop. A connection that breaks begins again, and tells all again. */
export function followWorkload({ context, kubeconfig, namespace, workload }: WorkloadPlace, on: { readonly begin: () => void; readonly news: (news: WorkloadNews) => void; readonly fail: (error: Error) => void }): () => void {
  const read = async (signal: AbortSignal): Promise<void> => {
    const response = await send("GET", `${OWN}/clusters/workloads:follow`, { query: { context, kubeconfig, namespace, workload }, signal });
    on.begin();
    let isOver = false;
    for await (const data of messages(response)) {
      const news = JSON.parse(data) as WorkloadNews;
      isOver ||= news.type === "ended";
      on.news(news);
    }
    if (!isOver) throw new Error("the workbench ended before the workload");
  };
  return keepReading(read, on.fail);
}

/** Whether a cluster can take objects that are here: they are looked at as they would be sent. */
export async function preflightObjects(sources: Schemas["ObjectSources"], context: string, namespace: string): Promise<PreflightReport> {
  const { files } = await ask<Schemas["ExportedObjects"]>("POST", `${OWN}/clusters/export`, { body: { sources } });
  const objects = Object.entries(files).filter(([name]) => name.endsWith(".yaml") && !name.endsWith("kustomization.yaml"));
  const body = { context, ...(namespace && { namespace }), files: objects.map(([name, text]) => ({ name, text })) };
  return ask<PreflightReport>("POST", `${OWN}/clusters/preflight`, { body });
}
