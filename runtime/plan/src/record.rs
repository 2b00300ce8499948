//! What is remembered of a node.

use coracle_model::{Outputs, TaskRecord};

use crate::node::NodeId;
use crate::run::RunPlan;

impl RunPlan {
    /// A node as it is remembered.
    pub(crate) fn record(&self, id: NodeId) -> TaskRecord {
        let node = self.node(id);
        let cached = matches!(
            node.status.end(),
            Some(crate::node::End::Succeeded { cached: true })
        );
        TaskRecord {
            run: self.id(),
            path: node.path.clone(),
            kind: node.kind,
            display_name: node.display_name.clone(),
            state: node.status.state(),
            cached,
            reason: node.status.end().and_then(|end| end.reason()).cloned(),
            inputs: Outputs {
                parameters: node.inputs.parameters.clone(),
                artifacts: node.inputs.artifacts.clone(),
            },
            outputs: node.outputs.clone(),
            fingerprint: node.step.as_ref().and_then(|step| step.fingerprint.clone()),
            started_at: node.started_at,
            finished_at: node.finished_at,
        }
    }
}
