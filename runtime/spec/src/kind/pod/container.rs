//! A container of a pod.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::environment::{EnvFrom, EnvVar};
use super::probe::{Hook, Probe};
use super::resources::ContainerResources;
use super::security::Security;
use super::volume::VolumeName;

/// The name of a container, unique in its pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContainerName(pub Arc<str>);

impl ContainerName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ContainerName {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Borrow<str> for ContainerName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContainerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What happens to a container that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum RestartPolicy {
    /// It is started again.
    #[default]
    Always,
    /// It is started again unless it succeeded.
    OnFailure,
    /// It is left.
    Never,
}

/// When an image is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum PullPolicy {
    /// Before each start.
    Always,
    /// When it is not on the machine.
    #[default]
    IfNotPresent,
    /// Never.
    Never,
}

/// Where the text comes from that tells why a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum TerminationMessagePolicy {
    /// From the file.
    #[default]
    File,
    /// From the file; when that is empty and the container failed, from the end of its log.
    FallbackToLogsOnError,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    pub name: ContainerName,
    /// Its image as it was written.
    pub image: String,
    /// When the image is pulled.
    pub image_pull_policy: PullPolicy,
    /// Replaces the image's entry point and its default arguments, when not empty.
    pub command: Vec<String>,
    /// Replaces the image's default arguments, when not empty.
    pub args: Vec<String>,
    /// Where it works, when not where the image says.
    pub working_dir: String,
    /// What it listens on.
    pub ports: Vec<ContainerPort>,
    /// Variables taken from whole objects.
    pub env_from: Vec<EnvFrom>,
    /// Variables, in order.
    pub env: Vec<EnvVar>,
    /// What it asks for and may not go over.
    pub resources: ContainerResources,
    /// What it sees of the pod's volumes.
    pub volume_mounts: Vec<VolumeMount>,
    /// Ends a container that does not answer any more.
    pub liveness_probe: Option<Probe>,
    /// Says whether it can take work.
    pub readiness_probe: Option<Probe>,
    /// Says when it has begun; the others wait for it.
    pub startup_probe: Option<Probe>,
    /// What is done after its start and before its end.
    pub lifecycle: Lifecycle,
    /// The file in which it may leave a text about its end.
    #[serde(default = "default_termination_message_path")]
    pub termination_message_path: String,
    /// Where that text comes from.
    pub termination_message_policy: TerminationMessagePolicy,
    /// What it may do.
    pub security_context: Security,
    /// Given to an init container, `Always`: it goes on beside the others.
    pub restart_policy: Option<RestartPolicy>,
    /// Whether it reads from its standard input.
    pub stdin: bool,
    /// Whether its standard input closes after the first that attached.
    pub stdin_once: bool,
    /// Whether it has a terminal.
    pub tty: bool,
}

impl Container {
    /// Whether it is an init container that goes on beside the others.
    pub fn is_restartable_init(&self) -> bool {
        self.restart_policy == Some(RestartPolicy::Always)
    }
}

/// A port that a container listens on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// Its name; may be empty.
    pub name: String,
    /// Its number.
    pub container_port: u16,
    /// The port of the machine, when it is to have one.
    pub host_port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
}

/// What is done after a container's start and before its end.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Lifecycle {
    /// After its start.
    pub post_start: Option<Hook>,
    /// Before it is told to end.
    pub pre_stop: Option<Hook>,
}

/// A volume in a container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeMount {
    /// The volume.
    pub name: VolumeName,
    /// Where it is in the container.
    pub mount_path: String,
    /// The part of the volume that is mounted.
    pub sub_path: String,
    /// The same with variables of the container in it.
    pub sub_path_expr: String,
    /// Whether it cannot be written to.
    pub read_only: bool,
}

fn default_termination_message_path() -> String {
    "/dev/termination-log".to_owned()
}
