import { describe, expect, it } from "vitest";
import { nameOf, textOf } from "./definition";
import { definitionIn, offsetOf, pathAt, placesByPath, problems, taskPlaces } from "./places";

const text = `components:
  comp-inner:
    dag:
      tasks:
        train:
          componentRef:
            name: comp-train
  comp-train:
    executorLabel: exec-train
deploymentSpec:
  executors:
    exec-train: {}
pipelineInfo:
  name: two
root:
  dag:
    tasks:
      inner:
        componentRef:
          name: comp-inner
schemaVersion: 2.1.0
`;

it("knows where each task stands", () => {
  const places = taskPlaces(text);
  expect(places.map(({ component, task }) => `${component}/${task}`)).toEqual(["root/inner", "comp-inner/train"]);
  const paths = placesByPath(places);
  expect([...paths.keys()]).toEqual(["inner", "inner/train"]);
  expect(pathAt(paths, text.indexOf("name: comp-train"))).toBe("inner/train");
  expect(pathAt(paths, text.indexOf("name: comp-inner"))).toBe("inner");
  expect(pathAt(paths, 0)).toBeUndefined();
});

it.each([
  [1, 1, 0],
  [2, 2, 4],
  [2, 99, 5],
  [9, 1, 6],
])("line %i, column %i is at %i", (line, column, at) => expect(offsetOf("ab\ncd\n", line, column)).toBe(at));

describe("what is wrong with the form of a text", () => {
  it.each([
    ["nothing", text, []],
    ["no YAML", "root:\n  dag: {\nx: 1\n", [[3, expect.any(String)]]],
  ])("%s", (_, given, expected) => expect(problems(given).map(({ line, message }) => [line, message])).toEqual(expected));
});

it("writes a definition as text", () => {
  expect(textOf({ pipeline_spec: { root: {}, pipelineInfo: { name: "x" } }, platform_spec: { platforms: {} } })).toBe("pipelineInfo:\n  name: x\nroot: {}\n---\nplatforms: {}\n");
  expect(nameOf({ pipelineInfo: { name: "x" } })).toBe("x");
});

it.each([
  ["root: {}\npipelineInfo:\n  name: x\n---\nplatforms: {}\n", { pipeline_spec: { root: {}, pipelineInfo: { name: "x" } }, platform_spec: { platforms: {} } }],
  ["root: {", undefined],
  ["a: 1", undefined],
])("%j holds %o", (given, expected) => expect(definitionIn(given)).toEqual(expected));
