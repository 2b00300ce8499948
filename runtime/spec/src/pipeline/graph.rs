//! Names looked up and graphs checked: what a task refers to is there, and nothing waits for itself.
//!
//! As in KFP only what the pipeline can reach is looked at; the rest is left out of the result, so that the
//! planner meets no name without a meaning.

use std::collections::{BTreeMap, BTreeSet};

use coracle_model::{ComponentName, ExecutorLabel, Span, TaskName};

use super::ir::{
    ArtifactParameter, Component, Dag, Executor, ParameterSource, PipelineSpec, Task,
    TriggerStrategy, Work,
};
use super::lower::{
    Kind, Lowered, LoweredComponent, LoweredExecutor, LoweredPlatform, Mention, Mentioned, Places,
};
use super::order::{self, Order};
use super::problems::Problems;
use super::reach::{self, Reached};
use super::suggest;

/// Levels of pipelines inside pipelines.
const MAX_NESTING: usize = 100;

/// Looks everything up. None when the document has no root.
pub(super) fn check(
    lowered: Lowered,
    platform: &LoweredPlatform,
    problems: &Problems,
) -> Option<PipelineSpec> {
    let reached = reach::from_root(&lowered)?;
    let checker = Checker {
        lowered: &lowered,
        platform,
        reached: &reached,
        problems,
    };
    checker.nesting();
    for name in reached.components() {
        checker.component(name);
    }
    reached.keep(lowered)
}

struct Checker<'a> {
    lowered: &'a Lowered,
    platform: &'a LoweredPlatform,
    reached: &'a Reached,
    problems: &'a Problems,
}

/// A DAG with what its tasks may refer to.
#[derive(Clone, Copy)]
struct Around<'a> {
    name: Option<&'a ComponentName>,
    component: &'a Component,
    dag: &'a Dag,
}

impl<'a> Checker<'a> {
    fn nesting(&self) {
        let edges = self.reached.edges();
        let place = |name: &str| {
            self.lowered
                .components
                .get(name)
                .map(|found| found.places.component)
        };
        let root = self.lowered.root.as_ref().map(|root| root.places.component);
        let (place, code, message, help) = match order::of(&edges) {
            Order::Levels(levels) if levels <= MAX_NESTING => return,
            Order::Levels(levels) => (
                root,
                "too-deep",
                format!("pipelines are nested {levels} levels deep"),
                format!("keep to {MAX_NESTING} levels"),
            ),
            Order::Cycle(cycle) => (
                place(cycle[0]).or(root),
                "component-cycle",
                format!("a component runs itself: {}", shown_cycle(&cycle)),
                "a pipeline cannot contain itself; use a loop instead".to_owned(),
            ),
        };
        if let Some(place) = place {
            self.problems.error(place, code, message, help);
        }
    }

    fn component(&self, name: Option<&'a ComponentName>) {
        let Some(LoweredComponent { component, places }) = self.lowered.component(name) else {
            return;
        };
        let shown = reach::shown(name);
        match (&component.work, places.work) {
            (_, None) => self.problems.error(
                places.component,
                "missing-work",
                format!(
                    "error processing component name=\"{shown}\": unknown component implementation"
                ),
                "give the component a `dag` or an `executorLabel`",
            ),
            (Work::Executor(_), Some(place)) if name.is_none() => self.problems.error(
                place,
                "root-not-dag",
                "the root of a pipeline must be a `dag`, not an executor",
                "compile the component with `kfp dsl compile`, which wraps it in a pipeline",
            ),
            (Work::Executor(label), Some(place)) => self.executor(shown, label, place),
            (Work::Dag(dag), Some(place)) => self.dag(
                Around {
                    name,
                    component,
                    dag,
                },
                places,
                place,
            ),
        }
    }

    fn executor(&self, component: &str, label: &ExecutorLabel, place: Span) {
        let (place, code, problem, help) = match self.lowered.executors.get(label) {
            Some(LoweredExecutor::Runs(_)) => return,
            Some(LoweredExecutor::Refused { kind, place }) => (
                *place,
                "unknown-executor",
                format!("non-container and non-importer executor not implemented, found `{kind}`"),
                match kind.as_str() {
                    "customJob" => {
                        "custom jobs run on Google Cloud only; use a container component".to_owned()
                    }
                    _ => "use `container` or `importer`".to_owned(),
                },
            ),
            None => (
                place,
                "missing-executor",
                "not found in deployment config".to_owned(),
                suggest::among(
                    label.as_str(),
                    self.lowered.executors.keys().map(ExecutorLabel::as_str),
                ),
            ),
        };
        let message = format!(
            "error processing component name=\"{component}\": executor(label=\"{label}\"): {problem}"
        );
        self.problems.error(place, code, message, help);
    }

    fn dag(&self, around: Around<'a>, places: &Places, place: Span) {
        let name = reach::shown(around.name);
        let waits =
            |task: &Task| matches!(task.trigger, TriggerStrategy::AllUpstreamTasksCompleted);
        if around.dag.tasks.values().all(waits) {
            self.problems.error(
                place,
                "only-exit-tasks",
                format!("DAG {name} must contain one or more non-exit tasks"),
                "add a task that the exit tasks can wait for",
            );
        }
        for mention in &places.mentions {
            self.mention(around, mention);
        }
        for (name, task) in &around.dag.tasks {
            self.task(
                around,
                name,
                task,
                places.tasks.get(name).copied().unwrap_or(place),
            );
        }
        self.cycle(name, around.dag, places);
    }

    fn mention(&self, around: Around<'a>, mention: &Mention) {
        match &mention.what {
            Mentioned::Component(name) => self.known_component(name, mention.place),
            Mentioned::Input { kind, name } => self.known_input(around, *kind, name, mention.place),
            Mentioned::Task(name) => {
                self.producer(around.dag, name, mention.place);
            }
            Mentioned::Output {
                producer,
                kind,
                name,
            } => {
                if let Some(task) = self.producer(around.dag, producer, mention.place) {
                    self.known_output(producer, task, *kind, name, mention.place);
                }
            }
        }
    }

    fn known_component(&self, name: &ComponentName, place: Span) {
        if !self.lowered.components.contains_key(name) {
            let known = self.lowered.components.keys().map(ComponentName::as_str);
            let message = format!("cannot find component ref name=\"{name}\"");
            self.problems.error(
                place,
                "unknown-component",
                message,
                suggest::among(name.as_str(), known),
            );
        }
    }

    /// A DAG has the inputs it declares and those that the tasks which run it are given.
    fn known_input(&self, around: Around<'_>, kind: Kind, name: &str, place: Span) {
        let (known, what): (Box<dyn Iterator<Item = &str>>, _) = match kind {
            Kind::Parameter => (
                Box::new(around.component.input_parameters.keys().map(String::as_str)),
                "parameter",
            ),
            Kind::Artifact => (
                Box::new(around.component.input_artifacts.keys().map(String::as_str)),
                "artifact",
            ),
        };
        let known: Vec<&str> = known.collect();
        if !known.contains(&name) && !self.reached.is_given(around.name, kind, name) {
            let message = format!("parent DAG does not have input {what} {name}");
            self.problems.error(
                place,
                "unknown-input",
                message,
                suggest::among(name, known.into_iter()),
            );
        }
    }

    fn producer(&self, dag: &'a Dag, name: &TaskName, place: Span) -> Option<&'a Task> {
        let task = dag.tasks.get(name);
        if task.is_none() {
            let message = format!("unknown producer task \"{name}\" in DAG");
            let help = suggest::among(name.as_str(), dag.tasks.keys().map(TaskName::as_str));
            self.problems.error(place, "unknown-task", message, help);
        }
        task
    }

    fn known_output(&self, producer: &TaskName, task: &Task, kind: Kind, name: &str, place: Span) {
        let Some(LoweredComponent { component, .. }) =
            self.lowered.component(Some(&task.component))
        else {
            return;
        };
        let (declared, what) = match kind {
            Kind::Parameter => (component.output_parameters.contains_key(name), "parameter"),
            Kind::Artifact => (component.output_artifacts.contains_key(name), "artifact"),
        };
        if declared {
            return;
        }
        let names = component
            .output_parameters
            .keys()
            .chain(component.output_artifacts.keys())
            .map(String::as_str);
        self.problems.error(
            place,
            "unknown-output",
            format!("the task `{producer}` has no output {what} `{name}`"),
            format!("of its outputs, {}", suggest::among(name, names)),
        );
    }

    fn task(&self, around: Around<'a>, name: &TaskName, task: &Task, place: Span) {
        let Some(found) = self.lowered.component(Some(&task.component)) else {
            return;
        };
        let Work::Executor(label) = &found.component.work else {
            return;
        };
        let importer = matches!(
            self.lowered.executors.get(label),
            Some(LoweredExecutor::Runs(Executor::Importer(_)))
        );
        if importer && task.condition.is_some() {
            self.problems.error(
                place,
                "importer-condition",
                format!("compiling task \"{name}\": triggerPolicy.condition on importer task is not supported"),
                "put the importer into a `dsl.If` block, which becomes a DAG with the condition",
            );
        }
        for mention in self.platform.mentions.get(label).into_iter().flatten() {
            self.mention(around, mention);
        }
    }

    fn cycle(&self, name: &str, dag: &Dag, places: &Places) {
        let edges: BTreeMap<&str, BTreeSet<&str>> = dag
            .tasks
            .iter()
            .map(|(name, task)| {
                let known = needs(task).filter(|producer| dag.tasks.contains_key(*producer));
                (name.as_str(), known.map(TaskName::as_str).collect())
            })
            .collect();
        let Order::Cycle(cycle) = order::of(&edges) else {
            return;
        };
        self.problems.error(
            places
                .tasks
                .get(cycle[0])
                .copied()
                .unwrap_or(places.component),
            "task-cycle",
            format!(
                "the tasks of `{name}` wait for each other: {}",
                shown_cycle(&cycle)
            ),
            "remove one of these dependencies",
        );
    }
}

/// The tasks that must have ended before this one can start.
fn needs(task: &Task) -> impl Iterator<Item = &TaskName> {
    let parameters = task
        .parameters
        .values()
        .filter_map(|input| match &input.source {
            ParameterSource::TaskOutput { producer, .. }
            | ParameterSource::FinalStatus { producer } => Some(producer),
            ParameterSource::ComponentInput(_) | ParameterSource::Constant(_) => None,
        });
    let artifacts = task.artifacts.values().filter_map(|input| match input {
        ArtifactParameter::TaskOutput { producer, .. } => Some(producer),
        ArtifactParameter::ComponentInput(_) => None,
    });
    task.after.iter().chain(parameters).chain(artifacts)
}

fn shown_cycle(cycle: &[&str]) -> String {
    let steps = cycle.iter().chain(cycle.first());
    steps
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" -> ")
}
