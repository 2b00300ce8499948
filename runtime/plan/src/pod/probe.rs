//! When containers are asked how they are, and what their answers come to.

use std::time::Duration;

use coracle_model::Timestamp;
use coracle_spec::kind::pod::{Container, Handler, HttpGet, Port, Probe};

use super::backoff::after;
use super::step::ProbeKind;

/// How soon a container that was never ready is asked again between its periods, so that it is ready when it is and not up to a
/// period later. What it answers then counts only if it is ready.
const EARLY: Duration = Duration::from_millis(100);

/// One question to one container, from its start to its end.
#[derive(Debug, Clone)]
pub(super) struct Prober {
    pub(super) kind: ProbeKind,
    probe: Probe,
    /// The next period.
    next: Timestamp,
    /// Between two periods.
    early: Timestamp,
    /// Whether it was asked between two periods.
    is_early: bool,
    in_flight: bool,
    /// The same answer so many times in a row.
    run: Option<(Answer, u32)>,
    result: Answer,
    was_good: bool,
    /// Whether its container is to end because of it.
    on_hold: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Good,
    Bad,
    None,
}

/// What an answer came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It says nothing yet.
    Passed,
    /// Nothing is to be done.
    Noted,
    /// The container is to end.
    Kill,
}

impl Prober {
    /// The questions to a container that began at `started_at`.
    pub(super) fn of(container: &Container, started_at: Timestamp) -> Vec<Self> {
        let probes = [
            (ProbeKind::Startup, &container.startup_probe, Answer::None),
            (
                ProbeKind::Readiness,
                &container.readiness_probe,
                Answer::Bad,
            ),
            (ProbeKind::Liveness, &container.liveness_probe, Answer::Good),
        ];
        let made = probes.into_iter().filter_map(|(kind, probe, result)| {
            let probe = probe.clone()?;
            let delay = Duration::from_secs(probe.initial_delay_seconds);
            let first = after(started_at, delay);
            Some(Self {
                kind,
                probe,
                next: first,
                early: first,
                is_early: false,
                in_flight: false,
                run: None,
                result,
                was_good: false,
                on_hold: false,
            })
        });
        made.collect()
    }

    /// Whether the container is well as far as this question goes.
    pub(super) fn is_good(&self) -> bool {
        self.result == Answer::Good
    }

    /// Takes over what an earlier life of the workbench found out.
    pub(super) fn presume_good(&mut self) {
        self.result = Answer::Good;
        self.was_good = true;
    }

    /// When it is to be asked next; none while it is being asked, or need not be any more.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let answered = self.kind == ProbeKind::Startup && self.is_good();
        let next = if self.is_awaited() {
            self.early.min(self.next)
        } else {
            self.next
        };
        (!self.in_flight && !self.on_hold && !answered).then_some(next)
    }

    /// Whether somebody waits for its first good answer, which costs little to ask for. An early one is as good as another only where
    /// one is enough.
    fn is_awaited(&self) -> bool {
        self.kind == ProbeKind::Readiness
            && !self.was_good
            && self.probe.success_threshold == 1
            && !matches!(self.probe.handler, Handler::Exec { .. })
    }

    /// It is asked now.
    pub(super) fn ask(&mut self, now: Timestamp) {
        self.in_flight = true;
        self.is_early = now < self.next;
        if !self.is_early {
            self.next = after(now, Duration::from_secs(self.probe.period_seconds));
        }
        self.early = after(now, EARLY);
    }

    /// Counts an answer.
    pub(super) fn answered(&mut self, is_good: bool) -> Verdict {
        self.in_flight = false;
        if self.is_early && !is_good {
            return Verdict::Passed;
        }
        self.was_good |= is_good;
        let answer = if is_good { Answer::Good } else { Answer::Bad };
        let run = match self.run {
            Some((last, run)) if last == answer => run.saturating_add(1),
            Some(_) | None => 1,
        };
        self.run = Some((answer, run));
        let threshold = if is_good {
            self.probe.success_threshold
        } else {
            self.probe.failure_threshold
        };
        if run < threshold {
            return Verdict::Noted;
        }
        self.result = answer;
        if is_good || self.kind == ProbeKind::Readiness {
            return Verdict::Noted;
        }
        self.on_hold = true;
        Verdict::Kill
    }

    /// It could not be asked.
    pub(super) fn unasked(&mut self) {
        self.in_flight = false;
    }

    pub(super) fn handler(&self) -> &Handler {
        &self.probe.handler
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.probe.timeout_seconds)
    }

    /// How long a container may take to end that it ends.
    pub(super) fn grace_seconds(&self) -> Option<u64> {
        self.probe.termination_grace_period_seconds
    }
}

/// A handler with its port as a number; as it is when the container gives no port that name.
pub(super) fn with_port(handler: &Handler, container: &Container) -> Handler {
    let number = |port: &Port| match port {
        Port::Number(_) => port.clone(),
        Port::Name(name) => {
            let mut ports = container.ports.iter();
            let named = ports.find(|port| port.name == *name);
            named.map_or_else(|| port.clone(), |named| Port::Number(named.container_port))
        }
    };
    match handler {
        Handler::Http(get) => Handler::Http(HttpGet {
            port: number(&get.port),
            ..get.clone()
        }),
        Handler::Tcp { host, port } => Handler::Tcp {
            host: host.clone(),
            port: number(port),
        },
        Handler::Exec { .. } | Handler::Grpc { .. } => handler.clone(),
    }
}
