//! GPUs: what was found, and whether steps can be given them.

use coracle_host::gpu::{Driver, GpuSurvey};

use super::{bad, fine};
use crate::view::{Check, CheckStatus, Gpu};

/// What can be leased.
pub(super) fn present(survey: &GpuSurvey) -> Vec<Gpu> {
    let units = survey.units().into_iter();
    units
        .map(|unit| Gpu {
            uuid: unit.uuid,
            name: unit.name,
            memory_total: unit.memory_total,
            memory_used: unit.memory_used,
        })
        .collect()
}

/// `engine_gives` says whether the engine can give GPUs to steps, when there is an engine.
pub(super) fn check(survey: &GpuSurvey, engine_gives: Option<bool>) -> Vec<Check> {
    let units = survey.units().len();
    let found = match &survey.driver {
        Driver::Absent { why } => fine("gpu", format!("none: {why}")),
        Driver::Broken { why } => bad(
            "gpu",
            CheckStatus::Warning,
            format!("the driver does not work: {why}"),
            "see what `nvidia-smi` says",
        ),
        Driver::Present { .. } if units > 0 && engine_gives == Some(false) => bad(
            "gpu",
            CheckStatus::Warning,
            format!("{units} found, and the engine cannot give them to steps"),
            "install nvidia-container-toolkit, then run `nvidia-ctk runtime configure` and restart the engine",
        ),
        Driver::Present {
            version,
            cuda_version,
        } => {
            let version = version.as_deref().unwrap_or("of unknown version");
            let cuda = cuda_version
                .map(|version| format!(", CUDA {version}"))
                .unwrap_or_default();
            fine("gpu", format!("{units} to lease; driver {version}{cuda}"))
        }
    };
    let notices = survey.notices.iter();
    let partial = notices.map(|notice| {
        bad(
            "gpu",
            CheckStatus::Warning,
            notice.clone(),
            "see what `nvidia-smi` says",
        )
    });
    std::iter::once(found).chain(partial).collect()
}
