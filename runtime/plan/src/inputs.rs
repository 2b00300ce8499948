//! What a task is given: its parameters and artifacts, resolved in the DAG it stands in.

use std::collections::BTreeMap;

use coracle_model::{Artifact, Failure, FailureCode, TaskName, Value};
use coracle_spec::expression;
use coracle_spec::pipeline::{
    ArtifactParameter, Component, ParameterInput, ParameterSource, ParameterType, Task,
    TriggerStrategy, Work,
};
use coracle_spec::placeholder::{self, TaskFacts};

use crate::node::{End, Inputs, NodeId};
use crate::outputs::NoOutput;
use crate::paths::task_uuid;
use crate::run::RunPlan;

/// A resolved input: a value, or nothing where nothing may be given.
type Given<T> = Result<Option<T>, Failure>;

impl RunPlan {
    /// The inputs of a task, as its DAG gives them. Constants come last, since they may quote the others.
    pub(crate) fn resolve_inputs(&self, id: NodeId, task: &Task) -> Result<Inputs, Failure> {
        let component = self.component(id);
        let mut inputs = Inputs::default();
        let (constants, others): (Vec<_>, Vec<_>) = task
            .parameters
            .iter()
            .partition(|(_, input)| matches!(input.source, ParameterSource::Constant(_)));
        for (name, input) in others.into_iter().chain(constants) {
            let given = self.resolve_parameter(id, task, input, &inputs)?;
            if let Some(value) = admit_parameter(component, name, given)? {
                inputs.parameters.insert(name.clone(), value);
            }
        }
        for (name, input) in &task.artifacts {
            let optional = component
                .input_artifacts
                .get(name)
                .is_some_and(|spec| spec.optional);
            match self.resolve_artifact(id, task, input)? {
                Some(artifacts) => drop(inputs.artifacts.insert(name.clone(), artifacts)),
                None if optional => {}
                None => return Err(missing("artifact", name)),
            }
        }
        check_required(
            component,
            &inputs,
            task.iterator
                .as_ref()
                .map(|iterator| iterator.item_input.as_str()),
        )?;
        add_nested_defaults(component, &mut inputs);
        Ok(inputs)
    }

    fn resolve_parameter(
        &self,
        id: NodeId,
        task: &Task,
        input: &ParameterInput,
        resolved: &Inputs,
    ) -> Given<Value> {
        let given = match &input.source {
            ParameterSource::TaskOutput { producer, output } => tolerate(
                task,
                self.output_parameter(self.sibling(id, producer), output),
            )?,
            ParameterSource::ComponentInput(name) => {
                self.scope_inputs(id).parameters.get(name).cloned()
            }
            ParameterSource::Constant(value) => {
                Some(self.resolve_constant(id, value, &resolved.parameters)?)
            }
            ParameterSource::FinalStatus { producer } => Some(self.final_status(id, producer)),
        };
        match (&input.selector, given) {
            (Some(selector), Some(value)) => expression::select(selector, &value)
                .map(Some)
                .map_err(|error| Failure::new(FailureCode::BadExpression, error.to_string())),
            (_, given) => Ok(given),
        }
    }

    fn resolve_artifact(
        &self,
        id: NodeId,
        task: &Task,
        input: &ArtifactParameter,
    ) -> Given<Vec<Artifact>> {
        match input {
            ArtifactParameter::TaskOutput { producer, output } => tolerate(
                task,
                self.output_artifacts(self.sibling(id, producer), output),
            ),
            ArtifactParameter::ComponentInput(name) => {
                Ok(self.scope_inputs(id).artifacts.get(name).cloned())
            }
        }
    }

    /// A constant of the file with its placeholders filled in.
    pub(crate) fn resolve_constant(
        &self,
        id: NodeId,
        value: &Value,
        parameters: &BTreeMap<String, Value>,
    ) -> Result<Value, Failure> {
        placeholder::resolve_constant(value, self.facts(), &self.task_facts(id), parameters)
            .map_err(|error| Failure::new(FailureCode::BadInput, error.to_string()))
    }

    /// What placeholders may say of a task.
    pub(crate) fn task_facts(&self, id: NodeId) -> TaskFacts {
        let node = self.node(id);
        TaskFacts {
            task_name: node.path.name(),
            task_id: task_uuid(self.id(), &node.path),
        }
    }

    /// What an exit task is told of the task it follows. `COMPLETE`, not `SUCCEEDED`, is what a cluster says.
    fn final_status(&self, id: NodeId, producer: &TaskName) -> Value {
        let node = self.node(self.sibling(id, producer));
        let (state, message) = match node.status.end() {
            Some(End::Succeeded { cached: true }) => ("CACHED", None),
            Some(End::Succeeded { cached: false }) => ("COMPLETE", None),
            Some(End::Failed(failure)) => ("FAILED", Some(failure.message.clone())),
            Some(End::Skipped(_) | End::Canceled(_)) => ("CANCELED", None),
            None => ("RUNNING", None),
        };
        let error: Value = message
            .into_iter()
            .map(|text| ("message".to_owned(), Value::from(text)))
            .collect();
        [
            ("state", Value::from(state)),
            ("error", error),
            (
                "pipelineJobResourceName",
                Value::from(self.facts().job_resource_name.as_str()),
            ),
            ("pipelineTaskName", Value::from(producer.as_str())),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }

    fn sibling(&self, id: NodeId, task: &TaskName) -> NodeId {
        let parent = self
            .node(id)
            .parent
            .expect("only tasks of a DAG have siblings");
        self.node(parent).children.tasks[task]
    }

    fn scope_inputs(&self, id: NodeId) -> &Inputs {
        let parent = self
            .node(id)
            .parent
            .expect("only tasks of a DAG are given inputs by one");
        &self.node(parent).inputs
    }
}

/// A task that runs however its upstream ended does without what was not produced; any other fails.
fn tolerate<T>(task: &Task, found: Result<T, NoOutput>) -> Given<T> {
    match (found, task.trigger) {
        (Ok(value), _) => Ok(Some(value)),
        (Err(_), TriggerStrategy::AllUpstreamTasksCompleted) => Ok(None),
        (Err(reason), TriggerStrategy::AllUpstreamTasksSucceeded) => Err(reason.into_failure()),
    }
}

/// Checks a parameter against its declaration. Names that are not declared pass: the compiler adds such inputs
/// for texts that quote another task's output.
fn admit_parameter(component: &Component, name: &str, given: Option<Value>) -> Given<Value> {
    let Some(spec) = component.input_parameters.get(name) else {
        return Ok(given);
    };
    match given {
        None | Some(Value::Null) if spec.optional || spec.default.is_some() => Ok(None),
        None | Some(Value::Null) => Err(missing("parameter", name)),
        Some(value) => coracle_spec::executor::coerce_input(name, value, spec.parameter_type)
            .map(Some)
            .map_err(|error| Failure::new(FailureCode::BadInput, error.to_string())),
    }
}

/// Everything required must be given, but for a loop's item, which each iteration gets by itself.
fn check_required(
    component: &Component,
    inputs: &Inputs,
    item: Option<&str>,
) -> Result<(), Failure> {
    let comes_later = |name: &str| item == Some(name);
    let injected = |parameter_type| matches!(parameter_type, ParameterType::TaskConfig);
    let parameter = component.input_parameters.iter().find(|(name, spec)| {
        let given =
            inputs.parameters.contains_key(*name) || spec.optional || spec.default.is_some();
        !given && !injected(spec.parameter_type) && !comes_later(name)
    });
    if let Some((name, _)) = parameter {
        return Err(missing("parameter", name));
    }
    let artifact = component.input_artifacts.iter().find(|(name, spec)| {
        !inputs.artifacts.contains_key(*name) && !spec.optional && !comes_later(name)
    });
    artifact.map_or(Ok(()), |(name, _)| Err(missing("artifact", name)))
}

/// A nested DAG's tasks read its defaults; a step's are filled in only where its command is made, since what was
/// not given does not count for the cache.
fn add_nested_defaults(component: &Component, inputs: &mut Inputs) {
    match component.work {
        Work::Executor(_) => {}
        Work::Dag(_) => {
            for (name, spec) in &component.input_parameters {
                if let Some(default) = &spec.default {
                    inputs
                        .parameters
                        .entry(name.clone())
                        .or_insert_with(|| default.clone());
                }
            }
        }
    }
}

fn missing(what: &str, name: &str) -> Failure {
    Failure::new(
        FailureCode::BadInput,
        format!("input {what} `{name}` is required and was not given"),
    )
}

/// The root's inputs: what was asked for, and defaults.
pub(crate) fn root_inputs(component: &Component, parameters: &BTreeMap<String, Value>) -> Inputs {
    let mut inputs = Inputs {
        parameters: parameters.clone(),
        artifacts: BTreeMap::new(),
    };
    add_nested_defaults(component, &mut inputs);
    inputs
}
