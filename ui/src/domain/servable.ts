// Artifacts that a model server can be made of.

import type { ArtifactDetail } from "@/api/types";
import type { NewModelSearch } from "./modelSearch";
import { nameFrom } from "./modelForm";

/** What makers of models write into `metadata.framework`, and the format that servers call it by. */
const FORMATS: Readonly<Record<string, string>> = {
  "scikit-learn": "sklearn",
  sklearn: "sklearn",
  xgboost: "xgboost",
  lightgbm: "lightgbm",
  tensorflow: "tensorflow",
  keras: "tensorflow",
  pytorch: "pytorch",
  torch: "pytorch",
  onnx: "onnx",
  transformers: "huggingface",
  huggingface: "huggingface",
};

/** Whether it is a model whose bytes are on this machine. */
export const isServable = ({ artifact, path, size_bytes }: ArtifactDetail): boolean =>
  /model$/i.test(artifact.schema_title) && typeof path === "string" && typeof size_bytes === "number";

/** What the form of a server begins with. Servers are given folders: of a file, the one that it is in. */
export function servedFrom({ artifact, path }: ArtifactDetail, isFolder: boolean): NewModelSearch {
  const at = path ?? "";
  const folder = isFolder ? at : at.slice(0, at.lastIndexOf("/"));
  const name = nameFrom(artifact.name);
  const framework = artifact.metadata["framework"];
  const format = typeof framework === "string" ? FORMATS[framework.toLowerCase()] : undefined;
  return { ...(name && { name }), storage: `file://${folder}`, ...(format && { format }) };
}
