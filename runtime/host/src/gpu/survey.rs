//! The inventory's words: GPUs, their slices, and what of them can be leased. Pure: it asks nobody.

use std::fmt;

use coracle_model::{GpuUuid, Memory};
use serde::{Deserialize, Serialize};

/// The GPUs of the machine at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuSurvey {
    /// Whether a driver answers.
    pub driver: Driver,
    /// The GPUs, by index.
    pub devices: Vec<Gpu>,
    /// What is partial about this answer, and why; empty when nothing is.
    pub notices: Vec<String>,
}

/// The NVIDIA driver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Driver {
    /// There is none, or it serves no device: a normal answer.
    Absent {
        /// What was looked for.
        why: String,
    },
    /// It is installed and does not work.
    Broken {
        /// What it said.
        why: String,
    },
    /// It answers.
    Present {
        /// Its version, such as `550.54.15`, when `libnvidia-ml` could be asked.
        version: Option<String>,
        /// The newest CUDA that it runs.
        cuda_version: Option<CudaVersion>,
    },
}

/// A version of CUDA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CudaVersion {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

impl CudaVersion {
    /// The version from the driver's own number, `12080` for 12.8; none when that is no version.
    pub fn from_number(number: i32) -> Option<Self> {
        let number = u32::try_from(number)
            .ok()
            .filter(|number| *number >= 1000)?;
        Some(Self {
            major: number / 1000,
            minor: number % 1000 / 10,
        })
    }
}

impl fmt::Display for CudaVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// What a GPU's instruction set offers, as NVIDIA numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ComputeCapability {
    /// The generation.
    pub major: u32,
    /// The variant.
    pub minor: u32,
}

impl ComputeCapability {
    /// The capability from the driver's signed numbers; none when they are no capability.
    pub(super) fn from_numbers(major: i32, minor: i32) -> Option<Self> {
        let major = u32::try_from(major).ok().filter(|major| *major > 0)?;
        Some(Self {
            major,
            minor: u32::try_from(minor).ok()?,
        })
    }
}

impl fmt::Display for ComputeCapability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// How busy a GPU was over the driver's last sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utilization {
    /// Percent of the time in which a kernel ran.
    pub compute: u32,
    /// Percent of the time in which its memory was read or written.
    pub memory: u32,
}

/// One GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gpu {
    /// Its UUID, `GPU-…`.
    pub uuid: GpuUuid,
    /// Its place in the driver's list, as `nvidia-smi` shows it.
    pub index: u32,
    /// Its name, such as `NVIDIA A100-SXM4-40GB`.
    pub name: String,
    /// Its memory.
    pub memory_total: Option<Memory>,
    /// The memory in use.
    pub memory_used: Option<Memory>,
    /// Its compute capability.
    pub compute_capability: Option<ComputeCapability>,
    /// How busy it is.
    pub utilization: Option<Utilization>,
    /// How many processes compute on it.
    pub processes: Option<u32>,
    /// Its MIG slices; none when it is not partitioned. A GPU in MIG mode without slices has an empty list.
    pub mig: Option<Vec<MigSlice>>,
}

/// A part of a GPU in MIG mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigSlice {
    /// Its UUID, `MIG-…`.
    pub uuid: GpuUuid,
    /// Its place on its GPU.
    pub index: u32,
    /// Its name, with the profile.
    pub name: String,
    /// Its memory.
    pub memory_total: Option<Memory>,
    /// The memory in use.
    pub memory_used: Option<Memory>,
}

/// What a step can lease: a whole GPU, or a MIG slice of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuUnit {
    /// The UUID that an engine is given.
    pub uuid: GpuUuid,
    /// The GPU that it is or lies on.
    pub gpu: GpuUuid,
    /// Its name.
    pub name: String,
    /// Its memory.
    pub memory_total: Option<Memory>,
    /// The memory in use.
    pub memory_used: Option<Memory>,
}

impl Gpu {
    /// What can be leased of it: itself, or its slices when it is partitioned.
    pub fn units(&self) -> Vec<GpuUnit> {
        match &self.mig {
            None => vec![GpuUnit {
                uuid: self.uuid.clone(),
                gpu: self.uuid.clone(),
                name: self.name.clone(),
                memory_total: self.memory_total,
                memory_used: self.memory_used,
            }],
            Some(slices) => slices.iter().map(|slice| slice.unit(&self.uuid)).collect(),
        }
    }
}

impl MigSlice {
    fn unit(&self, gpu: &GpuUuid) -> GpuUnit {
        GpuUnit {
            uuid: self.uuid.clone(),
            gpu: gpu.clone(),
            name: self.name.clone(),
            memory_total: self.memory_total,
            memory_used: self.memory_used,
        }
    }
}

impl GpuSurvey {
    /// Everything that can be leased on this machine, in the order of the GPUs.
    pub fn units(&self) -> Vec<GpuUnit> {
        self.devices.iter().flat_map(Gpu::units).collect()
    }

    /// A survey that found no working driver.
    pub(super) fn broken(why: String) -> Self {
        Self {
            driver: Driver::Broken { why },
            devices: Vec::new(),
            notices: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_numbers_of_the_driver() {
        let text = |number| CudaVersion::from_number(number).map(|version| version.to_string());
        assert_eq!(text(12080).as_deref(), Some("12.8"));
        assert_eq!(text(11040).as_deref(), Some("11.4"));
        assert_eq!(text(0), None);
        assert_eq!(text(-1), None);
    }
}
