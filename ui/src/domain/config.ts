// Secrets and config maps: what is wrong with one that somebody writes, and how pipelines use it.

interface Pair {
  readonly name: string;
  readonly value: string;
}

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const KEY = /^[-._A-Za-z0-9]+$/;

export function configNameProblem(name: string): string | undefined {
  if (!name) return "It needs a name";
  return name.length <= 253 && NAME.test(name) ? undefined : "Lower-case letters, digits, `-` and `.`";
}

export function keysProblem(pairs: readonly Pair[]): string | undefined {
  if (pairs.length === 0) return "It needs a key";
  if (pairs.some(({ name }) => !KEY.test(name))) return "A key has letters, digits, `-`, `_` and `.`";
  return new Set(pairs.map(({ name }) => name)).size < pairs.length ? "Two keys have one name" : undefined;
}

/** The lines by which a task of a pipeline has it in its environment. */
export function pythonUse(kind: "secrets" | "config-maps", name: string, keys: readonly string[]): string {
  const noun = kind === "secrets" ? "secret" : "config_map";
  const names = keys.map((key) => `${JSON.stringify(key)}: ${JSON.stringify(key.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_"))}`).join(", ");
  return `from kfp import kubernetes\n\nkubernetes.use_${noun}_as_env(task, ${noun}_name=${JSON.stringify(name)}, ${noun}_key_to_env={${names}})\n`;
}

/** The command that makes it, without values. */
export const setCommand = (kind: "secrets" | "config-maps", name: string, keys: readonly string[]): string =>
  `coracle ${kind === "secrets" ? "secret" : "config-map"} set ${name} ${keys.map((key) => `${key}=...`).join(" ")}`;
