//! Containers: how they are started, followed to their end, and removed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use coracle_host::log::{LogReader, Only};
use coracle_host::{
    EngineError, Exit, SecurityContext, Stdin, Workload, WorkloadImage, WorkloadName,
};
use coracle_model::EngineKind;
use coracle_plan::pod::{
    ContainerEnd, ContainerTry, FollowContainer, PodObservation, StandardInput, StartContainer,
    StartFault, StartedContainer, TerminationMessage, workload_name,
};

use super::files;
use super::hands::Hands;
use super::held::POD_SANDBOX_LABEL;
use super::process;

/// The longest text about a container's end, in bytes.
const LONGEST_MESSAGE: usize = 4096;

/// How much of a log is taken for one.
const LOG_LINES: usize = 80;
const LOG_BYTES: usize = 2048;

impl Hands {
    pub(super) async fn start(self, start: StartContainer) {
        let which = start.which.clone();
        let result = self.try_start(&start).await;
        let has_begun = result.is_ok();
        self.tell(PodObservation::Started {
            which: which.clone(),
            result,
        });
        if has_begun {
            let name = WorkloadName(start.workload.clone());
            self.follow(which, &name, &start.log, &start.termination)
                .await;
        }
    }

    async fn try_start(&self, start: &StartContainer) -> Result<StartedContainer, StartFault> {
        let (claims, own) = (self.claims(), start.clone());
        let kind = self.engine_kind;
        let make = move || {
            remove_old_log(&own);
            let mounts = files::mounts(&claims, &own)?;
            match kind {
                EngineKind::Docker | EngineKind::Fake => Ok(mounts),
                EngineKind::Process => {
                    process::lead_log(&own.directory, &own.log)
                        .map_err(|error| error.to_string())?;
                    Ok(process::asked_for(mounts, &own))
                }
            }
        };
        let mounts = tokio::task::spawn_blocking(make).await;
        let mounts = mounts
            .unwrap_or_else(|error| Err(format!("work on the disk ended badly: {error}")))
            .map_err(StartFault::Config)?;
        let workload = workload(start, mounts, self);
        let engine = self.engine.as_ref();
        match self.patiently(|| engine.start(&workload)).await {
            Ok(()) => Ok(StartedContainer {
                id: container_id(&start.workload),
                at: self.clock.now(),
            }),
            Err(error) => {
                if self.is_sandbox_lost().await {
                    self.tell(PodObservation::SandboxLost);
                    return Err(StartFault::Create(error.to_string()));
                }
                match error {
                    EngineError::Refused { message, .. } => Err(StartFault::Run(message)),
                    other => Err(StartFault::Create(other.to_string())),
                }
            }
        }
    }

    /// Follows a container that an earlier life of the workbench started.
    pub(super) async fn attend(self, follow: FollowContainer) {
        let name = WorkloadName(follow.workload);
        self.follow(follow.which, &name, &follow.log, &follow.termination)
            .await;
    }

    async fn follow(
        &self,
        which: ContainerTry,
        name: &WorkloadName,
        log: &Path,
        termination: &TerminationMessage,
    ) {
        let engine = self.engine.as_ref();
        let ended = self
            .persistently(|| engine.attend(name, log, self.keep_log))
            .await;
        // Containers of a place that is gone end too, and are not to be started again in it.
        if self.is_sandbox_lost().await {
            self.tell(PodObservation::SandboxLost);
        }
        match ended {
            Ok(exit) => {
                let (log, termination) = (log.to_owned(), termination.clone());
                let own = exit.clone();
                let read = move || message(&termination, &log, &own);
                let end = tokio::task::spawn_blocking(read).await.unwrap_or_default();
                let finished_at = exit.finished_at.unwrap_or_else(|| self.clock.now());
                let end = ContainerEnd {
                    code: exit.code,
                    out_of_memory: exit.out_of_memory,
                    started_at: exit.started_at,
                    finished_at,
                    message: end,
                };
                self.tell(PodObservation::Ended { which, end });
            }
            Err(error) => {
                tracing::warn!(%error, "a container of a pod vanished");
                self.tell(PodObservation::Vanished(which));
            }
        }
    }

    async fn is_sandbox_lost(&self) -> bool {
        let name = self.sandbox();
        let engine = self.engine.as_ref();
        let status = self.persistently(|| engine.sandbox(&name)).await;
        status.is_ok_and(|status| status.is_none_or(|status| !status.running))
    }

    pub(super) async fn stop(self, which: ContainerTry, grace: Duration) {
        let name = self.workload_name(&which);
        let engine = self.engine.as_ref();
        if let Err(error) = self.persistently(|| engine.stop(&name, grace)).await {
            tracing::warn!(%error, "a container did not take the word to end; it is told again");
        }
    }

    pub(super) async fn remove_container(self, which: ContainerTry) {
        let name = self.workload_name(&which);
        if let Err(error) = self.engine.remove(&name).await {
            tracing::warn!(%error, "a container that has ended stays until its pod goes");
        }
    }

    pub(super) fn workload_name(&self, which: &ContainerTry) -> WorkloadName {
        WorkloadName(workload_name(&self.key.uid, which))
    }
}

/// Removes the log of a try that is asked for no more: those of a container that are read are the last two.
fn remove_old_log(start: &StartContainer) {
    let Some(attempt) = start.which.attempt.0.checked_sub(2) else {
        return;
    };
    let old = start.log.with_file_name(format!("{attempt}.log"));
    if let Err(error) = fs_err::remove_dir_all(old)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "an old log of a container stays until its pod goes");
    }
}

/// The id under which a container stands in a status. An engine's workloads are known by name.
pub(super) fn container_id(workload: &str) -> String {
    format!("docker://{workload}")
}

fn workload(start: &StartContainer, mounts: Vec<coracle_host::Mount>, hands: &Hands) -> Workload {
    let security = &start.security;
    let user = match (security.user, security.group) {
        (Some(user), Some(group)) => Some(format!("{user}:{group}")),
        (Some(user), None) => Some(user.to_string()),
        (None, Some(_) | None) => None,
    };
    let sandbox = hands.sandbox();
    let mut environment = hands.variables.clone();
    environment.extend(start.environment.clone());
    let mut labels = start.labels.clone();
    labels.insert(POD_SANDBOX_LABEL.to_owned(), sandbox.0.clone());
    Workload {
        name: WorkloadName(start.workload.clone()),
        labels,
        image: WorkloadImage::Plain {
            image: start.image.clone(),
            digest: start.digest.clone(),
        },
        command: start.command.clone(),
        args: start.args.clone(),
        working_dir: start.working_dir.clone(),
        environment,
        mounts,
        directory: start.directory.clone(),
        cpu_request: start.cpu_request,
        cpu_limit: start.cpu_limit,
        memory_limit: start.memory_limit,
        gpus: start.gpus.clone(),
        shared_memory: start.shared_memory,
        security: SecurityContext {
            user,
            groups: security.groups.iter().map(u32::to_string).collect(),
            capabilities: coracle_host::Capabilities {
                add: security.capabilities.add.clone(),
                drop: security.capabilities.drop.clone(),
            },
            privileged: security.privileged,
            read_only_root: security.read_only_root,
            no_new_privileges: security.no_new_privileges,
        },
        stdin: match start.stdin {
            StandardInput::Closed => Stdin::Closed,
            StandardInput::Open => Stdin::Open,
            StandardInput::Once => Stdin::Once,
        },
        tty: start.tty,
        keep_log: hands.keep_log,
        sandbox: Some(sandbox),
    }
}

/// The text that a container left about its end.
fn message(termination: &TerminationMessage, log: &Path, exit: &Exit) -> String {
    let written = read_start(&termination.file);
    if !written.is_empty() || !termination.fallback_to_log || exit.code == 0 {
        return written;
    }
    let tail = || {
        let mut reader = LogReader::open(log).ok()?.only(Only::Both);
        reader.seek_tail(LOG_LINES).ok()?;
        reader.read_to_end(usize::MAX).ok()
    };
    let tail = tail().unwrap_or_default();
    String::from_utf8_lossy(&tail[tail.len().saturating_sub(LOG_BYTES)..]).into_owned()
}

fn read_start(file: &PathBuf) -> String {
    use std::io::Read;
    let read = || {
        let mut bytes = Vec::new();
        fs_err::File::open(file)?
            .take(LONGEST_MESSAGE as u64)
            .read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    // A container that may not leave one has none.
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}
