// Real clusters that what runs here can be sent to.

import { queryOptions } from "@tanstack/react-query";
import { ask, get, OWN } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type ClusterContext = Schemas["ClusterContext"];
export type ClusterFinding = Schemas["ClusterFinding"];
export type PreflightReport = Schemas["PreflightReport"];

/** The contexts of the workbench's kubeconfig. No cluster is asked for them. */
export const clusterContexts = () =>
  queryOptions({
    queryKey: ["clusters"],
    queryFn: ({ signal }) => get<Schemas["ClusterContextList"]>(`${OWN}/clusters/contexts`, {}, signal),
  });

/** What a cluster has, and whether it can be reached: it is asked when somebody looks, and not again until somebody asks for it. */
export const clusterLook = (context: string) =>
  queryOptions({
    queryKey: ["clusters", context],
    queryFn: ({ signal }) => ask<PreflightReport>("POST", `${OWN}/clusters/preflight`, { body: { context }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

export type PreviewedDeployment = Schemas["PreviewedDeployment"];
export type Deployed = Schemas["Deployed"];
type DeployObjects = Schemas["DeployObjects"];
type DeploymentPlace = Schemas["DeploymentPlace"];

/** What sending would do. Nothing is written. */
export const previewDeployment = (body: DeployObjects) => ask<PreviewedDeployment>("POST", `${OWN}/clusters/deployments:preview`, { body });

/** Sends objects; the same again finishes what broke off. */
export const deployObjects = (body: DeployObjects) => ask<Deployed>("POST", `${OWN}/clusters/deployments`, { body });

/** Has objects be as they were before they were last sent. */
export const rollbackDeployment = (body: DeploymentPlace) => ask<Deployed>("POST", `${OWN}/clusters/deployments:rollback`, { body });

/** Whether a cluster can take objects that are here: they are looked at as they would be sent. */
export async function preflightObjects(sources: Schemas["ObjectSources"], context: string, namespace: string): Promise<PreflightReport> {
  const { files } = await ask<Schemas["ExportedObjects"]>("POST", `${OWN}/clusters/export`, { body: { sources } });
  const objects = Object.entries(files).filter(([name]) => name.endsWith(".yaml") && !name.endsWith("kustomization.yaml"));
  const body = { context, ...(namespace && { namespace }), files: objects.map(([name, text]) => ({ name, text })) };
  return ask<PreflightReport>("POST", `${OWN}/clusters/preflight`, { body });
}
