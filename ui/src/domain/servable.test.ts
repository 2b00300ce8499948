import { expect, it } from "vitest";
import type { ArtifactDetail } from "@/api/types";
import { isServable, servedFrom } from "./servable";

const artifact = (schema_title: string, metadata: Record<string, unknown> = {}, path: string | null = "/home/me/artifacts/model"): ArtifactDetail => ({
  artifact: { id: 1, name: "Digits model", schema_title, uri: "minio://a/model", metadata, custom_properties: {} } as unknown as ArtifactDetail["artifact"],
  consumers: [],
  created_at: "2026-01-01T00:00:00Z",
  path,
  producers: [],
  size_bytes: path ? 12 : null,
});

it.each([
  ["system.Model", true],
  ["google.VertexModel", true],
  ["system.Dataset", false],
  ["", false],
])("%j can be served: %j", (title, can) => {
  expect(isServable(artifact(title))).toBe(can);
});

it("cannot be served from elsewhere", () => {
  expect(isServable(artifact("system.Model", {}, null))).toBe(false);
});

it.each([
  [{}, true, { name: "digits-model", storage: "file:///home/me/artifacts/model" }],
  [{}, false, { name: "digits-model", storage: "file:///home/me/artifacts" }],
  [{ framework: "Scikit-Learn" }, true, { name: "digits-model", storage: "file:///home/me/artifacts/model", format: "sklearn" }],
  [{ framework: "of my own" }, true, { name: "digits-model", storage: "file:///home/me/artifacts/model" }],
])("%j", (metadata, isFolder, given) => {
  expect(servedFrom(artifact("system.Model", metadata), isFolder)).toEqual(given);
});
