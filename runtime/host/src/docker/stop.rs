//! Ending a workload with everything it started.

use std::time::Duration;

use bollard::query_parameters::{
    KillContainerOptionsBuilder, StopContainerOptionsBuilder, WaitContainerOptionsBuilder,
};
use futures_util::StreamExt;

use super::client::DockerEngine;
use super::error::{Fault, REQUEST_LIMIT, ask, is_conflict, is_missing, refusal, within};
use super::workload::phase;
use crate::engine::{EngineError, Phase, WorkloadName};

/// How long the engine may take to notice that a killed container is gone.
const DEATH_LIMIT: Duration = Duration::from_secs(30);

impl DockerEngine {
    pub(super) async fn end(
        &self,
        name: &WorkloadName,
        grace: Duration,
    ) -> Result<(), EngineError> {
        let action = || format!("stop `{name}`");
        // The engine counts in whole seconds; less than was asked for would be less than polite.
        let seconds = grace.as_secs() + u64::from(grace.subsec_nanos() > 0);
        let options = StopContainerOptionsBuilder::new()
            .t(i32::try_from(seconds).unwrap_or(i32::MAX))
            .build();
        let stopping = self.docker.stop_container(&name.0, Some(options));
        match within(grace + REQUEST_LIMIT, stopping).await {
            Ok(()) => {}
            Err(fault) if is_missing(&fault) => return Ok(()),
            // An engine that lost track of the container says 500 here; it is killed below.
            Err(Fault::DockerResponseServerError { .. }) => {}
            Err(fault) => return Err(refusal(action())(fault)),
        }
        if self.is_over(name).await? {
            return Ok(());
        }
        let kill = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
        match ask(self.docker.kill_container(&name.0, Some(kill))).await {
            Ok(()) => {}
            // It ended by itself in the meantime.
            Err(fault) if is_missing(&fault) || is_conflict(&fault) => {}
            Err(fault) => return Err(refusal(action())(fault)),
        }
        self.wait_for_end(name, DEATH_LIMIT).await;
        if self.is_over(name).await? {
            return Ok(());
        }
        Err(EngineError::Refused {
            action: action(),
            message: "the engine says that it was killed and still runs".to_owned(),
        })
    }

    /// Waits until the container does not run, at most for `limit`; the code that it ended with, when the engine tells.
    /// Of Docker's containers, how they ended, and whether they did, is only to be read from an inspection afterwards.
    /// Of Podman's, the code is to be had here: right after one was stopped, an inspection tells 0.
    pub(super) async fn wait_for_end(&self, name: &WorkloadName, limit: Duration) -> Option<i64> {
        let options = WaitContainerOptionsBuilder::new()
            .condition("not-running")
            .build();
        let mut ended = self.docker.wait_container(&name.0, Some(options));
        match tokio::time::timeout(limit, ended.next()).await {
            Ok(Some(Ok(end))) => Some(end.status_code),
            Ok(Some(Err(Fault::DockerContainerWaitError { code, .. }))) => Some(code),
            Ok(Some(Err(_)) | None) | Err(_) => None,
        }
    }

    async fn is_over(&self, name: &WorkloadName) -> Result<bool, EngineError> {
        match self.look_at(&name.0).await {
            Ok(container) => Ok(phase(&container) != Phase::Running),
            Err(fault) if is_missing(&fault) => Ok(true),
            Err(fault) => Err(refusal(format!("look at `{name}`"))(fault)),
        }
    }
}
