//! The ids of links between tasks and artifacts.

use coracle_app::view::{LineageEdge, LineageEdgeKind};

use crate::task_id::task_id;

/// The id of a link, of which there is one for each artifact, task and direction.
pub(super) fn link_id(edge: &LineageEdge) -> String {
    let kind = match edge.kind {
        LineageEdgeKind::Input => "input",
        LineageEdgeKind::Output => "output",
    };
    let task = task_id(edge.run_id, &edge.task);
    format!("{}-{kind}-{task}", edge.artifact_id)
}
