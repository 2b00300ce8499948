import { describe, expect, it } from "vitest";
import { byKind, titleOf } from "./garbage";

describe("what cleaning frees", () => {
  it("is added up by kind, in one order", () => {
    const groups = byKind([
      { kind: "logs", name: "a", bytes: 1 },
      { kind: "run", name: "b", bytes: 2 },
      { kind: "logs", name: "c", bytes: 3 },
    ]);
    expect(groups.map(({ kind, count, bytes }) => [kind, count, bytes])).toEqual([
      ["run", 1, 2],
      ["artifacts", 0, 0],
      ["logs", 2, 4],
      ["environment", 0, 0],
    ]);
  });

  it.each([
    ["run", "digits 2", "digits 2"],
    ["environment", "pip install pandas numpy\nmore", "pandas, numpy"],
    ["environment", "apt-get install gcc\nmore", "apt-get install gcc"],
  ] as const)("%s %j is called %j", (kind, name, title) => expect(titleOf({ kind, name })).toBe(title));
});
