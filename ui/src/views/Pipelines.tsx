import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Upload as UploadIcon } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { takeFiles } from "@/api/desktop";
import { pipelines } from "@/api/pipelines";
import { Bar, SearchBox, Under } from "@/components/Bar";
import { Beside } from "@/components/Beside";
import { Button } from "@/components/Button";
import { Drop } from "@/components/Drop";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { useRemoved } from "@/components/Undo";
import { matches } from "@/domain/search";
import { PipelineTable } from "@/features/pipelines/PipelineTable";
import { Upload } from "@/features/pipelines/Upload";

export function Pipelines() {
  const navigate = useNavigate({ from: "/pipelines" });
  const { q = "", upload } = useSearch({ from: "/pipelines" });
  const [file, setFile] = useState<File>();
  // Who opens a file in the desktop wants to run it, and who looks at pipelines to have it.
  const [isToRun, setIsToRun] = useState(false);
  const list = useQuery(pipelines());
  const leaving = useRemoved();
  const all = (list.data ?? []).filter((one) => !leaving.has(one.pipeline_id));
  const found = all.filter((one) => matches(`${one.display_name} ${one.description ?? ""}`, q));
  const setUpload = useCallback((isOpen: boolean) => void navigate({ search: (now) => ({ ...now, upload: isOpen || undefined }), replace: true }), [navigate]);
  const close = useCallback(() => {
    setUpload(false);
    setFile(undefined);
    setIsToRun(false);
  }, [setUpload]);
  const take = useCallback(
    (dropped: File) => {
      setFile(dropped);
      setUpload(true);
    },
    [setUpload],
  );
  useEffect(
    () =>
      takeFiles((opened) => {
        setIsToRun(true);
        take(opened);
      }),
    [take],
  );
  const show = (pipeline: string, version?: string) =>
    void (isToRun ? navigate({ to: "/new-run", search: { pipeline, version } }) : navigate({ to: "/pipelines/$pipeline", params: { pipeline }, search: { version } }));

  const panel = upload && (
    <Panel title={isToRun ? "Upload and run" : "Upload a pipeline"} onClose={close}>
      <Upload file={file} onFile={setFile} onDone={show} />
    </Panel>
  );
  return (
    <Page
      title="Pipelines"
      answer={list.data ? `${all.length} ${all.length === 1 ? "pipeline" : "pipelines"}` : " "}
      actions={
        <Button kind="primary" icon={<UploadIcon size={14} aria-hidden />} onClick={() => setUpload(true)}>
          Upload pipeline
        </Button>
      }
      fills
    >
      <Drop onFile={take}>Drop to upload this pipeline</Drop>
      <Beside panel={panel}>
        {list.isPending ? (
          <Skeleton rows={12} />
        ) : list.isError && !list.data ? (
          <Trouble error={list.error} />
        ) : all.length === 0 ? (
          <Empty title="No pipelines yet" action={<Button onClick={() => setUpload(true)}>Upload pipeline</Button>}>
            A pipeline is a definition that the <code>kfp</code> compiler made, kept here with its versions, so that it can be run again, scheduled and compared. Drop a
            compiled file, or a <code>.py</code> file with a <code>@dsl.pipeline</code>, anywhere on this page.
          </Empty>
        ) : (
          <Under
            bar={
              <Bar>
                <SearchBox label="Search pipelines" value={q} onChange={(text) => void navigate({ search: (now) => ({ ...now, q: text || undefined }), replace: true })} />
              </Bar>
            }
          >
            {found.length === 0 ? <Empty title={`No pipeline is called “${q}”`} /> : <PipelineTable rows={found} />}
          </Under>
        )}
      </Beside>
    </Page>
  );
}
