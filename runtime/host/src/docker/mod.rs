//! Containers, through Docker's API: Docker itself, and Podman's service that speaks the same.
//!
//! This is the only place that knows bollard. Workloads are containers, and a sandbox is a container too: one
//! that does nothing but own a network namespace on the workbench's network, as the pause container of a
//! Kubernetes pod does. Workloads that join it start twice as fast as with a network of their own. One kind does more: a
//! forwarder stands for a Service and passes connections on to sandboxes.
//!
//! ```text
//!   network `coracle` ─── sandbox (pause, aliases) ◄── joins ── workload
//!        │                   ▲  ▲                                 │ log (attend) ──► crate::log
//!        │                   │  └── connect, published ports      │ cgroup (usage)
//!        │      one network a namespace ── forwarder (routes)     │ sessions (exec, attach)
//!        └── gateway = the workbench's address                    └ exit: kept until removed
//! ```
//!
//! Nothing is kept in memory that a restart would miss: labels and names on containers and images are the
//! journal. The engine decides nothing about runs and never removes what it was not asked to.

mod about;
mod attend;
mod build;
mod client;
mod connect;
mod copy;
mod environment;
mod error;
mod export;
mod forwarder;
mod frames;
mod grip;
mod host_config;
mod host_routes;
mod image;
mod labels;
mod local_log;
mod log_stream;
mod network;
mod once;
mod pause;
mod ports;
mod program_image;
mod raw;
mod reclaim;
mod recording;
mod sandbox;
mod session;
mod sockets;
mod stop;
mod streams;
mod transcript;
mod usage;
mod workload;

pub use client::DockerEngine;
pub use connect::{SocketAnswer, SocketReport, survey};
pub use labels::{KIND, OWNER, SANDBOX, WORKLOAD};
pub use sockets::DockerSettings;
