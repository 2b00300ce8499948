// A pipeline's definition as a graph: KFP's intermediate representation, read from the JSON that KFP's API answers.

import { array, type Json, record, text } from "./json";
import { type Port, ports, readInputs, type TaskInput } from "./ports";

export type { Port, Source, TaskInput } from "./ports";

export type StepKind = "container" | "importer" | "createVolume" | "deleteVolume";
export type GroupKind = "dag" | "loop" | "condition" | "branches" | "exitHandler";

export interface Loop {
  readonly over: "parameters" | "artifacts";
  /** The name of the input that holds the list, or the list itself as text. */
  readonly items: string;
  readonly itemInput: string;
  /** How many iterations may run at once; all of them when it is not said. */
  readonly atOnce?: number;
}

export interface PipelineTask {
  /** The key in its DAG: the segment of a task path. */
  readonly name: string;
  /** What people see. */
  readonly title: string;
  readonly kind: StepKind | GroupKind;
  readonly component: string;
  readonly inputs: readonly TaskInput[];
  readonly inputPorts: readonly Port[];
  readonly outputPorts: readonly Port[];
  /** The DAG in it, when it is a group. */
  readonly dag?: Dag;
  readonly loop?: Loop;
  readonly condition?: string;
  /** It runs also when what it waits for has failed. */
  readonly runsAlways: boolean;
  readonly retries: number;
  readonly isCached: boolean;
  readonly image?: string;
  readonly command: readonly string[];
}

/** One task waits for another; artifacts and parameters are what is handed on, by the names of the taker's inputs. */
export interface DagEdge {
  readonly from: string;
  readonly to: string;
  readonly artifacts: readonly string[];
  readonly parameters: readonly string[];
}

export interface Dag {
  readonly tasks: readonly PipelineTask[];
  readonly edges: readonly DagEdge[];
}

export interface Pipeline {
  readonly name: string;
  readonly description: string;
  readonly root: Dag;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly sdkVersion: string;
}

export const isGroup = (task: PipelineTask): task is PipelineTask & { readonly dag: Dag } => task.dag !== undefined;

/** The spec without its platform document. */
export function specOf(definition: unknown): Record<string, Json> {
  const whole = record(definition as Json);
  return "pipeline_spec" in whole ? record(whole["pipeline_spec"]) : whole;
}

/** Reads a definition: `{pipeline_spec, platform_spec}` or the spec itself. */
export function readPipeline(definition: unknown): Pipeline {
  const spec = specOf(definition);
  const reader = new Reader(spec);
  const info = record(spec["pipelineInfo"]);
  const root = record(spec["root"]);
  return {
    name: text(info["displayName"]) || text(info["name"]),
    description: text(info["description"]),
    root: reader.dag(record(root["dag"]), new Set()),
    inputs: ports(record(root["inputDefinitions"])),
    outputs: ports(record(root["outputDefinitions"])),
    sdkVersion: text(spec["sdkVersion"]),
  };
}

class Reader {
  private readonly components: Record<string, Json>;
  private readonly executors: Record<string, Json>;
  private readonly dags = new Map<string, Dag>();

  constructor(spec: Record<string, Json>) {
    this.components = record(spec["components"]);
    this.executors = record(record(spec["deploymentSpec"])["executors"]);
  }

  dag(dag: Record<string, Json>, within: ReadonlySet<string>): Dag {
    const entries = Object.entries(record(dag["tasks"])).map(([name, task]) => [name, record(task)] as const);
    const guarded = new Set(entries.flatMap(([, task]) => statusProducers(task)));
    return {
      tasks: entries.map(([name, task]) => this.task(name, task, guarded.has(name), within)),
      edges: entries.flatMap(([name, task]) => edgesTo(name, task, dag)),
    };
  }

  private task(name: string, task: Record<string, Json>, isGuarded: boolean, within: ReadonlySet<string>): PipelineTask {
    const reference = text(record(task["componentRef"])["name"]);
    const component = record(this.components[reference]);
    const executor = record(this.executors[text(component["executorLabel"])]);
    const container = record(executor["container"]);
    const policy = record(task["triggerPolicy"]);
    const condition = text(policy["condition"]);
    const loop = readLoop(task);
    const dag = this.inner(reference, component, within);
    const image = text(container["image"]);
    return {
      name,
      title: text(record(task["taskInfo"])["name"]) || name,
      kind: dag ? groupKind(dag, loop, condition, isGuarded) : stepKind(executor, image),
      component: reference,
      inputs: readInputs(task),
      inputPorts: ports(record(component["inputDefinitions"])),
      outputPorts: ports(record(component["outputDefinitions"])),
      ...(dag && { dag }),
      ...(loop && { loop }),
      ...(condition && { condition }),
      runsAlways: policy["strategy"] === "ALL_UPSTREAM_TASKS_COMPLETED",
      retries: Number(record(task["retryPolicy"])["maxRetryCount"] ?? 0),
      isCached: record(task["cachingOptions"])["enableCache"] === true,
      ...(image && { image }),
      command: [...array(container["command"]), ...array(container["args"])].map(String),
    };
  }

  /** The DAG that a component is; a component that holds itself is cut off there. */
  private inner(reference: string, component: Record<string, Json>, within: ReadonlySet<string>): Dag | undefined {
    if (!component["dag"]) return undefined;
    if (within.has(reference)) return { tasks: [], edges: [] };
    const known = this.dags.get(reference);
    if (known) return known;
    const dag = this.dag(record(component["dag"]), new Set([...within, reference]));
    this.dags.set(reference, dag);
    return dag;
  }
}

function groupKind(dag: Dag, loop: Loop | undefined, condition: string, isGuarded: boolean): GroupKind {
  if (loop) return "loop";
  if (condition) return "condition";
  if (isGuarded) return "exitHandler";
  return dag.tasks.length > 0 && dag.tasks.every((task) => task.kind === "condition") ? "branches" : "dag";
}

function stepKind(executor: Record<string, Json>, image: string): StepKind {
  if (executor["importer"]) return "importer";
  if (image === "argostub/createpvc") return "createVolume";
  if (image === "argostub/deletepvc") return "deleteVolume";
  return "container";
}

function readLoop(task: Record<string, Json>): Loop | undefined {
  const over = task["parameterIterator"] ? "parameters" : task["artifactIterator"] ? "artifacts" : undefined;
  if (!over) return undefined;
  const iterator = record(task[over === "parameters" ? "parameterIterator" : "artifactIterator"]);
  const items = record(iterator["items"]);
  const atOnce = Number(record(task["iteratorPolicy"])["parallelismLimit"] ?? 0);
  return {
    over,
    items: text(items["inputParameter"]) || text(items["inputArtifact"]) || text(items["raw"]),
    itemInput: text(iterator["itemInput"]),
    ...(atOnce > 0 && { atOnce }),
  };
}

const statusProducers = (task: Record<string, Json>): readonly string[] =>
  readInputs(task).flatMap(({ source }) => (source.from === "status" ? [source.task] : []));

function edgesTo(to: string, task: Record<string, Json>, dag: Record<string, Json>): readonly DagEdge[] {
  const edges = new Map<string, { artifacts: string[]; parameters: string[] }>();
  const known = record(dag["tasks"]);
  const edge = (from: string) => {
    const found = edges.get(from) ?? { artifacts: [], parameters: [] };
    edges.set(from, found);
    return found;
  };
  for (const input of readInputs(task)) {
    if (input.source.from === "task") edge(input.source.task)[input.kind === "artifact" ? "artifacts" : "parameters"].push(input.name);
    if (input.source.from === "status") edge(input.source.task);
  }
  for (const from of array(task["dependentTasks"])) edge(String(from));
  return [...edges].filter(([from]) => from in known).map(([from, handed]) => ({ from, to, ...handed }));
}

/** How many steps a DAG has, with those in its groups. */
export const countTasks = (dag: Dag): number => dag.tasks.reduce((sum, task) => sum + 1 + (task.dag ? countTasks(task.dag) : 0), 0);
