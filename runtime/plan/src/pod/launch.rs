//! A container to start, decided to the last argument.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coracle_model::{GpuUuid, ImageRef, Memory};
use coracle_spec::kind::pod::{
    Amount, Capabilities, Container, PodUid, TerminationMessagePolicy, Volume, VolumeMount,
    VolumeSource,
};

use super::environment::environment;
use super::expand::{expand, unresolved};
use super::fields::PodFacts;
use super::objects::PodObjects;
use super::observation::PulledImage;
use super::room;
use super::step::{
    ContainerAttempt, ContainerSecurity, ContainerTry, FollowContainer, PodMount, PodMountSource,
    StandardInput, StartContainer, TerminationMessage,
};
use super::volume::{check_path, directory, is_in_memory};

/// The label that tells whose a container is: the pod's uid.
pub const POD_LABEL: &str = "coracle.pod";
/// The pod's namespace.
pub const POD_NAMESPACE_LABEL: &str = "coracle.pod.namespace";
/// The pod's name.
pub const POD_NAME_LABEL: &str = "coracle.pod.name";
/// Which of the pod's containers it is.
pub const CONTAINER_LABEL: &str = "coracle.pod.container";
/// At which try.
pub const CONTAINER_ATTEMPT_LABEL: &str = "coracle.pod.attempt";
/// The GPUs that it holds, separated by commas.
pub const CONTAINER_GPUS_LABEL: &str = "coracle.pod.gpus";

/// Where the memory is that programs share.
const SHARED_MEMORY: &str = "/dev/shm";

/// Decides on a container.
///
/// # Errors
/// In a kubelet's words.
pub(super) fn launch(
    facts: PodFacts<'_>,
    container: &Container,
    attempt: ContainerAttempt,
    (image, pulled): (&ImageRef, &PulledImage),
    objects: &PodObjects,
    gpus: &[GpuUuid],
) -> Result<StartContainer, String> {
    let variables = environment(facts, container, objects)?;
    let security = security(facts, container, pulled)?;
    let (mut mounts, shared_memory) = mounts(facts, container, &variables)?;
    let follow = follow(facts, container, attempt);
    let message = follow.termination.file.clone();
    if !container.termination_message_path.is_empty() {
        mounts.push(PodMount {
            source: PodMountSource::Path(message.clone()),
            sub_path: None,
            target: container.termination_message_path.clone(),
            read_only: false,
        });
    }
    let filled = |texts: &[String]| {
        let look_up = |name: &str| variables.get(name).map(String::as_str);
        texts.iter().map(|text| expand(text, look_up)).collect()
    };
    let gpus = room::share(facts.pod, gpus, &container.name);
    let limits = &container.resources;
    Ok(StartContainer {
        workload: follow.workload,
        labels: labels(facts, container, attempt, &gpus),
        image: image.clone(),
        digest: pulled.digest.clone(),
        command: filled(&container.command),
        args: filled(&container.args),
        environment: variables.clone(),
        working_dir: Some(container.working_dir.clone()).filter(|path| !path.is_empty()),
        mounts,
        log: follow.log,
        directory: files_of(facts, container).join(attempt.to_string()),
        termination: follow.termination,
        cpu_request: limits.cpu_request(),
        cpu_limit: limits.cpu_limit(),
        memory_limit: limits.memory_limit(),
        gpus,
        shared_memory,
        security,
        stdin: match (container.stdin, container.stdin_once) {
            (false, _) => StandardInput::Closed,
            (true, false) => StandardInput::Open,
            (true, true) => StandardInput::Once,
        },
        tty: container.tty,
        which: follow.which,
    })
}

/// A container that is there, as it is followed.
pub(super) fn follow(
    facts: PodFacts<'_>,
    container: &Container,
    attempt: ContainerAttempt,
) -> FollowContainer {
    let which = ContainerTry {
        container: container.name.clone(),
        attempt,
    };
    FollowContainer {
        workload: workload_name(&facts.pod.uid, &which),
        log: log_path(&facts.setting.directory, &which),
        termination: TerminationMessage {
            file: files_of(facts, container).join(format!("{attempt}.termination")),
            fallback_to_log: container.termination_message_policy
                == TerminationMessagePolicy::FallbackToLogsOnError,
        },
        which,
    }
}

/// The name of a container's workload.
pub fn workload_name(pod: &PodUid, which: &ContainerTry) -> String {
    let ContainerTry { container, attempt } = which;
    format!("coracle-pod-{pod}-{container}-{attempt}")
}

/// Where a container's output is kept, below the pod's directory.
pub fn log_path(pod_directory: &Path, which: &ContainerTry) -> PathBuf {
    let ContainerTry { container, attempt } = which;
    pod_directory
        .join(container.as_str())
        .join(format!("{attempt}.log"))
}

/// The directory of what is kept of a container beside its output.
fn files_of(facts: PodFacts<'_>, container: &Container) -> PathBuf {
    let containers = facts.setting.directory.join("containers");
    containers.join(container.name.as_str())
}

fn labels(
    facts: PodFacts<'_>,
    container: &Container,
    attempt: ContainerAttempt,
    gpus: &[GpuUuid],
) -> BTreeMap<String, String> {
    let gpus: Vec<_> = gpus.iter().map(GpuUuid::as_str).collect();
    let labels = [
        (POD_LABEL, facts.pod.uid.to_string()),
        (POD_NAMESPACE_LABEL, facts.pod.namespace.clone()),
        (POD_NAME_LABEL, facts.pod.name.clone()),
        (CONTAINER_LABEL, container.name.to_string()),
        (CONTAINER_ATTEMPT_LABEL, attempt.to_string()),
        (CONTAINER_GPUS_LABEL, gpus.join(",")),
    ];
    labels.map(|(name, value)| (name.to_owned(), value)).into()
}

fn security(
    facts: PodFacts<'_>,
    container: &Container,
    pulled: &PulledImage,
) -> Result<ContainerSecurity, String> {
    let pod = &facts.pod.spec.security_context;
    let own = &container.security_context;
    let user = own.run_as_user.or(pod.run_as_user);
    if own.run_as_non_root.or(pod.run_as_non_root) == Some(true) {
        let whose = format!(
            "(pod: {:?}, container: {})",
            facts.pod.in_words(),
            container.name
        );
        match (user, pulled.user.as_deref()) {
            (Some(0), _) => {
                let fault = format!("container's runAsUser breaks non-root policy {whose}");
                return Err(fault);
            }
            (None, Some(image_user)) => check_image_user(image_user, &whose)?,
            (Some(_), _) | (None, None) => {}
        }
    }
    let groups = pod.supplemental_groups.iter().copied().chain(pod.fs_group);
    let mut groups: Vec<_> = groups.collect();
    groups.sort_unstable();
    groups.dedup();
    Ok(ContainerSecurity {
        user,
        group: own.run_as_group.or(pod.run_as_group),
        groups,
        privileged: own.privileged,
        no_new_privileges: own.allow_privilege_escalation == Some(false),
        read_only_root: own.read_only_root_filesystem,
        capabilities: Capabilities {
            add: own.capabilities.add.clone(),
            drop: own.capabilities.drop.clone(),
        },
    })
}

fn check_image_user(user: &str, whose: &str) -> Result<(), String> {
    let user = user.split(':').next().unwrap_or_default();
    let fault = match user.parse::<u32>() {
        Ok(0) => format!("container has runAsNonRoot and image will run as root {whose}"),
        Ok(_) => return Ok(()),
        Err(_) if user.is_empty() => {
            format!("container has runAsNonRoot and image will run as root {whose}")
        }
        Err(_) => format!(
            "container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root {whose}"
        ),
    };
    Err(fault)
}

fn mounts(
    facts: PodFacts<'_>,
    container: &Container,
    variables: &BTreeMap<String, String>,
) -> Result<(Vec<PodMount>, Option<Memory>), String> {
    let mut mounts = Vec::new();
    let mut shared_memory = None;
    for mount in &container.volume_mounts {
        let volumes = &facts.pod.spec.volumes;
        let Some(volume) = volumes.iter().find(|volume| volume.name == mount.name) else {
            let fault = format!(
                "cannot find volume {:?} to mount into container {:?}",
                mount.name.as_str(),
                container.name.as_str()
            );
            return Err(fault);
        };
        let (source, read_only) = mount_source(facts, volume);
        if let PodMountSource::Memory { limit } = &source
            && mount.mount_path == SHARED_MEMORY
        {
            // Every container has one of its own already; this says how large.
            shared_memory = Some(limit.unwrap_or(facts.setting.memory));
            continue;
        }
        mounts.push(PodMount {
            source,
            sub_path: sub_path(mount, container, variables)?,
            target: absolute(&mount.mount_path),
            read_only: read_only || mount.read_only,
        });
    }
    Ok((mounts, shared_memory))
}

fn mount_source(facts: PodFacts<'_>, volume: &Volume) -> (PodMountSource, bool) {
    let path = || PodMountSource::Path(directory(facts.setting, volume));
    match &volume.source {
        VolumeSource::EmptyDir(empty) if is_in_memory(facts.pod, volume) => {
            let limit = empty.size_limit.as_ref().and_then(Amount::memory);
            (PodMountSource::Memory { limit }, false)
        }
        VolumeSource::EmptyDir(_) => (path(), false),
        VolumeSource::ConfigMap(_)
        | VolumeSource::Secret(_)
        | VolumeSource::Downward { .. }
        | VolumeSource::Projected { .. }
        | VolumeSource::Other(_) => (path(), true),
        VolumeSource::Claim { name, read_only } => {
            (PodMountSource::Claim(name.clone()), *read_only)
        }
        VolumeSource::HostPath(host) => (PodMountSource::Path(host.path.clone().into()), false),
    }
}

fn sub_path(
    mount: &VolumeMount,
    container: &Container,
    variables: &BTreeMap<String, String>,
) -> Result<Option<String>, String> {
    let path = if mount.sub_path_expr.is_empty() {
        mount.sub_path.clone()
    } else {
        let written = &mount.sub_path_expr;
        if unresolved(written, |name| variables.contains_key(name)).is_some() {
            let fault = format!(
                "missing value for {:?}",
                unresolved(written, |name| variables.contains_key(name)).unwrap_or_default()
            );
            return Err(fault);
        }
        expand(written, |name| variables.get(name).map(String::as_str))
    };
    if path.is_empty() {
        return Ok(None);
    }
    check_path(&path).map_err(|_| {
        let volume = mount.name.as_str();
        format!(
            "failed to prepare subPath for volumeMount {volume:?} of container {:?}",
            container.name.as_str()
        )
    })?;
    Ok(Some(path))
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    }
}
