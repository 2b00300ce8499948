//! Which engine runs steps: asks those that may, takes the first that answers, and says why.

use std::sync::Arc;

use coracle_host::clock::Clock;
use coracle_host::docker::{DockerEngine, DockerSettings};
use coracle_host::fake::{Act, FakeEngine};
use coracle_host::process::{ProcessEngine, ProcessSettings};
use coracle_host::{Engine, EngineDescription, EngineError};

use crate::config::{Config, EngineWanted};
use crate::identity::Identity;

/// An engine that answers.
#[derive(Clone)]
pub(crate) struct Chosen {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) description: EngineDescription,
    /// Why this one, in a sentence.
    pub(crate) reason: String,
}

/// No engine that may be used answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no engine runs steps: {answer}")]
pub struct NoEngine {
    /// What was asked for.
    pub wanted: EngineWanted,
    /// What the engines said.
    pub answer: String,
}

impl NoEngine {
    /// What to try.
    pub fn hint(&self) -> String {
        match self.wanted {
            EngineWanted::Docker => {
                "start Docker or Podman, or use `--engine process`; `coracle doctor` shows what was tried".to_owned()
            }
            EngineWanted::Auto | EngineWanted::Process | EngineWanted::Fake => {
                "`coracle doctor` shows what was tried".to_owned()
            }
        }
    }
}

/// Where the engine comes from.
#[derive(Clone)]
pub enum EngineSource {
    /// From what the settings ask for.
    Settings,
    /// It is there already.
    Given(Arc<dyn Engine>),
}

/// Asks the engines that may run steps.
pub(crate) async fn choose(
    source: &EngineSource,
    config: &Config,
    identity: &Identity,
    clock: &Arc<dyn Clock>,
) -> Result<Chosen, NoEngine> {
    let asked = "it was asked for";
    let answer = match (source, config.engine) {
        (EngineSource::Given(engine), _) => describe(Arc::clone(engine), "it was given").await,
        (EngineSource::Settings, EngineWanted::Docker) => docker(config, identity, asked).await,
        (EngineSource::Settings, EngineWanted::Process) => process(config, clock, asked).await,
        (EngineSource::Settings, EngineWanted::Fake) => {
            describe(
                Arc::new(FakeEngine::new(Arc::clone(clock), |_| Act::succeed())),
                asked,
            )
            .await
        }
        (EngineSource::Settings, EngineWanted::Auto) => {
            match docker(config, identity, "it answers").await {
                Err(error) => process(config, clock, &without_docker(&error)).await,
                chosen => chosen,
            }
        }
    };
    answer.map_err(|error| NoEngine {
        wanted: config.engine,
        answer: error.to_string(),
    })
}

/// Why processes stand in for containers, short enough to stand with every run.
fn without_docker(error: &EngineError) -> String {
    match error {
        EngineError::Unavailable { .. } => {
            "no container engine answers; `coracle doctor` shows what was tried".to_owned()
        }
        EngineError::ImageNotFound { .. }
        | EngineError::BuildFailed { .. }
        | EngineError::InstallFailed { .. }
        | EngineError::Gone { .. }
        | EngineError::Lost { .. }
        | EngineError::NotRunning { .. }
        | EngineError::NotExecuted { .. }
        | EngineError::NoSandbox { .. }
        | EngineError::NotListening { .. }
        | EngineError::PortTaken { .. }
        | EngineError::DiskFull { .. }
        | EngineError::Unsupported { .. }
        | EngineError::Refused { .. } => error.to_string(),
    }
}

/// Where to look for Docker, and as whom.
pub(crate) fn docker_settings(config: &Config, identity: &Identity) -> DockerSettings {
    DockerSettings {
        docker_host: config.docker_host.clone(),
        context_dir: config.docker_config.clone(),
        home: config.user_home.clone(),
        runtime_dir: config.user_runtime.clone(),
        owner: identity.owner().to_owned(),
        uid_gid: Some(config.user_and_group),
    }
}

async fn docker(config: &Config, identity: &Identity, reason: &str) -> Result<Chosen, EngineError> {
    let engine = DockerEngine::connect(docker_settings(config, identity)).await?;
    describe(Arc::new(engine), reason).await
}

async fn process(
    config: &Config,
    clock: &Arc<dyn Clock>,
    reason: &str,
) -> Result<Chosen, EngineError> {
    let settings = ProcessSettings {
        root: config.home.cache().to_owned(),
        supervisor: vec![config.program.clone().into_os_string(), "supervise".into()],
        python: config.active_python(),
        path: config.path.clone(),
        environment: config.process_environment.clone(),
    };
    describe(
        Arc::new(ProcessEngine::new(settings, Arc::clone(clock))),
        reason,
    )
    .await
}

async fn describe(engine: Arc<dyn Engine>, reason: &str) -> Result<Chosen, EngineError> {
    let description = engine.describe().await?;
    Ok(Chosen {
        engine,
        description,
        reason: reason.to_owned(),
    })
}
