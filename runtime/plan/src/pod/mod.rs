//! What a kubelet decides: how a pod comes to run, stays running, and ends.
//!
//! ```text
//!   pod object ──► PodPlan ──► steps: reserve, prepare, open, pull, start, probe, stop, remove
//!                   ▲    │
//!    observations ──┘    ├──► the pod's status, complete
//!    (answers, objects,  └──► events
//!     room, time)
//! ```
//!
//! A plan is one pod's. It is told everything it knows, time included, asks for each thing once, and is
//! asked for its status whenever something may have changed. After a crash it is made again from the pod's last status
//! and from the containers that the engine still holds; nothing starts twice.

mod event;
mod names;
mod objects;
mod observation;
mod step;

pub use event::{EventSource, EventType, PodEvent};
pub use names::{log_path, workload_name};
pub use objects::{
    ClaimState, Entries, PodObjects, PodReferences, PodSetting, ServicePort, ServiceView,
};
pub use observation::{
    ContainerEnd, Lacking, PodObservation, ProbeAnswer, PullFault, PulledHow, PulledImage,
    StartFault, StartedContainer,
};
pub use step::{
    ContainerAttempt, ContainerSecurity, ContainerTry, HookKind, HookWork, PodMount,
    PodMountSource, PodStep, ProbeKind, ProbeWork, SandboxPlan, StartContainer, TerminationMessage,
    VolumeFile, VolumeKind, VolumeWork,
};
