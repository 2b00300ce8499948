//! Workloads: creating and starting containers, finding those that are there, removing them.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ContainerStateStatusEnum, ContainerSummary,
    ContainerSummaryStateEnum, DeviceRequest, HostConfig, HostConfigLogConfig, MountTmpfsOptions,
    MountType,
};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, RemoveContainerOptionsBuilder, StartContainerOptions,
};

use super::about::Maker;
use super::client::DockerEngine;
use super::error::{
    Fault, ask, is_conflict, is_missing, is_missing_image, message, patiently, refusal, translate,
};
use super::sandbox::host_name;
use super::{environment, labels};
use crate::engine::{
    EngineError, Mount, MountSource, ObservedWorkload, Phase, Workload, WorkloadImage, WorkloadName,
};

/// The time slice that a CPU limit is a share of, in microseconds; Kubernetes' own.
const CPU_PERIOD: i64 = 100_000;
/// The smallest share of it that Linux takes, in microseconds.
const CPU_QUOTA_MIN: i64 = 1_000;
/// The smallest memory limit that Docker takes, in bytes.
const MEMORY_MIN: i64 = 6 << 20;

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
    fn host_name(&self, workload: &Workload) -> Option<String> {
        match self.engine.maker {
            Maker::Docker => None,
            Maker::Podman => host_name(&workload.sandbox.as_ref()?.0),
        }
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
        // SELinux would deny a container the files of the workbench, which are not labelled for it.
        let unlabelled = self
            .machine()
            .await?
            .selinux
            .then(|| vec!["label=disable".to_owned()]);
        Ok(ContainerCreateBody {
            image: Some(image_name(&workload.image)),
            // An entry point of its own also drops the image's default arguments.
            entrypoint: some_unless_empty(&workload.command),
            cmd: some_unless_empty(&workload.args),
            env: Some(environment_list(&workload.environment)),
            user: workload.user.clone(),
            hostname: self.host_name(workload),
            labels: Some(labels::of_container(
                &self.settings.owner,
                labels::WORKLOAD,
                &workload.labels,
            )),
            host_config: Some(HostConfig {
                security_opt: unlabelled,
                log_config: log_config(self.engine.maker),
                ..host_config(workload)
            }),
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

/// How the engine keeps a container's output until it is written down here.
///
/// Docker's default driver keeps text and replaces every byte that is not UTF-8; `local` keeps bytes. Its limits
/// are lifted, since what it drops is lost, and its file is not split, since splitting loses lines that are
/// being followed.
pub(super) fn log_config(maker: Maker) -> Option<HostConfigLogConfig> {
    let options = [
        ("max-size", "1000t"),
        ("max-file", "1"),
        ("compress", "false"),
        ("mode", "blocking"),
    ];
    let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    match maker {
        Maker::Docker => Some(HostConfigLogConfig {
            typ: Some("local".to_owned()),
            config: Some(options.map(text).into()),
        }),
        Maker::Podman => None,
    }
}

fn host_config(workload: &Workload) -> HostConfig {
    // Docker's own unit for CPUs refuses more than the machine has; Kubernetes does not.
    let cpu_quota = workload
        .cpu_limit
        .map(|cpu| whole(cpu.0.saturating_mul(100)).max(CPU_QUOTA_MIN));
    let memory = workload
        .memory_limit
        .map(|memory| whole(memory.0).max(MEMORY_MIN));
    HostConfig {
        cpu_period: cpu_quota.map(|_| CPU_PERIOD),
        cpu_quota,
        memory,
        // The same number means: no swap on top.
        memory_swap: memory,
        shm_size: workload.shared_memory.map(|memory| whole(memory.0)),
        mounts: Some(workload.mounts.iter().map(mount).collect()),
        device_requests: (!workload.gpus.is_empty()).then(|| vec![gpu_request(workload)]),
        network_mode: workload
            .sandbox
            .as_ref()
            .map(|sandbox| format!("container:{}", sandbox.0)),
        ..Default::default()
    }
}

/// Docker counts in signed numbers.
fn whole(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

fn gpu_request(workload: &Workload) -> DeviceRequest {
    DeviceRequest {
        driver: Some("nvidia".to_owned()),
        device_ids: Some(
            workload
                .gpus
                .iter()
                .map(|gpu| gpu.as_str().to_owned())
                .collect(),
        ),
        capabilities: Some(vec![vec!["gpu".to_owned()]]),
        ..Default::default()
    }
}

fn mount(mount: &Mount) -> bollard::models::Mount {
    let (typ, source, tmpfs_options) = match &mount.source {
        MountSource::Host(path) => (MountType::BIND, Some(path.display().to_string()), None),
        MountSource::Memory { limit } => {
            let size_bytes = limit.map(|limit| whole(limit.0));
            (
                MountType::TMPFS,
                None,
                Some(MountTmpfsOptions {
                    size_bytes,
                    ..Default::default()
                }),
            )
        }
    };
    bollard::models::Mount {
        target: Some(mount.target.clone()),
        source,
        typ: Some(typ),
        read_only: Some(mount.read_only),
        tmpfs_options,
        ..Default::default()
    }
}

fn some_unless_empty(words: &[String]) -> Option<Vec<String>> {
    (!words.is_empty()).then(|| words.to_vec())
}

fn image_name(image: &WorkloadImage) -> String {
    match image {
        // What was resolved runs, whatever the name stands for by now.
        WorkloadImage::Plain { digest, .. } => digest.as_str().to_owned(),
        WorkloadImage::Prepared(key) => environment::image_of(key),
    }
}

fn missing_image(image: &WorkloadImage, fault: &Fault) -> EngineError {
    let image = match image {
        WorkloadImage::Plain { image, .. } => image.as_str().to_owned(),
        WorkloadImage::Prepared(key) => environment::image_of(key),
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

#[cfg(test)]
mod tests {
    use coracle_model::{Cpu, Memory};

    use super::*;

    fn workload() -> Workload {
        Workload {
            name: WorkloadName("a".to_owned()),
            labels: Default::default(),
            image: WorkloadImage::Prepared("0123".into()),
            command: Vec::new(),
            args: Vec::new(),
            environment: Default::default(),
            mounts: Vec::new(),
            directory: "/tmp".into(),
            cpu_limit: None,
            memory_limit: None,
            gpus: Vec::new(),
            shared_memory: None,
            user: None,
            sandbox: None,
        }
    }

    #[test]
    fn limits_are_what_kubernetes_would_write() {
        let limited = Workload {
            cpu_limit: Some(Cpu(1500)),
            memory_limit: Some(Memory(1 << 30)),
            ..workload()
        };
        let config = host_config(&limited);
        assert_eq!(
            (config.cpu_period, config.cpu_quota),
            (Some(100_000), Some(150_000))
        );
        assert_eq!(
            (config.memory, config.memory_swap),
            (Some(1 << 30), Some(1 << 30))
        );
        let tiny = Workload {
            cpu_limit: Some(Cpu(1)),
            memory_limit: Some(Memory(1)),
            ..workload()
        };
        assert_eq!(host_config(&tiny).cpu_quota, Some(1_000));
        assert_eq!(host_config(&tiny).memory, Some(6 << 20));
        assert_eq!(host_config(&workload()).cpu_quota, None);
    }

    #[test]
    fn a_sandbox_is_joined_by_name_and_gpus_are_asked_for_by_uuid() {
        let joined = Workload {
            sandbox: Some(crate::SandboxName("pod".to_owned())),
            gpus: vec!["GPU-1".into()],
            ..workload()
        };
        let config = host_config(&joined);
        assert_eq!(config.network_mode.as_deref(), Some("container:pod"));
        assert_eq!(
            config.device_requests.unwrap()[0].device_ids,
            Some(vec!["GPU-1".to_owned()])
        );
    }
}
