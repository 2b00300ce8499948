// Where things stand in the text of a definition, and what is wrong with its form.

import { type Document, isMap, isScalar, LineCounter, type Pair, parseAllDocuments, type YAMLMap } from "yaml";

/** A task, by the component whose DAG it stands in, with its place in the text. */
export interface TaskPlace {
  readonly component: string;
  readonly task: string;
  /** The component that it runs. */
  readonly uses: string;
  readonly from: number;
  readonly to: number;
}

export interface Problem {
  readonly message: string;
  readonly from: number;
  readonly to: number;
  readonly line: number;
  readonly column: number;
  readonly severity: "error" | "warning";
}

/** The definition that a text holds, as the server would answer it; nothing where there is none. */
export function definitionIn(text: string): unknown {
  const docs = read(text);
  if (docs.some((doc) => doc.errors.length > 0)) return undefined;
  const spec = docs.find(isSpec);
  const platform = docs.find((doc) => isMap(doc.contents) && doc.contents.has("platforms"));
  return spec && { pipeline_spec: spec.toJS(), ...(platform && { platform_spec: platform.toJS() }) };
}

/** The name of the pipeline's own component. */
export const ROOT = "root";

type Docs = readonly Document.Parsed[];

const read = (text: string, counter?: LineCounter): Docs => parseAllDocuments(text, counter ? { lineCounter: counter } : {}) as unknown as Docs;

const child = (map: unknown, ...names: readonly string[]): unknown => names.reduce<unknown>((at, name) => (isMap(at) ? at.get(name, true) : undefined), map);

const isSpec = (doc: Document.Parsed): boolean => isMap(doc.contents) && (doc.contents.has("root") || doc.contents.has("pipelineInfo"));

const pairs = (map: unknown): readonly Pair[] => (isMap(map) ? (map as YAMLMap).items : []);

const keyOf = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : "");

/** Every task of a text, outer ones first. Nothing of a text that cannot be read. */
export function taskPlaces(text: string): readonly TaskPlace[] {
  const spec = read(text).find(isSpec)?.contents;
  const components = [[ROOT, child(spec, "root")] as const, ...pairs(child(spec, "components")).map((pair) => [keyOf(pair), pair.value] as const)];
  return components.flatMap(([component, node]) =>
    pairs(child(node, "dag", "tasks")).flatMap((pair) => {
      const from = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
      const to = (pair.value as { range?: readonly number[] } | null)?.range?.[1];
      const uses = child(pair.value, "componentRef", "name");
      return from === undefined || to === undefined ? [] : [{ component, task: keyOf(pair), uses: isScalar(uses) ? String(uses.value) : "", from, to }];
    }),
  );
}

/** So many paths are told apart: components that use each other can make more of them than anybody looks at. */
const MOST_PATHS = 5000;

/** The places by the paths that tasks have in a run: `outer/train`. A task of a component that is used twice has two. */
export function placesByPath(places: readonly TaskPlace[]): ReadonlyMap<string, TaskPlace> {
  const of = new Map<string, TaskPlace[]>();
  for (const place of places) of.set(place.component, [...(of.get(place.component) ?? []), place]);
  const found = new Map<string, TaskPlace>();
  const walk = (component: string, prefix: string, within: readonly string[]) => {
    for (const place of of.get(component) ?? []) {
      if (found.size >= MOST_PATHS) return;
      const path = prefix ? `${prefix}/${place.task}` : place.task;
      found.set(path, place);
      if (!within.includes(place.uses)) walk(place.uses, path, [...within, place.uses]);
    }
  };
  walk(ROOT, "", [ROOT]);
  return found;
}

/** The path of the task in whose text `at` stands. */
export const pathAt = (places: ReadonlyMap<string, TaskPlace>, at: number): string | undefined => [...places].find(([, place]) => place.from <= at && at <= place.to)?.[0];

/** Where a line and a column, which count from one, are in a text. */
export function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let row = 1; row < line; row += 1) {
    const next = text.indexOf("\n", at);
    if (next < 0) return text.length;
    at = next + 1;
  }
  const end = text.indexOf("\n", at);
  return Math.min(at + Math.max(0, column - 1), end < 0 ? text.length : end);
}

/** One bracket makes everything behind it wrong: the first of it tells. */
const MOST_FAULTS = 5;

const endOfLine = (text: string, at: number): number => {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
};

/** What is wrong with the form of a text, which is known at once. What a definition means is checked by the workbench. */
export function problems(text: string): readonly Problem[] {
  const counter = new LineCounter();
  const faults = read(text, counter).flatMap((doc) => doc.errors);
  return faults.slice(0, MOST_FAULTS).map(({ message, pos: [from, to] }) => {
    const { line, col } = counter.linePos(from);
    const words = message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "";
    return { message: words, from, to: Math.min(to, endOfLine(text, from)), line, column: col, severity: "error" };
  });
}
