// Kubeflow Pipelines' API, as far as the pages use it. The field names are KFP's.

import { get, KFP, Refused } from "./client";

export interface KfpError {
  readonly code?: number;
  readonly message?: string;
}

export interface Experiment {
  readonly experiment_id: string;
  readonly display_name: string;
  readonly description?: string;
  readonly created_at: string;
  readonly last_run_created_at?: string;
  readonly storage_state: "AVAILABLE" | "ARCHIVED";
}

export interface Pipeline {
  readonly pipeline_id: string;
  readonly display_name: string;
  readonly name?: string;
  readonly description?: string;
  readonly created_at: string;
  readonly error?: KfpError;
}

export interface PipelineVersion {
  readonly pipeline_id: string;
  readonly pipeline_version_id: string;
  readonly display_name: string;
  readonly description?: string;
  readonly created_at: string;
  /** The IR: a spec alone, or one with its platform document. */
  readonly pipeline_spec: unknown;
}

export interface KfpRun {
  readonly run_id: string;
  readonly experiment_id: string;
  readonly display_name: string;
  readonly description?: string;
  readonly storage_state: "AVAILABLE" | "ARCHIVED";
  readonly state: string;
  readonly created_at: string;
  readonly finished_at?: string;
  readonly pipeline_spec?: unknown;
  readonly pipeline_version_reference?: { readonly pipeline_id: string; readonly pipeline_version_id?: string };
  readonly runtime_config?: { readonly parameters?: Readonly<Record<string, unknown>>; readonly pipeline_root?: string };
  readonly recurring_run_id?: string;
}

export interface RecurringRun {
  readonly recurring_run_id: string;
  readonly display_name: string;
  readonly description?: string;
  readonly experiment_id: string;
  readonly status: "ENABLED" | "DISABLED";
  readonly mode?: string;
  readonly max_concurrency: string;
  readonly no_catchup?: boolean;
  readonly created_at: string;
  readonly updated_at?: string;
  readonly pipeline_version_reference?: { readonly pipeline_id: string; readonly pipeline_version_id?: string };
  readonly runtime_config?: { readonly parameters?: Readonly<Record<string, unknown>> };
  readonly trigger: {
    readonly cron_schedule?: { readonly cron: string; readonly start_time?: string; readonly end_time?: string };
    readonly periodic_schedule?: { readonly interval_second: string; readonly start_time?: string; readonly end_time?: string };
  };
}

/** A page of a list; `next_page_token` is empty on the last one. */
export type Listed<Key extends string, Item> = { readonly [K in Key]?: readonly Item[] } & {
  readonly next_page_token?: string;
  readonly total_size?: number;
};

export const pipelineVersion = (pipeline: string, version: string, signal?: AbortSignal): Promise<PipelineVersion> =>
  get(`${KFP}/pipelines/${encodeURIComponent(pipeline)}/versions/${encodeURIComponent(version)}`, {}, signal);

/** A run with its definition, which is the pipeline version's where it came from one; none once that version is removed. */
export async function kfpRun(id: string, signal?: AbortSignal): Promise<KfpRun> {
  const run = await get<KfpRun>(`${KFP}/runs/${encodeURIComponent(id)}`, {}, signal);
  const { pipeline_id: pipeline, pipeline_version_id: version } = run.pipeline_version_reference ?? {};
  if (run.pipeline_spec !== undefined || !pipeline || !version) return run;
  try {
    return { ...run, pipeline_spec: (await pipelineVersion(pipeline, version, signal)).pipeline_spec };
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return run;
    throw error;
  }
}
