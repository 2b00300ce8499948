//! Which steps of a run cannot be done again, since bytes that they read are not here.

use std::collections::HashSet;

use coracle_model::{RunId, TaskPath, TaskRecord};
use coracle_spec::pipeline::{ArtifactParameter, Component, Dag, PipelineSpec, Task, Work};
use coracle_store::{ArtifactFilter, Store};

use crate::error::AppError;

/// A step that reads an artifact whose bytes are not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LostInput {
    /// The step.
    pub(crate) step: TaskPath,
    /// The artifact's name.
    pub(crate) artifact: String,
    /// The step that made it.
    pub(crate) made_by: TaskPath,
}

impl LostInput {
    /// Why nothing is begun that would come to it.
    pub(crate) fn refusal(self) -> AppError {
        let Self {
            step,
            artifact,
            made_by,
        } = self;
        AppError::request(
            format!("`{step}` reads `{artifact}`, whose bytes are not here"),
            format!(
                "run it again from `{made_by}`, which makes it: `coracle rerun RUN --from {made_by}`"
            ),
        )
    }
}

/// The steps among those that are done again that read what is not here and is not made again.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn lost_inputs(
    store: &Store,
    run: RunId,
    spec: &PipelineSpec,
    is_redone: impl Fn(&TaskRecord) -> bool,
) -> Result<Vec<LostInput>, AppError> {
    let filter = ArtifactFilter {
        run: Some(run),
        limit: usize::MAX,
        ..ArtifactFilter::default()
    };
    let tasks = store.tasks(run)?;
    let opened: HashSet<TaskPath> = tasks.iter().filter_map(|task| task.path.parent()).collect();
    // A group that was never opened stands for all that is in it.
    let (redone, stay): (Vec<_>, Vec<_>) = tasks
        .into_iter()
        .filter(|task| task.kind.is_step() || !opened.contains(&task.path))
        .partition(is_redone);
    let mut lost = Vec::new();
    for stored in store.artifacts(&filter)? {
        let Some(id) = stored.artifact.id.filter(|_| stored.discarded_at.is_some()) else {
            continue;
        };
        let holds = |task: &&TaskRecord| {
            let made = task.outputs.artifacts.values().flatten();
            made.into_iter().any(|artifact| artifact.id == Some(id))
        };
        let Some(maker) = stay.iter().find(holds) else {
            continue;
        };
        let of = redone
            .iter()
            .filter(|task| reads_from(spec, &task.path, &maker.path));
        lost.extend(of.map(|task| LostInput {
            step: task.path.clone(),
            artifact: stored.artifact.name.clone(),
            made_by: maker.path.clone(),
        }));
    }
    lost.sort_by(|left, right| (&left.step, &left.artifact).cmp(&(&right.step, &right.artifact)));
    Ok(lost)
}

/// The component of the task at a path.
pub(crate) fn component_at<'a>(spec: &'a PipelineSpec, path: &TaskPath) -> Option<&'a Component> {
    if path.is_root() {
        return Some(&spec.root);
    }
    spec.components.get(&task_at(spec, path)?.component)
}

fn task_at<'a>(spec: &'a PipelineSpec, path: &TaskPath) -> Option<&'a Task> {
    let path = path.without_iterations();
    dag_of(component_at(spec, &path.parent()?)?)?
        .tasks
        .get(&path.name())
}

fn dag_of(component: &Component) -> Option<&Dag> {
    match &component.work {
        Work::Dag(dag) => Some(dag),
        Work::Executor(_) => None,
    }
}

/// Whether an artifact that a step is given may come from another: the definition says it, whatever the iteration.
fn reads_from(spec: &PipelineSpec, step: &TaskPath, maker: &TaskPath) -> bool {
    let maker = maker.without_iterations();
    let inside = |path: &TaskPath| {
        let rest = maker.as_str().strip_prefix(path.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    sources(spec, &step.without_iterations(), None)
        .iter()
        .any(inside)
}

/// The tasks whose outputs an artifact of a task comes from, or those of all its artifacts.
fn sources(spec: &PipelineSpec, path: &TaskPath, input: Option<&str>) -> Vec<TaskPath> {
    let Some((task, around)) = task_at(spec, path).zip(path.parent()) else {
        return Vec::new();
    };
    let named = input.filter(|name| task.artifacts.contains_key(*name));
    // The item of a loop has a name of its own: it comes from any of the loop's inputs.
    let inputs = task
        .artifacts
        .iter()
        .filter(|(name, _)| named.is_none_or(|named| named == name.as_str()));
    inputs
        .flat_map(|(_, input)| match input {
            ArtifactParameter::TaskOutput { producer, .. } => vec![around.child(producer)],
            ArtifactParameter::ComponentInput(name) => sources(spec, &around, Some(name)),
        })
        .collect()
}
