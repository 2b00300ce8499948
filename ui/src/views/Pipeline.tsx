import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { pipeline as pipelineQuery, renamePipeline, versions as versionsQuery } from "@/api/pipelines";
import { Beside } from "@/components/Beside";
import { Drop } from "@/components/Drop";
import { EditableName } from "@/components/EditableName";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { Ago } from "@/components/Time";
import { useToasts } from "@/components/Toasts";
import { useRemoved } from "@/components/Undo";
import { PipelineActions } from "@/features/pipelines/PipelineActions";
import { PipelineTabs } from "@/features/pipelines/PipelineTabs";
import { Upload } from "@/features/pipelines/Upload";

export function Pipeline() {
  const { pipeline: id } = useParams({ from: "/pipelines/$pipeline" });
  const navigate = useNavigate({ from: "/pipelines/$pipeline" });
  const search = useSearch({ from: "/pipelines/$pipeline" });
  const [file, setFile] = useState<File>();
  const { fail } = useToasts();
  const queries = useQueryClient();
  const found = useQuery(pipelineQuery(id));
  const list = useQuery(versionsQuery(id));
  const leaving = useRemoved();
  const rename = useMutation({
    mutationFn: (name: string) => renamePipeline(id, name),
    onSuccess: (changed) => queries.setQueryData(pipelineQuery(id).queryKey, changed),
    onError: fail,
  });
  const setUpload = useCallback((isOpen: boolean) => void navigate({ search: (now) => ({ ...now, upload: isOpen || undefined }), replace: true }), [navigate]);
  const close = useCallback(() => {
    setUpload(false);
    setFile(undefined);
  }, [setUpload]);

  if (found.isError && !found.data) return <Page title="Pipeline"><Trouble error={found.error} /></Page>;
  if (!found.data || !list.data) return <Page title={found.data?.display_name ?? "Pipeline"} answer=" ">{list.isError ? <Trouble error={list.error} /> : <Skeleton rows={14} />}</Page>;
  const versions = list.data.filter((one) => !leaving.has(one.pipeline_version_id));
  const version = versions.find((one) => one.pipeline_version_id === search.version) ?? versions[0];
  const panel = search.upload && (
    <Panel title="Upload a version" onClose={close}>
      <Upload
        file={file}
        onFile={setFile}
        pipelineId={id}
        onDone={(pipeline, made) => {
          setFile(undefined);
          void navigate({ to: "/pipelines/$pipeline", params: { pipeline }, search: { version: made, tab: made ? "changes" : undefined } });
        }}
      />
    </Panel>
  );
  return (
    <Page
      title={<EditableName name={found.data.display_name} label="Rename pipeline" onRename={(name) => rename.mutate(name)} />}
      answer={
        <>
          {versions.length === 1 ? "1 version" : `${versions.length} versions`}
          {versions[0] && (
            <>
              {" · newest "}
              <Ago at={versions[0].created_at} />
            </>
          )}
          {found.data.description && ` · ${found.data.description}`}
          {search.version && version && version.pipeline_version_id !== search.version && " · the version of this address is no longer there"}
        </>
      }
      actions={<PipelineActions pipeline={found.data} version={version} onUpload={() => setUpload(true)} />}
      fills
    >
      <Drop
        onFile={(dropped) => {
          setFile(dropped);
          setUpload(true);
        }}
      >
        Drop to upload a version of {found.data.display_name}
      </Drop>
      <Beside panel={panel}>
        {version ? (
          <PipelineTabs versions={versions} version={version} search={search} />
        ) : (
          <Empty title="No versions yet">A version is one definition of this pipeline. Drop a compiled file anywhere on this page.</Empty>
        )}
      </Beside>
    </Page>
  );
}
