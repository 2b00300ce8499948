import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { clusterContexts } from "@/api/clusters";
import { Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { DeployObject } from "@/features/clusters/DeployObject";
import { DeployPipeline } from "@/features/clusters/DeployPipeline";

/** Sends an object or a pipeline of the workbench to a cluster. */
export function Deploy() {
  const { what = "", namespace = "default", pipeline, version } = useSearch({ from: "/deploy" });
  const { data, error } = useQuery(clusterContexts());
  if (!data) return <Page title="Send to a cluster" answer=" ">{error ? <Trouble error={error} /> : <Skeleton rows={6} />}</Page>;
  if (pipeline) return <DeployPipeline contexts={data.contexts} pipeline={pipeline} version={version} />;
  // What was shown of one object is not agreed to for another.
  return <DeployObject key={`${namespace}/${what}`} contexts={data.contexts} what={what} namespace={namespace} />;
}
