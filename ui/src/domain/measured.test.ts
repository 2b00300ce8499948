import { expect, test } from "vitest";
import { askedInPython, measuredStep } from "./measured";

test("what to ask for is what KFP's SDK is told", () => {
  expect(askedInPython({ memory_request: 240 * 1024 ** 2, memory_limit: 368 * 1024 ** 2, cpu_request: 50, gpus: 0 })).toBe(
    '.set_memory_request("240Mi").set_memory_limit("368Mi").set_cpu_request("50m")',
  );
  expect(askedInPython({ gpus: 1 })).toBe("");
});

test("all iterations of a loop are one step", () => {
  const step = { task: "loop/train", attempts: 3, asked: { gpus: 0 }, suggested: { gpus: 0 } };
  expect(measuredStep({ runs: 1, steps: [step] }, "loop[2]/train")).toBe(step);
  expect(measuredStep({ runs: 1, steps: [step] }, "train")).toBeUndefined();
  expect(measuredStep(undefined, "train")).toBeUndefined();
});
