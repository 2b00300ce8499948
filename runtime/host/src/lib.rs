//! The machine: engines that run workloads (Docker, local processes, a scripted fake), GPUs, the clock and
//! the logs that workloads write.
//!
//! This is the only place that knows bollard, cudarc and process handling. It decides nothing: a
//! [`Workload`] comes in fully decided and is carried out, idempotently, by its name.

mod agent;
pub mod bridge;
pub mod clock;
pub mod docker;
pub mod engine;
pub mod fake;
pub mod fetch;
pub mod gpu;
pub mod log;
pub mod machine;
mod off_runtime;
mod own_image;
pub mod peer;
pub mod post;
pub mod process;
mod programs;
mod stand_in;
mod watch;

pub use engine::{
    AttachRequest, BuildFile, BuildFileKind, Capabilities, Connection, Engine, EngineDescription,
    EngineError, EnvironmentLayer, EnvironmentRequest, ExecRequest, Exit, ExposedPort, HostAlias,
    ImageAnswer, ImageArchive, ImageBuild, ImageConfig, Mount, MountSource, NetworkName,
    ObservedWorkload, Opening, Output, Phase, ProcessImage, Protocol, PublishedPort, PullPolicy,
    ROUTES, SandboxName, SandboxProgram, SandboxRequest, SandboxStatus, SecurityContext, Session,
    SessionControl, Stdin, TerminalSize, Usage, Workload, WorkloadImage, WorkloadName,
    environment_image,
};
pub use off_runtime::off_runtime;
pub use own_image::OwnImage;
pub use stand_in::StandIn;
pub use watch::Watched;
