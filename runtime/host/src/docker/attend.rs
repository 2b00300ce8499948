//! Attending to a workload: its log to the end, then how it ended.
//!
//! ```text
//!   logs (follow) ──► Recording ──► log files       until the engine closes the stream
//!   cgroup ─────────► Meter                         meanwhile
//!   wait, inspect ──► state                         when the stream is over
//!   logs (tail) ────► nothing missing?              engines may lose the last lines of a followed log
//! ```

use std::path::Path;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, ContainerState};
use coracle_model::{AttemptUsage, Timestamp};
use tokio::time::{Instant, sleep};

use super::about::Maker;
use super::client::DockerEngine;
use super::error::{REQUEST_LIMIT, ask, is_missing, refusal, translate, within};
use super::frames::{Newlines, Piece};
use super::local_log;
use super::log_stream::{Framing, LogStream, Part};
use super::recording::{Continuation, Recording, cannot_write};
use super::workload::phase;
use crate::clock::Clock;
use crate::engine::{EngineError, Exit, Phase, WorkloadName};
use crate::log::Keep;

/// When the container is looked at for the first time; each later look comes after twice the time.
const FIRST_LOOK: Duration = Duration::from_millis(5);
/// The longest time between two looks, and for which output may wait before followers see it.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// For how long a container counts as a step that may end any time; one that goes on is a service, which is looked at
/// less often as long as it says nothing.
const STEP: Duration = Duration::from_secs(60);
/// The longest time between two looks at a service.
const LOOK_AT_SERVICE_EVERY: Duration = Duration::from_secs(2);
/// After how long without output the engine is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(30);
/// How long it may take to answer that.
const PING_LIMIT: Duration = Duration::from_secs(20);
/// How often Podman is asked whether the container still runs: a log that it begins to follow when the container
/// has just ended never ends.
const LOOK_PODMAN_EVERY: Duration = Duration::from_secs(1);
/// How long to wait for a container that runs on although its log is over, before looking again.
const WAIT_LIMIT: Duration = Duration::from_secs(30);
/// The last engine API whose `local` log driver loses the newlines of long lines.
const LAST_API_LOSING_NEWLINES: (u32, u32) = (1, 41);

/// The exit code of a program that was killed: 128 and the number of the signal.
const KILLED: i64 = 137;

impl DockerEngine {
    pub(super) async fn follow(
        &self,
        name: &WorkloadName,
        log: &Path,
        keep: Keep,
    ) -> Result<Exit, EngineError> {
        let mut recording = self.recording(log, keep)?;
        let (usage, framing) = self.record(name, &mut recording).await?;
        let (container, complete) = tokio::try_join!(
            self.inspect(name),
            self.is_complete(name, framing, &recording)
        )?;
        let mut container = started(name, container)?;
        let mut complete = complete;
        while phase(&container) == Phase::Running {
            // The engine lost the log and not the container.
            self.wait_for_end(name, WAIT_LIMIT).await;
            container = self.inspect(name).await?;
            complete = false;
        }
        if !complete {
            match recording.continuation {
                Continuation::Anew => self.read_the_rest(name, framing, &mut recording).await?,
                Continuation::Resumed => {
                    let since = recording.begin_again()?;
                    let part = Part::Whole(since);
                    self.read(name, framing, part, |piece| recording.add(piece))
                        .await?;
                }
            }
        }
        self.decide_newlines(&container, &mut recording).await?;
        recording.finish()?;
        let podman = self.engine.maker == Maker::Podman;
        let starved = podman && used_its_limit(&container, usage);
        let mut state = container.state.unwrap_or_default();
        if podman && let Some(code) = self.wait_for_end(name, REQUEST_LIMIT).await {
            state.exit_code = Some(code);
        }
        Ok(exit(state, usage, starved))
    }

    /// Records a container's output until the engine closes the stream.
    async fn record(
        &self,
        name: &WorkloadName,
        recording: &mut Recording,
    ) -> Result<(AttemptUsage, Framing), EngineError> {
        let since = recording.begin_again()?;
        let (mut pieces, container, framing) = self.begin_following(name, since).await?;
        let mut meter = self.meter(&container);
        let mut pause = FIRST_LOOK;
        let mut look = std::pin::pin!(sleep(pause));
        let began = Instant::now();
        let mut heard = began;
        let mut looked = began;
        loop {
            // Whatever is dropped here loses nothing: streams keep their place.
            tokio::select! {
                more = pieces.fill() => {
                    if !more.map_err(|fault| lost(name, &fault))? {
                        break;
                    }
                    heard = Instant::now();
                    pieces.drain(framing, self.clock.now(), |piece| recording.add(piece))?;
                    if look.deadline() > heard + LOOK_EVERY {
                        look.as_mut().reset(heard + LOOK_EVERY);
                    }
                }
                () = meter.listen() => {}
                () = &mut look => {
                    recording.flush()?;
                    meter.sample();
                    if heard.elapsed() > SILENCE {
                        within(PING_LIMIT, self.docker.ping()).await.map_err(refusal("answer"))?;
                        heard = Instant::now();
                    }
                    if self.engine.maker == Maker::Podman && looked.elapsed() > LOOK_PODMAN_EVERY {
                        if phase(&self.inspect(name).await?) != Phase::Running {
                            break;
                        }
                        looked = Instant::now();
                    }
                    pause = (pause * 2).min(longest_pause(began.elapsed()));
                    look.as_mut().reset(Instant::now() + pause);
                }
            }
        }
        pieces.finish(framing, |piece| recording.add(piece))?;
        // The control group may outlive the program for a moment.
        meter.sample();
        Ok((meter.usage(), framing))
    }

    /// Asks for the log, for what the container is, and for how the log is to be read.
    async fn begin_following(
        &self,
        name: &WorkloadName,
        since: Option<Timestamp>,
    ) -> Result<(LogStream, ContainerInspectResponse, Framing), EngineError> {
        let looking = async {
            let found = self.inspect(name).await?;
            started(name, found)
        };
        match self.engine.maker {
            Maker::Docker => {
                // Most steps are short: what comes of the log until the container is known can wait.
                let pieces = self
                    .log_of(name, Part::Follow(since), Framing::Framed)
                    .await?;
                let container = looking.await?;
                let framing = if has_terminal(&container) {
                    Framing::Plain
                } else {
                    Framing::Framed
                };
                Ok((pieces, container, framing))
            }
            Maker::Podman => {
                let container = looking.await?;
                let framing = if has_terminal(&container) {
                    Framing::Bare
                } else {
                    Framing::Framed
                };
                let pieces = self.log_of(name, Part::Follow(since), framing).await?;
                Ok((pieces, container, framing))
            }
        }
    }

    async fn inspect(&self, name: &WorkloadName) -> Result<ContainerInspectResponse, EngineError> {
        let found = self.look_at(&name.0).await;
        found.map_err(|fault| lost(name, &fault))
    }

    /// Whether the last thing that the engine kept is the last that was recorded. Docker 20.10 closes a followed
    /// log as soon as the container is gone, at times before its last lines; so does Podman, which has no
    /// marks by which a last thing could be known.
    async fn is_complete(
        &self,
        name: &WorkloadName,
        framing: Framing,
        recording: &Recording,
    ) -> Result<bool, EngineError> {
        if self.engine.maker == Maker::Podman {
            return Ok(false);
        }
        let mut complete = recording.pieces == 0;
        self.read(name, framing, Part::Last, |piece| {
            complete = recording.ends_with(piece);
            Ok(())
        })
        .await?;
        Ok(complete)
    }

    /// Adds what the engine kept and did not hand out.
    async fn read_the_rest(
        &self,
        name: &WorkloadName,
        framing: Framing,
        recording: &mut Recording,
    ) -> Result<(), EngineError> {
        let bare = framing == Framing::Bare;
        let mut known = if bare {
            recording.bytes
        } else {
            recording.pieces
        };
        self.read(name, framing, Part::Whole(None), |piece| {
            if bare {
                return recording.add(piece.after(&mut known));
            }
            if known == 0 {
                return recording.add(piece);
            }
            known -= 1;
            Ok(())
        })
        .await
    }

    /// Reads a log that does not grow any more.
    async fn read(
        &self,
        name: &WorkloadName,
        framing: Framing,
        part: Part,
        mut each: impl FnMut(Piece<'_>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let mut pieces = self.log_of(name, part, framing).await?;
        while ask(pieces.fill())
            .await
            .map_err(|fault| lost(name, &fault))?
        {
            pieces.drain(framing, self.clock.now(), &mut each)?;
        }
        pieces.finish(framing, each)
    }

    async fn log_of(
        &self,
        name: &WorkloadName,
        part: Part,
        framing: Framing,
    ) -> Result<LogStream, EngineError> {
        ask(self.open_log(name, part, framing))
            .await
            .map_err(|fault| lost(name, &fault))
    }

    /// Whether this engine's log driver loses newlines at all.
    fn newlines(&self) -> Newlines {
        match self.engine.maker {
            Maker::Docker if self.engine.api <= LAST_API_LOSING_NEWLINES => Newlines::MayBeLost,
            Maker::Docker | Maker::Podman => Newlines::Kept,
        }
    }

    fn recording(&self, directory: &Path, keep: Keep) -> Result<Recording, EngineError> {
        let newlines = self.newlines();
        match (keep, self.engine.maker) {
            (Keep::End(_), Maker::Docker) => Recording::resume(directory, keep, newlines),
            // Podman's pieces have no times by which they could be known again; it keeps them all.
            (Keep::All, _) | (Keep::End(_), Maker::Podman) => {
                Recording::begin(directory, keep, newlines)
            }
        }
    }

    async fn decide_newlines(
        &self,
        container: &ContainerInspectResponse,
        recording: &mut Recording,
    ) -> Result<(), EngineError> {
        for (stream, at) in recording.lines.undecided() {
            let root = &self.machine().await?.root_directory;
            let file = local_log::path(root, container.id.as_deref().unwrap_or_default());
            // Where the file cannot be read: a program's last line nearly always ends with a newline.
            if local_log::last_piece_closes_line(&file, stream).unwrap_or(true) {
                let write = recording.writer.append_new(stream, at, b"\n");
                write.map_err(|error| cannot_write(&error))?;
            }
        }
        Ok(())
    }
}

fn has_terminal(container: &ContainerInspectResponse) -> bool {
    let config = container.config.as_ref();
    config.and_then(|config| config.tty).unwrap_or(false)
}

/// The longest time between two looks at a container that has been looked after for so long.
fn longest_pause(so_far: Duration) -> Duration {
    if so_far < STEP {
        LOOK_EVERY
    } else {
        LOOK_AT_SERVICE_EVERY
    }
}

fn lost(name: &WorkloadName, fault: &super::error::Fault) -> EngineError {
    if is_missing(fault) {
        return EngineError::Gone { name: name.clone() };
    }
    translate(format!("attend to `{name}`"), fault)
}

/// The container, if it was ever started: one that was not has an exit code too, and it is 0.
fn started(
    name: &WorkloadName,
    container: ContainerInspectResponse,
) -> Result<ContainerInspectResponse, EngineError> {
    if phase(&container) != Phase::Created {
        return Ok(container);
    }
    let reason = container
        .state
        .and_then(|state| state.error)
        .filter(|reason| !reason.is_empty());
    Err(EngineError::Refused {
        action: format!("attend to `{name}`"),
        message: reason.unwrap_or_else(|| "it was never started".to_owned()),
    })
}

/// Whether a container held as much memory as it may. Podman does not always tell what the kernel killed it for.
fn used_its_limit(container: &ContainerInspectResponse, usage: AttemptUsage) -> bool {
    let limit = container.host_config.as_ref().and_then(|host| host.memory);
    let limit = limit
        .and_then(|limit| u64::try_from(limit).ok())
        .filter(|limit| *limit > 0);
    let held = usage.peak_memory_bytes.unwrap_or(0);
    limit.is_some_and(|limit| held >= limit - limit / 20)
}

/// `starved` says that a container which was killed was killed for its memory, whatever the engine says.
fn exit(state: ContainerState, usage: AttemptUsage, starved: bool) -> Exit {
    let code = state.exit_code.unwrap_or(-1);
    let started_at = time(state.started_at);
    let killed = state.oom_killed.unwrap_or(false) || starved && code == KILLED;
    Exit {
        code,
        // The engine says so too when only a child was killed and the program went on to succeed.
        out_of_memory: killed && code != 0,
        started_at,
        // Podman tells the end in coarser units than the beginning.
        finished_at: time(state.finished_at).map(|end| end.max(started_at.unwrap_or(end))),
        usage,
    }
}

/// The engine's year 1 stands for never.
fn time(text: Option<String>) -> Option<Timestamp> {
    text?
        .parse()
        .ok()
        .filter(|time| *time > Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use bollard::models::ContainerStateStatusEnum as Status;

    use super::*;

    fn container(status: Status, error: &str) -> ContainerInspectResponse {
        let state = ContainerState {
            status: Some(status),
            error: Some(error.to_owned()),
            exit_code: Some(0),
            ..Default::default()
        };
        ContainerInspectResponse {
            state: Some(state),
            ..Default::default()
        }
    }

    #[test]
    fn what_never_started_is_no_success() {
        let name = WorkloadName("a".to_owned());
        let error = started(&name, container(Status::CREATED, "no such file")).unwrap_err();
        assert_eq!(error.to_string(), "failed to attend to `a`: no such file");
        assert!(started(&name, container(Status::CREATED, "")).is_err());
        assert!(started(&name, container(Status::EXITED, "")).is_ok());
    }

    #[test]
    fn an_exit_is_out_of_memory_only_when_it_failed() {
        let ended = |exit_code, oom_killed| {
            let state = ContainerState {
                exit_code: Some(exit_code),
                oom_killed: Some(oom_killed),
                started_at: Some("2026-01-02T03:04:05.5Z".to_owned()),
                finished_at: Some("0001-01-01T00:00:00Z".to_owned()),
                ..Default::default()
            };
            exit(state, AttemptUsage::default(), false)
        };
        assert!(ended(137, true).out_of_memory);
        assert!(!ended(0, true).out_of_memory);
        assert_eq!(
            ended(1, false).started_at,
            Some("2026-01-02T03:04:05.5Z".parse().unwrap())
        );
        assert_eq!(ended(1, false).finished_at, None);
    }
}
