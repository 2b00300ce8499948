//! GPUs: what was found, and whether steps can be given them.

use coracle_host::gpu::{Driver, GpuSurvey};

use super::{bad, fine};
use crate::view::{Check, CheckStatus, Gpu, GpuCheck, GpuCheckState};

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

/// `engine_gives` says whether the engine can give GPUs to steps, when there is an engine, and `seen` what a workload that
/// was given them saw.
pub(super) fn check(
    survey: &GpuSurvey,
    engine_gives: Option<bool>,
    seen: Option<&GpuCheck>,
) -> Vec<Check> {
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
    let seen = seen.map(|seen| match seen.state {
        GpuCheckState::Pending => fine("gpu", format!("not verified yet: {}", seen.message)),
        GpuCheckState::Verified => fine("gpu", format!("verified: {}", seen.message)),
        GpuCheckState::NotVerified => bad(
            "gpu",
            CheckStatus::Warning,
            format!("not verified: {}", seen.message),
            "check `docker run --rm --gpus all IMAGE nvidia-smi -L`, then start the workbench again",
        ),
    });
    std::iter::once(found).chain(seen).chain(partial).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_that_no_workload_has_seen_are_not_called_verified() {
        let survey = GpuSurvey {
            driver: Driver::Present {
                version: Some("550.54.15".to_owned()),
                cuda_version: None,
            },
            devices: Vec::new(),
            notices: Vec::new(),
        };
        let said = |state: Option<GpuCheckState>| {
            let seen = state.map(|state| GpuCheck {
                state,
                message: "so it is".to_owned(),
            });
            let checks = check(&survey, Some(true), seen.as_ref()).into_iter();
            let mut checks = checks.skip(1).map(|check| (check.status, check.message));
            (checks.next(), checks.next())
        };
        assert_eq!(said(None), (None, None));
        for (state, status, text) in [
            (
                GpuCheckState::Pending,
                CheckStatus::Ok,
                "not verified yet: so it is",
            ),
            (
                GpuCheckState::Verified,
                CheckStatus::Ok,
                "verified: so it is",
            ),
            (
                GpuCheckState::NotVerified,
                CheckStatus::Warning,
                "not verified: so it is",
            ),
        ] {
            assert_eq!(said(Some(state)), (Some((status, text.to_owned())), None));
        }
    }
}
