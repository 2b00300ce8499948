// A run that is to be begun, as a message of KFP's API, and the same as commands that send it.

import { type Json, withoutCache } from "./definition";
import { type Schedule, triggerOf } from "./schedule";

/** What a run is made of: a version of a pipeline (the newest one where none is named), or a definition. */
export type Source = { readonly pipeline: string; readonly version?: string } | { readonly definition: unknown };

export interface Wanted {
  readonly source: Source;
  /** The definition that the source stands for. */
  readonly definition: unknown;
  readonly name: string;
  readonly description: string;
  readonly experiment: string;
  readonly root: string;
  readonly cache: boolean;
  readonly values: Readonly<Record<string, Json>>;
  readonly schedule?: Schedule | undefined;
}

export interface Request {
  readonly path: "/apis/v2beta1/runs" | "/apis/v2beta1/recurringruns";
  readonly body: Readonly<Record<string, unknown>>;
}

export function requestOf(wanted: Wanted): Request {
  const config = {
    ...(Object.keys(wanted.values).length > 0 && { parameters: wanted.values }),
    ...(wanted.root.trim() && { pipeline_root: wanted.root.trim() }),
  };
  const body = {
    display_name: wanted.name.trim(),
    ...(wanted.description.trim() && { description: wanted.description.trim() }),
    ...(wanted.experiment && { experiment_id: wanted.experiment }),
    ...source(wanted),
    ...(Object.keys(config).length > 0 && { runtime_config: config }),
  };
  if (!wanted.schedule) return { path: "/apis/v2beta1/runs", body };
  const { catchUp, concurrency } = wanted.schedule;
  return {
    path: "/apis/v2beta1/recurringruns",
    body: { ...body, trigger: triggerOf(wanted.schedule), max_concurrency: Number(concurrency), no_catchup: !catchUp, mode: "ENABLE" },
  };
}

/** KFP's API cannot say "without the cache": the definition is sent with the cache off in each step, as the `kfp` client does. */
function source({ source: given, cache, definition }: Wanted): Record<string, unknown> {
  if (!cache) return { pipeline_spec: withoutCache(definition) };
  if ("definition" in given) return { pipeline_spec: given.definition };
  return { pipeline_version_reference: { pipeline_id: given.pipeline, ...(given.version && { pipeline_version_id: given.version }) } };
}

const quoted = (text: string): string => (/^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** A definition is long and seldom what one wants to read. */
export const shortened = (body: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  "pipeline_spec" in body ? { ...body, pipeline_spec: { "…": "the definition" } } : { ...body };

export const asJson = ({ body }: Request): string => JSON.stringify(body, null, 2);

export const asCurl = (request: Request, host: string): string => `curl -X POST ${host}${request.path} \\\n  -H 'content-type: application/json' \\\n  -d ${quoted(JSON.stringify(request.body, null, 2))}`;

/** JSON as a Python literal. */
export function python(value: unknown, indent = 0): string {
  const [inner, outer] = [" ".repeat(indent + 4), " ".repeat(indent)];
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[${value.map((one) => python(one, indent)).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, one]) => `${inner}${JSON.stringify(name)}: ${python(one, indent + 4)},`);
  return fields.length === 0 ? "{}" : `{\n${fields.join("\n")}\n${outer}}`;
}

/** The client takes a version, or a file; that it leaves the cache aside only with a file. */
export function asPython(wanted: Wanted, host: string): string {
  const given = "pipeline" in wanted.source && wanted.cache ? wanted.source : undefined;
  const isNewest = given !== undefined && given.version === undefined;
  const lines = [
    "import kfp",
    "",
    `client = kfp.Client(host=${JSON.stringify(host)})`,
    ...(wanted.experiment ? [] : [`experiment = client.get_experiment(experiment_name="Default")`]),
    ...(isNewest ? [`newest = client.list_pipeline_versions(${JSON.stringify(given.pipeline)}, page_size=1, sort_by="created_at desc").pipeline_versions[0]`] : []),
  ];
  const words = [
    `experiment_id=${wanted.experiment ? JSON.stringify(wanted.experiment) : "experiment.experiment_id"}`,
    `job_name=${JSON.stringify(wanted.name.trim())}`,
    ...(given
      ? [`pipeline_id=${JSON.stringify(given.pipeline)}`, `version_id=${given.version ? JSON.stringify(given.version) : "newest.pipeline_version_id"}`]
      : [`pipeline_package_path="pipeline.yaml"`]),
    ...(Object.keys(wanted.values).length > 0 ? [`params=${python(wanted.values, 4)}`] : []),
    ...(wanted.root.trim() ? [`pipeline_root=${JSON.stringify(wanted.root.trim())}`] : []),
    ...(wanted.cache ? [] : ["enable_caching=False"]),
    ...(wanted.schedule ? scheduleWords(wanted.schedule) : []),
  ];
  return [...lines, `client.${wanted.schedule ? "create_recurring_run" : "run_pipeline"}(`, ...words.map((word) => `    ${word},`), ")"].join("\n");
}

function scheduleWords(schedule: Schedule): readonly string[] {
  const trigger = triggerOf(schedule);
  const given = trigger.cron_schedule ?? trigger.periodic_schedule;
  return [
    ...(trigger.cron_schedule ? [`cron_expression=${JSON.stringify(trigger.cron_schedule.cron)}`] : [`interval_second=${trigger.periodic_schedule?.interval_second}`]),
    ...(given?.start_time ? [`start_time=${JSON.stringify(given.start_time)}`] : []),
    ...(given?.end_time ? [`end_time=${JSON.stringify(given.end_time)}`] : []),
    `max_concurrency=${Number(schedule.concurrency)}`,
    `no_catchup=${schedule.catchUp ? "False" : "True"}`,
  ];
}

/** The command reads a file: that of the pipeline, saved beside it. */
export function asCommand(wanted: Wanted): string {
  if (wanted.schedule) return "# Recurring runs are made by the API: see curl and Python.";
  const words = Object.entries(wanted.values).map(([name, value]) => `-p ${quoted(`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)}`);
  const rest = [...words, `--name ${quoted(wanted.name.trim())}`, ...(wanted.root.trim() ? [`--pipeline-root ${quoted(wanted.root.trim())}`] : []), ...(wanted.cache ? [] : ["--no-cache"])];
  return ["coracle run pipeline.yaml", ...rest].join(" \\\n  ");
}
