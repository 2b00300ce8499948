//! Finding the workbench that runs on this home.

use std::time::Duration;

use coracle_app::config::{Config, EngineWanted};
use coracle_app::view::Health;
use coracle_model::EngineKind;

use crate::client::{Call, Client};
use crate::command_error::CommandError;

/// How long a workbench on this machine may take to say that it is there. A busy one takes milliseconds; a
/// suspended one never answers.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// A workbench that runs.
pub(super) struct Found {
    /// How to talk to it.
    pub(super) client: Client,
    /// What it said of itself.
    pub(super) health: Health,
}

/// The workbench that uses this home, when it answers.
pub(super) async fn find(config: &Config) -> Option<Found> {
    let said = config.home.workbench()?;
    let client = Client::at(&said.address?);
    let health: Health = tokio::time::timeout(ANSWERS_WITHIN, client.ask(Call::health()))
        .await
        .ok()?
        .ok()?;
    // A killed workbench leaves its address behind, and another program may listen there by now.
    (health.pid == said.pid).then_some(Found { client, health })
}

/// Refuses a workbench whose engine is not the one that was asked for: steps would not run where they should.
pub(super) fn check_engine(config: &Config, health: &Health) -> Result<(), CommandError> {
    let fits = match (config.engine, health.engine) {
        (EngineWanted::Auto, _) | (_, None) => true,
        (EngineWanted::Docker, Some(kind)) => kind == EngineKind::Docker,
        (EngineWanted::Process, Some(kind)) => kind == EngineKind::Process,
        (EngineWanted::Fake, Some(kind)) => kind == EngineKind::Fake,
    };
    if fits {
        return Ok(());
    }
    let (wanted, kind) = (
        config.engine,
        health.engine.map_or("none", EngineKind::as_str),
    );
    Err(CommandError::usage(format!(
        "the workbench that runs here uses the engine `{kind}`, not `{wanted}`"
    ))
    .with_hint(format!("stop it first: `kill {}`", health.pid)))
}
