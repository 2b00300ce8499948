import { expect, it } from "vitest";
import { ancestors, isWithin, nameOf, parentOf, segments, withoutIterations, withoutLoops } from "./taskPath";

it("reads a path", () => {
  expect(segments("outer/for-loop-1[3]/train")).toEqual([{ name: "outer" }, { name: "for-loop-1", iteration: 3 }, { name: "train" }]);
  expect(segments("")).toEqual([]);
  expect(nameOf("a/b[2]")).toBe("b");
  expect(withoutIterations("a[1]/b[2]/c")).toBe("a/b/c");
});

it.each([
  ["train", ""],
  ["outer/train", "outer"],
  ["loop[3]", "loop"],
  ["outer/loop[3]", "outer/loop"],
  ["loop[3]/train", "loop[3]"],
])("the parent of %s is %j", (path, parent) => expect(parentOf(path)).toBe(parent));

it("knows what is above", () => {
  expect(ancestors("outer/loop[3]/train")).toEqual(["outer", "outer/loop", "outer/loop[3]"]);
  expect(withoutLoops(["outer", "outer/loop", "outer/loop[3]"])).toEqual(["outer", "outer/loop[3]"]);
  expect(isWithin("loop[3]/train", "loop")).toBe(true);
  expect(isWithin("looping", "loop")).toBe(false);
});
