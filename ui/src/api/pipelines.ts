// Pipelines and their versions.

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { base64 } from "@/domain/base64";
import { ask, get, KFP, OWN, send } from "./client";
import { type Listed, type Pipeline, type PipelineVersion, pipelineVersion } from "./kfp";
import { all } from "./pages";
import type { components } from "./schema";
import type { CompiledDefinition, DefinitionReport } from "./types";

const ROOT = `${KFP}/pipelines`;
const at = (pipeline: string, version?: string) =>
  `${ROOT}/${encodeURIComponent(pipeline)}${version === undefined ? "" : `/versions/${encodeURIComponent(version)}`}`;

export const pipelines = () =>
  queryOptions({ queryKey: ["pipelines"], queryFn: ({ signal }) => all<Pipeline>(ROOT, "pipelines", { sort_by: "created_at desc" }, signal) });

export const pipeline = (id: string) =>
  queryOptions({ queryKey: ["pipelines", id], queryFn: ({ signal }) => get<Pipeline>(at(id), {}, signal), enabled: id !== "" });

/** All versions, the newest first. */
export const versions = (id: string) =>
  queryOptions({
    queryKey: ["pipelines", id, "versions"],
    queryFn: ({ signal }) => all<PipelineVersion>(`${at(id)}/versions`, "pipeline_versions", { sort_by: "created_at desc" }, signal),
    enabled: id !== "",
  });

export const version = (id: string, versionId: string) =>
  queryOptions({
    queryKey: ["pipelines", id, "versions", versionId],
    queryFn: ({ signal }) => pipelineVersion(id, versionId, signal),
    enabled: id !== "" && versionId !== "",
  });

/** The definition of a version, as it was written. It never changes. */
export const versionText = (versionId: string) =>
  queryOptions({
    queryKey: ["version-text", versionId],
    queryFn: async ({ signal }) => (await send("GET", `${OWN}/pipeline-versions/${encodeURIComponent(versionId)}/definition`, { signal })).text(),
  });

/** Long enough for a step back in the editor. */
const CHECK_KEPT = 10_000;

/** What the workbench says of a text that is being written. Where another one is asked about, the one before is no longer waited for. */
export const checkedText = (text: string) =>
  queryOptions({
    queryKey: ["definition-check", text],
    queryFn: ({ signal }) => ask<DefinitionReport>("POST", `${OWN}/definitions:check`, { body: { text }, signal }),
    placeholderData: keepPreviousData,
    gcTime: CHECK_KEPT,
  });

function form(file: File): FormData {
  const data = new FormData();
  data.append("uploadfile", file, file.name);
  return data;
}

export const uploadPipeline = (file: File, name: string, description = ""): Promise<Pipeline> =>
  ask("POST", `${ROOT}/upload`, { form: form(file), query: { name, description } });

export const uploadVersion = (file: File, pipelineId: string, name: string, description = ""): Promise<PipelineVersion> =>
  ask("POST", `${ROOT}/upload_version`, { form: form(file), query: { name, pipelineid: pipelineId, description } });

/** What the user's own `kfp` makes of a Python file or a notebook; which of its pipelines has to be said where it has several. */
export const compileDefinition = async (file: File, which: string | undefined): Promise<CompiledDefinition> =>
  ask("POST", `${OWN}/definitions:compile`, { body: { source: base64(new Uint8Array(await file.arrayBuffer())), file_name: file.name, ...(which && { pipeline: which }) } });

export const fetchPipeline = (url: string, name: string): Promise<Pipeline> =>
  ask("POST", `${ROOT}/create`, { body: { pipeline: { name, display_name: name }, pipeline_version: { package_url: { pipeline_url: url } } } });

export const fetchVersion = (url: string, pipelineId: string, name: string): Promise<PipelineVersion> =>
  ask("POST", `${at(pipelineId)}/versions`, { body: { pipeline_id: pipelineId, name, display_name: name, package_url: { pipeline_url: url } } });

export const renamePipeline = (id: string, name: string): Promise<Pipeline> => ask("PATCH", at(id), { body: { display_name: name } });

/** With all its versions. */
export const deletePipeline = (id: string): Promise<Response> => send("DELETE", at(id), { query: { cascade: true } });

export const deleteVersion = (id: string, versionId: string): Promise<Response> => send("DELETE", at(id, versionId));

/** The newest version, and how many there are. */
export const newestVersion = (id: string) =>
  queryOptions({
    queryKey: ["pipelines", id, "newest"],
    queryFn: async ({ signal }) => {
      const page = await get<Listed<"pipeline_versions", PipelineVersion>>(`${at(id)}/versions`, { sort_by: "created_at desc", page_size: 1 }, signal);
      return { version: page.pipeline_versions?.[0] ?? null, total: page.total_size ?? 0 };
    },
  });

type Schemas = components["schemas"];
export type LowerDefinition = Schemas["LowerDefinition"];
export type LoweredDefinition = Schemas["LoweredDefinition"];

/** A pipeline as a workflow for a cluster that has Argo Workflows, or why it cannot be one. No cluster is asked. */
export const lowerDefinition = (body: LowerDefinition) => ask<LoweredDefinition>("POST", `${OWN}/definitions:lower`, { body });
