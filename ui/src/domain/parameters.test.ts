import { describe, expect, it } from "vitest";
import { carriedTexts, firstTexts, isSame, type Parameter, parametersOf, read, readAll, refusedParameter } from "./parameters";

const spec = {
  root: {
    inputDefinitions: {
      parameters: {
        epochs: { parameterType: "NUMBER_INTEGER", defaultValue: 7, description: "How often" },
        flags: { parameterType: "STRUCT", isOptional: true },
        names: { parameterType: "LIST", defaultValue: ["a"] },
        optimizer: { parameterType: "STRING", literals: ["adam", "sgd"], defaultValue: "adam" },
        path: { parameterType: "STRING" },
        rate: { parameterType: "NUMBER_DOUBLE", isOptional: true, defaultValue: 0.1 },
        shuffle: { parameterType: "BOOLEAN", defaultValue: true },
      },
    },
  },
};
const parameters = parametersOf({ pipeline_spec: spec, platform_spec: {} });
const named = (name: string): Parameter => parameters.find((one) => one.name === name) ?? { name, type: "STRING", description: "", isOptional: false, literals: [] };

it("puts what has to be given first", () => {
  expect(parameters.map((one) => one.name)).toEqual(["path", "epochs", "flags", "names", "optimizer", "rate", "shuffle"]);
  expect(named("epochs")).toEqual({ name: "epochs", type: "NUMBER_INTEGER", description: "How often", isOptional: false, defaultValue: 7, literals: [] });
});

describe("a text is read by its type", () => {
  it.each([
    ["epochs", "3", { value: 3 }],
    ["epochs", "", "absent"],
    ["epochs", "3.0", { value: 3 }],
    ["epochs", "3.5", { error: expect.stringContaining("whole number") }],
    ["epochs", "0x10", { error: expect.stringContaining("whole number") }],
    ["rate", "1e-3", { value: 0.001 }],
    ["rate", "fast", { error: expect.stringContaining("number") }],
    ["shuffle", "false", { value: false }],
    ["path", "", { error: expect.stringContaining("path has no default") }],
    ["path", " a ", { value: " a " }],
    ["optimizer", "rms", { error: 'One of "adam", "sgd"' }],
    ["optimizer", "", { error: expect.stringContaining("One of") }],
    ["names", "[1, {}]", { value: [1, {}] }],
    ["names", "{}", { error: expect.stringContaining("list") }],
    ["names", "[1,", { error: expect.stringContaining("Not JSON") }],
    ["flags", "", "absent"],
    ["flags", '{"a": null}', { value: { a: null } }],
    ["flags", "[]", { error: expect.stringContaining("object") }],
  ])("%s: %s", (name, text, expected) => expect(read(named(name), text)).toEqual(expected));
});

it("sends what differs from its default", () => {
  const texts = { ...firstTexts(parameters), path: "/data", names: '["b"]', rate: "" };
  expect(readAll(parameters, texts)).toEqual({ values: { path: "/data", names: ["b"] }, errors: {} });
  expect(Object.keys(readAll(parameters, firstTexts(parameters)).errors)).toEqual(["path"]);
});

it("begins with the values of an earlier run", () => {
  expect(firstTexts(parameters, { epochs: 9, flags: { a: 1 } })).toMatchObject({ epochs: "9", flags: '{"a":1}', rate: "0.1", path: "" });
});

it.each([
  ["input parameter epochs requires type double or integer", "epochs"],
  ["parameter `path` is not optional", "path"],
  ["the workbench is busy", undefined],
])("%s", (message, name) => expect(refusedParameter(parameters, message)).toBe(name));

it.each([
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, true],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
  [[], {}, false],
  [null, {}, false],
])("%o is %o: %s", (one, other, expected) => expect(isSame(one, other)).toBe(expected));

it("carries what was typed over to another version", () => {
  const of = (defaults: Record<string, string>): Parameter[] =>
    Object.entries(defaults).map(([name, defaultValue]) => ({ name, type: "STRING", description: "", isOptional: false, defaultValue, literals: [] }));
  const [before, after] = [of({ same: "a", typed: "b", gone: "c" }), of({ same: "A", typed: "B", made: "D" })];
  expect(carriedTexts(before, after, { same: "a", typed: "mine", gone: "mine" })).toEqual({ same: "A", typed: "mine", made: "D" });
});
