import { describe, expect, it } from "vitest";
import { accuracy, areaUnder, measured, slices } from "./classification";

const matrix = { annotationSpecs: [{ displayName: "cat" }, { displayName: "dog" }], rows: [{ row: [3, 1] }, { row: [0, 4] }] };
const point = (falsePositiveRate: number, recall: number) => ({ confidenceThreshold: 0.5, falsePositiveRate, recall });

describe("metrics", () => {
  it("are numbers, and whatever else was said", () => {
    expect(measured({ accuracy: 0.5, note: "good" })).toEqual({ numbers: [["accuracy", 0.5]], other: [["note", "good"]] });
  });

  it.each([
    ["as the SDK writes it", matrix],
    ["as KFP's server answers it", { struct: matrix }],
  ])("have a matrix %s", (_, confusionMatrix) => {
    const found = measured({ confusionMatrix }).matrix;
    expect(found).toEqual({ labels: ["cat", "dog"], rows: [[3, 1], [0, 4]] });
    expect(found && accuracy(found)).toEqual({ total: 8, right: 7 });
  });

  it("count labels that have no name", () => {
    expect(measured({ confusionMatrix: { rows: [{ row: [1, 0] }, { row: [0, 1] }] } }).matrix?.labels).toEqual(["0", "1"]);
    expect(measured({ confusionMatrix: { rows: [] } }).matrix).toBeUndefined();
    expect(measured({ confusionMatrix: "none" }).matrix).toBeUndefined();
  });

  it("have curves that go from left to right", () => {
    const curve = measured({ confidenceMetrics: { list: [point(1, 1), point(0, 0.5), point(0, 0)] } }).curve;
    expect(curve?.map(({ falsePositives, recall }) => [falsePositives, recall])).toEqual([[0, 0], [0, 0.5], [1, 1]]);
    expect(measured({ confidenceMetrics: [] }).curve).toBeUndefined();
  });

  it.each([
    ["perfect", [point(0, 1)], 1],
    ["no better than chance", [point(0.5, 0.5)], 0.5],
    ["in between", [point(0, 0.5), point(0.5, 1)], 0.875],
  ])("measure %s curves", (_, confidenceMetrics, area) => {
    expect(areaUnder(measured({ confidenceMetrics }).curve ?? [])).toBeCloseTo(area);
  });

  it("are told for slices", () => {
    const found = slices({ evaluationSlices: [{ slice: "young", sliceClassificationMetrics: { confusionMatrix: matrix } }, { sliceClassificationMetrics: { f1: 1 } }] });
    expect(found.map(({ slice, numbers, matrix: told }) => [slice, numbers.length, told !== undefined])).toEqual([
      ["young", 0, true],
      ["2", 1, false],
    ]);
    expect(slices({})).toEqual([]);
  });
});
