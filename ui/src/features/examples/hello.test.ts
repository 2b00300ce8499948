import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("is the example of the repository", () => {
  const shipped = readFileSync(new URL("./hello.yaml", import.meta.url), "utf8");
  expect(shipped).toBe(readFileSync(new URL("../../../../examples/hello/pipeline.yaml", import.meta.url), "utf8"));
});
