//! What is done for a pod that is to run: room, volumes, network, init containers one by one, then all others.

use std::time::Duration;

use coracle_model::Timestamp;
use coracle_spec::kind::pod::RestartPolicy;

use super::backoff::{Backoff, after, in_words};
use super::container::{ContainerState, Next, Role, Try, Waiting};
use super::ending::Why;
use super::event::EventType;
use super::plan::{PodPlan, shortage};
use super::room;
use super::standing::{Room, Sandbox, Unscheduled};
use super::step::{PodStep, SandboxPlan};
use super::stopping::Reason;
use super::volume::{unbound_claim, volume_work};
use crate::kind::service::names;

/// How far a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Something was asked for and is not answered.
    Busy,
    /// It waits for time to pass or something to change.
    Held,
    /// It is at work.
    Up,
    /// It has ended for good.
    Over,
}

/// How long an end or a failure is shown before the wait that follows it, so that whoever watches sees both.
pub(super) const MOMENT: Duration = Duration::from_secs(1);

impl PodPlan {
    pub(super) fn live(&mut self, now: Timestamp) {
        if self.objects.is_none() || !self.find_room() {
            return;
        }
        if self.is_overdue(now) {
            return;
        }
        if !self.make_volumes(now) {
            return;
        }
        if self.sandbox == Sandbox::Lost {
            return self.leave_sandbox(now);
        }
        if !self.open_sandbox(now) {
            return;
        }
        self.stop_those_that_changed(now);
        self.keep_stopping(now);
        self.ask_probes(now);
        if self.initialize(now) {
            self.run_mains(now);
        }
    }

    fn find_room(&mut self) -> bool {
        match &self.room {
            Room::Held(_) => return true,
            Room::Asked(_) | Room::Released => return false,
            Room::NotAsked(_) => {}
        }
        // A pod that was placed by an earlier life has what it needs to be placed.
        if self.started_at.is_none()
            && let Some(why) = self.misplaced()
        {
            self.room = Room::NotAsked(Some(why));
            return false;
        }
        self.room = Room::Asked(None);
        self.steps.push(PodStep::Reserve {
            resources: room::needed(&self.pod),
            held: None,
        });
        false
    }

    /// Why the pod cannot be placed whatever room there is.
    fn misplaced(&mut self) -> Option<Unscheduled> {
        if !self.pod.spec.scheduling_gates.is_empty() {
            let message = "Scheduling is blocked due to non-empty scheduling gates".to_owned();
            return Some(Unscheduled {
                reason: "SchedulingGated",
                message,
            });
        }
        let claim = self
            .objects
            .as_ref()
            .and_then(|objects| unbound_claim(&self.pod, objects));
        if let Some(why) = claim {
            return Some(self.unschedulable(&format!("{why}.")));
        }
        let unknown = room::unknown_resources(&self.pod);
        if unknown.is_empty() {
            return None;
        }
        let why = shortage(unknown.into_iter());
        Some(self.unschedulable(&why))
    }

    fn is_overdue(&mut self, now: Timestamp) -> bool {
        let Some((seconds, started_at)) =
            self.pod.spec.active_deadline_seconds.zip(self.started_at)
        else {
            return false;
        };
        let deadline = after(started_at, Duration::from_secs(seconds));
        if now < deadline {
            self.wake_at(deadline);
            return false;
        }
        let message = "Pod was active on the node longer than the specified deadline";
        self.tell(EventType::Normal, "DeadlineExceeded", message, None);
        self.begin_ending(Why::DeadlineExceeded, now);
        true
    }

    /// Whether all volumes are there.
    fn make_volumes(&mut self, now: Timestamp) -> bool {
        let mut all_made = true;
        for index in 0..self.pod.spec.volumes.len() {
            let volume = &self.pod.spec.volumes[index];
            let name = volume.name.clone();
            let Some(objects) = &self.objects else {
                return false;
            };
            let work = volume_work(self.facts(), volume, objects);
            let state = self.volumes.entry(name.clone()).or_default();
            match work {
                Ok(None) => state.made = true,
                Ok(Some(work)) => {
                    let waits = state.retry_at.filter(|retry_at| now < *retry_at);
                    if let Some(retry_at) = waits {
                        self.wake_at(retry_at);
                    } else if !state.in_flight && state.asked.as_ref() != Some(&work) {
                        state.in_flight = true;
                        state.retry_at = None;
                        state.asked = Some(work.clone());
                        self.steps.push(PodStep::PrepareVolume(Box::new(work)));
                    }
                }
                // What containers have already stays as it is.
                Err(why) if !state.made => self.mount_failed(&name, why),
                Err(_) => {}
            }
            all_made &= self.volumes.get(&name).is_some_and(|state| state.made);
        }
        all_made
    }

    fn open_sandbox(&mut self, now: Timestamp) -> bool {
        match self.sandbox {
            Sandbox::Open => return true,
            Sandbox::Opening | Sandbox::Closing | Sandbox::Lost => return false,
            Sandbox::None { retry_at } => {
                if let Some(retry_at) = retry_at.filter(|retry_at| now < *retry_at) {
                    self.wake_at(retry_at);
                    return false;
                }
            }
        }
        self.sandbox = Sandbox::Opening;
        let sandbox = self.sandbox_plan();
        self.steps.push(PodStep::OpenSandbox(Box::new(sandbox)));
        false
    }

    /// The name of the pod's network place, or of the one that it would have.
    pub fn sandbox_name(&self) -> String {
        format!("coracle-pod-{}-{}", self.pod.uid, self.sandboxes)
    }

    fn sandbox_plan(&self) -> SandboxPlan {
        let spec = &self.pod.spec;
        let hostname = if spec.hostname.is_empty() {
            self.pod.name.clone()
        } else {
            spec.hostname.clone()
        };
        let containers = spec.init_containers.iter().chain(&spec.containers);
        SandboxPlan {
            name: self.sandbox_name(),
            namespace: self.pod.namespace.clone(),
            aliases: self.aliases(&hostname),
            hostname,
            host_aliases: spec.host_aliases.clone(),
            ports: containers
                .flat_map(|container| container.ports.clone())
                .collect(),
            host_network: spec.host_network,
            labels: [(
                super::launch::POD_LABEL.to_owned(),
                self.pod.uid.to_string(),
            )]
            .into(),
        }
    }

    /// The names under which others find the pod, as on a cluster: those of the services that lead to it and have nothing
    /// that stands for them, and its own in the service that it names as its subdomain.
    fn aliases(&self, hostname: &str) -> Vec<String> {
        let namespace = &self.pod.namespace;
        let services = self.objects.iter().flat_map(|objects| &objects.services);
        let mut aliases = Vec::new();
        for service in services.filter(|service| service.selects_pod) {
            let name = &service.name;
            if !service.is_forwarded {
                aliases.extend(names(name, namespace));
            }
            if self.pod.spec.subdomain == *name {
                aliases.extend(names(&format!("{hostname}.{name}"), namespace));
            }
        }
        aliases
    }

    /// Ends what is in a network place that is gone; the next one is opened when something is to run in it.
    fn leave_sandbox(&mut self, now: Timestamp) {
        let grace = self.own_grace();
        for index in 0..self.containers.len() {
            self.containers[index].abandon_next();
            self.stop(index, Reason::PodGoes, grace, now);
        }
        self.keep_stopping(now);
        if self.containers.iter().any(ContainerState::is_under_way) {
            return;
        }
        if self.has_run() && self.are_mains_over() {
            return self.begin_ending(Why::Over, now);
        }
        // What was initialized in the old place is initialized again in the new one.
        self.initialized = false;
        for state in &mut self.containers {
            if state.role == Role::Init
                && let Some(Try::Ended(ended)) = state.current.take()
            {
                state.last = Some(ended);
            }
        }
        self.sandbox = Sandbox::Closing;
        self.sandboxes += 1;
        self.pod_ip = None;
        self.steps.push(PodStep::CloseSandbox);
    }

    fn stop_those_that_changed(&mut self, now: Timestamp) {
        let grace = self.own_grace();
        for index in 0..self.containers.len() {
            let image = &self.container(index).image;
            let state = &self.containers[index];
            let changed = state
                .running()
                .is_some_and(|running| running.image != *image);
            if changed && state.role != Role::Init && !state.restart_anyway {
                self.containers[index].restart_anyway = true;
                self.stop(index, Reason::Changed, grace, now);
            }
        }
    }

    /// Whether the init containers are through.
    fn initialize(&mut self, now: Timestamp) -> bool {
        for index in 0..self.containers.len() {
            match self.containers[index].role {
                Role::Main => break,
                Role::Sidecar => {
                    self.drive(index, now);
                    if !self.initialized && !self.containers[index].is_started() {
                        return false;
                    }
                }
                Role::Init if self.initialized || self.containers[index].has_succeeded() => {}
                Role::Init => {
                    let progress = self.drive(index, now);
                    if progress == Progress::Over && !self.containers[index].has_succeeded() {
                        self.begin_ending(Why::Over, now);
                    }
                    return false;
                }
            }
        }
        self.initialized = true;
        true
    }

    fn run_mains(&mut self, now: Timestamp) {
        for index in self.pod.spec.init_containers.len()..self.containers.len() {
            // The next one begins only when this one has, with all that is to be done then.
            if self.drive(index, now) == Progress::Busy {
                return;
            }
        }
        if self.are_mains_over() {
            self.begin_ending(Why::Over, now);
        }
    }

    /// Brings a container one step on.
    fn drive(&mut self, index: usize, now: Timestamp) -> Progress {
        match &self.containers[index].next {
            Next::Pulling | Next::Starting(..) => return Progress::Busy,
            Next::Pulled(_) | Next::Blocked(..) => return self.launch(index),
            Next::Waiting(Waiting {
                until: Some(until), ..
            }) if now < *until => {
                let until = *until;
                self.wake_at(until);
                return Progress::Held;
            }
            Next::Waiting(_) | Next::Idle => {}
        }
        match &self.containers[index].current {
            None => self.pull(index, now),
            Some(Try::Running(running)) if running.hook_pending => Progress::Busy,
            Some(Try::Running(_)) => Progress::Up,
            Some(Try::Ended(_)) if self.stays_ended(index) => Progress::Over,
            Some(Try::Ended(_)) => self.restart(index, now),
        }
    }

    /// Whether a container that has ended stays so.
    fn stays_ended(&self, index: usize) -> bool {
        let state = &self.containers[index];
        let Some(ended) = state.ended() else {
            return false;
        };
        let policy = self.pod.spec.restart_policy;
        match state.role {
            _ if state.restart_anyway => false,
            Role::Sidecar => false,
            Role::Init => ended.code == 0 || policy == RestartPolicy::Never,
            Role::Main => match policy {
                RestartPolicy::Always => false,
                RestartPolicy::OnFailure => ended.code == 0,
                RestartPolicy::Never => true,
            },
        }
    }

    fn are_mains_over(&self) -> bool {
        let inits = self.pod.spec.init_containers.len();
        (inits..self.containers.len())
            .all(|index| self.stays_ended(index) && self.containers[index].next == Next::Idle)
    }

    pub(super) fn has_run(&self) -> bool {
        let mut mains = self
            .containers
            .iter()
            .filter(|state| state.role == Role::Main);
        mains.any(ContainerState::has_begun)
    }

    /// Starts a container again that has ended, at once or after a wait.
    fn restart(&mut self, index: usize, now: Timestamp) -> Progress {
        let state = &mut self.containers[index];
        if state.restart_anyway {
            // What changed is another container, with no failures behind it.
            state.crashes = Backoff::default();
            return self.pull(index, now);
        }
        if state.has_waited {
            return self.pull(index, now);
        }
        let failed_at = state
            .ended()
            .and_then(|ended| ended.finished_at)
            .unwrap_or(now);
        let Some((delay, over)) = state
            .crashes
            .wait(failed_at)
            .filter(|(_, over)| now < *over)
        else {
            state.crashes.lengthen(failed_at, now);
            state.has_waited = true;
            return self.pull(index, now);
        };
        let shown_until = after(failed_at, MOMENT);
        if now < shown_until {
            self.wake_at(shown_until);
            return Progress::Held;
        }
        let name = &self.containers[index].name;
        let pod = self.pod.in_words();
        let message = format!(
            "back-off {} restarting failed container={name} pod={pod}",
            in_words(delay)
        );
        let told = format!("Back-off restarting failed container {name} in pod {pod}");
        self.tell(EventType::Warning, "BackOff", told, Some(index));
        self.containers[index].next = Next::Waiting(Waiting {
            reason: "CrashLoopBackOff",
            message,
            until: Some(over),
        });
        self.wake_at(over);
        Progress::Held
    }
}
