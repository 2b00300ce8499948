import { useQuery } from "@tanstack/react-query";
import type { PipelineVersion, RecurringRun } from "@/api/kfp";
import { newestVersion, pipeline as pipelineQuery, version as versionQuery } from "@/api/pipelines";
import { definedRun, run as runQuery, runs as runsQuery } from "@/api/queries";
import { recurringRun } from "@/api/recurring";
import type { newRunSearch } from "@/domain/address";
import { nameOf } from "@/domain/definition";
import { firstTexts, parametersOf } from "@/domain/parameters";
import type { Source } from "@/domain/request";
import { FIRST_SCHEDULE, scheduleOf } from "@/domain/schedule";
import type { Beginning } from "./form";

/** Whichever the newest version is when a run begins. */
export const LATEST = "latest";

interface Found {
  readonly beginning?: Beginning | undefined;
  readonly pipelineId: string;
  readonly error: Error | null;
  /** Nothing says yet of what a run shall be. */
  readonly isOpen: boolean;
  /** The pipeline has no version that could be run. */
  readonly isEmpty?: boolean;
}

/** What the form begins with, by its address: a pipeline, a run that is run again, or a recurring run that is changed. */
export function useBeginning(search: ReturnType<typeof newRunSearch>): Found {
  const run = useQuery({ ...definedRun(search.clone ?? ""), enabled: search.clone !== undefined });
  const own = useQuery({ ...runQuery(search.clone ?? ""), enabled: search.clone !== undefined });
  const recurring = useQuery({ ...recurringRun(search.recurring ?? ""), enabled: search.recurring !== undefined });
  const old = search.clone === undefined ? recurring.data : run.data;
  const reference = search.pipeline ? { pipeline_id: search.pipeline, ...(search.version && { pipeline_version_id: search.version }) } : old?.pipeline_version_reference;
  const pipelineId = reference?.pipeline_id ?? "";
  const versionId = reference?.pipeline_version_id ?? "";
  const isPinned = versionId !== "" && versionId !== LATEST;

  const pipeline = useQuery(pipelineQuery(pipelineId));
  const pinned = useQuery(versionQuery(pipelineId, isPinned ? versionId : ""));
  const newest = useQuery({ ...newestVersion(pipelineId), enabled: pipelineId !== "" && !isPinned });
  const list = useQuery(runsQuery());
  const error = run.error ?? own.error ?? recurring.error ?? pipeline.error ?? pinned.error ?? newest.error;

  const version: PipelineVersion | null | undefined = isPinned ? pinned.data : newest.data?.version;
  const inline = reference ? undefined : (old as { pipeline_spec?: unknown } | undefined)?.pipeline_spec;
  const definition = version?.pipeline_spec ?? inline;
  const isOpen = !search.pipeline && !search.clone && !search.recurring;
  const isWaiting = definition === undefined || (reference && !pipeline.data) || (search.clone && !own.data) || list.isPending;
  if (isWaiting) return { pipelineId, error, isOpen, isEmpty: !isPinned && newest.data?.version === null };

  const isLatest = versionId === LATEST || (search.recurring !== undefined && versionId === "");
  const source: Source = version ? { pipeline: pipelineId, ...(!isLatest && { version: version.pipeline_version_id }) } : { definition };
  const title = pipeline.data?.display_name ?? nameOf(definition);
  const parameters = parametersOf(definition);
  const count = list.data?.runs.filter((one) => one.pipeline === nameOf(definition)).length ?? 0;
  const titles = { run: `${title} · run ${count + 1}`, recurring: title };
  const recurs = search.schedule === true || search.recurring !== undefined;
  return {
    pipelineId,
    error,
    isOpen,
    beginning: {
      source,
      definition,
      title,
      titles,
      parameters,
      form: {
        name: search.recurring ? (old?.display_name ?? title) : recurs ? titles.recurring : titles.run,
        description: old?.description ?? "",
        experiment: search.experiment ?? old?.experiment_id ?? "",
        root: run.data?.runtime_config?.pipeline_root ?? "",
        cache: own.data?.cache ?? true,
        texts: firstTexts(parameters, old?.runtime_config?.parameters),
        recurs,
        schedule: recurring.data ? scheduleOf(recurring.data as RecurringRun) : FIRST_SCHEDULE,
      },
    },
  };
}
