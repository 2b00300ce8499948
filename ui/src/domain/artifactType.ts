// The types of artifacts.

/** Those that KFP's SDK has. */
export const ARTIFACT_TYPES = [
  "system.Artifact",
  "system.Dataset",
  "system.Model",
  "system.Metrics",
  "system.ClassificationMetrics",
  "system.SlicedClassificationMetrics",
  "system.HTML",
  "system.Markdown",
];

/** `system.Model` as `Model`; what has a schema of its own is an `Artifact`. */
export const shortType = (schemaTitle: string): string => schemaTitle.split(".").at(-1) || "Artifact";
