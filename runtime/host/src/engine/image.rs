//! Images and the environments that are prepared on top of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;

use bytes::Bytes;
use coracle_model::{EnvironmentKey, ImageDigest, ImageRef, Timestamp};
use futures_util::Stream;
use serde::{Deserialize, Serialize};

use super::{EngineError, Protocol};

/// When an image is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PullPolicy {
    /// Always ask the registry; the local image serves when there is no answer and says so.
    Always,
    /// Never; a missing image is a failure.
    Never,
    /// When it is not on the machine.
    IfNotPresent,
}

/// What an image reference stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageAnswer {
    /// The content id.
    pub digest: ImageDigest,
    /// Something worth telling, such as an image that could not be refreshed.
    pub notice: Option<String>,
    /// How a container of it runs when nothing else is said.
    pub config: ImageConfig,
}

/// What an image says about its containers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// Who they run as, by name or number, when not as root.
    pub user: Option<String>,
    /// The ports that they listen on.
    pub exposed_ports: Vec<ExposedPort>,
    /// Where they start, when not in `/`.
    pub working_dir: Option<String>,
    /// What they execute.
    pub entrypoint: Vec<String>,
    /// The arguments for it, or without an entry point what they execute.
    pub cmd: Vec<String>,
    /// The environment that they begin with.
    pub env: BTreeMap<String, String>,
}

/// A port that an image says to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExposedPort {
    /// Its number.
    pub port: u16,
    /// Its protocol.
    pub protocol: Protocol,
}

/// An image's layers and what describes them, as `docker save` writes them: the pieces of a tar, in order. It ends early only with an
/// error.
pub type ImageArchive = Pin<Box<dyn Stream<Item = Result<Bytes, EngineError>> + Send>>;

/// An environment to prepare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRequest {
    /// Its key.
    pub key: EnvironmentKey,
    /// The image it stands on, as written.
    pub base: ImageRef,
    /// What that image is.
    pub base_digest: ImageDigest,
    /// The shell text that installs, run as `sh -c TEXT`.
    pub install: String,
    /// Variables for the installer: index settings.
    pub environment: BTreeMap<String, String>,
    /// Where the installer's output goes.
    pub log: PathBuf,
}

/// The repository of the images that environments are kept as, where an engine has images.
pub(crate) const ENVIRONMENT_REPOSITORY: &str = "coracle/env";

/// The image that an environment is kept as, where an engine has images.
pub fn environment_image(key: &EnvironmentKey) -> ImageRef {
    let name = format!("{ENVIRONMENT_REPOSITORY}:{}", environment_tag(key));
    name.parse().expect("the beginning of a key is a tag")
}

/// The tag of such an image.
pub(crate) fn environment_tag(key: &EnvironmentKey) -> &str {
    key.as_str().get(..32).unwrap_or(key.as_str())
}

/// A prepared environment that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentLayer {
    /// Its key.
    pub key: EnvironmentKey,
    /// The image it stands on, as written.
    pub base: String,
    /// The text that was run.
    pub install: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it takes on disk, in bytes, over its base.
    pub size_bytes: u64,
}
