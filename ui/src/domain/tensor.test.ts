import { expect, it } from "vitest";
import { exampleOf, readTensor, type TensorMetadata, tensorWords } from "./tensor";

const tensor = (datatype: string, ...shape: number[]): TensorMetadata => ({ name: "x", datatype, shape });

it.each([
  [tensor("FP32", -1, 4), "FP32, any × 4", "[[0,0,0,0]]"],
  [tensor("BYTES", 1), "BYTES, 1", '[""]'],
  [tensor("BOOL", 2, 2), "BOOL, 2 × 2", "[[false,false],[false,false]]"],
  [tensor("INT64"), "INT64, one value", "[0]"],
  [tensor("FP32", -1, 3, 224, 224), "FP32, any × 3 × 224 × 224", "[]"],
])("%j is told and begun with", (given, words, example) => {
  expect(tensorWords(given)).toBe(words);
  expect(exampleOf(given)).toBe(example);
});

it.each([
  [tensor("FP32", -1, 2), "[[1, 2], [3, 4.5]]", [2, 2], [1, 2, 3, 4.5]],
  [tensor("FP32", -1, 2), "[1, 2, 3, 4]", [2, 2], [1, 2, 3, 4]],
  [tensor("FP32", 2, 2), "[1, 2, 3, 4]", [2, 2], [1, 2, 3, 4]],
  [tensor("INT8", 1), "-128", [1], [-128]],
  [tensor("BYTES", -1), '["a", "b"]', [2], ["a", "b"]],
  [tensor("BOOL", -1, -1), "[true, false]", [2, 1], [true, false]],
  [tensor("INT64"), "[7]", [], [7]],
])("%j takes %s", (wanted, text, shape, data) => {
  expect(readTensor(wanted, text)).toEqual({ tensor: { name: "x", datatype: wanted.datatype, shape, data } });
});

it.each([
  [tensor("FP32", 2), "[1, 2", /no JSON/],
  [tensor("FP32", 2), '[1, "two"]', /`"two"` is no FP32/],
  [tensor("UINT8", 1), "[256]", /is no UINT8/],
  [tensor("UINT8", 1), "[-1]", /is no UINT8/],
  [tensor("INT32", 1), "[1.5]", /is no INT32/],
  [tensor("FP32", 2), "[1, 2, 3]", /has 3 values, and its shape is 2/],
  [tensor("FP32", -1, 2), "[1, 2, 3]", /its shape is any × 2/],
  [tensor("FP32", 2, 2), "[[1, 2], [3]]", /different lengths/],
  [tensor("FP32", 2, 2), "[[1, 2, 3], [4, 5, 6]]", /has 2 × 3 values/],
])("%j refuses %s", (wanted, text, problem) => {
  expect(readTensor(wanted, text)).toEqual({ problem: expect.stringMatching(problem) as string });
});
