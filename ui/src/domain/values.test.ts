import { describe, expect, it } from "vitest";
import { isSame, numberText, valueText } from "./values";

describe("values", () => {
  it.each([
    [3, "3"],
    [0.9911111111111112, "0.99111"],
    [0.1 + 0.2, "0.3"],
    [1234.5678, "1234.6"],
    [0.000012345, "1.234e-5"],
    [12_345_678.9, "1.235e+7"],
    [Number.POSITIVE_INFINITY, "Infinity"],
  ])("%d reads %s", (value, text) => expect(numberText(value)).toBe(text));

  it.each([
    [undefined, ""],
    [null, ""],
    ["", ""],
    [false, "false"],
    [[1, "a"], '[1,"a"]'],
    [{ a: 1 }, '{"a":1}'],
  ])("%j reads %s", (value, text) => expect(valueText(value)).toBe(text));

  it("are the same whatever the order of their fields", () => {
    expect(isSame({ a: 1, b: [{ c: 1, d: 2 }] }, { b: [{ d: 2, c: 1 }], a: 1 })).toBe(true);
    expect(isSame([1, 2], [2, 1])).toBe(false);
    expect(isSame(undefined, null)).toBe(false);
    expect(isSame("1", 1)).toBe(false);
  });
});
