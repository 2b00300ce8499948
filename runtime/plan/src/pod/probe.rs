//! When containers are asked how they are, and what their answers come to.

use std::time::Duration;

use coracle_model::Timestamp;
use coracle_spec::kind::pod::{Container, Handler, HttpGet, Port, Probe};

use super::backoff::after;
use super::step::ProbeKind;

/// One question to one container, from its start to its end.
#[derive(Debug, Clone)]
pub(super) struct Prober {
    pub(super) kind: ProbeKind,
    probe: Probe,
    next: Timestamp,
    in_flight: bool,
    /// The same answer so many times in a row.
    run: Option<(Answer, u32)>,
    result: Answer,
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
            Some(Self {
                kind,
                probe,
                next: after(started_at, delay),
                in_flight: false,
                run: None,
                result,
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
    }

    /// When it is to be asked next; none while it is being asked, or need not be any more.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let answered = self.kind == ProbeKind::Startup && self.is_good();
        (!self.in_flight && !self.on_hold && !answered).then_some(self.next)
    }

    /// It is asked now.
    pub(super) fn ask(&mut self, now: Timestamp) {
        self.in_flight = true;
        self.next = after(now, Duration::from_secs(self.probe.period_seconds));
    }

    /// Counts an answer.
    pub(super) fn answered(&mut self, is_good: bool) -> Verdict {
        self.in_flight = false;
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
