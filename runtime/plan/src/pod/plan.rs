//! The plan of one pod: what it knows, and how it takes in what was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use coracle_model::{GpuUuid, Timestamp};
use coracle_spec::kind::pod::{Container, ContainerName, Pod, VolumeName};

use super::condition::Conditions;
use super::container::{ContainerState, Role};
use super::ending::Ending;
use super::event::{EventSource, EventType, PodEvent};
use super::fields::PodFacts;
use super::objects::{PodObjects, PodReferences, PodSetting};
use super::observation::{BuildReason, Lacking, PodObservation};
use super::standing::{Room, Sandbox, Unscheduled, VolumeState};
use super::step::{ContainerTry, PodStep};

/// The plan of one pod.
#[derive(Debug)]
pub struct PodPlan {
    pub(super) pod: Pod,
    pub(super) setting: PodSetting,
    pub(super) objects: Option<PodObjects>,
    pub(super) room: Room,
    pub(super) volumes: BTreeMap<VolumeName, VolumeState>,
    pub(super) sandbox: Sandbox,
    /// Counts the pod's network places.
    pub(super) sandboxes: u32,
    pub(super) pod_ip: Option<IpAddr>,
    /// Init containers first, in order, then the others.
    pub(super) containers: Vec<ContainerState>,
    /// Whether the init containers are through.
    pub(super) initialized: bool,
    /// When the pod was taken on.
    pub(super) started_at: Option<Timestamp>,
    pub(super) ending: Option<Ending>,
    pub(super) phase: Phase,
    pub(super) conditions: Conditions,
    pub(super) steps: Vec<PodStep>,
    pub(super) events: Vec<PodEvent>,
    pub(super) wake: Option<Timestamp>,
}

/// Where a pod stands, as a whole. It never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Not all of its containers have begun.
    Pending,
    /// They have, and not all have ended for good.
    Running,
    /// All have ended well.
    Succeeded,
    /// All have ended, and not all well.
    Failed,
}

impl Phase {
    /// The word in the status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

/// How long a volume or a network place that could not be made is left before it is tried again.
const RETRY: Duration = Duration::from_secs(10);

impl PodPlan {
    /// The plan of a pod that nothing was done for yet.
    pub fn new(pod: Pod, setting: PodSetting) -> Self {
        let conditions = Conditions::written_before(&pod.conditions);
        Self {
            containers: container_states(&pod),
            pod,
            setting,
            objects: None,
            room: Room::NotAsked(None),
            volumes: BTreeMap::new(),
            sandbox: Sandbox::None { retry_at: None },
            sandboxes: 0,
            pod_ip: None,
            initialized: false,
            started_at: None,
            ending: None,
            phase: Phase::Pending,
            conditions,
            steps: Vec::new(),
            events: Vec::new(),
            wake: None,
        }
    }

    /// The objects that the pod refers to, which are to be told by [`PodObservation::Objects`].
    pub fn references(&self) -> PodReferences {
        PodReferences::of(&self.pod)
    }

    /// The pod as it was last told.
    pub fn pod(&self) -> &Pod {
        &self.pod
    }

    /// Takes in what was seen. What no longer matters is passed over.
    pub fn observe(&mut self, observation: PodObservation, now: Timestamp) {
        match observation {
            PodObservation::Pod(pod) => self.changed(*pod),
            PodObservation::Objects(objects) => self.objects = Some(*objects),
            PodObservation::Admitted { gpus } => self.admitted(gpus, now),
            PodObservation::Waiting { lacking } => self.waits_for_room(&lacking),
            PodObservation::VolumePrepared { volume, result } => {
                self.volume_prepared(&volume, result, now);
            }
            PodObservation::SandboxOpened { result } => self.sandbox_opened(result, now),
            PodObservation::SandboxLost => {
                if matches!(self.sandbox, Sandbox::Open) && self.ending.is_none() {
                    self.sandbox = Sandbox::Lost;
                    let message = "Pod sandbox changed, it will be killed and re-created.";
                    self.tell(EventType::Normal, "SandboxChanged", message, None);
                }
            }
            PodObservation::Building {
                container,
                image,
                reason,
            } => {
                let message = match reason {
                    BuildReason::Own => format!("Building image {image:?}"),
                    BuildReason::NotPulled(said) => {
                        format!(
                            "Building image {image:?} on this machine, as it cannot be pulled: {said}"
                        )
                    }
                };
                let index = self.index_of(&container);
                self.tell(EventType::Normal, "Building", message, index);
            }
            PodObservation::Pulled {
                container,
                image,
                result,
            } => {
                if let Some(index) = self.index_of(&container) {
                    self.pulled(index, &image, result, now);
                }
            }
            PodObservation::Started { which, result } => {
                if let Some(index) = self.index_of(&which.container) {
                    self.started(index, which.attempt, result, now);
                }
            }
            PodObservation::Ended { which, end } => {
                self.with_try(&which, |state| {
                    let ended = state.running().map(|running| running.to_ended(end));
                    ended.into_iter().for_each(|ended| state.end(ended));
                });
            }
            PodObservation::Vanished(which) => self.with_try(&which, |state| {
                let ended = state.running().map(|running| running.to_vanished(now));
                ended.into_iter().for_each(|ended| state.end(ended));
            }),
            PodObservation::Probed {
                which,
                kind,
                answer,
            } => self.probed(&which, kind, answer, now),
            PodObservation::Hooked {
                which,
                kind,
                result,
            } => self.hooked(&which, kind, result, now),
            PodObservation::SandboxClosed => {
                if matches!(self.sandbox, Sandbox::Closing) {
                    self.sandbox = Sandbox::None { retry_at: None };
                }
            }
            PodObservation::Removed => {
                if let Some(ending) = &mut self.ending {
                    ending.removed();
                }
            }
        }
    }

    /// What is to be done now. Asked again without anything new, the answer is nothing.
    pub fn advance(&mut self, now: Timestamp) -> Vec<PodStep> {
        self.wake = None;
        self.notice_deletion(now);
        if self.ending.is_none() {
            self.live(now);
        }
        // What it lives through may have ended it.
        if self.ending.is_some() {
            self.end(now);
        }
        std::mem::take(&mut self.steps)
    }

    /// When the plan wants to be asked again though nothing was seen: as of the last [`Self::advance`].
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.wake
    }

    /// What happened since the last call.
    pub fn drain_events(&mut self) -> Vec<PodEvent> {
        std::mem::take(&mut self.events)
    }

    fn changed(&mut self, mut pod: Pod) {
        let names = |pod: &Pod| {
            let containers = pod.spec.init_containers.iter().chain(&pod.spec.containers);
            containers
                .map(|container| container.name.clone())
                .collect::<Vec<_>>()
        };
        // Containers do not come and go: the API refuses that, and a plan would not survive it.
        if names(&pod) != names(&self.pod) {
            pod.spec = self.pod.spec.clone();
        }
        self.conditions.others_wrote(&pod.conditions);
        let before = std::mem::replace(&mut self.pod, pod);
        for (index, state) in self.containers.iter_mut().enumerate() {
            if container(&before, index).image != container(&self.pod, index).image {
                state.image_changed();
            }
        }
    }

    fn admitted(&mut self, gpus: Vec<GpuUuid>, now: Timestamp) {
        if !matches!(self.room, Room::Asked(_)) {
            return;
        }
        self.room = Room::Held(gpus);
        // A pod of an earlier life is placed already.
        if self.started_at.is_none() {
            self.started_at = Some(now);
            let Pod {
                name, namespace, ..
            } = &self.pod;
            let node = &self.setting.node_name;
            self.events.push(PodEvent {
                kind: EventType::Normal,
                reason: "Scheduled",
                message: format!("Successfully assigned {namespace}/{name} to {node}"),
                field_path: None,
                source: EventSource::Scheduler,
            });
        }
    }

    fn waits_for_room(&mut self, lacking: &BTreeSet<Lacking>) {
        if matches!(self.room, Room::Asked(_)) {
            let why = self.unschedulable(&shortage(lacking.iter().map(Lacking::resource)));
            self.room = Room::Asked(Some(why));
        }
    }

    /// Tells once that the pod finds no place.
    pub(super) fn unschedulable(&mut self, why: &str) -> Unscheduled {
        let message = format!("0/1 nodes are available: {why}");
        let told = match &self.room {
            Room::NotAsked(why) | Room::Asked(why) => why.as_ref(),
            Room::Held(_) | Room::Released => None,
        };
        if told.is_none_or(|told| told.message != message) && self.started_at.is_none() {
            self.events.push(PodEvent {
                kind: EventType::Warning,
                reason: "FailedScheduling",
                message: message.clone(),
                field_path: None,
                source: EventSource::Scheduler,
            });
        }
        Unscheduled {
            reason: "Unschedulable",
            message,
        }
    }

    fn volume_prepared(&mut self, volume: &VolumeName, result: Result<(), String>, now: Timestamp) {
        let Some(state) = self.volumes.get_mut(volume) else {
            return;
        };
        state.in_flight = false;
        match result {
            Ok(()) => {
                state.made = true;
                state.told = None;
            }
            Err(message) => {
                state.asked = None;
                state.retry_at = Some(super::backoff::after(now, RETRY));
                self.mount_failed(volume, message);
            }
        }
    }

    /// Tells once that a volume cannot be made.
    pub(super) fn mount_failed(&mut self, volume: &VolumeName, why: String) {
        let state = self.volumes.entry(volume.clone()).or_default();
        if state.told.as_ref() == Some(&why) {
            return;
        }
        let message = format!(
            "MountVolume.SetUp failed for volume {:?} : {why}",
            volume.as_str()
        );
        state.told = Some(why);
        self.tell(EventType::Warning, "FailedMount", message, None);
    }

    fn sandbox_opened(&mut self, result: Result<IpAddr, String>, now: Timestamp) {
        if !matches!(self.sandbox, Sandbox::Opening) {
            return;
        }
        match result {
            Ok(ip) => {
                self.sandbox = Sandbox::Open;
                self.pod_ip = Some(self.address_at(ip));
            }
            Err(why) => {
                let retry_at = Some(super::backoff::after(now, RETRY));
                self.sandbox = Sandbox::None { retry_at };
                let message = format!("Failed to create pod sandbox: {why}");
                self.tell(EventType::Warning, "FailedCreatePodSandBox", message, None);
            }
        }
    }

    /// The pod's address in a network place: the node's where that is the machine's own network.
    pub(super) fn address_at(&self, place: IpAddr) -> IpAddr {
        if self.pod.spec.host_network {
            self.setting.host_ip
        } else {
            place
        }
    }

    fn with_try(&mut self, which: &ContainerTry, act: impl FnOnce(&mut ContainerState)) {
        if let Some(index) = self.index_of_try(which) {
            act(&mut self.containers[index]);
        }
    }

    pub(super) fn index_of(&self, name: &ContainerName) -> Option<usize> {
        self.containers.iter().position(|state| state.name == *name)
    }

    /// The container of a try, when no later one was made.
    pub(super) fn index_of_try(&self, which: &ContainerTry) -> Option<usize> {
        let index = self.index_of(&which.container)?;
        (self.containers[index].attempt == Some(which.attempt)).then_some(index)
    }

    /// A container as the pod describes it.
    pub(super) fn container(&self, index: usize) -> &Container {
        container(&self.pod, index)
    }

    pub(super) fn facts(&self) -> PodFacts<'_> {
        PodFacts {
            pod: &self.pod,
            setting: &self.setting,
            pod_ip: self.pod_ip,
        }
    }

    pub(super) fn tell(
        &mut self,
        kind: EventType,
        reason: &'static str,
        message: impl Into<String>,
        container: Option<usize>,
    ) {
        let field_path = container.map(|index| {
            let list = match self.containers[index].role {
                Role::Init | Role::Sidecar => "initContainers",
                Role::Main => "containers",
            };
            format!("spec.{list}{{{}}}", self.containers[index].name)
        });
        self.events.push(PodEvent {
            kind,
            reason,
            message: message.into(),
            field_path,
            source: EventSource::Kubelet,
        });
    }

    pub(super) fn wake_at(&mut self, time: Timestamp) {
        self.wake = Some(self.wake.map_or(time, |wake| wake.min(time)));
    }
}

/// A container by its place among all of them.
pub(super) fn container(pod: &Pod, index: usize) -> &Container {
    let inits = &pod.spec.init_containers;
    inits
        .get(index)
        .unwrap_or_else(|| &pod.spec.containers[index - inits.len()])
}

/// What there is too little of, in the scheduler's words.
pub(super) fn shortage<'name>(resources: impl Iterator<Item = &'name str>) -> String {
    let mut words: Vec<_> = resources
        .map(|name| format!("1 Insufficient {name}"))
        .collect();
    words.sort();
    if words.is_empty() {
        "1 node(s) keep room for pods that came earlier.".to_owned()
    } else {
        format!("{}.", words.join(", "))
    }
}

fn container_states(pod: &Pod) -> Vec<ContainerState> {
    let inits = pod.spec.init_containers.iter().map(|container| {
        let role = if container.is_restartable_init() {
            Role::Sidecar
        } else {
            Role::Init
        };
        ContainerState::new(container, role)
    });
    let mains = pod.spec.containers.iter();
    inits
        .chain(mains.map(|container| ContainerState::new(container, Role::Main)))
        .collect()
}
