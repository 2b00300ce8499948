import { expect, it } from "vitest";
import { isSource, nameInFile, nameOfFile, nextVersionName, readableText, usesCache, withoutCache } from "./definition";

it.each([
  ["pipelineInfo:\n  description: x\n  name: digits\nroot:\n", "digits"],
  ['{"pipelineInfo": {"name": "digits"}, "root": {}}', "digits"],
  ["root: {}", ""],
])("%j is called %j", (text, name) => expect(nameInFile(text)).toBe(name));

it.each([
  ["digits.yaml", "digits"],
  ["digits.tar.gz", "digits"],
  ["a.b.JSON", "a.b"],
  ["digits.py", "digits"],
])("%s holds %s", (file, name) => expect(nameOfFile(file)).toBe(name));

it.each([
  [[], "v1"],
  [["digits"], "v2"],
  [["v1", "v3"], "v4"],
  [["v2"], "v3"],
])("after %j comes %s", (taken, name) => expect(nextVersionName(taken)).toBe(name));

it("knows whether the cache is on in any step", () => {
  const definition = { root: { dag: { tasks: { a: { cachingOptions: {} }, b: { cachingOptions: { enableCache: true } } } } } };
  expect(usesCache(definition)).toBe(true);
  expect(usesCache(withoutCache(definition))).toBe(false);
});

it("shows a text as it was written, where it was written to be read", () => {
  expect(readableText("# why\nroot: {}\n", { root: {} })).toBe("# why\nroot: {}\n");
  expect(readableText('{"root": {"dag": {}}}', { root: { dag: {} } })).toBe("root:\n  dag: {}\n");
});

it.each([
  ["a.py", true],
  ["a.IPYNB", true],
  ["py.yaml", false],
])("%s has to be compiled: %s", (name, expected) => expect(isSource(name)).toBe(expected));
