//! The loops: observe, plan, execute, record.
//!
//! ```text
//!   wake, cancel, retry ──► ┌──────────────────────────┐ ──► store: one transaction a batch
//!                           │ the loop: owns every open │            │ then
//!   observations ─────────► │ run's plan and the ledger │            ▼
//!        ▲                  └──────────────────────────┘     tasks: one for each step
//!        └───────────────────────────────────────────────────────────┘
//! ```
//!
//! The loop is the only one that decides and the only one that writes a run's state. It records before it acts:
//! a step is carried out only once the record that it was begun is stored, and a container is removed only once
//! its end is. So a `kill -9` at any line leaves a store from which the next start goes on.
//!
//! Pods have a task each, in [`pods`]; of the loop they only want room. So do Services, in `forwarders`, which want nothing of
//! it.
#![forbid(unsafe_code)]

mod attempt;
mod batch;
mod carry_out;
mod entries;
mod forwarders;
mod handle;
mod image;
mod import;
mod kubelet;
mod live;
mod network;
mod objects;
pub mod pods;
mod room;
mod run_loop;
mod sandbox;
mod setting;
mod stored;
mod supervisor;
mod take_up;

pub use forwarders::{ForwarderSetting, keep_forwarders};
pub use handle::{Control, ControlError};
pub use image::Workshop;
pub use kubelet::{
    ApiWorld, CullingSetting, Kubelet, KubeletSetting, PodSandboxes, PodTokens, watch_notebooks,
};
pub use objects::{Now, ObjectLoop, ObjectSetting, Recorder};
pub use room::RoomNews;
pub use setting::{Setting, Surroundings};
pub use supervisor::{Supervisor, TaskKind};
