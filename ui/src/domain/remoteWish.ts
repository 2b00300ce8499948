// What is asked for when a pipeline is sent to a cluster: from what is typed to the request.

import type { LowerDefinition } from "@/api/pipelines";
import type { CreateRemoteRun, RemoteRecurrence } from "@/api/remoteRuns";
import { base64 } from "./base64";
import type { Json } from "./definition";
import { type Schedule, triggerOf } from "./schedule";

/** Where a pipeline is sent, as it is typed. */
export interface RemoteTarget {
  /** A context of the kubeconfig; empty where an address is given instead. */
  readonly context: string;
  readonly endpoint: string;
  readonly token: string;
  readonly namespace: string;
  /** What was typed where a protected context is to be confirmed. */
  readonly confirm: string;
}

/** What the pods of a workflow need of a cluster that has Argo Workflows and no Kubeflow Pipelines. */
export interface WorkflowNeeds {
  /** The image with `coracle-step`, from where the cluster's nodes pull it. */
  readonly stepImage: string;
  /** A claim of the namespace; where it is empty each run makes one of this size. */
  readonly claim: string;
  readonly size: string;
  /** That of a run's own claim; the cluster's default one where it is empty. */
  readonly storageClass: string;
  readonly accessMode: AccessMode;
  /** A bucket instead of any claim, with what its keys begin with: `s3://BUCKET/PREFIX`; none where it is empty. */
  readonly bucket: string;
  /** The URL of its store as pods see it. */
  readonly storeUrl: string;
  /** The secret of the namespace with its key; a bucket that everybody may use where it is empty. */
  readonly bucketSecret: string;
  /** The account of the pods; the namespace's default one where it is empty. */
  readonly serviceAccount: string;
  /** Names of secrets to pull images with, with commas or spaces between them. */
  readonly pullSecrets: string;
}

/** How a run's own claim can be mounted, with when that is right. */
export const ACCESS_MODES = { ReadWriteMany: "pods on several nodes", ReadWriteOnce: "all pods on one node" } as const;
export type AccessMode = keyof typeof ACCESS_MODES;

export const FIRST_NEEDS: WorkflowNeeds = { stepImage: "", claim: "", size: "10Gi", storageClass: "", accessMode: "ReadWriteMany", bucket: "", storeUrl: "", bucketSecret: "", serviceAccount: "", pullSecrets: "" };

export interface RemoteWish {
  readonly target: RemoteTarget;
  /** The definition as it was written. */
  readonly definition: string;
  readonly pipeline: string;
  readonly name: string;
  readonly experiment: string;
  readonly values: Readonly<Record<string, Json>>;
  readonly schedule?: Schedule | undefined;
  /** Where Argo Workflows run it; Kubeflow Pipelines where it is left out. */
  readonly needs?: WorkflowNeeds | undefined;
}

/** What runs share. */
export function storeKind({ bucket, claim }: WorkflowNeeds): "bucket" | "claim" | "own" {
  if (bucket.trim()) return "bucket";
  return claim.trim() ? "claim" : "own";
}

const isUrl = (text: string) => /^https?:\/\/[^\s/]/.test(text.trim());

/** What is wrong with what a workflow needs, by field. */
export function needsErrors(needs: WorkflowNeeds): Readonly<Record<string, string>> {
  const store = storeKind(needs);
  return {
    ...(!needs.stepImage.trim() && { stepImage: "An image is needed: `docs/export.md` says how it is made" }),
    ...(store === "own" && !needs.size.trim() && { size: "A size is needed, such as 10Gi" }),
    ...(store === "bucket" && !/^s3:\/\/[^/\s]+(\/[^/\s]+)*$/.test(needs.bucket.trim()) && { bucket: "A bucket is named as s3://BUCKET or s3://BUCKET/PREFIX" }),
    ...(store === "bucket" && !isUrl(needs.storeUrl) && { storeUrl: "The store's URL is needed, such as http://minio.store:9000" }),
  };
}

const secretsOf = ({ pullSecrets }: WorkflowNeeds): readonly string[] => pullSecrets.split(/[\s,]+/).filter(Boolean);

function settings(needs: WorkflowNeeds): NonNullable<CreateRemoteRun["workflow"]> {
  const account = needs.serviceAccount.trim();
  const secrets = secretsOf(needs);
  return {
    step_image: needs.stepImage.trim(),
    store: storeOf(needs),
    ...(account && { service_account: account }),
    ...(secrets.length > 0 && { image_pull_secrets: secrets }),
  };
}

function storeOf(needs: WorkflowNeeds): NonNullable<CreateRemoteRun["workflow"]>["store"] {
  const kind = storeKind(needs);
  if (kind === "claim") return { claim: needs.claim.trim() };
  if (kind === "own") {
    const storageClass = needs.storageClass.trim();
    return { per_run: { size: needs.size.trim(), access_mode: needs.accessMode, ...(storageClass && { storage_class: storageClass }) } };
  }
  const [bucket = "", ...prefix] = needs.bucket.trim().replace("s3://", "").split("/");
  const secret = needs.bucketSecret.trim();
  return { bucket: { bucket, endpoint: needs.storeUrl.trim(), ...(prefix.length > 0 && { prefix: prefix.join("/") }), ...(secret && { secret }) } };
}

/** The same as options of the command. */
function storeOptions(needs: WorkflowNeeds): readonly string[] {
  const kind = storeKind(needs);
  if (kind === "claim") return ["--claim", needs.claim.trim()];
  if (kind === "bucket") {
    const secret = needs.bucketSecret.trim();
    return ["--bucket", needs.bucket.trim(), "--endpoint", needs.storeUrl.trim(), ...(secret ? ["--bucket-secret", secret] : [])];
  }
  const storageClass = needs.storageClass.trim();
  return [
    "--size",
    needs.size.trim(),
    ...(storageClass ? ["--storage-class", storageClass] : []),
    ...(needs.accessMode !== FIRST_NEEDS.accessMode ? ["--access-mode", needs.accessMode] : []),
  ];
}

/** What a workflow needs, as options of the command. */
function options(needs: WorkflowNeeds): readonly string[] {
  const account = needs.serviceAccount.trim();
  return [
    "--step-image",
    needs.stepImage.trim(),
    ...storeOptions(needs),
    ...(account ? ["--service-account", account] : []),
    ...secretsOf(needs).flatMap((secret) => ["--pull-secret", secret]),
  ];
}

/** What is wrong with a target, by field. */
export function targetErrors({ context, endpoint, confirm }: RemoteTarget, isProtected: boolean): Readonly<Record<string, string>> {
  if (!context) return isUrl(endpoint) ? {} : { endpoint: "An address is needed, such as http://127.0.0.1:8888" };
  return isProtected && confirm !== context ? { confirm: `Type \`${context}\` to send something there` } : {};
}

function recurrence(schedule: Schedule): RemoteRecurrence {
  const { cron_schedule: cron, periodic_schedule: interval } = triggerOf(schedule);
  const rhythm = cron ? { cron: cron.cron } : { every_seconds: Number(interval?.interval_second) };
  return { rhythm, catch_up: schedule.catchUp, max_concurrency: Number(schedule.concurrency) };
}

export function remoteRequest({ target, definition, pipeline, name, experiment, values, schedule, needs }: RemoteWish): CreateRemoteRun {
  const { context, endpoint, token, namespace, confirm } = target;
  return {
    place: context ? { context: { name: context } } : { endpoint: endpoint.trim() },
    definition: base64(definition),
    file_name: `${pipeline}.yaml`,
    parameters: Object.fromEntries(Object.entries(values).map(([parameter, value]) => [parameter, { value }])),
    ...(name.trim() && { display_name: name.trim() }),
    ...(experiment.trim() && { experiment: experiment.trim() }),
    ...(namespace.trim() && { namespace: namespace.trim() }),
    ...(!context && token && { token }),
    ...(context && confirm && { confirm }),
    ...(schedule && { recurrence: recurrence(schedule) }),
    ...(context && needs && { workflow: settings(needs) }),
  };
}

/** The same pipeline as a file for a cluster that has Argo Workflows. */
export function lowerRequest(wish: RemoteWish, needs: WorkflowNeeds): LowerDefinition {
  const { definition, file_name, parameters, display_name, recurrence: rhythm } = remoteRequest(wish);
  return { definition, file_name, on: settings(needs), ...(parameters && { parameters }), ...(display_name && { display_name }), ...(rhythm && { recurrence: rhythm }) };
}

/** How a shell writes a word. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** The same for a terminal. A token is read from a file there, since a command line is seen by others. */
export function remoteCommand({ target, pipeline, name, experiment, values, schedule, needs }: RemoteWish): string {
  const { context, endpoint, token, namespace, confirm } = target;
  const rhythm = schedule && recurrence(schedule);
  const words = [
    "coracle",
    "deploy",
    `${pipeline}.yaml`,
    ...(context ? ["--context", context] : ["--kfp-endpoint", endpoint.trim()]),
    ...(!context && token ? ["--kfp-token-file", "token"] : []),
    ...(namespace.trim() ? ["--namespace", namespace.trim()] : []),
    ...(context && confirm ? ["--confirm", confirm] : []),
    ...(name.trim() ? ["--name", name.trim()] : []),
    ...(experiment.trim() ? ["--experiment", experiment.trim()] : []),
    ...Object.entries(values).flatMap(([parameter, value]) => ["-p", `${parameter}=${typeof value === "string" ? value : JSON.stringify(value)}`]),
    ...(context && needs ? options(needs) : []),
    ...(rhythm ? ("cron" in rhythm.rhythm ? ["--cron", rhythm.rhythm.cron] : ["--every", String(rhythm.rhythm.every_seconds)]) : []),
    ...(rhythm && rhythm.max_concurrency !== 1 ? ["--max-concurrency", String(rhythm.max_concurrency)] : []),
    ...(rhythm && !rhythm.catch_up ? ["--no-catchup"] : []),
  ];
  return words.map(quoted).join(" ");
}
