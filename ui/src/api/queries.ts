// What pages ask for, with the topics by which they hear of changes.

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { topTasks } from "@/domain/progress";
import { address, get, KFP, OWN, send } from "./client";
import { type Experiment, kfpRun, type Listed } from "./kfp";
import { type KubeObject, list, type Resource } from "./kube";
import type {
  ArtifactDetail,
  ArtifactList,
  ArtifactPreview,
  ArtifactRemoval,
  Config,
  DoctorReport,
  Environment,
  GcPlan,
  GcRequest,
  Health,
  LineageGraph,
  MeasuredResources,
  Run,
  RunFields,
  RunSummary,
  Task,
  Volume,
  VolumeFiles as VolumeFileList,
  Why,
} from "./types";

export const health = () => queryOptions({ queryKey: ["health"], queryFn: ({ signal }) => get<Health>(`${OWN}/health`, {}, signal) });

export const doctor = () =>
  queryOptions({ queryKey: ["doctor"], queryFn: ({ signal }) => get<DoctorReport>(`${OWN}/doctor`, {}, signal), staleTime: 60_000 });

/** The newest runs, as far as one page of the workbench's own list goes. */
export const runs = (limit = 1000, state = "") =>
  queryOptions({
    queryKey: ["runs", { limit, state }],
    queryFn: ({ signal }) => get<{ runs: readonly RunSummary[]; next?: string }>(`${OWN}/runs`, { limit, state }, signal),
  });

export const run = (id: string) =>
  queryOptions({ queryKey: ["run", id], queryFn: ({ signal }) => get<Run>(`${OWN}/runs/${encodeURIComponent(id)}`, {}, signal) });

export const tasks = (id: string) =>
  queryOptions({
    queryKey: ["run", id, "tasks"],
    queryFn: async ({ signal }) => (await get<{ tasks: readonly Task[] }>(`${OWN}/runs/${encodeURIComponent(id)}/tasks`, {}, signal)).tasks,
  });

/** A run as KFP has it: what it was made of, its experiment and its storage state. */
export const definedRun = (id: string) => queryOptions({ queryKey: ["run", id, "kfp"], queryFn: ({ signal }) => kfpRun(id, signal) });

export const experimentName = (id: string) =>
  queryOptions({
    queryKey: ["experiments", "name", id],
    queryFn: async ({ signal }) => (await get<Experiment>(`${KFP}/experiments/${encodeURIComponent(id)}`, {}, signal)).display_name,
  });

/** What the steps of a pipeline used, and what to ask for them elsewhere. */
export const measuredResources = (pipeline: string) =>
  queryOptions({
    queryKey: ["runs", "measured", pipeline],
    queryFn: ({ signal }) => get<MeasuredResources>(`${OWN}/measured-resources`, { pipeline }, signal),
  });

/** Why a step ran, or did not have to. */
export const why = (id: string, step: string) =>
  queryOptions({ queryKey: ["run", id, "why", step], queryFn: ({ signal }) => get<Why>(`${OWN}/runs/${encodeURIComponent(id)}/why`, { step }, signal) });

/** What a run made, imported, read or took over. */
export const runArtifacts = (id: string) =>
  queryOptions({
    queryKey: ["run", id, "artifacts"],
    queryFn: async ({ signal }) => (await get<ArtifactList>(`${OWN}/runs/${encodeURIComponent(id)}/artifacts`, {}, signal)).artifacts,
  });

/** A run's definition, as it was written. */
export const runDefinition = (id: string) =>
  queryOptions({
    queryKey: ["definition", id],
    queryFn: async ({ signal }) => (await send("GET", `${OWN}/runs/${encodeURIComponent(id)}/definition`, { signal })).text(),
  });

/** What the machine keeps beside runs. Nothing tells of changes to these, so whoever comes to the page asks again. */
const ASKED_AGAIN = { refetchOnMount: "always" as const };

/** The claims that pipelines mount, with what is in them; they change with the claims of the Kubernetes API. */
export const volumes = () =>
  queryOptions({
    queryKey: ["persistentvolumeclaims", "volumes"],
    queryFn: async ({ signal }) => (await get<{ volumes: readonly Volume[] }>(`${OWN}/volumes`, {}, signal)).volumes,
    ...ASKED_AGAIN,
  });

/** What is in a folder of a volume. Nothing tells of what steps write there. */
export const volumeFiles = (name: string, path: string) =>
  queryOptions({
    queryKey: ["persistentvolumeclaims", "files", name, path],
    queryFn: ({ signal }) => get<VolumeFileList>(`${OWN}/volumes/${encodeURIComponent(name)}/files`, { path }, signal),
    ...ASKED_AGAIN,
  });

export const configs = (kind: "secrets" | "config-maps") =>
  queryOptions({ queryKey: [kind], queryFn: async ({ signal }) => (await get<{ items: readonly Config[] }>(`${OWN}/${kind}`, {}, signal)).items, ...ASKED_AGAIN });

export const environments = () =>
  queryOptions({
    queryKey: ["environments"],
    queryFn: async ({ signal }) => (await get<{ environments: readonly Environment[] }>(`${OWN}/environments`, {}, signal)).environments,
    ...ASKED_AGAIN,
  });

/** What a collection would free. */
export const gcPlan = (request: GcRequest) =>
  queryOptions({
    queryKey: ["gc", request],
    queryFn: ({ signal }) => get<GcPlan>(`${OWN}/gc`, { runs_before: request.runs_before, environments: request.environments }, signal),
    ...ASKED_AGAIN,
  });

/** The objects of a kind, of one namespace or of all. */
export const kubeObjects = <Item extends KubeObject>(resource: Resource, namespace?: string, query: Record<string, string> = {}) =>
  queryOptions({
    queryKey: [resource.plural, { namespace, ...query }],
    queryFn: async ({ signal }) => (await list<Item>(resource, namespace, query, signal)).items,
  });

/** The definition of a run, whichever it was made of: a spec, or one with its platform document. It never changes. */
const readDefinition = (id: string, signal: AbortSignal) => get<unknown>(`${OWN}/runs/${encodeURIComponent(id)}/definition`, { format: "json" }, signal);

export const runPipeline = (id: string) => queryOptions({ queryKey: ["definition", id, "read"], queryFn: ({ signal }) => readDefinition(id, signal) });

/** The names of the tasks at the top of a run's definition, which never change. */
export const runTopTasks = (id: string) =>
  queryOptions({ queryKey: ["definition", id, "top"], queryFn: async ({ signal }) => topTasks(await readDefinition(id, signal)), gcTime: Number.POSITIVE_INFINITY });

/** How many runs a page of their table has. */
export const RUNS_PAGE = 100;

export interface RunsPage {
  readonly runs: readonly RunSummary[];
  readonly total: number;
}

/** A page of the table of runs, filtered and sorted by the workbench. */
export const runsPage = (query: Readonly<Record<string, string | boolean | undefined>>, page: number) =>
  queryOptions({
    queryKey: ["runs", "table", query, page],
    queryFn: ({ signal }) => get<RunsPage>(`${OWN}/runs`, { ...query, offset: page * RUNS_PAGE, limit: RUNS_PAGE }, signal),
  });

/** The names of pipelines, parameters and metrics that there are among all runs. */
export const runFields = () => queryOptions({ queryKey: ["runs", "fields"], queryFn: ({ signal }) => get<RunFields>(`${OWN}/run-fields`, {}, signal) });

/** The names of all experiments that are not put aside. */
export const experimentNames = () =>
  queryOptions({
    queryKey: ["experiments", "names"],
    queryFn: async ({ signal }) => (await get<Listed<"experiments", Experiment>>(`${KFP}/experiments`, { page_size: 200, sort_by: "display_name asc" }, signal)).experiments ?? [],
  });

export interface ArtifactFilter {
  readonly text?: string | undefined;
  readonly type?: string | undefined;
  readonly run?: string | undefined;
}

/** All artifacts, newest first, page by page. */
export const artifacts = (filter: ArtifactFilter) =>
  infiniteQueryOptions({
    queryKey: ["artifacts", "list", filter],
    queryFn: ({ pageParam, signal }) => get<ArtifactList>(`${OWN}/artifacts`, { ...filter, after: pageParam, limit: 200 }, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const artifact = (id: number) => queryOptions({ queryKey: ["artifacts", id], queryFn: ({ signal }) => get<ArtifactDetail>(`${OWN}/artifacts/${id}`, {}, signal) });

/** What to show of an artifact, or of a file in it. Its bytes never change. */
export const artifactPreview = (id: number, path = "") =>
  queryOptions({ queryKey: ["artifact-preview", id, path], queryFn: ({ signal }) => get<ArtifactPreview>(`${OWN}/artifacts/${id}/preview`, { path }, signal) });

/** What deleting the bytes of an artifact would free. Nothing tells of what steps write. */
export const artifactRemoval = (id: number) =>
  queryOptions({ queryKey: ["artifact-removal", id], queryFn: ({ signal }) => get<ArtifactRemoval>(`${OWN}/artifacts/${id}/removal`, {}, signal), ...ASKED_AGAIN });

/** What an artifact was made from, and what was made from it. */
export const artifactLineage = (id: number) =>
  queryOptions({ queryKey: ["artifacts", id, "lineage"], queryFn: ({ signal }) => get<LineageGraph>(`${OWN}/artifacts/${id}/lineage`, { depth: 10 }, signal) });

/** Where the bytes of an artifact are, or of a file in it. */
export const contentUrl = (id: number, path = "", download = false): string => address(`${OWN}/artifacts/${id}/content`, { path, ...(download && { download }) });
