//! The API of Kubeflow Pipelines, v2beta1, as its own server answers it: `kfp.Client` and the `kfp` command work with
//! it unchanged.
//!
//! ```text
//!        below /apis/v2beta1:
//! ANY    /healthz
//! GET    /experiments             POST /experiments
//! GET    /experiments/{id}        DELETE               POST :archive :unarchive
//! GET    /pipelines               POST /pipelines, /pipelines/create
//! ANY    /pipelines/upload, /pipelines/upload_version      a form with the file
//! GET    /pipelines/names/{name}
//! GET    /pipelines/{id}          PATCH, DELETE ?cascade=
//! GET    /pipelines/{id}/versions POST
//! GET    /pipelines/{id}/versions/{id}                 PATCH, DELETE
//! GET    /runs                    POST /runs
//! GET    /runs/{id}               DELETE               POST :archive :unarchive :terminate :retry
//! GET    /runs/{id}/nodes/{node}/artifacts/{name}:read
//! GET    /recurringruns           POST /recurringruns
//! GET    /recurringruns/{id}      DELETE               POST :enable :disable
//!
//! ANY    /apis/v1beta1/healthz    GET /apis/v1beta1/auth
//! ANY    /apis/v1alpha1/runs/{id}/nodes/{node}/log
//! ```
//!
//! Where that server answers 500 to a caller's mistake, this one answers the 4xx that fits. `docs/kfp-api.md` lists what
//! else is not the same.

mod experiments;
mod fault;
mod health;
mod json;
mod list;
mod nodes;
mod packages;
mod pipelines;
mod query;
mod recurring_runs;
mod routes;
mod run_message;
mod runs;
mod source;
mod task_message;
mod uploads;
mod verb;
mod versions;
mod write;

pub(crate) use routes::{is_below, no_method, no_path, routes};
