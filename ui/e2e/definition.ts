// Definitions for tests, of steps that are shell commands in an image that is always there.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

const IMAGE = "busybox";

type Json = Record<string, unknown>;

export interface Made {
  readonly tasks: Json;
  readonly components: Json;
  readonly executors: Json;
}

interface StepOptions {
  readonly after?: readonly string[];
  readonly retries?: number;
  readonly caches?: boolean;
  /** Inputs of the DAG around it that the command may use: `{{$.inputs.parameters['item']}}`. */
  readonly inputs?: readonly string[];
  readonly memory?: string;
}

/** A step of this name that runs a shell command. */
export function step(name: string, command: string, options: StepOptions = {}): Made {
  const inputs = options.inputs ?? [];
  return {
    tasks: {
      [name]: {
        componentRef: { name: `comp-${name}` },
        taskInfo: { name },
        cachingOptions: options.caches ? { enableCache: true } : {},
        ...(options.after && { dependentTasks: options.after }),
        ...(options.retries && { retryPolicy: { maxRetryCount: options.retries, backoffDuration: "0s" } }),
        ...(inputs.length > 0 && { inputs: { parameters: Object.fromEntries(inputs.map((input) => [input, { componentInputParameter: input }])) } }),
      },
    },
    components: {
      [`comp-${name}`]: {
        executorLabel: `exec-${name}`,
        ...(inputs.length > 0 && { inputDefinitions: strings(inputs) }),
      },
    },
    executors: {
      [`exec-${name}`]: {
        container: { image: IMAGE, command: ["sh", "-c", command], ...(options.memory && { resources: { resourceMemoryLimit: options.memory } }) },
      },
    },
  };
}

const strings = (names: readonly string[]): Json => ({ parameters: Object.fromEntries(names.map((name) => [name, { parameterType: "STRING" }])) });

interface GroupOptions {
  readonly after?: readonly string[];
  /** It is a loop over these, each of which is the input `item` inside. */
  readonly over?: readonly unknown[];
  readonly condition?: string;
}

/** A group of this name around others. */
export function group(name: string, inside: readonly Made[], options: GroupOptions = {}): Made {
  const all = together(inside);
  return {
    tasks: {
      [name]: {
        componentRef: { name: `comp-${name}` },
        taskInfo: { name },
        ...(options.after && { dependentTasks: options.after }),
        ...(options.over && { parameterIterator: { items: { raw: JSON.stringify(options.over) }, itemInput: "item" } }),
        ...(options.condition && { triggerPolicy: { condition: options.condition } }),
      },
    },
    components: {
      ...all.components,
      [`comp-${name}`]: { dag: { tasks: all.tasks }, ...(options.over && { inputDefinitions: strings(["item"]) }) },
    },
    executors: all.executors,
  };
}

const together = (parts: readonly Made[]): Made => ({
  tasks: Object.assign({}, ...parts.map((part) => part.tasks)),
  components: Object.assign({}, ...parts.map((part) => part.components)),
  executors: Object.assign({}, ...parts.map((part) => part.executors)),
});

/** Writes a pipeline, which takes these texts, into a folder, and answers where it is. */
export function pipelineFile(folder: string, name: string, parts: readonly Made[], parameters: readonly string[] = []): string {
  const { tasks, components, executors } = together(parts);
  const definition = {
    pipelineInfo: { name },
    schemaVersion: "2.1.0",
    sdkVersion: "kfp-2.17.0",
    components,
    deploymentSpec: { executors },
    root: { dag: { tasks }, ...(parameters.length > 0 && { inputDefinitions: strings(parameters) }) },
  };
  const path = join(folder, `${name}.yaml`);
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(definition, undefined, 1));
  return path;
}
