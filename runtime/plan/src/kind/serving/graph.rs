//! Inference graphs: kept, and said not to be routed.

use coracle_objects::{Object, ObjectExt as _, kind, meta};
use serde_json::json;

use crate::kind::step::{ObjectStep, World};

/// What is to be done for an inference graph.
pub fn reconcile_graph(graph: &Object, world: &dyn World) -> Option<ObjectStep> {
    if graph.is_being_deleted() || graph.get("status").is_some() {
        return None;
    }
    let now = meta::time(world.now());
    let status = json!({
        "conditions": [{
            "type": "Ready",
            "status": "False",
            "reason": "NotRouted",
            "message": "inference graphs are kept here, and nothing routes them yet",
            "lastTransitionTime": now,
        }],
    });
    ObjectStep::status(kind::inference_graphs(), graph, status)
}
