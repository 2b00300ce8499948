//! The workbench over HTTP: one folder an API, all on one server.
//!
//! ```text
//! Running ──doors──► serve ──► guard (who may come in) ──► router ──► one use case of `coracle_app`
//! ```
//!
//! | folder | API |
//! |---|---|
//! | `kfp/` | Kubeflow Pipelines', `/apis/v2beta1` |
//! | `workbench/` | the workbench's own, `/apis/coracle/v1` |
//! | `kube/` | a part of Kubernetes', `/api` and `/apis/{group}` |
//! | `model_servers/` | model servers, `/serving/{namespace}/{name}/` and by their own host |
//! | `notebooks.rs` | the servers of notebooks, `/notebook/{namespace}/{name}/` |
//! | `pages.rs` | the pages that people see, built from `ui/` |
//! | `kfp_next/` | artifacts and tasks as KFP proposes them, below `/apis/v2beta1`, to read |
//!
//! A handler extracts, asks `coracle_app` once, and converts. This crate is the only one that knows axum; it
//! must not know the store, the engine or the loop.
#![forbid(unsafe_code)]

mod body;
mod error;
mod guard;
mod kfp;
mod kfp_next;
mod kube;
mod model_servers;
mod notebooks;
mod pages;
mod peer;
mod pod_connector;
mod serve;
mod task_id;
pub mod workbench;

pub use model_servers::serve_model;
pub use serve::{router, router_at, serve};
