// The workbench's own types, by their names.

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Artifact = Schemas["Artifact"];
export type ArtifactDetail = Schemas["ArtifactDetail"];
export type ArtifactFiles = Schemas["ArtifactFiles"];
export type ArtifactList = Schemas["ArtifactList"];
export type ArtifactRemoval = Schemas["ArtifactRemoval"];
export type ArtifactPreview = Schemas["ArtifactPreview"];
export type Attempt = Schemas["Attempt"];
export type CompiledDefinition = Schemas["CompiledDefinition"];
export type Config = Schemas["Config"];
export type DefinitionReport = Schemas["DefinitionReport"];
export type Diagnostic = Schemas["Diagnostic"];
export type DoctorReport = Schemas["DoctorReport"];
export type Environment = Schemas["Environment"];
export type Failure = Schemas["Failure"];
export type CreatedRun = Schemas["CreatedRun"];
export type GcFreed = Schemas["GcFreed"];
export type GcItem = Schemas["GcItem"];
export type GcItemKind = Schemas["GcItemKind"];
export type GcPlan = Schemas["GcPlan"];
export type GcRequest = Schemas["GcRequest"];
export type Health = Schemas["Health"];
export type LineageGraph = Schemas["LineageGraph"];
export type LineageEdge = Schemas["LineageEdge"];
export type LogLine = Schemas["LogLine"];
export type LogLines = Schemas["LogLines"];
export type LogMatches = Schemas["LogMatches"];
export type RecurringStatus = Schemas["RecurringStatus"];
export type Run = Schemas["Run"];
export type RunFields = Schemas["RunFields"];
export type RunState = Schemas["RunState"];
export type RunSummary = Schemas["RunSummary"];
export type Task = Schemas["Task"];
export type TaskKind = Schemas["TaskKind"];
export type TaskState = Schemas["TaskState"];
export type Volume = Schemas["Volume"];
export type VolumeFile = Schemas["VolumeFile"];
export type VolumeFiles = Schemas["VolumeFiles"];
export type Why = Schemas["Why"];
