//! Decides, purely: what a run does next, and which of the steps that want to start fit on the machine.
//!
//! ```text
//!   definition, request, history ──► RunPlan ──► steps to carry out
//!                                      ▲  │
//!                        observations ─┘  └──► task records to remember
//!
//!   resource requests of all runs ──► Admission ──► what may start, with which GPUs
//!
//!   recurring run, now ──► due: which slot is to be run, and which are passed over
//!
//!   pod, observations ──► PodPlan: what a kubelet would do next, and the pod's status
//! ```
//!
//! Nothing here reads a clock, a file or an environment variable, and nothing is spawned: a [`RunPlan`] is a
//! value that observations are applied to. Two properties hold for every run, and are tested as such: a
//! finished plan planned again is empty, and the order in which completions are observed changes nothing.
#![forbid(unsafe_code)]

mod admission;
mod attempt;
mod begin;
mod cache_key;
mod environment;
mod finish;
mod given;
mod graph;
mod history;
mod inputs;
pub mod kind;
mod launch;
mod measured;
mod node;
mod outputs;
mod paths;
pub mod pod;
mod policy;
mod record;
mod recurrence;
mod rerun;
mod run;
mod serve;
mod step;

pub use admission::{Admission, AdmissionId, Admitted, Budget, Verdict, Waiting};
pub use cache_key::CacheKey;
pub use environment::{EnvironmentPlan, InstallPrefix};
pub use graph::upstream;
pub use history::{Finished, History, Past};
pub use launch::{
    InitLaunch, Launch, Layout, PIPELINES_NAMESPACE, PlannedMount, PlannedSource, PlannedVariable,
};
pub use measured::{Measured, Measurement};
pub use paths::{RunPaths, artifact_uri, job_resource_name};
pub use policy::Policy;
pub use recurrence::{Due, due};
pub use rerun::is_redone;
pub use run::RunPlan;
pub use step::{ImportRequest, Looked, Observation, Served, Step};
