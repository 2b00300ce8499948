import { useQuery } from "@tanstack/react-query";
import type { ClusterContext } from "@/api/clusters";
import { newestVersion, versionText } from "@/api/pipelines";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { useBeginning } from "@/features/newRun/useBeginning";
import { PipelineForm } from "./PipelineForm";

interface Props {
  readonly contexts: readonly ClusterContext[];
  readonly pipeline: string;
  /** The newest where none is named. */
  readonly version: string | undefined;
}

/** A version of a pipeline to the Kubeflow Pipelines of a cluster. */
export function DeployPipeline({ contexts, pipeline, version: named }: Props) {
  const newest = useQuery({ ...newestVersion(pipeline), enabled: named === undefined });
  const version = named ?? newest.data?.version?.pipeline_version_id;
  const { beginning, error: unknown } = useBeginning({ pipeline, version });
  const text = useQuery({ ...versionText(version ?? ""), enabled: version !== undefined });
  const error = newest.error ?? unknown ?? text.error;
  const title = beginning?.title ?? "Pipeline";
  if (newest.data?.version === null) {
    return (
      <Page title="Send to a cluster" answer=" ">
        <Empty title="No versions yet">This pipeline has no definition that could be sent.</Empty>
      </Page>
    );
  }
  if (!beginning || text.data === undefined) return <Page title={`Send ${title} to a cluster`} answer=" ">{error ? <Trouble error={error} /> : <Skeleton rows={14} />}</Page>;
  return <PipelineForm key={`${pipeline} ${version}`} contexts={contexts} beginning={beginning} definition={text.data} />;
}
