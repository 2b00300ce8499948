//! Where each container of a pod stands.
//!
//! ```text
//!   next:     Idle ─► Pulling ─► Pulled ─► Starting ─┐ started: becomes the current try
//!              ▲        │          │                 │
//!              └─ Waiting ◄────────┴─────────────────┘ failed
//!   current:  none ─► Running ─► Ended ─► (the last one, when another begins)
//! ```

use coracle_model::{ImageDigest, Timestamp};
use coracle_spec::kind::pod::{Container, ContainerName};

use super::backoff::Backoff;
use super::observation::{ContainerEnd, PulledImage};
use super::probe::Prober;
use super::step::{ContainerAttempt, ContainerTry, ProbeKind};

/// What a container is to its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It ends before the others begin.
    Init,
    /// It begins before the others and goes on beside them.
    Sidecar,
    /// What the pod is there for.
    Main,
}

/// A container.
#[derive(Debug, Clone)]
pub(super) struct ContainerState {
    pub(super) name: ContainerName,
    pub(super) role: Role,
    /// The last try that was made.
    pub(super) attempt: Option<ContainerAttempt>,
    /// That try.
    pub(super) current: Option<Try>,
    /// How far the next one is.
    pub(super) next: Next,
    /// The try before the current one.
    pub(super) last: Option<Ended>,
    pub(super) crashes: Backoff,
    /// Whether the wait after its end is over: looking for its image may take several tries more.
    pub(super) has_waited: bool,
    pub(super) pulls: Backoff,
    /// When its image could last not be pulled, and why.
    pub(super) pull_failed: Option<(Timestamp, String)>,
    /// Whether it is started again whatever the policy says.
    pub(super) restart_anyway: bool,
}

/// A try at a container.
#[derive(Debug, Clone)]
pub(super) enum Try {
    Running(Box<Running>),
    Ended(Ended),
}

/// A container at work.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) id: String,
    pub(super) started_at: Timestamp,
    /// Its image as it was written.
    pub(super) image: String,
    pub(super) digest: ImageDigest,
    /// Whether what is to be done after its start is still being done.
    pub(super) hook_pending: bool,
    pub(super) stopping: Option<Stopping>,
    pub(super) probers: Vec<Prober>,
}

/// A container that is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stopping {
    /// When it has to be over.
    pub(super) deadline: Timestamp,
    pub(super) told: Told,
}

/// Whether a container knows that it is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// What is to be done before is being done.
    NotYet,
    /// It was told; it is told again at this time when it is still there.
    At(Timestamp),
}

/// A container that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) id: String,
    pub(super) image: String,
    pub(super) digest: Option<ImageDigest>,
    pub(super) reason: String,
    pub(super) code: i64,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    pub(super) message: String,
}

/// How far the next try is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Next {
    /// Nothing was done for one.
    Idle,
    /// Something has to change or time has to pass.
    Waiting(Waiting),
    /// Its image is looked for.
    Pulling,
    /// Its image is there.
    Pulled(PulledImage),
    /// Its image is there, and it cannot be started as things stand.
    Blocked(PulledImage, Waiting),
    /// It was asked for.
    Starting(PulledImage, ContainerAttempt),
}

/// Why a container waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) reason: &'static str,
    pub(super) message: String,
    /// When to try again, when time helps.
    pub(super) until: Option<Timestamp>,
}

impl ContainerState {
    pub(super) fn new(container: &Container, role: Role) -> Self {
        Self {
            name: container.name.clone(),
            role,
            attempt: None,
            current: None,
            next: Next::Idle,
            last: None,
            crashes: Backoff::default(),
            has_waited: false,
            pulls: Backoff::default(),
            pull_failed: None,
            restart_anyway: false,
        }
    }

    /// The current try, when it is at work.
    pub(super) fn running(&self) -> Option<&Running> {
        match &self.current {
            Some(Try::Running(running)) => Some(running),
            Some(Try::Ended(_)) | None => None,
        }
    }

    pub(super) fn running_mut(&mut self) -> Option<&mut Running> {
        match &mut self.current {
            Some(Try::Running(running)) => Some(running),
            Some(Try::Ended(_)) | None => None,
        }
    }

    /// The current try, when it has ended.
    pub(super) fn ended(&self) -> Option<&Ended> {
        match &self.current {
            Some(Try::Ended(ended)) => Some(ended),
            Some(Try::Running(_)) | None => None,
        }
    }

    /// Whether it is at work or about to be.
    pub(super) fn is_under_way(&self) -> bool {
        self.running().is_some() || matches!(self.next, Next::Starting(..))
    }

    /// Whether it was ever at work.
    pub(super) fn has_begun(&self) -> bool {
        self.current.is_some() || self.last.is_some()
    }

    /// Whether its last try succeeded and no other is under way.
    pub(super) fn has_succeeded(&self) -> bool {
        self.ended().is_some_and(|ended| ended.code == 0)
    }

    /// Whether it has begun for good: its hook is done and its startup probe was answered.
    pub(super) fn is_started(&self) -> bool {
        self.running().is_some_and(Running::is_started)
    }

    /// Whether it can take work.
    pub(super) fn is_ready(&self) -> bool {
        self.running()
            .is_some_and(|running| running.is_started() && running.says(ProbeKind::Readiness))
    }

    /// The current try by name.
    pub(super) fn which(&self) -> ContainerTry {
        ContainerTry {
            container: self.name.clone(),
            attempt: self.attempt.unwrap_or_default(),
        }
    }

    /// The try that would be made now.
    pub(super) fn next_attempt(&self) -> ContainerAttempt {
        self.attempt
            .map_or_else(ContainerAttempt::default, ContainerAttempt::next)
    }

    /// Takes note of an end.
    pub(super) fn end(&mut self, ended: Ended) {
        self.current = Some(Try::Ended(ended));
        self.has_waited = false;
    }

    /// Its image is another: what was done for the old one says nothing.
    pub(super) fn image_changed(&mut self) {
        self.abandon_next();
        self.pull_failed = None;
        self.pulls = Backoff::default();
        self.crashes = Backoff::default();
    }

    /// What is done for a try that will not be made is forgotten.
    pub(super) fn abandon_next(&mut self) {
        if !matches!(self.next, Next::Starting(..)) {
            self.next = Next::Idle;
        }
    }
}

impl Running {
    /// Whether it has begun for good.
    pub(super) fn is_started(&self) -> bool {
        !self.hook_pending && self.says(ProbeKind::Startup)
    }

    /// What a probe has come to; a question that is not asked is answered well.
    pub(super) fn says(&self, kind: ProbeKind) -> bool {
        let mut probers = self.probers.iter();
        probers
            .find(|prober| prober.kind == kind)
            .is_none_or(Prober::is_good)
    }

    /// How it ended.
    pub(super) fn to_ended(&self, end: ContainerEnd) -> Ended {
        let reason = match (end.out_of_memory, end.code) {
            (true, _) => "OOMKilled",
            (false, 0) => "Completed",
            (false, _) => "Error",
        };
        Ended {
            id: self.id.clone(),
            image: self.image.clone(),
            digest: Some(self.digest.clone()),
            reason: reason.to_owned(),
            code: end.code,
            started_at: Some(end.started_at.unwrap_or(self.started_at)),
            finished_at: Some(end.finished_at),
            message: end.message,
        }
    }

    /// Nobody knows how it ended.
    pub(super) fn to_vanished(&self, now: Timestamp) -> Ended {
        Ended {
            id: self.id.clone(),
            image: self.image.clone(),
            digest: Some(self.digest.clone()),
            reason: STATUS_UNKNOWN.to_owned(),
            code: KILLED,
            started_at: Some(self.started_at),
            finished_at: Some(now),
            message: USED_TO_BE_RUNNING.to_owned(),
        }
    }
}

/// The reason of an end that nobody saw.
pub(super) const STATUS_UNKNOWN: &str = "ContainerStatusUnknown";

/// The exit code that such an end is given.
pub(super) const KILLED: i64 = 137;

pub(super) const USED_TO_BE_RUNNING: &str = "The container could not be located when the pod was deleted.  The container used to be Running";
