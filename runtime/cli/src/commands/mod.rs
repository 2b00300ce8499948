//! The commands, one file each: arguments, what is asked of the workbench, and how the answer looks.

pub(crate) mod artifacts;
pub(crate) mod cancel;
pub(crate) mod completion;
pub(crate) mod config_map;
mod config_values;
pub(crate) mod contexts;
pub(crate) mod deploy;
pub(crate) mod deployments;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod env;
pub(crate) mod export;
pub(crate) mod follow;
mod follow_workload;
pub(crate) mod gc;
pub(crate) mod get;
pub(crate) mod kubeconfig;
mod kubeconfig_named;
pub(crate) mod logs;
pub(crate) mod model_server;
pub(crate) mod open;
mod outcome;
pub(crate) mod parity;
pub(crate) mod preflight;
pub(crate) mod push;
mod remote_list;
mod remote_outcome;
pub(crate) mod replay;
pub(crate) mod requests;
pub(crate) mod rerun;
pub(crate) mod resources;
pub(crate) mod retry;
pub(crate) mod rollback;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod secret;
pub(crate) mod serve;
pub(crate) mod serve_model;
pub(crate) mod supervise;
pub(crate) mod volume;
pub(crate) mod why;
pub(crate) mod workflow;
mod workflow_options;

mod dispatch;

pub(crate) use dispatch::dispatch;
