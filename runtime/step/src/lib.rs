//! Carries out one task of a run inside a pod of a cluster: what KFP's driver and launcher do, in one small static
//! program.
//!
//! ```text
//!   the run's file, results of tasks that ended ──► replay: the run's plan up to this task ──► its fate
//!        ▲                                                                                      │
//!        └────────── store: a volume or bucket that all pods see   ◄── result ◄── execute ◄──────┘
//! ```
//!
//! The engine of the cluster, Argo Workflows, only orders pods. What a task is given, whether its condition holds, what its
//! loop goes over and how it ended is decided here, by [`coracle_plan::RunPlan`], which decides it on one machine too: each pod
//! makes the plan anew from what was recorded before. It knows no cluster: names and places come in as arguments.
#![forbid(unsafe_code)]

mod act;
pub mod arguments;
mod carrier;
mod execute;
mod gather;
mod judge;
mod outputs_on_disk;
mod patch;
mod replay;
mod run_file;
mod serve;
mod step;
mod store;
mod tree;

pub use act::{Conduct, Ending, Fault, begin, decide, end, install, run};
pub use carrier::carry;
pub use execute::{Exit, Programs, Spawned};
pub use gather::gather;
pub use outputs_on_disk::{check_links, foreign_files, read_text};
pub use patch::pod_patch;
pub use replay::{Fate, Replay, Work};
pub use run_file::{Facts, RunFile, RunFileError, View, decode_definition, encode_definition};
pub use store::{BucketPlace, Place, Store, StoreError};
