//! Real clusters: which there are, whether they can take what is to be sent, and sending it.
//!
//! Whoever asks says which kubeconfig counts, since a shell's may be another than the workbench's.

mod bring;
mod contexts;
mod data;
mod deploy;
mod images;
mod manifests;
mod parity;
mod pipelines;
mod preflight;
mod present;
mod protected;
mod remote_runs;
mod remote_server;
mod sources;
mod workflow;
mod workloads;

pub(crate) use remote_runs::take_up_remote_runs;
