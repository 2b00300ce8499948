//! Sessions with programs in containers.
//!
//! The engine hands its connection over: what is written to it is the program's input, and shutting that half down is
//! the input's end. bollard's reading of the other half takes a terminal's bytes for frames, so it is done here.
//!
//! Docker cannot end a program that was started in a container. A session does it by itself: by the program's number
//! on this machine, where that is visible and permitted, else by another program inside, which needs `kill` there.

use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecResults};
use bollard::models::ExecInspectResponse;
use bollard::query_parameters::{ResizeContainerTTYOptionsBuilder, WaitContainerOptionsBuilder};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::client::DockerEngine;
use super::error::{
    Fault, REQUEST_LIMIT, ask, is_conflict, is_missing, message, refusal, translate,
};
use super::grip::Grip;
use super::streams::{Framing, streams};
use super::workload::{environment_list, phase};
use crate::engine::{
    AttachRequest, EngineError, ExecRequest, Output, Phase, Session, SessionControl, TerminalSize,
    WorkloadName,
};

/// Keys that leave a session without ending it. Docker's own are some that shells use; nobody types these.
const DETACH_KEYS: &str = "ctrl-^,ctrl-_,ctrl-^,ctrl-_,ctrl-^,ctrl-_";

/// When a program is looked at again for the first time; each later look comes after twice the time.
const FIRST_LOOK: Duration = Duration::from_millis(2);
/// The longest time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What is read of the engine's word on why a program cannot run.
const LONGEST_REFUSAL: usize = 4096;

impl DockerEngine {
    pub(super) async fn enter(
        &self,
        name: &WorkloadName,
        request: &ExecRequest,
    ) -> Result<Session, EngineError> {
        let failed = |fault: Fault| not_entered(name, &fault);
        let id = ask(self.docker.create_exec(&name.0, options(request)))
            .await
            .map_err(failed)?
            .id;
        let tty = request.terminal.is_some();
        let body = format!("{{\"Detach\":false,\"Tty\":{tty}}}");
        let path = format!("/exec/{id}/start");
        let connection = ask(self.hand_over(&path, &body)).await.map_err(failed)?;
        let over = CancellationToken::new();
        let (input, mut output) =
            streams(connection, Framing::of(tty), request.stdin, over.clone());
        let mut control = ExecControl {
            docker: self.docker.clone(),
            workload: name.clone(),
            id,
            over,
            grip: None,
        };
        match control.begun().await? {
            Beginning::Runs(program) => {
                control.grip = Grip::take(&program);
                if let Some(size) = request.terminal {
                    control.resize(size).await?;
                }
            }
            Beginning::HasEnded => {}
            Beginning::CannotRun => {
                let message = refusal_of(&mut output).await?;
                return Err(EngineError::NotExecuted { message });
            }
        }
        Ok(Session {
            input,
            output,
            control: Box::new(control),
        })
    }

    pub(super) async fn join(
        &self,
        name: &WorkloadName,
        request: &AttachRequest,
    ) -> Result<Session, EngineError> {
        let failed = |fault: Fault| not_entered(name, &fault);
        let found = self.look_at(&name.0).await.map_err(failed)?;
        if phase(&found) != Phase::Running {
            return Err(EngineError::NotRunning { name: name.clone() });
        }
        let tty = found.config.and_then(|config| config.tty).unwrap_or(false);
        let stdin = u8::from(request.stdin);
        let path = format!(
            "/containers/{name}/attach?stream=1&stdin={stdin}&stdout=1&stderr=1&detachKeys={}",
            DETACH_KEYS.replace('^', "%5E").replace(',', "%2C")
        );
        let connection = ask(self.hand_over(&path, "")).await.map_err(failed)?;
        let (input, output) = streams(
            connection,
            Framing::of(tty),
            request.stdin,
            CancellationToken::new(),
        );
        let control = AttachControl {
            docker: self.docker.clone(),
            workload: name.clone(),
            tty,
        };
        if let Some(size) = request.terminal {
            control.resize(size).await?;
        }
        Ok(Session {
            input,
            output,
            control: Box::new(control),
        })
    }
}

fn options(request: &ExecRequest) -> CreateExecOptions<String> {
    CreateExecOptions {
        attach_stdin: Some(request.stdin),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(request.terminal.is_some()),
        detach_keys: Some(DETACH_KEYS.to_owned()),
        env: Some(environment_list(&request.environment)),
        cmd: Some(request.command.clone()),
        user: request.user.clone(),
        working_dir: request.working_dir.clone(),
        privileged: None,
    }
}

/// Why a program cannot run: the engine says it where the program would have spoken.
async fn refusal_of(
    output: &mut BoxStream<'static, Result<Output, EngineError>>,
) -> Result<String, EngineError> {
    let mut said = Vec::new();
    while said.len() < LONGEST_REFUSAL
        && let Some(piece) = output.next().await
    {
        said.extend_from_slice(&piece?.bytes);
    }
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

/// Why there is no session with a workload.
fn not_entered(name: &WorkloadName, fault: &Fault) -> EngineError {
    let said = message(fault);
    let ended = is_conflict(fault)
        || said.contains("is not running")
        || said.contains("container state improper");
    if is_missing(fault) {
        EngineError::Gone { name: name.clone() }
    } else if ended {
        EngineError::NotRunning { name: name.clone() }
    } else {
        translate(format!("run a program in `{name}`"), fault)
    }
}

/// What became of a program that was to be started.
enum Beginning {
    Runs(ExecInspectResponse),
    HasEnded,
    CannotRun,
}

/// Hold of a program that was started in a container.
struct ExecControl {
    docker: Docker,
    workload: WorkloadName,
    id: String,
    /// Cancelled once the program's output is over, or nobody reads it.
    over: CancellationToken,
    grip: Option<Grip>,
}

impl ExecControl {
    async fn look(&self) -> Result<ExecInspectResponse, EngineError> {
        let looking = ask(self.docker.inspect_exec(&self.id));
        looking.await.map_err(|fault| {
            if is_missing(&fault) {
                EngineError::Gone {
                    name: self.workload.clone(),
                }
            } else {
                refusal(format!("look at a program in `{}`", self.workload))(fault)
            }
        })
    }

    async fn begun(&self) -> Result<Beginning, EngineError> {
        let deadline = Instant::now() + REQUEST_LIMIT;
        let mut pause = FIRST_LOOK;
        while !self.over.is_cancelled() && Instant::now() < deadline {
            let found = self.look().await?;
            let has_begun = found.pid.unwrap_or(0) > 0;
            match (found.running.unwrap_or(false), has_begun) {
                (true, true) => return Ok(Beginning::Runs(found)),
                (false, true) => return Ok(Beginning::HasEnded),
                // A program that cannot be run has a code, and none that has yet to run has one.
                (false, false) if found.exit_code.is_some_and(|code| code != 0) => {
                    return Ok(Beginning::CannotRun);
                }
                (_, false) => {}
            }
            sleep(pause).await;
            pause = (pause * 2).min(LOOK_EVERY);
        }
        Ok(Beginning::HasEnded)
    }
}

#[async_trait]
impl SessionControl for ExecControl {
    async fn resize(&self, size: TerminalSize) -> Result<(), EngineError> {
        let size = ResizeExecOptions {
            height: size.rows,
            width: size.columns,
        };
        match ask(self.docker.resize_exec(&self.id, size)).await {
            Ok(()) => Ok(()),
            // One that has ended, or has no terminal, has no size.
            Err(Fault::DockerResponseServerError { .. }) => Ok(()),
            Err(fault) => Err(refusal("resize a terminal")(fault)),
        }
    }

    async fn wait(&self) -> Result<i64, EngineError> {
        let mut pause = FIRST_LOOK;
        loop {
            let over = self.over.is_cancelled();
            let found = self.look().await?;
            let began = over || found.pid.unwrap_or(0) > 0;
            if let Some(code) = found.exit_code.filter(|_| began)
                && !found.running.unwrap_or(false)
            {
                return Ok(code);
            }
            // The end of the output is nearly always that of the program. Both only wait.
            tokio::select! {
                () = sleep(pause) => pause = (pause * 2).min(LOOK_EVERY),
                () = self.over.cancelled(), if !over => pause = FIRST_LOOK,
            }
        }
    }

    async fn end(&self) -> Result<(), EngineError> {
        let found = match self.look().await {
            Ok(found) => found,
            Err(EngineError::Gone { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        if !found.running.unwrap_or(false) {
            return Ok(());
        }
        if self.grip.as_ref().is_some_and(Grip::kill) {
            return Ok(());
        }
        let refused = |message: &str| EngineError::Refused {
            action: format!("end a program in `{}`", self.workload),
            message: message.to_owned(),
        };
        let number = self.grip.as_ref().and_then(Grip::number_inside);
        let number = number.ok_or_else(|| refused("its number is not to be seen from here"))?;
        // Either may be missing in an image.
        let kill = format!("kill -KILL -{number}");
        let words = kill.split(' ').map(str::to_owned).collect();
        for command in [vec!["sh".to_owned(), "-c".to_owned(), kill], words] {
            self.run_inside(command).await?;
            if !self.is_running_still().await? {
                return Ok(());
            }
        }
        Err(refused("the container has no `kill`"))
    }
}

impl ExecControl {
    /// Has another program run in the container as root, and awaits its end.
    async fn run_inside(&self, command: Vec<String>) -> Result<(), EngineError> {
        let failed = |fault: Fault| not_entered(&self.workload, &fault);
        let program = CreateExecOptions {
            cmd: Some(command),
            user: Some("0".to_owned()),
            attach_stdout: Some(true),
            ..Default::default()
        };
        let id = ask(self.docker.create_exec(&self.workload.0, program))
            .await
            .map_err(failed)?
            .id;
        let started = ask(self.docker.start_exec(&id, None))
            .await
            .map_err(failed)?;
        if let StartExecResults::Attached { mut output, .. } = started {
            while output.next().await.is_some() {}
        }
        Ok(())
    }

    /// Whether the program runs on; the engine hears of an end a moment after it.
    async fn is_running_still(&self) -> Result<bool, EngineError> {
        let mut pause = FIRST_LOOK;
        while self.look().await?.running.unwrap_or(false) {
            if pause >= LOOK_EVERY {
                return Ok(true);
            }
            sleep(pause).await;
            pause *= 2;
        }
        Ok(false)
    }
}

impl Drop for ExecControl {
    fn drop(&mut self) {
        if let Some(grip) = &self.grip {
            grip.kill();
        }
    }
}

/// Hold of a container's own program.
struct AttachControl {
    docker: Docker,
    workload: WorkloadName,
    tty: bool,
}

#[async_trait]
impl SessionControl for AttachControl {
    async fn resize(&self, size: TerminalSize) -> Result<(), EngineError> {
        if !self.tty {
            return Ok(());
        }
        let options = ResizeContainerTTYOptionsBuilder::new()
            .h(size.rows.into())
            .w(size.columns.into())
            .build();
        match ask(self.docker.resize_container_tty(&self.workload.0, options)).await {
            Ok(()) => Ok(()),
            // It has ended.
            Err(Fault::DockerResponseServerError { .. }) => Ok(()),
            Err(fault) => Err(refusal("resize a terminal")(fault)),
        }
    }

    async fn wait(&self) -> Result<i64, EngineError> {
        let failed = |fault: Fault| not_entered(&self.workload, &fault);
        let mut pause = FIRST_LOOK;
        loop {
            let options = WaitContainerOptionsBuilder::new()
                .condition("not-running")
                .build();
            let mut ended = self.docker.wait_container(&self.workload.0, Some(options));
            // A code of its own comes as an error; what it was is read below.
            let _ = ended.next().await;
            let found = ask(self.docker.inspect_container(&self.workload.0, None))
                .await
                .map_err(failed)?;
            if phase(&found) == Phase::Exited {
                let state = found.state.unwrap_or_default();
                return Ok(state.exit_code.unwrap_or(-1));
            }
            // Only an engine that lost its place comes here.
            sleep(pause).await;
            pause = (pause * 2).min(LOOK_EVERY);
        }
    }

    async fn end(&self) -> Result<(), EngineError> {
        Ok(())
    }
}
