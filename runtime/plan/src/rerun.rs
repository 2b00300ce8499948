//! Which steps of a finished run have to be done again when one of them is.

use std::collections::BTreeSet;

use coracle_model::{TaskName, TaskPath};
use coracle_spec::pipeline::{Component, Dag, PipelineSpec, Work};

use crate::graph::upstream;

/// Whether the task at `path` is, or depends on, the task at `from`.
///
/// Other iterations of a loop do not depend on each other; what comes after the loop does.
pub fn is_redone(spec: &PipelineSpec, from: &TaskPath, path: &TaskPath) -> bool {
    let mut component = Some(&spec.root);
    let mut wanted = path.as_str().split('/');
    for changed in from.as_str().split('/') {
        let Some(segment) = wanted.next() else {
            return false;
        };
        if segment != changed {
            return component
                .and_then(dag_of)
                .is_some_and(|dag| differs_below(dag, changed, segment));
        }
        component = component.and_then(dag_of).and_then(|dag| {
            let task = dag.tasks.get(name_of(segment).as_str())?;
            spec.components.get(&task.component)
        });
    }
    true
}

fn differs_below(dag: &Dag, changed: &str, segment: &str) -> bool {
    let (changed, segment) = (name_of(changed), name_of(segment));
    changed != segment && downstream(dag, &changed).contains(&segment)
}

/// Everything in a DAG that depends on a task, directly or not.
fn downstream(dag: &Dag, changed: &TaskName) -> BTreeSet<TaskName> {
    let mut found = BTreeSet::from([changed.clone()]);
    loop {
        let more: Vec<_> = dag
            .tasks
            .iter()
            .filter(|(name, task)| {
                !found.contains(*name) && upstream(task).iter().any(|name| found.contains(*name))
            })
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

fn dag_of(component: &Component) -> Option<&Dag> {
    match &component.work {
        Work::Dag(dag) => Some(dag),
        Work::Executor(_) => None,
    }
}

fn name_of(segment: &str) -> TaskName {
    TaskName::from(segment.split('[').next().unwrap_or_default())
}
