//! Finding the engine: who listens where, and what each place answered.

use std::fmt;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};

use super::about::Engine;
use super::client::DockerEngine;
use super::error::{message, unavailable, within};
use super::sockets::{Candidate, DockerSettings, candidates};
use crate::engine::EngineError;

/// How long a place may take to answer before it counts as silent.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// For bollard, which would otherwise cut off whatever is silent for two minutes. Ordinary requests are limited
/// by [`super::error::ask`], streams by nothing.
const NO_LIMIT_SECONDS: u64 = 10 * 365 * 24 * 3600;

/// What one place answered when it was looked for an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketReport {
    /// Why it was tried: `Docker`, ``context `colima` ``, `rootless Podman`.
    pub origin: String,
    /// Its address.
    pub address: String,
    /// What came of it.
    pub answer: SocketAnswer,
}

/// What came of looking for an engine at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketAnswer {
    /// An engine, in one line: `Docker 28.1 at /var/run/docker.sock`.
    Engine(String),
    /// There is no such socket.
    Absent,
    /// There is one, and it cannot be used.
    Failed(String),
}

impl fmt::Display for SocketReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            origin,
            address,
            answer,
        } = self;
        match answer {
            SocketAnswer::Engine(summary) => write!(formatter, "{origin}: {summary}"),
            SocketAnswer::Absent => write!(formatter, "{origin}: nothing at `{address}`"),
            SocketAnswer::Failed(reason) => write!(formatter, "{origin}: `{address}`: {reason}"),
        }
    }
}

/// Asks every place where an engine may listen, in the order in which they are tried. The first that answers is
/// the one that [`DockerEngine::connect`] uses.
pub async fn survey(settings: &DockerSettings) -> Vec<SocketReport> {
    let mut reports = Vec::new();
    for candidate in candidates(settings) {
        let answer = match reach(&candidate).await {
            Ok((_, engine)) => SocketAnswer::Engine(engine.summary()),
            Err(answer) => answer,
        };
        reports.push(report(candidate, answer));
    }
    reports
}

impl DockerEngine {
    /// The first engine that answers.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] with what every place answered.
    pub async fn connect(settings: DockerSettings) -> Result<Self, EngineError> {
        let mut reports = Vec::new();
        for candidate in candidates(&settings) {
            match reach(&candidate).await {
                Ok((docker, engine)) => return Ok(Self::new(docker, engine, settings)),
                Err(answer) => reports.push(report(candidate, answer).to_string()),
            }
        }
        Err(unavailable(reports.join("; ")))
    }
}

fn report(candidate: Candidate, answer: SocketAnswer) -> SocketReport {
    SocketReport {
        origin: candidate.origin,
        address: candidate.address,
        answer,
    }
}

async fn reach(candidate: &Candidate) -> Result<(Docker, Engine), SocketAnswer> {
    let failed = |fault| SocketAnswer::Failed(message(&fault));
    let docker = open(&candidate.address).await?;
    let docker = within(ANSWER_LIMIT, docker.negotiate_version())
        .await
        .map_err(failed)?;
    let version = within(ANSWER_LIMIT, docker.version())
        .await
        .map_err(failed)?;
    let engine = Engine::read(&candidate.address, version);
    Ok((docker, engine))
}

/// A client for an address. Only sockets are tried out here: their errors say more than bollard's.
async fn open(address: &str) -> Result<Docker, SocketAnswer> {
    let failed = |fault| SocketAnswer::Failed(message(&fault));
    let path = address
        .strip_prefix("unix://")
        .or(address.starts_with('/').then_some(address));
    if let Some(path) = path {
        knock(path).await?;
        return Docker::connect_with_unix(path, NO_LIMIT_SECONDS, API_DEFAULT_VERSION)
            .map_err(failed);
    }
    if address.starts_with("tcp://") || address.starts_with("http://") {
        return Docker::connect_with_http(address, NO_LIMIT_SECONDS, API_DEFAULT_VERSION)
            .map_err(failed);
    }
    Err(SocketAnswer::Failed(
        "only `unix://` and plain `tcp://` addresses can be used; forward the engine's socket to this machine"
            .to_owned(),
    ))
}

async fn knock(path: &str) -> Result<(), SocketAnswer> {
    let connecting = tokio::net::UnixStream::connect(path);
    let Ok(connected) = tokio::time::timeout(ANSWER_LIMIT, connecting).await else {
        return Err(SocketAnswer::Failed("it does not answer".to_owned()));
    };
    match connected {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(SocketAnswer::Absent),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(SocketAnswer::Failed(
                "permission denied; add yourself to the group `docker` and log in again".to_owned(),
            ))
        }
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Err(SocketAnswer::Failed(
                "nobody listens; start the engine, or remove the stale socket".to_owned(),
            ))
        }
        Err(error) => Err(SocketAnswer::Failed(error.to_string())),
    }
}
