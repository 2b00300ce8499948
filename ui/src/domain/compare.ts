// Runs beside each other: what differs comes first.

import type { ArtifactDetail, Task } from "@/api/types";
import { isSame, valueText } from "./values";

/** A name with a value for each run; undefined where a run has none. */
export interface Compared<Value = unknown> {
  readonly name: string;
  readonly values: readonly (Value | undefined)[];
  readonly differs: boolean;
}

/** What each run has under each name, those that differ first, each group in the order of the names. */
export function compared<Value>(runs: readonly Readonly<Record<string, Value>>[]): readonly Compared<Value>[] {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run)))].toSorted((one, other) => one.localeCompare(other));
  const rows = names.map((name) => {
    const values = runs.map((run) => (Object.hasOwn(run, name) ? run[name] : undefined));
    return { name, values, differs: values.some((value) => !isSame(value, values[0])) };
  });
  return [...rows.filter((row) => row.differs), ...rows.filter((row) => !row.differs)];
}

/** The scalar metrics of a run by step and name: `evaluate: accuracy`. */
export function metricsOf(artifacts: readonly ArtifactDetail[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { artifact, producers } of artifacts.toReversed()) {
    if (artifact.schema_title !== "system.Metrics") continue;
    for (const [name, value] of Object.entries(artifact.metadata)) if (typeof value === "number") found[labelled(producers[0]?.task ?? "", name)] = value;
  }
  return found;
}

const labelled = (task: string, name: string): string => (task ? `${task.split("/").at(-1)}: ${name}` : name);

/** An output to look at, with the artifact of each run; undefined where a run has none. */
export interface ComparedArtifacts {
  readonly task: string;
  readonly key: string;
  readonly type: string;
  readonly artifacts: readonly (ArtifactDetail | undefined)[];
}

/** Outputs of the given types by step and name. */
export function comparedArtifacts(runs: readonly (readonly ArtifactDetail[])[], types: readonly string[]): readonly ComparedArtifacts[] {
  const rows = new Map<string, { task: string; key: string; type: string; artifacts: (ArtifactDetail | undefined)[] }>();
  runs.forEach((artifacts, run) => {
    for (const detail of artifacts.toReversed()) {
      const { schema_title: type, name } = detail.artifact;
      if (!types.includes(type)) continue;
      const { task = "", key = name } = detail.producers[0] ?? {};
      const place = `${task}\n${key}`;
      const row = rows.get(place) ?? { task, key, type, artifacts: runs.map(() => undefined) };
      row.artifacts[run] = detail;
      rows.set(place, row);
    }
  });
  return [...rows.values()].toSorted((one, other) => types.indexOf(one.type) - types.indexOf(other.type));
}

/** One thing that a step had otherwise. */
export interface Change {
  readonly part: string;
  readonly before: string;
  readonly after: string;
}

export interface FirstDifference {
  readonly path: string;
  readonly name: string;
  readonly changes: readonly Change[];
}

const STEPS: ReadonlySet<string> = new Set(["container", "importer", "create_volume", "delete_volume"]);

/** The first step, in the order in which those of the second run began, that is not made of the same in both. */
export function firstDifference(before: readonly Task[], after: readonly Task[]): FirstDifference | undefined {
  const earlier = new Map(before.map((task) => [task.path, task]));
  const later = new Set(after.map((task) => task.path));
  for (const task of after.filter(({ kind }) => STEPS.has(kind))) {
    const other = earlier.get(task.path);
    const changes = other ? changesOf(other, task) : [{ part: "step", before: "", after: "is there" }];
    if (changes.length > 0) return { path: task.path, name: task.display_name, changes };
  }
  const gone = before.find((task) => STEPS.has(task.kind) && !later.has(task.path));
  return gone && { path: gone.path, name: gone.display_name, changes: [{ part: "step", before: "is there", after: "" }] };
}

function changesOf(before: Task, after: Task): readonly Change[] {
  // A step that is found by the same in the cache is made of the same.
  if (before.fingerprint && before.fingerprint === after.fingerprint) return [];
  const parts = (task: Task): Record<string, unknown> => {
    const attempt = task.attempts.at(-1);
    const parameters = Object.entries(task.inputs.parameters).map(([name, value]) => [`input parameter ${name}`, value]);
    const artifacts = Object.entries(task.inputs.artifacts).map(([name, list]) => [`input artifact ${name}`, list.map(({ uri }) => uri).join(", ")]);
    return { ...Object.fromEntries([...parameters, ...artifacts]), ...(attempt && { image: attempt.image, "image digest": attempt.image_digest, command: attempt.command }) };
  };
  const [old, young] = [parts(before), parts(after)];
  // What only one of them ran in is no difference of what they are made of.
  const known = before.attempts.length > 0 && after.attempts.length > 0;
  const rows = compared([old, young]).filter((row) => row.differs && (known || row.name.startsWith("input ")));
  const changes = rows.map(({ name, values }) => ({ part: name, before: valueText(values[0]), after: valueText(values[1]) }));
  const reached = before.state === after.state;
  if (changes.length > 0) return changes;
  if (before.fingerprint && after.fingerprint) return [{ part: "definition", before: "", after: "is another" }];
  return reached ? [] : [{ part: "state", before: before.state.toLowerCase(), after: after.state.toLowerCase() }];
}
