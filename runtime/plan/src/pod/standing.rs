//! Where that stands which a pod needs around its containers: room, volumes, a network place.

use coracle_model::{GpuUuid, Timestamp};

use super::step::VolumeWork;

/// Whether the machine has room for the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Room {
    /// It was not asked, for this reason when there is one.
    NotAsked(Option<Unscheduled>),
    /// It was asked.
    Asked(Option<Unscheduled>),
    /// It has.
    Held(Vec<GpuUuid>),
    /// The pod needs it no more.
    Released,
}

/// Why a pod is not scheduled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unscheduled {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// How far a volume is.
#[derive(Debug, Clone, Default)]
pub(super) struct VolumeState {
    /// Whether it is there, if perhaps not as it should be now.
    pub(super) made: bool,
    /// What was last asked for.
    pub(super) asked: Option<VolumeWork>,
    pub(super) in_flight: bool,
    /// When to try again what failed.
    pub(super) retry_at: Option<Timestamp>,
    /// What was last told about it.
    pub(super) told: Option<String>,
}

/// Where the pod's network place stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sandbox {
    /// There is none; it is opened at this time when that failed before.
    None {
        retry_at: Option<Timestamp>,
    },
    Opening,
    Open,
    /// It is gone, and its containers have to go too.
    Lost,
    Closing,
}
