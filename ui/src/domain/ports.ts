// What goes into a task and comes out of it, as its definition says.

import { type Json, record, text } from "./json";

/** An input or output of a pipeline or of a component. */
export interface Port {
  readonly name: string;
  readonly kind: "parameter" | "artifact";
  /** `STRING`, `system.Model` and so on. */
  readonly type: string;
  readonly isOptional: boolean;
  readonly isList: boolean;
  readonly defaultValue?: Json;
  readonly description?: string;
}

/** Where a task's input comes from. */
export type Source =
  | { readonly from: "constant"; readonly value: Json }
  | { readonly from: "parent"; readonly name: string }
  | { readonly from: "task"; readonly task: string; readonly output: string }
  | { readonly from: "status"; readonly task: string };

export interface TaskInput {
  readonly name: string;
  readonly kind: "parameter" | "artifact";
  readonly source: Source;
}

export function readInputs(task: Record<string, Json>): readonly TaskInput[] {
  const inputs = record(task["inputs"]);
  const read = (kind: TaskInput["kind"], key: string) =>
    Object.entries(record(inputs[key])).map(([name, value]): TaskInput => ({ name, kind, source: sourceOf(record(value)) }));
  return [...read("parameter", "parameters"), ...read("artifact", "artifacts")];
}

function sourceOf(value: Record<string, Json>): Source {
  const parameter = record(value["taskOutputParameter"]);
  if (value["taskOutputParameter"]) return { from: "task", task: text(parameter["producerTask"]), output: text(parameter["outputParameterKey"]) };
  const artifact = record(value["taskOutputArtifact"]);
  if (value["taskOutputArtifact"]) return { from: "task", task: text(artifact["producerTask"]), output: text(artifact["outputArtifactKey"]) };
  if (value["taskFinalStatus"]) return { from: "status", task: text(record(value["taskFinalStatus"])["producerTask"]) };
  const name = text(value["componentInputParameter"]) || text(value["componentInputArtifact"]);
  if (name) return { from: "parent", name };
  const runtime = record(value["runtimeValue"]);
  return { from: "constant", value: runtime["constant"] ?? runtime["constantValue"] ?? null };
}

/** The inputs or outputs that a component or a pipeline declares. */
export function ports(definitions: Record<string, Json>): readonly Port[] {
  const read = (kind: Port["kind"], key: string) =>
    Object.entries(record(definitions[key])).map(([name, value]): Port => {
      const port = record(value);
      const artifact = record(port["artifactType"]);
      return {
        name,
        kind,
        type: kind === "parameter" ? text(port["parameterType"]) : text(artifact["schemaTitle"]) || text(artifact["instanceSchema"]),
        isOptional: port["isOptional"] === true,
        isList: port["isArtifactList"] === true,
        ...(port["defaultValue"] !== undefined && { defaultValue: port["defaultValue"] }),
        ...(text(port["description"]) && { description: text(port["description"]) }),
      };
    });
  return [...read("parameter", "parameters"), ...read("artifact", "artifacts")];
}
