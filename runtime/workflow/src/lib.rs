//! A pipeline as an Argo `Workflow`, or a `CronWorkflow`, that needs none of KFP's images: a pure function of its definition.
//!
//! ```text
//!   begin ──► pipeline: a DAG template for each DAG of the definition ──► end
//!             step:   one pod, which finds out by itself whether it is to run
//!             decide: one pod before a DAG with a condition, a loop, or a step whose pod follows from its inputs
//! ```
//!
//! What a pipeline means is decided in the pods, by the plan that decides it on one machine too (`coracle-step`). The workflow
//! orders them: no pod starts before those have ended whose outcome it reads, and none is left out that the plan would run. So
//! nothing of the meaning of a condition, a loop or an exit handler is written in Argo's terms. What cannot be kept is refused,
//! with its reason.
//!
//! It knows no cluster, and reads and writes nothing.
#![forbid(unsafe_code)]

mod dag;
mod given;
mod names;
mod platform;
mod pod;
mod program;
mod report;
mod retry;
mod schedule;
mod settings;
mod step;
mod store;
mod workflow;

pub use report::{Finding, Parity};
pub use settings::Settings;
pub use workflow::{Lowering, lower};
