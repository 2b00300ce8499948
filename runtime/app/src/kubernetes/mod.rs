//! The objects of the Kubernetes API that a workbench has by itself, and the ways into pods.

mod containers;
mod node;
mod notebooks;
mod pod_log;
mod serving;
mod sessions;
mod standing;
mod take_over;

pub(crate) use node::{Known, stand_node, tell_of_gpus};
pub use notebooks::{NotebookServer, NotebookStage};
pub use pod_log::PodLogOptions;
pub(crate) use serving::{EmbeddedModels, ModelRequests, keep_loaded, keep_sizes};
pub use serving::{
    KeptOfRequests, ModelPod, ModelRevision, ModelServer, ModelServerStage, RequestAtWork, Sink,
    SinkPod,
};
pub use sessions::PodConnectError;
pub(crate) use standing::{MANAGER, stand};
pub(crate) use take_over::take_over;

use coracle_objects::{Reason, Status};

/// What is wrong with the workbench, to a client of the Kubernetes API.
fn internal(error: &crate::error::AppError) -> Status {
    Status::new(Reason::InternalError, error.to_string())
}
