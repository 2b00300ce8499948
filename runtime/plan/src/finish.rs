//! Endings, and how they carry upwards: what an ended node sets free, and when the DAG around it is done.

use coracle_model::{Failure, FailureCode, TaskKind, Timestamp};

use crate::begin::place;
use crate::node::{End, NodeId, Status};
use crate::run::RunPlan;

impl RunPlan {
    /// Ends a node, sets free what waited for it, and ends the DAGs around it that are done by it.
    pub(crate) fn end(&mut self, id: NodeId, end: End, now: Timestamp) {
        let mut current = Some((id, end));
        while let Some((id, end)) = current.take() {
            let node = self.node_mut(id);
            node.finished_at = Some(now);
            self.set_status(id, Status::Ended(end));
            self.set_free(id);
            current = self.parent_when_done(id);
        }
    }

    /// Ends a DAG or loop that turned out to have nothing to wait for.
    pub(crate) fn close_when_done(&mut self, id: NodeId, now: Timestamp) {
        if self.node(id).status == Status::Open && self.node(id).children.open == 0 {
            let end = self.close(id);
            self.end(id, end, now);
        }
    }

    fn set_free(&mut self, id: NodeId) {
        for dependent in std::mem::take(&mut self.node_mut(id).dependents) {
            let node = self.node_mut(dependent);
            node.unmet -= 1;
            if node.unmet == 0 {
                self.ready.push_back(dependent);
            }
        }
    }

    fn parent_when_done(&mut self, id: NodeId) -> Option<(NodeId, End)> {
        let parent = self.node(id).parent?;
        self.node_mut(parent).children.open -= 1;
        if self.node(parent).kind == TaskKind::Loop {
            self.next_iteration(parent);
        }
        (self.node(parent).children.open == 0).then(|| (parent, self.close(parent)))
    }

    /// How a DAG or loop ends, all its children having ended.
    fn close(&mut self, id: NodeId) -> End {
        let node = self.node(id);
        let children = node
            .children
            .tasks
            .values()
            .chain(&node.children.iterations);
        let mut failed = None;
        let mut stopped = None;
        for child in children.map(|child| self.node(*child)) {
            match child.status.end() {
                Some(End::Failed(failure)) => {
                    failed = failed.or(Some((child.path.clone(), failure.clone())));
                }
                Some(End::Canceled(failure)) => stopped = stopped.or(Some(failure.clone())),
                Some(End::Succeeded { .. } | End::Skipped(_)) | None => {}
            }
        }
        match (failed, stopped) {
            // A task that failed before the run was stopped has failed, but the stop is why the run ended.
            (_, Some(failure)) => End::Canceled(failure),
            (Some((path, failure)), None) => End::Failed(told_upwards(&path, failure)),
            (None, None) => {
                let outputs = self.dag_outputs(id);
                self.node_mut(id).outputs = outputs;
                End::Succeeded { cached: false }
            }
        }
    }
}

/// The failure of a child as the DAG around it tells it: the innermost task's name stays.
fn told_upwards(path: &coracle_model::TaskPath, failure: Failure) -> Failure {
    match failure.code {
        FailureCode::TaskFailed => failure,
        _ => {
            let message = format!("{} failed: {}", place(path), failure.message);
            Failure {
                code: FailureCode::TaskFailed,
                message,
                hint: failure.hint,
            }
        }
    }
}
