import { describe, expect, it } from "vitest";
import type { ArtifactDetail, Task } from "@/api/types";
import { compared, comparedArtifacts, firstDifference, metricsOf } from "./compare";

const artifact = (task: string, key: string, schema_title: string, metadata: Record<string, unknown> = {}) =>
  ({ artifact: { id: 1, name: key, schema_title, uri: "", metadata }, producers: [{ run_id: "r", task, key }], consumers: [] }) as unknown as ArtifactDetail;

const step = (path: string, more: Record<string, unknown> = {}) =>
  ({ path, kind: "container", display_name: path, state: "SUCCEEDED", fingerprint: null, attempts: [], inputs: { parameters: {}, artifacts: {} }, ...more }) as unknown as Task;

describe("values beside each other", () => {
  it.each([
    ["those that differ come first", [{ b: 1, a: 1, c: 1 }, { b: 2, a: 1, c: 1 }], ["b*", "a", "c"]],
    ["one that a run lacks differs", [{ a: 1, z: null }, { a: 1 }], ["z*", "a"]],
    ["structure is looked into", [{ a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } }], ["a"]],
    ["a text is no number", [{ a: 1 }, { a: "1" }], ["a*"]],
    ["one run has no differences", [{ a: 1 }], ["a"]],
    ["none", [], []],
  ])("%s", (_, runs, expected) => {
    expect(compared(runs as Record<string, unknown>[]).map(({ name, differs }) => name + (differs ? "*" : ""))).toEqual(expected);
  });
});

describe("metrics of a run", () => {
  it("are told by step, and of equal ones the last", () => {
    const found = metricsOf([
      artifact("loop/test", "m", "system.Metrics", { accuracy: 2, note: "x" }),
      artifact("loop/test", "m", "system.Metrics", { accuracy: 1 }),
      artifact("train", "m", "system.Metrics", { accuracy: 3 }),
      artifact("train", "model", "system.Model", { size: 3 }),
    ]);
    expect(found).toEqual({ "test: accuracy": 2, "train: accuracy": 3 });
  });
});

it("puts outputs of the same step and name beside each other", () => {
  const [html, matrix] = ["system.HTML", "system.ClassificationMetrics"];
  const rows = comparedArtifacts([[artifact("a", "page", html)], [artifact("a", "page", html), artifact("b", "m", matrix)]], [matrix, html]);
  expect(rows.map(({ task, key, artifacts }) => [task, key, artifacts.map(Boolean)])).toEqual([
    ["b", "m", [false, true]],
    ["a", "page", [true, true]],
  ]);
});

describe("what differed first", () => {
  const inputs = (parameters: Record<string, unknown>) => ({ inputs: { parameters, artifacts: {} } });
  const ran = (image: string) => ({ attempts: [{ image, image_digest: image, command: ["sh"] }] });
  it.each([
    ["nothing", [step("a")], [step("a")], undefined],
    ["a parameter", [step("a", inputs({ n: 1 }))], [step("a", inputs({ n: 2 }))], ["a", "input parameter n", "1", "2"]],
    ["the first of two", [step("a", inputs({ n: 1 })), step("b", inputs({ n: 1 }))], [step("b", inputs({ n: 2 })), step("a", inputs({ n: 2 }))], ["b", "input parameter n", "1", "2"]],
    ["nothing where the fingerprints are equal", [step("a", { fingerprint: "f", ...inputs({ n: 1 }) })], [step("a", { fingerprint: "f", ...inputs({ n: 2 }) })], undefined],
    ["an image", [step("a", ran("x"))], [step("a", ran("y"))], ["a", "image", "x", "y"]],
    ["no image where one was cached", [step("a", { fingerprint: "f", ...ran("x") })], [step("a", { fingerprint: "f" })], undefined],
    ["the definition", [step("a", { fingerprint: "f" })], [step("a", { fingerprint: "g" })], ["a", "definition", "", "is another"]],
    ["how it went", [step("a")], [step("a", { state: "FAILED" })], ["a", "state", "succeeded", "failed"]],
    ["a step more", [], [step("a")], ["a", "step", "", "is there"]],
    ["a step less", [step("a")], [], ["a", "step", "is there", ""]],
    ["groups are passed over", [step("a", { kind: "dag", ...inputs({ n: 1 }) })], [step("a", { kind: "dag", ...inputs({ n: 2 }) })], undefined],
  ])("%s", (_, before, after, expected) => {
    const found = firstDifference(before, after);
    const change = found?.changes[0];
    expect(found && change && [found.path, change.part, change.before, change.after]).toEqual(expected);
  });
});
