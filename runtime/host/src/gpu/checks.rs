//! What must hold of any survey, on a stub as on a real GPU. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::survey::{Driver, Gpu, GpuSurvey};

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What should hold.
    pub name: String,
    /// Whether it does.
    pub outcome: Outcome,
}

/// How a check went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not.
    Failed {
        /// What was found instead.
        why: String,
    },
}

impl Check {
    /// A check that holds when there is no objection.
    pub fn new(name: &str, result: Result<(), String>) -> Self {
        let outcome = match result {
            Ok(()) => Outcome::Passed,
            Err(why) => Outcome::Failed { why },
        };
        Self {
            name: name.to_owned(),
            outcome,
        }
    }

    /// Whether it holds.
    pub fn passed(&self) -> bool {
        match self.outcome {
            Outcome::Passed => true,
            Outcome::Failed { .. } => false,
        }
    }
}

/// Checks an inventory against itself.
pub fn check_inventory(survey: &GpuSurvey) -> Vec<Check> {
    vec![
        Check::new("the driver works, or there is none", driver_works(survey)),
        Check::new(
            "every GPU and slice has a UUID of its own",
            uuids_are_distinct(survey),
        ),
        Check::new("every GPU's memory is known", each(survey, memory_is_known)),
        Check::new(
            "every GPU's compute capability is known",
            each(survey, capability_is_known),
        ),
        Check::new(
            "a GPU is leased whole or by its slices, never both",
            each(survey, units_are_disjoint),
        ),
    ]
}

/// Checks that two surveys, one after the other, name the same things to lease.
pub fn check_stable(first: &GpuSurvey, second: &GpuSurvey) -> Check {
    let names = |survey: &GpuSurvey| {
        survey
            .units()
            .iter()
            .map(|unit| unit.uuid.to_string())
            .collect::<Vec<_>>()
    };
    let (before, after) = (names(first), names(second));
    let result = if before == after {
        Ok(())
    } else {
        Err(format!("first {before:?}, then {after:?}"))
    };
    Check::new("a second survey names the same GPUs", result)
}

fn each(survey: &GpuSurvey, check: fn(&Gpu) -> Result<(), String>) -> Result<(), String> {
    survey
        .devices
        .iter()
        .try_for_each(|gpu| check(gpu).map_err(|why| format!("`{}` {why}", gpu.uuid)))
}

fn driver_works(survey: &GpuSurvey) -> Result<(), String> {
    match &survey.driver {
        Driver::Absent { .. } | Driver::Present { .. } => Ok(()),
        Driver::Broken { why } => Err(why.clone()),
    }
}

fn uuids_are_distinct(survey: &GpuSurvey) -> Result<(), String> {
    let gpus = survey.devices.iter().map(|gpu| (gpu.uuid.as_str(), "GPU-"));
    let slices = survey
        .devices
        .iter()
        .filter_map(|gpu| gpu.mig.as_deref())
        .flatten();
    let mut known = BTreeSet::new();
    for (uuid, prefix) in gpus.chain(slices.map(|slice| (slice.uuid.as_str(), "MIG-"))) {
        if !uuid.starts_with(prefix) {
            return Err(format!("`{uuid}` does not begin with `{prefix}`"));
        }
        if !known.insert(uuid) {
            return Err(format!("`{uuid}` is there twice"));
        }
    }
    Ok(())
}

fn memory_is_known(gpu: &Gpu) -> Result<(), String> {
    match (gpu.memory_total, gpu.memory_used) {
        // A GPU in MIG mode tells its memory to privileged users only; its slices tell theirs.
        (None, _) if gpu.mig.is_some() => Ok(()),
        (None, _) => Err("does not tell its memory".to_owned()),
        (Some(total), _) if total.0 == 0 => Err("has no memory".to_owned()),
        (Some(total), Some(used)) if used > total => Err(format!("uses {used} of {total}")),
        (Some(_), _) => Ok(()),
    }
}

fn capability_is_known(gpu: &Gpu) -> Result<(), String> {
    gpu.compute_capability
        .map(|_| ())
        .ok_or_else(|| "does not tell its compute capability".to_owned())
}

fn units_are_disjoint(gpu: &Gpu) -> Result<(), String> {
    let units = gpu.units();
    let whole = units.iter().any(|unit| unit.uuid == gpu.uuid);
    match (&gpu.mig, whole) {
        (None, true) if units.len() == 1 => Ok(()),
        (Some(_), false) => Ok(()),
        (None | Some(_), _) => Err(format!("offers {} units", units.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::{ComputeCapability, MigSlice};
    use coracle_model::Memory;

    fn gpu(uuid: &str) -> Gpu {
        Gpu {
            uuid: uuid.into(),
            index: 0,
            name: "Test GPU".to_owned(),
            memory_total: Some(Memory(8 << 30)),
            memory_used: Some(Memory(1 << 30)),
            compute_capability: Some(ComputeCapability { major: 9, minor: 0 }),
            utilization: None,
            processes: None,
            mig: None,
        }
    }

    fn failures(devices: Vec<Gpu>) -> Vec<String> {
        let driver = Driver::Present {
            version: None,
            cuda_version: None,
        };
        let survey = GpuSurvey {
            driver,
            devices,
            notices: Vec::new(),
        };
        let checks = check_inventory(&survey)
            .into_iter()
            .filter(|check| !check.passed());
        checks.map(|check| check.name).collect()
    }

    #[test]
    fn a_sound_inventory_passes() {
        assert_eq!(
            failures(vec![gpu("GPU-a"), gpu("GPU-b")]),
            Vec::<String>::new()
        );
        assert_eq!(failures(Vec::new()), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_found() {
        let twice = failures(vec![gpu("GPU-a"), gpu("GPU-a")]);
        assert_eq!(twice, ["every GPU and slice has a UUID of its own"]);
        let overfull = Gpu {
            memory_used: Some(Memory(9 << 30)),
            ..gpu("GPU-a")
        };
        assert_eq!(failures(vec![overfull]), ["every GPU's memory is known"]);
        let unknown = Gpu {
            compute_capability: None,
            ..gpu("GPU-a")
        };
        assert_eq!(
            failures(vec![unknown]),
            ["every GPU's compute capability is known"]
        );
        let slice = |uuid: &str| MigSlice {
            uuid: uuid.into(),
            index: 0,
            name: "slice".to_owned(),
            memory_total: None,
            memory_used: None,
        };
        let misnamed = Gpu {
            mig: Some(vec![slice("GPU-b")]),
            ..gpu("GPU-a")
        };
        assert_eq!(
            failures(vec![misnamed]),
            ["every GPU and slice has a UUID of its own"]
        );
    }

    #[test]
    fn a_device_that_comes_or_goes_is_noticed() {
        let survey = |devices| GpuSurvey {
            driver: Driver::Present {
                version: None,
                cuda_version: None,
            },
            devices,
            notices: Vec::new(),
        };
        assert!(check_stable(&survey(vec![gpu("GPU-a")]), &survey(vec![gpu("GPU-a")])).passed());
        assert!(!check_stable(&survey(vec![gpu("GPU-a")]), &survey(Vec::new())).passed());
    }
}
