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
