// The form of a run's parameters: from what a definition declares, over what is typed, to the values that are sent.

import { fieldOf, type Json, partsOf } from "./definition";

export type ParameterType = "STRING" | "NUMBER_INTEGER" | "NUMBER_DOUBLE" | "BOOLEAN" | "LIST" | "STRUCT";

export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly description: string;
  readonly isOptional: boolean;
  readonly defaultValue?: Json;
  /** The only values that are taken, where there are any. */
  readonly literals: readonly Json[];
}

export const TYPE_WORDS: Record<ParameterType, string> = {
  STRING: "text",
  NUMBER_INTEGER: "whole number",
  NUMBER_DOUBLE: "number",
  BOOLEAN: "yes or no",
  LIST: "list",
  STRUCT: "object",
};

/** What is typed, by parameter. A parameter that is not in it stays at its default. */
export type Texts = Readonly<Record<string, string>>;

export type Read = { readonly value: Json } | { readonly error: string } | "absent";

/** The parameters of a definition; those that have to be given come first. */
export function parametersOf(definition: unknown): readonly Parameter[] {
  const declared = fieldOf(fieldOf(partsOf(definition).spec, "root"), "inputDefinitions");
  const parameters = Object.entries(fieldOf(declared, "parameters")).map(([name, given]) => parameter(name, given as Record<string, unknown>));
  return parameters.toSorted((one, other) => Number(isRequired(other)) - Number(isRequired(one)));
}

export const isRequired = (one: Parameter): boolean => !one.isOptional && one.defaultValue === undefined;

function parameter(name: string, given: Readonly<Record<string, unknown>>): Parameter {
  const type = String(given["parameterType"] ?? "STRING");
  return {
    name,
    type: type in TYPE_WORDS ? (type as ParameterType) : "STRING",
    description: String(given["description"] ?? ""),
    isOptional: given["isOptional"] === true,
    ...(given["defaultValue"] !== undefined && { defaultValue: given["defaultValue"] as Json }),
    literals: Array.isArray(given["literals"]) ? (given["literals"] as Json[]) : [],
  };
}

/** So long a list or an object stands on one line. */
const SHORT = 60;

/** A value as it stands in a field. */
export function textOfValue(type: ParameterType, value: Json): string {
  if (type === "LIST" || type === "STRUCT") {
    const line = JSON.stringify(value);
    return line.length <= SHORT ? line : JSON.stringify(value, null, 2);
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What fields begin with: the defaults, and over them the values of an earlier run. */
export function firstTexts(parameters: readonly Parameter[], given: Readonly<Record<string, unknown>> = {}): Texts {
  const texts = parameters.map((one) => {
    const value = (given[one.name] ?? one.defaultValue) as Json | undefined;
    return [one.name, value === undefined ? "" : textOfValue(one.type, value)] as const;
  });
  return Object.fromEntries(texts);
}

/** What was typed, over to another version: a value that was not its default stays, the others are the new defaults. */
export function carriedTexts(before: readonly Parameter[], after: readonly Parameter[], texts: Texts): Texts {
  const old = firstTexts(before);
  const kept = after.filter((one) => one.name in old && texts[one.name] !== old[one.name]).map((one) => [one.name, texts[one.name] ?? ""] as const);
  return { ...firstTexts(after), ...Object.fromEntries(kept) };
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** What a text says for a parameter. An empty field stands for the default where there is one. */
export function read(one: Parameter, text: string): Read {
  const trimmed = text.trim();
  if (one.type === "STRING") {
    if (text === "" && one.defaultValue === undefined) return one.isOptional ? "absent" : { error: `${one.name} has no default: give it a value` };
    return allowed(one, text);
  }
  if (trimmed === "") return isRequired(one) ? { error: `${one.name} has no default: give it a value` } : "absent";
  switch (one.type) {
    case "NUMBER_INTEGER":
      return NUMBER.test(trimmed) && Number.isSafeInteger(Number(trimmed)) ? allowed(one, Number(trimmed)) : { error: "A whole number is needed, such as 7" };
    case "NUMBER_DOUBLE":
      return NUMBER.test(trimmed) ? allowed(one, Number(trimmed)) : { error: "A number is needed, such as 0.25" };
    case "BOOLEAN":
      return trimmed === "true" || trimmed === "false" ? { value: trimmed === "true" } : { error: "It is either true or false" };
    default:
      return readJson(one, trimmed);
  }
}

function readJson(one: Parameter, text: string): Read {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    return { error: `Not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const isList = Array.isArray(value);
  if (one.type === "LIST") return isList ? { value } : { error: 'A list is needed, such as [1, 2] or ["a"]' };
  return !isList && typeof value === "object" && value !== null ? { value } : { error: 'An object is needed, such as {"name": 1}' };
}

function allowed(one: Parameter, value: Json): Read {
  if (one.literals.length === 0 || one.literals.includes(value)) return { value };
  return { error: `One of ${one.literals.map((literal) => JSON.stringify(literal)).join(", ")}` };
}

/** Whether two values are the same JSON, whatever the order of their names. */
export function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  const [names, others] = [Object.keys(one), Object.keys(other)];
  const at = (value: object, name: string) => (value as Record<string, unknown>)[name];
  return Array.isArray(one) === Array.isArray(other) && names.length === others.length && names.every((name) => isSame(at(one, name), at(other, name)));
}

/** The values to send: what differs from its default. What is wrong stands by its parameter. */
export function readAll(parameters: readonly Parameter[], texts: Texts): { readonly values: Record<string, Json>; readonly errors: Record<string, string> } {
  const values: Record<string, Json> = {};
  const errors: Record<string, string> = {};
  for (const one of parameters) {
    const said = read(one, texts[one.name] ?? "");
    if (said === "absent") continue;
    if ("error" in said) errors[one.name] = said.error;
    else if (one.defaultValue === undefined || !isSame(said.value, one.defaultValue)) values[one.name] = said.value;
  }
  return { values, errors };
}

/** The parameter that a refusal is about, where it names one. */
export function refusedParameter(parameters: readonly Parameter[], message: string): string | undefined {
  const found = /\bparameter(?:\(s\))?\s+`?([\w.-]+)`?/i.exec(message)?.[1];
  return parameters.find((one) => one.name === found)?.name;
}
