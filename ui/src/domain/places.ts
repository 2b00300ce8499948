// Where things stand in the text of a definition, and what is wrong with the text as far as can be told without the workbench.

import { type Document, isMap, isScalar, LineCounter, type Pair, parseAllDocuments, type YAMLMap } from "yaml";

/** A task, by the component whose DAG it stands in, with its place in the text. */
export interface TaskPlace {
  readonly component: string;
  readonly task: string;
  readonly from: number;
  readonly to: number;
}

export interface Problem {
  readonly message: string;
  readonly from: number;
  readonly to: number;
  readonly line: number;
  readonly column: number;
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
      return from === undefined || to === undefined ? [] : [{ component, task: keyOf(pair), from, to }];
    }),
  );
}

/** The task in whose text `at` stands. */
export const taskAt = (places: readonly TaskPlace[], at: number): TaskPlace | undefined => places.find((place) => place.from <= at && at <= place.to);

/** What is wrong with the form of a text. What a definition means is checked by the workbench. */
export function problems(text: string): readonly Problem[] {
  const counter = new LineCounter();
  const docs = read(text, counter);
  const at = (message: string, [from, to]: readonly [number, number]): Problem => {
    const { line, col } = counter.linePos(from);
    return { message, from, to, line, column: col };
  };
  const faults = docs.flatMap((doc) => doc.errors.map((error) => at(error.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "", error.pos)));
  if (faults.length > 0) return faults;
  const spec = docs.find(isSpec);
  if (!spec) return [at("This is no pipeline: neither `root` nor `pipelineInfo` is in it", [0, 0])];
  return [...missing(spec, at), ...dangling(spec, at)];
}

type At = (message: string, range: readonly [number, number]) => Problem;

function missing(doc: Document.Parsed, at: At): readonly Problem[] {
  const fields = [["pipelineInfo", "name"], ["root"], ["schemaVersion"]];
  return fields.filter((names) => child(doc.contents, ...names) === undefined).map((names) => at(`\`${names.join(".")}\` is missing`, [0, 0]));
}

/** References to components and executors that are not there. */
function dangling(doc: Document.Parsed, at: At): readonly Problem[] {
  const names = (...path: string[]) => new Set(pairs(child(doc.contents, ...path)).map(keyOf));
  const [components, executors] = [names("components"), names("deploymentSpec", "executors")];
  const check = (node: unknown, known: ReadonlySet<string>, what: string): readonly Problem[] =>
    isScalar(node) && node.range && !known.has(String(node.value)) ? [at(`There is no ${what} \`${String(node.value)}\``, [node.range[0], node.range[1]])] : [];
  const all = [child(doc.contents, "root"), ...pairs(child(doc.contents, "components")).map((pair) => pair.value)];
  return all.flatMap((component) => [
    ...check(child(component, "executorLabel"), executors, "executor"),
    ...pairs(child(component, "dag", "tasks")).flatMap((pair) => check(child(pair.value, "componentRef", "name"), components, "component")),
  ]);
}
