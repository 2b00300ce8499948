//! Workloads: creating and starting containers, finding those that are there, removing them.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ContainerStateStatusEnum, ContainerSummary,
    ContainerSummaryStateEnum,
};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, RemoveContainerOptionsBuilder, StartContainerOptions,
};

use super::about::Maker;
use super::client::DockerEngine;
use super::error::{
    Fault, ask, is_conflict, is_missing, is_missing_image, message, patiently, refusal, translate,
};
use super::host_config::host_config;
use super::labels;
use crate::engine::{
    EngineError, MountSource, ObservedWorkload, Phase, Stdin, Workload, WorkloadImage,
    WorkloadName, environment_image,
};

impl DockerEngine {
    pub(super) async fn begin(&self, workload: &Workload) -> Result<(), EngineError> {
        let name = workload.name.0.as_str();
        match self.create(name, self.body(workload).await?).await {
            Ok(()) => {}
            Err(fault) if is_missing_image(&fault) => {
                return Err(missing_image(&workload.image, &fault));
            }
            Err(fault) if is_conflict(&fault) => {
                if self.check_ours(name).await? != Phase::Created {
                    return Ok(());
                }
            }
            Err(fault) => return Err(refusal(format!("create `{name}`"))(fault)),
        }
        let started = ask(self
            .docker
            .start_container(name, None::<StartContainerOptions>))
        .await;
        let Err(fault) = started else { return Ok(()) };
        let error = translate(format!("start `{name}`"), &fault);
        if !matches!(error, EngineError::Unavailable { .. }) {
            // What never started is no workload. Whether this works changes nothing about the reason.
            let _ = self.clear(&workload.name).await;
        }
        Err(error)
    }

    /// The phase of a container that is there by this name.
    ///
    /// # Errors
    /// When it belongs to somebody else.
    pub(super) async fn check_ours(&self, name: &str) -> Result<Phase, EngineError> {
        let action = format!("create `{name}`");
        let found = self.look_at(name).await.map_err(refusal(action.as_str()))?;
        let owner = found
            .config
            .as_ref()
            .and_then(|config| config.labels.as_ref()?.get(labels::OWNER));
        if owner != Some(&self.settings.owner) {
            return Err(EngineError::Refused {
                action,
                message: format!(
                    "a container of that name belongs to somebody else; remove it with `docker rm -f {name}`"
                ),
            });
        }
        Ok(phase(&found))
    }

    /// A container as the engine tells it.
    pub(super) async fn look_at(&self, name: &str) -> Result<ContainerInspectResponse, Fault> {
        patiently(|| ask(self.docker.inspect_container(name, None))).await
    }

    pub(super) async fn clear(&self, name: &WorkloadName) -> Result<(), EngineError> {
        self.take_away(&name.0, Running::Stays)
            .await
            .map_err(refusal(format!("remove `{name}`")))
    }

    /// Removes a container with its volumes; one that is not there is no fault.
    pub(super) async fn take_away(&self, name: &str, running: Running) -> Result<(), Fault> {
        let options = RemoveContainerOptionsBuilder::new()
            .force(running == Running::IsEnded)
            .v(true)
            .build();
        let remove = || ask(self.docker.remove_container(name, Some(options.clone())));
        match patiently(remove).await {
            Err(fault) if is_missing(&fault) || is_being_removed(&fault) => Ok(()),
            answer => answer,
        }
    }

    pub(super) async fn list_workloads(&self) -> Result<Vec<ObservedWorkload>, EngineError> {
        let filters = labels::filter(labels::OWNER, &self.settings.owner);
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filters)
            .build();
        let found = ask(self.docker.list_containers(Some(options)))
            .await
            .map_err(refusal("list containers"))?;
        Ok(found.into_iter().filter_map(observed).collect())
    }

    /// With Docker, whoever joins a sandbox's network has its host name too, and may be given no other.
    async fn host_name(&self, workload: &Workload) -> Result<Option<String>, EngineError> {
        let sandbox = match (self.engine.maker, &workload.sandbox) {
            (Maker::Docker, _) | (Maker::Podman, None) => return Ok(None),
            (Maker::Podman, Some(sandbox)) => sandbox,
        };
        let found = self.look_at(&sandbox.0).await;
        let found = found.map_err(refusal(format!("join `{sandbox}`")))?;
        Ok(found.config.and_then(|config| config.hostname))
    }

    /// Refuses what Podman would pass over in silence.
    fn check(&self, workload: &Workload) -> Result<(), EngineError> {
        if self.engine.maker == Maker::Docker {
            return Ok(());
        }
        if !workload.gpus.is_empty() {
            return Err(EngineError::Unsupported {
                message: "Podman gives no GPUs to containers through Docker's API".to_owned(),
            });
        }
        let sources = workload
            .mounts
            .iter()
            .filter_map(|mount| match &mount.source {
                MountSource::Host(path) => Some(path),
                MountSource::Memory { .. } => None,
            });
        match sources.into_iter().find(|path| !path.exists()) {
            Some(path) => Err(EngineError::Refused {
                action: format!("create `{}`", workload.name),
                message: format!("there is no `{}` to mount", path.display()),
            }),
            None => Ok(()),
        }
    }

    async fn body(&self, workload: &Workload) -> Result<ContainerCreateBody, EngineError> {
        self.check(workload)?;
        let labelled = self.machine().await?.selinux;
        Ok(ContainerCreateBody {
            image: Some(image_name(&workload.image)),
            // An entry point of its own also drops the image's default arguments.
            entrypoint: some_unless_empty(&workload.command),
            cmd: some_unless_empty(&workload.args),
            env: Some(environment_list(&workload.environment)),
            working_dir: workload.working_dir.clone(),
            user: workload.security.user.clone(),
            hostname: self.host_name(workload).await?,
            open_stdin: Some(workload.stdin != Stdin::Closed),
            stdin_once: Some(workload.stdin == Stdin::Once),
            tty: Some(workload.tty),
            labels: Some(labels::of_container(
                &self.settings.owner,
                labels::WORKLOAD,
                &workload.labels,
            )),
            host_config: Some(host_config(&self.engine, labelled, workload)),
            ..Default::default()
        })
    }
}

/// What becomes of a container that is to be removed and still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Running {
    /// It is left alone, and that is a fault.
    Stays,
    /// It is ended by force.
    IsEnded,
}

/// Whether the engine is removing the container already.
fn is_being_removed(fault: &Fault) -> bool {
    is_conflict(fault) && message(fault).contains("already in progress")
}

/// Where a container stands.
pub(super) fn phase(container: &ContainerInspectResponse) -> Phase {
    use ContainerStateStatusEnum as Status;
    match container.state.as_ref().and_then(|state| state.status) {
        Some(Status::EMPTY | Status::CREATED) | None => Phase::Created,
        Some(Status::RUNNING | Status::PAUSED | Status::RESTARTING) => Phase::Running,
        Some(_) => Phase::Exited,
    }
}

/// `KEY=VALUE` for each variable.
pub(super) fn environment_list(
    environment: &std::collections::BTreeMap<String, String>,
) -> Vec<String> {
    environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

pub(super) fn some_unless_empty(words: &[String]) -> Option<Vec<String>> {
    (!words.is_empty()).then(|| words.to_vec())
}

fn image_name(image: &WorkloadImage) -> String {
    match image {
        // What was resolved runs, whatever the name stands for by now.
        WorkloadImage::Plain { digest, .. } => digest.as_str().to_owned(),
        WorkloadImage::Prepared(key) => environment_image(key).to_string(),
    }
}

fn missing_image(image: &WorkloadImage, fault: &Fault) -> EngineError {
    let image = match image {
        WorkloadImage::Plain { image, .. } => image.as_str().to_owned(),
        WorkloadImage::Prepared(key) => environment_image(key).to_string(),
    };
    EngineError::ImageNotFound {
        image,
        message: message(fault),
    }
}

/// A container of a listing as a workload or sandbox; other kinds are the engine's own affair.
fn observed(container: ContainerSummary) -> Option<ObservedWorkload> {
    use ContainerSummaryStateEnum as State;
    let labels: HashMap<String, String> = container.labels.unwrap_or_default();
    let kind = labels.get(labels::KIND).map(String::as_str);
    if kind != Some(labels::WORKLOAD) && kind != Some(labels::SANDBOX) {
        return None;
    }
    let name = container.names?.into_iter().next()?;
    let phase = match container.state {
        Some(State::EMPTY | State::CREATED) | None => Phase::Created,
        Some(State::RUNNING | State::PAUSED | State::RESTARTING) => Phase::Running,
        Some(_) => Phase::Exited,
    };
    Some(ObservedWorkload {
        name: WorkloadName(name.trim_start_matches('/').to_owned()),
        labels: labels.into_iter().collect(),
        phase,
    })
}
