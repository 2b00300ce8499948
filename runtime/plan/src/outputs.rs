//! Where an output comes from: the walk from a task's name down to the steps that produced it.
//!
//! Outputs of DAGs are never copied. A reader asks the DAG, the DAG asks the sub-task it names, and so on to a
//! step. A loop's output is the flat list of its iterations' outputs, in order.

use coracle_model::{Artifact, Failure, FailureCode, Outputs, TaskKind, Value};
use coracle_spec::pipeline::Work;

use crate::node::{End, NodeId, Status};
use crate::run::RunPlan;

/// Why there is no such output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NoOutput {
    /// What would have produced it was skipped, or was left out.
    NotProduced(String),
    /// What would have produced it failed.
    Failed(String),
}

impl NoOutput {
    pub(crate) fn into_failure(self) -> Failure {
        match self {
            Self::NotProduced(message) => Failure::new(FailureCode::BadInput, message),
            Self::Failed(message) => Failure::new(FailureCode::UpstreamFailed, message),
        }
    }
}

type Found<T> = Result<T, NoOutput>;

impl RunPlan {
    /// The value of an output parameter of a task; a list where the task is a loop.
    pub(crate) fn output_parameter(&self, id: NodeId, key: &str) -> Found<Value> {
        if self.node(id).kind == TaskKind::Loop {
            let mut items = Vec::new();
            self.collect_parameters(id, key, &mut items);
            return Ok(Value::List(items));
        }
        let node = self.node(id);
        match self.source(id, key, Which::Parameter)? {
            Source::Own => node
                .outputs
                .parameters
                .get(key)
                .cloned()
                .ok_or_else(|| self.not_produced(id, key)),
            Source::Child(child, key) => self.output_parameter(child, &key),
        }
    }

    /// The artifacts of an output of a task; those of all iterations where the task is a loop.
    pub(crate) fn output_artifacts(&self, id: NodeId, key: &str) -> Found<Vec<Artifact>> {
        if self.node(id).kind == TaskKind::Loop {
            let mut items = Vec::new();
            self.collect_artifacts(id, key, &mut items);
            return Ok(items);
        }
        let node = self.node(id);
        match self.source(id, key, Which::Artifact)? {
            Source::Own => node
                .outputs
                .artifacts
                .get(key)
                .cloned()
                .ok_or_else(|| self.not_produced(id, key)),
            Source::Child(child, key) => self.output_artifacts(child, &key),
        }
    }

    /// A DAG's outputs, as far as they were produced.
    pub(crate) fn dag_outputs(&self, id: NodeId) -> Outputs {
        let component = self.component(id);
        let parameters = component.output_parameters.keys();
        let artifacts = component.output_artifacts.keys();
        Outputs {
            parameters: parameters
                .filter_map(|key| Some((key.clone(), self.output_parameter(id, key).ok()?)))
                .collect(),
            artifacts: artifacts
                .filter_map(|key| Some((key.clone(), self.output_artifacts(id, key).ok()?)))
                .collect(),
        }
    }

    fn collect_parameters(&self, id: NodeId, key: &str, items: &mut Vec<Value>) {
        for child in &self.node(id).children.iterations {
            match self.loop_below(*child, key, Which::Parameter) {
                Some((inner, key)) => self.collect_parameters(inner, &key, items),
                // An iteration whose branch was skipped contributes nothing.
                None => items.extend(self.output_parameter(*child, key)),
            }
        }
    }

    fn collect_artifacts(&self, id: NodeId, key: &str, items: &mut Vec<Artifact>) {
        for child in &self.node(id).children.iterations {
            items.extend(self.output_artifacts(*child, key).into_iter().flatten());
        }
    }

    /// The loop inside an iteration that an output comes from, when it comes from one.
    fn loop_below(&self, id: NodeId, key: &str, which: Which) -> Option<(NodeId, String)> {
        let Ok(Source::Child(child, key)) = self.source(id, key, which) else {
            return None;
        };
        if self.node(child).kind == TaskKind::Loop {
            Some((child, key))
        } else {
            self.loop_below(child, &key, which)
        }
    }

    fn source(&self, id: NodeId, key: &str, which: Which) -> Found<Source> {
        let node = self.node(id);
        if let Some(failed) = self.unavailable(id, key) {
            return Err(failed);
        }
        let Work::Dag(dag) = &self.component(id).work else {
            return Ok(Source::Own);
        };
        let candidates: Vec<(NodeId, &String)> = match which {
            Which::Parameter => dag
                .outputs
                .parameters
                .get(key)
                .into_iter()
                .flat_map(|source| &source.selectors)
                .map(|(producer, output)| (node.children.tasks[producer], output))
                .collect(),
            Which::Artifact => dag
                .outputs
                .artifacts
                .get(key)
                .into_iter()
                .flatten()
                .map(|source| (node.children.tasks[&source.producer], &source.output))
                .collect(),
        };
        let chosen = match candidates.as_slice() {
            [] => return Err(self.not_produced(id, key)),
            [only] => only,
            several => several
                .iter()
                .find(|(child, _)| self.node(*child).status.succeeded())
                .ok_or_else(|| {
                    NoOutput::NotProduced(format!(
                        "no branch of `{}` that gives `{key}` succeeded",
                        node.path
                    ))
                })?,
        };
        Ok(Source::Child(chosen.0, chosen.1.clone()))
    }

    /// Why a node that has not succeeded has no outputs. DAGs that began are asked all the same: the part that is
    /// needed may have succeeded.
    fn unavailable(&self, id: NodeId, key: &str) -> Option<NoOutput> {
        let node = self.node(id);
        let Status::Ended(end) = &node.status else {
            return None;
        };
        let has_parts =
            matches!(self.component(id).work, Work::Dag(_)) && node.started_at.is_some();
        match end {
            End::Succeeded { .. } => None,
            End::Skipped(_) => Some(NoOutput::NotProduced(format!(
                "`{}` was skipped, so there is no `{key}`",
                node.path
            ))),
            End::Failed(_) | End::Canceled(_) if !has_parts => Some(NoOutput::Failed(format!(
                "`{}` failed, so there is no `{key}`",
                node.path
            ))),
            End::Failed(_) | End::Canceled(_) => None,
        }
    }

    fn not_produced(&self, id: NodeId, key: &str) -> NoOutput {
        NoOutput::NotProduced(format!("`{}` gave no output `{key}`", self.node(id).path))
    }
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Parameter,
    Artifact,
}

enum Source {
    /// The node is a step and has the output itself.
    Own,
    /// The output of a node inside.
    Child(NodeId, String),
}
