//! Artifacts and tasks as Kubeflow Pipelines proposes to serve them once ML Metadata is gone (proposal 12147), to
//! be read only.
//!
//! ```text
//! below /apis/v2beta1:
//! GET /artifacts?page_size=&page_token=                                        ListArtifactResponse
//! GET /artifacts/{artifact_id}                                                 Artifact
//! GET /artifact_tasks?task_ids=&run_ids=&artifact_ids=&type=&page_size=&page_token=    ListArtifactTasksResponse
//! GET /tasks?run_id=|parent_id=&page_size=&page_token=                         ListTasksResponse
//! GET /tasks/{task_id}                                                         PipelineTaskDetail
//! ```
//!
//! Names, paths and forms are the proposal's, written as protobuf writes JSON: fields by their names in the
//! definition, whole numbers of 64 bits as text, what is zero or empty left out. Sorting and filters beyond ids
//! are refused rather than ignored.

mod artifacts;
mod link_id;
mod present;
mod query;
mod routes;
mod tasks;
mod wire;

pub(crate) use routes::routes;
