import { expect, it } from "vitest";
import { shortType } from "./artifactType";

it.each([
  ["system.ClassificationMetrics", "ClassificationMetrics"],
  ["google.VertexModel", "VertexModel"],
  ["", "Artifact"],
])("%s is called %s", (title, name) => expect(shortType(title)).toBe(name));
