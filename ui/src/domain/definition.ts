// What a pipeline version holds: its definition as the server answers it, and as text.

import { stringify } from "yaml";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
type Named = Readonly<Record<string, unknown>>;

const isNamed = (value: unknown): value is Named => typeof value === "object" && value !== null && !Array.isArray(value);

/** A field that is an object, or an empty one. */
export const fieldOf = (value: unknown, name: string): Named => {
  const field = isNamed(value) ? value[name] : undefined;
  return isNamed(field) ? field : {};
};

/** The spec, and what is said for Kubernetes where something is. */
export function partsOf(definition: unknown): { readonly spec: Named; readonly platform?: Named } {
  if (!isNamed(definition)) return { spec: {} };
  if (!isNamed(definition["pipeline_spec"])) return { spec: definition };
  const platform = definition["platform_spec"];
  return { spec: definition["pipeline_spec"], ...(isNamed(platform) && Object.keys(platform).length > 0 && { platform }) };
}

/** The name that a definition gives itself. */
export const nameOf = (definition: unknown): string => {
  const name = fieldOf(partsOf(definition).spec, "pipelineInfo")["name"];
  return typeof name === "string" ? name : "";
};

/** The definition as YAML, in the order of the compiler: keys sorted, a second document for Kubernetes. */
export function textOf(definition: unknown): string {
  const { spec, platform } = partsOf(definition);
  const options = { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false, indentSeq: false } as const;
  return [spec, ...(platform ? [platform] : [])].map((part) => stringify(part, options)).join("---\n");
}

/** The text of a definition to be read: as it was written, unless that is JSON, which has no lines of its own. */
export const readableText = (written: string, definition: unknown): string => (written.trimStart().startsWith("{") ? textOf(definition) : written);

/** The same definition in which no step takes a result from the cache, as the `kfp` client makes it with `enable_caching=False`. */
export function withoutCache(definition: unknown): unknown {
  if (Array.isArray(definition)) return definition.map(withoutCache);
  if (!isNamed(definition)) return definition;
  return Object.fromEntries(Object.entries(definition).map(([name, value]) => [name, name === "cachingOptions" ? {} : withoutCache(value)]));
}

/** The name that a file's text gives its pipeline, as far as a glance tells. */
export function nameInFile(text: string): string {
  const info = text.slice(Math.max(0, text.lastIndexOf("pipelineInfo")));
  return info.startsWith("pipelineInfo") ? (/["']?name["']?\s*:\s*["']?([^"'\s,}]+)/.exec(info)?.[1] ?? "") : "";
}

/** A name for what is in a file, made of the file's own. */
export const nameOfFile = (fileName: string): string => fileName.replace(/\.(ya?ml|json|zip|tar\.gz|tgz|py|ipynb)$/i, "");

/** Whether a file is no definition yet, but what one is compiled from. */
export const isSource = (fileName: string): boolean => /\.(py|ipynb)$/i.test(fileName);

/** A name that none of `taken` has: `v3`. */
export function nextVersionName(taken: readonly string[]): string {
  let number = taken.length + 1;
  while (taken.includes(`v${number}`)) number += 1;
  return `v${number}`;
}

/** Whether any step may take its result from the cache. */
export function usesCache(definition: unknown): boolean {
  if (Array.isArray(definition)) return definition.some(usesCache);
  if (!isNamed(definition)) return false;
  return fieldOf(definition, "cachingOptions")["enableCache"] === true || Object.values(definition).some(usesCache);
}
