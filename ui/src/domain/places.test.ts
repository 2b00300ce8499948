import { describe, expect, it } from "vitest";
import { nameOf, textOf } from "./definition";
import { problems, taskAt, taskPlaces } from "./places";

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
  expect(taskAt(places, text.indexOf("name: comp-train"))?.task).toBe("train");
  expect(taskAt(places, text.indexOf("name: comp-inner"))?.task).toBe("inner");
  expect(taskAt(places, 0)).toBeUndefined();
});

describe("what is wrong with a text", () => {
  it.each([
    ["nothing", text, []],
    ["no YAML", "root:\n  dag: {\nx: 1\n", [[3, expect.any(String)]]],
    ["no pipeline", "a: 1\n", [[1, expect.stringContaining("no pipeline")]]],
    ["no name", text.replace("  name: two\n", "  label: two\n"), [[1, "`pipelineInfo.name` is missing"]]],
    ["no such component", text.replace("name: comp-train", "name: comp-gone"), [[7, "There is no component `comp-gone`"]]],
    ["no such executor", text.replace("executorLabel: exec-train", "executorLabel: gone"), [[9, "There is no executor `gone`"]]],
  ])("%s", (_, given, expected) => expect(problems(given).map(({ line, message }) => [line, message])).toEqual(expected));
});

it("writes a definition as text", () => {
  expect(textOf({ pipeline_spec: { root: {}, pipelineInfo: { name: "x" } }, platform_spec: { platforms: {} } })).toBe("pipelineInfo:\n  name: x\nroot: {}\n---\nplatforms: {}\n");
  expect(nameOf({ pipelineInfo: { name: "x" } })).toBe("x");
});
