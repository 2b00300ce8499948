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

mod backoff;
mod condition;
mod container;
mod credentials;
mod ending;
mod environment;
mod event;
mod expand;
mod fields;
mod launch;
mod living;
mod objects;
mod observation;
mod plan;
mod probe;
mod resume;
mod room;
mod service_variables;
mod standing;
mod starting;
mod status;
mod step;
mod stopping;
mod volume;

pub use credentials::PullSecret;
pub use event::{EventSource, EventType, PodEvent};
pub use launch::{
    CONTAINER_ATTEMPT_LABEL, CONTAINER_GPUS_LABEL, CONTAINER_LABEL, POD_LABEL, POD_NAME_LABEL,
    POD_NAMESPACE_LABEL, log_path, workload_name,
};
pub use objects::{
    ClaimState, Entries, PodObjects, PodReferences, PodSetting, ServicePort, ServiceView,
};
pub use observation::{
    BuildReason, ContainerEnd, Lacking, PodObservation, ProbeAnswer, PullFault, PulledHow,
    PulledImage, StartFault, StartedContainer,
};
pub use plan::{Phase, PodPlan};
pub use resume::{HeldContainer, HeldSandbox, PodHeld};
pub use step::{
    ContainerAttempt, ContainerSecurity, ContainerTry, FollowContainer, HookKind, HookWork,
    PodMount, PodMountSource, PodStep, ProbeKind, ProbeWork, SandboxPlan, StandardInput,
    StartContainer, TerminationMessage, VolumeFile, VolumeKind, VolumeWork,
};
