//! What a pipeline can reach from its root: the components that some task runs, and what those tasks give them.

use std::collections::{BTreeMap, BTreeSet};

use coracle_model::{ComponentName, ExecutorLabel};

use super::ir::{Component, PipelineSpec, Task, Work};
use super::lower::{Kind, Lowered, LoweredComponent, LoweredExecutor};

/// The name under which KFP speaks of the root component.
const ROOT: &str = "root";

/// A component; none is the root.
type Which = Option<ComponentName>;

/// What can be reached.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// Each component with those that its tasks run.
    runs: BTreeMap<Which, BTreeSet<ComponentName>>,
    /// Inputs that the tasks which run a component are given, declared or not.
    given: BTreeMap<ComponentName, BTreeSet<(Kind, String)>>,
}

/// Follows tasks from the root. None when there is no root.
pub(super) fn from_root(lowered: &Lowered) -> Option<Reached> {
    let mut reached = Reached::default();
    let mut waiting: Vec<(Which, &Component)> = vec![(None, &lowered.root.as_ref()?.component)];
    while let Some((which, component)) = waiting.pop() {
        if reached.runs.contains_key(&which) {
            continue;
        }
        let mut runs = BTreeSet::new();
        if let Work::Dag(dag) = &component.work {
            for task in dag.tasks.values() {
                reached
                    .given
                    .entry(task.component.clone())
                    .or_default()
                    .extend(inputs(task));
                if lowered.components.contains_key(&task.component) {
                    runs.insert(task.component.clone());
                }
            }
        }
        let new = runs
            .iter()
            .filter(|name| !reached.runs.contains_key(&Some((*name).clone())));
        waiting.extend(new.filter_map(|name| {
            Some((Some(name.clone()), &lowered.components.get(name)?.component))
        }));
        reached.runs.insert(which, runs);
    }
    Some(reached)
}

/// The name of a component in messages.
pub(super) fn shown(which: Option<&ComponentName>) -> &str {
    which.map_or(ROOT, ComponentName::as_str)
}

fn inputs(task: &Task) -> impl Iterator<Item = (Kind, String)> {
    let parameters = task
        .parameters
        .keys()
        .map(|name| (Kind::Parameter, name.clone()));
    let artifacts = task
        .artifacts
        .keys()
        .map(|name| (Kind::Artifact, name.clone()));
    let item = task.iterator.iter();
    let items = item.flat_map(|item| {
        [Kind::Parameter, Kind::Artifact].map(|kind| (kind, item.item_input.clone()))
    });
    parameters.chain(artifacts).chain(items)
}

impl Reached {
    /// The components, the root among them as none.
    pub(super) fn components(&self) -> impl Iterator<Item = Option<&ComponentName>> {
        self.runs.keys().map(Option::as_ref)
    }

    /// Each component with those it runs, by name; the root, which nobody runs, has the empty one.
    pub(super) fn edges(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let name = |which| Option::as_ref(which).map_or("", ComponentName::as_str);
        let edges = self.runs.iter();
        edges
            .map(|(which, runs)| {
                (
                    name(which),
                    runs.iter().map(ComponentName::as_str).collect(),
                )
            })
            .collect()
    }

    /// Whether a task that runs this component gives it that input. Nobody gives the root any.
    pub(super) fn is_given(&self, which: Option<&ComponentName>, kind: Kind, name: &str) -> bool {
        let given = which.and_then(|name| self.given.get(name));
        given.is_some_and(|given| given.contains(&(kind, name.to_owned())))
    }

    /// The pipeline with nothing in it that cannot be reached.
    pub(super) fn keep(&self, lowered: Lowered) -> Option<PipelineSpec> {
        let components: BTreeMap<ComponentName, Component> = lowered
            .components
            .into_iter()
            .filter(|(name, _)| self.runs.contains_key(&Some(name.clone())))
            .map(|(name, found)| (name, found.component))
            .collect();
        let labels: BTreeSet<&ExecutorLabel> = components
            .values()
            .filter_map(|component| match &component.work {
                Work::Executor(label) => Some(label),
                Work::Dag(_) => None,
            })
            .collect();
        let executors = lowered
            .executors
            .into_iter()
            .filter(|(label, _)| labels.contains(label))
            .filter_map(|(label, executor)| match executor {
                LoweredExecutor::Runs(executor) => Some((label, executor)),
                LoweredExecutor::Refused { .. } => None,
            })
            .collect();
        Some(PipelineSpec {
            name: lowered.name,
            display_name: lowered.display_name,
            description: lowered.description,
            sdk_version: lowered.sdk_version,
            root: lowered.root?.component,
            components,
            executors,
            default_pipeline_root: lowered.default_pipeline_root,
        })
    }
}

impl Lowered {
    /// A component; none is the root.
    pub(super) fn component(&self, which: Option<&ComponentName>) -> Option<&LoweredComponent> {
        match which {
            None => self.root.as_ref(),
            Some(name) => self.components.get(name),
        }
    }
}
