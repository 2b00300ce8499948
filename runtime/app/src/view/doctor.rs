//! What the workbench found on this machine, each problem with a fix.

use std::path::PathBuf;

use coracle_model::{Cpu, EngineKind, GpuUuid, Memory, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /doctor`: everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorReport {
    /// When it was looked at.
    pub at: Timestamp,
    /// The version of the program.
    pub version: String,
    /// Which engine runs steps, and why that one.
    pub engine: EngineChoice,
    /// The machine.
    pub machine: Option<MachineFacts>,
    /// What can be leased to steps.
    pub gpus: Vec<Gpu>,
    /// Where things are.
    pub places: Places,
    /// All verdicts, in the order to read them.
    pub checks: Vec<Check>,
}

/// Which engine, and what was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EngineChoice {
    /// What was asked for: `auto`, `docker` or `process`.
    pub wanted: String,
    /// What runs steps; none when no engine that may be used answers.
    pub chosen: Option<EngineKind>,
    /// Why this one.
    pub reason: String,
    /// Every place that was asked, in order.
    pub tried: Vec<EngineTried>,
}

/// A place where an engine might have answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EngineTried {
    /// Why it was tried: `DOCKER_HOST`, `rootless Podman`.
    pub origin: String,
    /// Its address.
    pub address: String,
    /// Whether an engine answered.
    pub answered: bool,
    /// What came of it.
    pub answer: String,
}

/// What the machine has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MachineFacts {
    /// CPU that steps may use, in thousandths of a core.
    pub cpus: Cpu,
    /// Memory that steps may use.
    pub memory: Memory,
    /// What is free on the disk of the data directory.
    pub disk_free: Memory,
    /// The system.
    pub os: String,
    /// The kernel.
    pub kernel: String,
}

/// What a step can lease: a GPU or a slice of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gpu {
    /// Its UUID.
    pub uuid: GpuUuid,
    /// Its name.
    pub name: String,
    /// Its memory.
    pub memory_total: Option<Memory>,
    /// The memory in use.
    pub memory_used: Option<Memory>,
}

/// Where things are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Places {
    /// What may not be lost: the database, artifacts, logs, volumes.
    #[schema(value_type = String)]
    pub data: PathBuf,
    /// What can be made again.
    #[schema(value_type = String)]
    pub cache: PathBuf,
    /// What need not outlive a restart of the machine.
    #[schema(value_type = String)]
    pub runtime: PathBuf,
}

/// One verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// What was looked at: `engine`, `disk`, `gpu`, `data directory`, `python`, `kfp`.
    pub name: String,
    /// The verdict.
    pub status: CheckStatus,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
}

/// How a check came out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// All is well.
    Ok,
    /// Runs work, with something missing or worth knowing.
    Warning,
    /// Runs will not work until this is mended.
    Problem,
}
