import { describe, expect, it } from "vitest";
import { bytesOf, cpuOf, cpuQuantity, memoryQuantity, quantity, quantityProblem } from "./quantity";

describe("quantities", () => {
  it.each([
    ["500m", 0.5],
    ["2", 2],
    ["0.5", 0.5],
    [".5", 0.5],
    ["512Mi", 512 * 2 ** 20],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["24683656Ki", 24683656 * 1024],
    ["1G", 1e9],
    ["2e3", 2000],
    ["2E", 2e18],
    ["100k", 100_000],
  ])("%s is %d", (text, value) => expect(quantity(text)).toBeCloseTo(value, 6));

  it.each(["", "two", "1Q", "1 Gi x", "--1", "Gi"])("%j is none", (text) => expect(quantity(text)).toBeUndefined());

  it("counts CPU in thousandths and memory in bytes", () => {
    expect(cpuOf("0.5")).toBe(500);
    expect(cpuOf(undefined)).toBe(0);
    expect(bytesOf("1Ki")).toBe(1024);
  });

  it("says what is wrong", () => {
    expect(quantityProblem("1Gi", "2Gi")).toBeUndefined();
    expect(quantityProblem("much", "2Gi")).toContain("2Gi");
    expect(quantityProblem("0", "2Gi")).toBeDefined();
  });
});

it("are written as Kubernetes reads them", () => {
  expect([0, 240 * 1024 ** 2, 1024 ** 3, 1500].map(memoryQuantity)).toEqual(["0", "240Mi", "1Gi", "1500"]);
  expect([50, 1000, 1750].map(cpuQuantity)).toEqual(["50m", "1", "1750m"]);
});
