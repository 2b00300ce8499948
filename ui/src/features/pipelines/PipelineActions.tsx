import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { MoreHorizontal, Play, Upload } from "lucide-react";
import type { Pipeline, PipelineVersion } from "@/api/kfp";
import { deletePipeline, versionText } from "@/api/pipelines";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { download } from "@/components/download";
import { Menu } from "@/components/Menu";
import { useRemove } from "@/components/Undo";
import { nameOf, readableText, textOf } from "@/domain/definition";

interface Props {
  readonly pipeline: Pipeline;
  readonly version: PipelineVersion | undefined;
  readonly onUpload: () => void;
}

/** What can be done with a pipeline, and with the version that is shown. */
export function PipelineActions({ pipeline, version, onUpload }: Props) {
  const navigate = useNavigate({ from: "/pipelines/$pipeline" });
  const remove = useRemove();
  const { data: written } = useQuery({ ...versionText(version?.pipeline_version_id ?? ""), enabled: version !== undefined });
  const text = written === undefined ? textOf(version?.pipeline_spec) : readableText(written, version?.pipeline_spec);
  const { pipeline_id: id, display_name: name } = pipeline;
  const leave = () => {
    remove(id, `Deleted ${name} and its versions`, () => deletePipeline(id));
    void navigate({ to: "/pipelines" });
  };
  return (
    <>
      {version && <CopyAs texts={texts(version, text)} />}
      <Button icon={<Upload size={14} aria-hidden />} onClick={onUpload}>
        Upload version
      </Button>
      <Menu
        trigger={<Button aria-label="More" icon={<MoreHorizontal size={16} aria-hidden />} />}
        items={[
          ...(version
            ? [
                { label: "Edit the definition", onSelect: () => void navigate({ search: (now) => ({ ...now, tab: undefined, edit: true }) }) },
                { label: "Download as YAML", onSelect: () => download(`${nameOf(version.pipeline_spec) || "pipeline"}.yaml`, text) },
                { label: "Schedule", onSelect: () => void navigate({ to: "/new-run", search: { pipeline: id, version: version.pipeline_version_id, schedule: true } }) },
                { label: "Send to a cluster", onSelect: () => void navigate({ to: "/deploy", search: { pipeline: id, version: version.pipeline_version_id } }) },
                null,
              ]
            : []),
          { label: "Delete pipeline", danger: true, onSelect: leave },
        ]}
      />
      {version && (
        <Button
          kind="primary"
          icon={<Play size={14} aria-hidden />}
          onClick={() => void navigate({ to: "/new-run", search: { pipeline: id, version: version.pipeline_version_id } })}
        >
          New run
        </Button>
      )}
    </>
  );
}

function texts(version: PipelineVersion, text: string) {
  const { pipeline_id: id, pipeline_version_id: versionId } = version;
  const host = window.location.origin;
  return [
    { label: "YAML", text },
    { label: "Command", text: `coracle run pipeline.yaml` },
    { label: "curl", text: `curl ${host}/apis/v2beta1/pipelines/${id}/versions/${versionId}` },
    { label: "Python", text: `import kfp\n\nclient = kfp.Client(host="${host}")\nversion = client.get_pipeline_version("${id}", "${versionId}")` },
  ];
}
