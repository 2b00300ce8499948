//! What is told to a plan of a pod.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use coracle_model::{GpuUuid, ImageDigest, Timestamp};
use coracle_spec::kind::pod::{ContainerName, Pod, VolumeName};

use super::objects::PodObjects;
use super::step::{ContainerTry, HookKind, ProbeKind};

/// Something that was seen.
#[derive(Debug, Clone, PartialEq)]
pub enum PodObservation {
    /// The object changed: its images, its labels and annotations, its deletion.
    Pod(Box<Pod>),
    /// What the pod refers to, as it stands now.
    Objects(Box<PodObjects>),
    /// There is room, and it is the pod's.
    Admitted {
        /// The GPUs it is leased.
        gpus: Vec<GpuUuid>,
    },
    /// There is no room.
    Waiting {
        /// What there is too little of; nothing when only others come first.
        lacking: BTreeSet<Lacking>,
    },
    /// The answer to `PrepareVolume`.
    VolumePrepared {
        /// Which.
        volume: VolumeName,
        /// Why it could not be made, in a kubelet's words.
        result: Result<(), String>,
    },
    /// The answer to `OpenSandbox`.
    SandboxOpened {
        /// Its address, or why there is none.
        result: Result<IpAddr, String>,
    },
    /// The network place is gone, and with it the network of all containers.
    SandboxLost,
    /// The image that `Pull` looks for is not here, and the workbench builds it.
    Building {
        /// For whom.
        container: ContainerName,
        /// The reference that is looked for.
        image: String,
        /// Why it is not pulled.
        reason: BuildReason,
    },
    /// The answer to `Pull`.
    Pulled {
        /// For whom.
        container: ContainerName,
        /// The reference that was looked for.
        image: String,
        /// What it is.
        result: Result<PulledImage, PullFault>,
    },
    /// The answer to `Start`.
    Started {
        /// Which.
        which: ContainerTry,
        /// The engine's id for it, or why it did not start.
        result: Result<StartedContainer, StartFault>,
    },
    /// A container ended.
    Ended {
        /// Which.
        which: ContainerTry,
        /// How.
        end: ContainerEnd,
    },
    /// The engine knows a container no more that was there.
    Vanished(ContainerTry),
    /// The answer to `Probe`.
    Probed {
        /// Whom.
        which: ContainerTry,
        /// Which question.
        kind: ProbeKind,
        /// What it said.
        answer: ProbeAnswer,
    },
    /// The answer to `RunHook`.
    Hooked {
        /// Where.
        which: ContainerTry,
        /// When.
        kind: HookKind,
        /// Why it failed.
        result: Result<(), String>,
    },
    /// The answer to `CloseSandbox`.
    SandboxClosed,
    /// The answer to `RemoveContainers`.
    Removed,
}

/// What a machine may have too little of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lacking {
    /// CPU.
    Cpu,
    /// Memory.
    Memory,
    /// A resource by its name, such as `nvidia.com/gpu`.
    Extended(String),
}

impl Lacking {
    /// Its name as a resource.
    pub fn resource(&self) -> &str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Extended(name) => name,
        }
    }
}

/// An image that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledImage {
    /// Its content id.
    pub digest: ImageDigest,
    /// How it came.
    pub how: PulledHow,
    /// The user that it says it runs as, where that is known; empty for root.
    pub user: Option<String>,
}

/// Why an image is built instead of pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildReason {
    /// It is the workbench's own, which nobody else has.
    Own,
    /// Others have it, and it could not be pulled: what was said then.
    NotPulled(String),
}

/// How an image came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PulledHow {
    /// It was there.
    Present,
    /// A registry was asked.
    Pulled {
        /// How long that took.
        took: Duration,
        /// Its size in bytes; 0 when that is not known.
        bytes: u64,
    },
    /// It was built.
    Built {
        /// How long that took.
        took: Duration,
    },
}

/// Why an image is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullFault {
    /// It could not be pulled.
    Failed(String),
    /// It is not there and may not be pulled.
    NeverPulled,
}

/// A container that started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedContainer {
    /// The engine's id for it: `docker://…`.
    pub id: String,
    /// When.
    pub at: Timestamp,
}

/// Why a container did not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartFault {
    /// What it is to be given is not there or not as it should be.
    Config(String),
    /// The engine would not make it.
    Create(String),
    /// It was made and its program could not be run.
    Run(String),
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerEnd {
    /// The exit code; 128 + n when signal n ended it.
    pub code: i64,
    /// Whether the kernel ended it for its memory.
    pub out_of_memory: bool,
    /// When it began, where the engine tells.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Timestamp,
    /// The text that it left about its end.
    pub message: String,
}

/// What a container said to a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// It is well.
    Success,
    /// It is not.
    Failure(String),
    /// It could not be asked; that counts for nothing.
    Unasked(String),
}
