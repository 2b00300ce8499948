//! The engines: which one runs steps, and what every place answered.

use coracle_host::docker::{self, DockerSettings, SocketAnswer, SocketReport};
use coracle_model::EngineKind;

use super::{bad, fine};
use crate::view::{Check, CheckStatus, EngineChoice, EngineTried};

/// What every place where an engine may listen answered.
pub(super) async fn tried(settings: &DockerSettings) -> Vec<EngineTried> {
    docker::survey(settings)
        .await
        .into_iter()
        .map(present)
        .collect()
}

fn present(report: SocketReport) -> EngineTried {
    let (answered, answer) = match report.answer {
        SocketAnswer::Engine(summary) => (true, summary),
        SocketAnswer::Absent => (false, "there is no such socket".to_owned()),
        SocketAnswer::Failed(reason) => (false, reason),
    };
    EngineTried {
        origin: report.origin,
        address: report.address,
        answered,
        answer,
    }
}

pub(super) fn check(choice: &EngineChoice) -> Vec<Check> {
    let start_docker = "start Docker or Podman, or install one: `apt install docker.io`";
    let chosen = match choice.chosen {
        Some(EngineKind::Docker) => fine("engine", choice.reason.clone()),
        Some(EngineKind::Fake) => bad(
            "engine",
            CheckStatus::Warning,
            choice.reason.clone(),
            "the fake engine runs nothing",
        ),
        Some(EngineKind::Process) => {
            let message = format!(
                "steps run as processes of this machine, which isolates nothing: {}",
                choice.reason
            );
            bad("engine", CheckStatus::Warning, message, start_docker)
        }
        None => bad(
            "engine",
            CheckStatus::Problem,
            choice.reason.clone(),
            start_docker,
        ),
    };
    // A socket that is there and cannot be used is worth a word even when another engine runs steps.
    let broken = choice
        .tried
        .iter()
        .filter(|place| !place.answered && place.answer != "there is no such socket");
    let broken = broken.map(|place| {
        let message = format!("{} at `{}`: {}", place.origin, place.address, place.answer);
        bad(
            "engine socket",
            CheckStatus::Warning,
            message,
            "mend it, or ignore this when you do not use it",
        )
    });
    std::iter::once(chosen).chain(broken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(chosen: Option<EngineKind>, tried: Vec<EngineTried>) -> EngineChoice {
        EngineChoice {
            wanted: "auto".to_owned(),
            chosen,
            reason: "because".to_owned(),
            tried,
        }
    }

    #[test]
    fn no_engine_is_a_problem_with_a_fix() {
        let checks = check(&choice(None, Vec::new()));
        assert_eq!(checks[0].status, CheckStatus::Problem);
        assert!(checks[0].fix.is_some());
        assert_eq!(
            check(&choice(Some(EngineKind::Process), Vec::new()))[0].status,
            CheckStatus::Warning
        );
    }

    #[test]
    fn a_socket_that_refuses_is_told_and_one_that_is_not_there_is_not() {
        let place = |answer: SocketAnswer| {
            present(SocketReport {
                origin: "Docker".to_owned(),
                address: "unix:///x".to_owned(),
                answer,
            })
        };
        let tried = vec![
            place(SocketAnswer::Absent),
            place(SocketAnswer::Failed("permission denied".to_owned())),
        ];
        let checks = check(&choice(Some(EngineKind::Docker), tried));
        assert_eq!(checks.len(), 2);
        assert!(checks[1].message.contains("permission denied"));
    }
}
