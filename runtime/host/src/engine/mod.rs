//! What every engine offers, in the workbench's words.
//!
//! A workload is one container or process tree. Its [`WorkloadName`] is chosen by the caller and is the key
//! to everything: starting the same name twice starts one workload, and after a crash the name tells what an
//! engine still holds. Nothing is ever removed by itself: the caller removes a workload once its exit,
//! logs and outputs are recorded.
//!
//! ```text
//!   start ──► running ──► attend (log to the end, then the exit) ──► remove
//!               │ stop (polite, then by force) ▲
//!               └──────────────────────────────┘
//! ```

mod build;
mod contract;
mod error;
mod image;
mod sandbox;
mod session;
mod workload;

pub use build::{BuildFile, BuildFileKind, ImageBuild, ProcessImage};
pub use contract::{Engine, EngineDescription};
pub use error::EngineError;
pub(crate) use image::{ENVIRONMENT_REPOSITORY, environment_tag};
pub use image::{
    EnvironmentLayer, EnvironmentRequest, ExposedPort, ImageAnswer, ImageArchive, ImageConfig,
    PullPolicy, environment_image,
};
pub use sandbox::{
    Connection, HostAlias, NetworkName, Opening, Protocol, PublishedPort, ROUTES, SandboxName,
    SandboxProgram, SandboxRequest, SandboxStatus,
};
pub use session::{AttachRequest, ExecRequest, Output, Session, SessionControl, TerminalSize};
pub use workload::{
    Capabilities, Exit, Mount, MountSource, ObservedWorkload, Phase, SecurityContext, Stdin, Usage,
    Workload, WorkloadImage, WorkloadName,
};
