//! What happens when the last task that a node depends on has ended: it is skipped, opened, or set to work.

use coracle_model::{
    Artifact, Failure, FailureCode, Outputs, TaskKind, TaskName, TaskPath, Timestamp, Value,
};
use coracle_spec::executor::{ExecutorInput, ProvisionedOutputs};
use coracle_spec::expression::{self, ConditionInputs};
use coracle_spec::pipeline::{
    ArtifactParameter, Component, Executor, IteratorItems, ParameterSource, ParameterType,
    PipelineSpec, Task, TriggerStrategy, Work,
};

use crate::cache_key::CacheKey;
use crate::graph::upstream;
use crate::node::{Children, End, Inputs, Node, NodeId, Status, StepState};
use crate::run::{RunPlan, canceled};

/// The images that stand for making and removing a persistent volume claim.
const CREATE_VOLUME: &str = "argostub/createpvc";
const DELETE_VOLUME: &str = "argostub/deletepvc";

impl RunPlan {
    /// Looks at a node whose upstream has ended.
    pub(crate) fn begin(&mut self, id: NodeId, now: Timestamp) {
        // What was at work when the workbench ended is taken up even then, so that it can be stopped.
        if self.is_canceling() && !self.history.runs_below(&self.node(id).path) {
            return self.end(id, End::Canceled(canceled()), now);
        }
        let spec = self.spec();
        if let Some(task) = self.task(&spec, id) {
            match self.admit(id, task) {
                Ok(Some(inputs)) => self.node_mut(id).inputs = inputs,
                Ok(None) => return,
                Err(end) => return self.end(id, end, now),
            }
        }
        match self.node(id).kind {
            TaskKind::Loop => self.open_loop(id, &spec, now),
            TaskKind::Dag => self.open_dag(id, &spec, now),
            TaskKind::Iteration => match self.component(id).work {
                Work::Dag(_) => self.open_dag(id, &spec, now),
                Work::Executor(_) => self.begin_step(id, &spec, now),
            },
            TaskKind::Container
            | TaskKind::Importer
            | TaskKind::CreateVolume
            | TaskKind::DeleteVolume => {
                self.begin_step(id, &spec, now);
            }
        }
    }

    /// The inputs of a task that is to run, or how it ends without running. Nothing when it still has to wait,
    /// which happens when a cancelled run wakes every waiting task.
    fn admit(&self, id: NodeId, task: &Task) -> Result<Option<Inputs>, End> {
        if self.node(id).unmet > 0 {
            return Ok(None);
        }
        match task.trigger {
            TriggerStrategy::AllUpstreamTasksCompleted => {}
            TriggerStrategy::AllUpstreamTasksSucceeded => self.check_upstream(id, task)?,
        }
        let inputs = self.resolve_inputs(id, task).map_err(End::Failed)?;
        if let Some(condition) = &task.condition {
            let given = ConditionInputs {
                parameters: &inputs.parameters,
                artifacts: &inputs.artifacts,
            };
            let met = expression::condition(condition, &given).map_err(|error| {
                End::Failed(Failure::new(FailureCode::BadExpression, error.to_string()))
            })?;
            if !met {
                let message = format!("its condition is false: {condition}");
                return Err(End::Skipped(Failure::new(FailureCode::Skipped, message)));
            }
        }
        Ok(Some(inputs))
    }

    fn check_upstream(&self, id: NodeId, task: &Task) -> Result<(), End> {
        let parent = self.node(id).parent.expect("a task stands in a DAG");
        let ended = upstream(task)
            .into_iter()
            .map(|name| self.node(self.node(parent).children.tasks[name].to_owned()));
        let mut skipped = None;
        for node in ended {
            match node.status.end() {
                Some(End::Succeeded { .. }) | None => {}
                Some(End::Skipped(_)) => skipped = Some(node.path.clone()),
                Some(End::Failed(_) | End::Canceled(_)) => {
                    let message = format!("`{}`, which it needs, did not succeed", node.path);
                    return Err(End::Skipped(Failure::new(
                        FailureCode::UpstreamFailed,
                        message,
                    )));
                }
            }
        }
        skipped.map_or(Ok(()), |path| {
            let message = format!("`{path}`, which it needs, was skipped");
            Err(End::Skipped(Failure::new(
                FailureCode::UpstreamSkipped,
                message,
            )))
        })
    }

    fn open_dag(&mut self, id: NodeId, spec: &PipelineSpec, now: Timestamp) {
        let component = self
            .node(id)
            .component
            .as_ref()
            .map_or(&spec.root, |name| spec.component(name));
        let Work::Dag(dag) = &component.work else {
            return;
        };
        self.open(id, now);
        for (name, task) in &dag.tasks {
            let child = self.add_task(id, name, task, spec);
            let children = &mut self.node_mut(id).children;
            children.tasks.insert(name.clone(), child);
            children.open += 1;
        }
        for (name, task) in &dag.tasks {
            let child = self.node(id).children.tasks[name];
            for producer in upstream(task) {
                let producer = self.node(id).children.tasks[producer];
                self.node_mut(producer).dependents.push(child);
                self.node_mut(child).unmet += 1;
            }
        }
        let free: Vec<_> = self
            .node(id)
            .children
            .tasks
            .values()
            .copied()
            .filter(|child| self.node(*child).unmet == 0)
            .collect();
        self.ready.extend(free);
        self.close_when_done(id, now);
    }

    fn add_task(
        &mut self,
        parent: NodeId,
        name: &TaskName,
        task: &Task,
        spec: &PipelineSpec,
    ) -> NodeId {
        let kind = match &task.iterator {
            Some(_) => TaskKind::Loop,
            None => kind_of(spec.component(&task.component), spec),
        };
        self.add_node(Node {
            path: self.node(parent).path.child(name),
            display_name: task.display_name.clone(),
            parent: Some(parent),
            task: Some(name.clone()),
            component: Some(task.component.clone()),
            kind,
            status: Status::Waiting,
            retry: task.retry.or(self.node(parent).retry),
            unmet: 0,
            dependents: Vec::new(),
            inputs: Inputs::default(),
            outputs: Outputs::default(),
            children: Children::default(),
            step: None,
            started_at: None,
            finished_at: None,
        })
    }

    fn open_loop(&mut self, id: NodeId, spec: &PipelineSpec, now: Timestamp) {
        let iterator = self
            .task(spec, id)
            .and_then(|task| task.iterator.as_ref())
            .expect("a loop has an iterator");
        let items = match loop_items(&iterator.items, self.inputs_of(id)) {
            Ok(items) => items,
            Err(failure) => return self.end(id, End::Failed(failure), now),
        };
        self.open(id, now);
        let mut base = self.inputs_of(id).clone();
        if let Some(list) = list_input(&iterator.items).filter(|list| !self.body_reads(id, list)) {
            // Each iteration would carry the whole list for nothing.
            base.parameters.remove(list);
            base.artifacts.remove(list);
        }
        for (index, item) in items.into_iter().enumerate() {
            let mut inputs = base.clone();
            match item {
                Item::Value(value) => {
                    drop(inputs.parameters.insert(iterator.item_input.clone(), value));
                }
                Item::Artifact(artifact) => drop(
                    inputs
                        .artifacts
                        .insert(iterator.item_input.clone(), vec![*artifact]),
                ),
            }
            let iteration = self.add_iteration(id, index, inputs);
            let children = &mut self.node_mut(id).children;
            children.iterations.push(iteration);
            children.open += 1;
        }
        let at_once = iterator.parallelism.unwrap_or(usize::MAX);
        for _ in 0..at_once.min(self.node(id).children.iterations.len()) {
            self.next_iteration(id);
        }
        self.close_when_done(id, now);
    }

    /// Whether a task inside a loop reads an input of the loop.
    fn body_reads(&self, id: NodeId, input: &str) -> bool {
        let Work::Dag(dag) = &self.component(id).work else {
            return true;
        };
        dag.tasks.values().any(|task| {
            let parameter = task.parameters.values().any(
                |given| matches!(&given.source, ParameterSource::ComponentInput(name) if name == input),
            );
            let artifact = task.artifacts.values().any(
                |given| matches!(given, ArtifactParameter::ComponentInput(name) if name == input),
            );
            parameter || artifact
        })
    }

    fn add_iteration(&mut self, parent: NodeId, index: usize, inputs: Inputs) -> NodeId {
        let node = self.node(parent);
        self.add_node(Node {
            path: node.path.iteration(index),
            display_name: format!("{}[{index}]", node.display_name),
            parent: Some(parent),
            task: None,
            component: node.component.clone(),
            kind: TaskKind::Iteration,
            status: Status::Waiting,
            retry: node.retry,
            unmet: 0,
            dependents: Vec::new(),
            inputs,
            outputs: Outputs::default(),
            children: Children::default(),
            step: None,
            started_at: None,
            finished_at: None,
        })
    }

    /// Lets the next iteration of a loop begin, when one is left.
    pub(crate) fn next_iteration(&mut self, id: NodeId) {
        let children = &mut self.node_mut(id).children;
        if let Some(next) = children.iterations.get(children.next_iteration).copied() {
            children.next_iteration += 1;
            self.ready.push_back(next);
        }
    }

    fn open(&mut self, id: NodeId, now: Timestamp) {
        self.node_mut(id).started_at = Some(now);
        self.set_status(id, Status::Open);
    }

    fn begin_step(&mut self, id: NodeId, spec: &PipelineSpec, now: Timestamp) {
        let Work::Executor(label) = &self.component(id).work else {
            return;
        };
        let executor = &spec.executors[label];
        match executor {
            Executor::Importer(importer) => self.begin_import(id, importer, now),
            Executor::Container(container) => match volume_kind(&container.image) {
                Some(kind) => self.begin_volume(id, kind, now),
                None => self.begin_container(id, container, now),
            },
        }
    }

    fn begin_container(
        &mut self,
        id: NodeId,
        container: &coracle_spec::pipeline::ContainerSpec,
        now: Timestamp,
    ) {
        let executor_input = self.executor_input(id);
        let image = match self.image(id, container, &executor_input) {
            Ok(image) => image,
            Err(failure) => return self.end(id, End::Failed(failure), now),
        };
        let cache_key = self.cache_key(id, &image, container);
        self.node_mut(id).step = Some(Box::new(StepState {
            executor_input,
            image,
            digest: None,
            prepared: None,
            cache_key,
            fingerprint: None,
            past: None,
            earlier_attempts: 0,
            attempts: 0,
        }));
        self.take_up_or_look(id, now);
    }

    /// What the step is told: its inputs with the component's defaults, and where its outputs go.
    fn executor_input(&self, id: NodeId) -> ExecutorInput {
        let node = self.node(id);
        let component = self.component(id);
        let local_paths = self.policy().paths.local_paths(self.engine());
        let own = self.own_directory(id);
        let default = |(name, spec): (&String, &coracle_spec::pipeline::ParameterSpec)| {
            let value = match spec.parameter_type {
                ParameterType::TaskConfig => Some(self.task_config(id)),
                _ => spec.default.clone(),
            };
            value
                .filter(|_| !node.inputs.parameters.contains_key(name))
                .map(|value| (name.clone(), value))
        };
        let artifact = |(name, spec): (&String, &coracle_spec::pipeline::OutputArtifactSpec)| {
            let artifact = Artifact {
                id: None,
                name: name.clone(),
                artifact_type: spec.artifact_type.clone(),
                uri: format!("{own}/{name}").into(),
                metadata: spec.metadata.clone(),
                custom_path: None,
                sha256: None,
            };
            (name.clone(), artifact)
        };
        // Each attempt gets output files of its own when it starts.
        let output_file = |name: &String| (name.clone(), String::new());
        ExecutorInput {
            parameters: node.inputs.parameters.clone(),
            defaults: component
                .input_parameters
                .iter()
                .filter_map(default)
                .collect(),
            artifacts: node.inputs.artifacts.clone(),
            outputs: ProvisionedOutputs {
                parameters: component
                    .output_parameters
                    .keys()
                    .map(output_file)
                    .collect(),
                artifacts: component.output_artifacts.iter().map(artifact).collect(),
                output_file: local_paths.path_of_uri(&format!("{own}/output_metadata.json")),
            },
            local_paths,
        }
    }

    /// The pod settings that a `TASK_CONFIG` input carries, as Kubernetes JSON: those that mean something here.
    fn task_config(&self, id: NodeId) -> Value {
        let variables = self
            .container(id)
            .map(|container| container.env.as_slice())
            .unwrap_or_default();
        let pair = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        let env: Value = variables
            .iter()
            .map(|variable| {
                [pair("name", &variable.name), pair("value", &variable.value)]
                    .into_iter()
                    .collect::<Value>()
            })
            .collect();
        [("env".to_owned(), env)].into_iter().collect()
    }

    fn cache_key(
        &self,
        id: NodeId,
        image: &str,
        container: &coracle_spec::pipeline::ContainerSpec,
    ) -> Option<CacheKey> {
        let spec = self.spec();
        let caching = &self.task(&spec, id)?.caching;
        if !caching.enabled || !self.policy().cache {
            return None;
        }
        let command = container
            .command
            .iter()
            .chain(&container.args)
            .cloned()
            .collect();
        let mut key = CacheKey::of_step(self.component(id), self.inputs_of(id), image, command);
        key.user_key = caching
            .key
            .as_ref()
            .and_then(|text| Some((self.node(id).component.as_ref()?.to_string(), text.clone())));
        key.volumes = self.claims(id);
        Some(key)
    }
}

enum Item {
    Value(Value),
    Artifact(Box<Artifact>),
}

/// The input of a loop that holds its list.
fn list_input(items: &IteratorItems) -> Option<&String> {
    match items {
        IteratorItems::Raw(_) => None,
        IteratorItems::Parameter(name) | IteratorItems::Artifact(name) => Some(name),
    }
}

/// What a loop goes over: a list, or a text that holds one.
fn loop_items(items: &IteratorItems, inputs: &Inputs) -> Result<Vec<Item>, Failure> {
    let bad = |message: String| Failure::new(FailureCode::BadInput, message);
    match items {
        IteratorItems::Raw(values) => Ok(values.iter().cloned().map(Item::Value).collect()),
        IteratorItems::Artifact(name) => {
            let artifacts = inputs
                .artifacts
                .get(name)
                .ok_or_else(|| bad(format!("the loop's input `{name}` was not given")))?;
            Ok(artifacts
                .iter()
                .cloned()
                .map(|artifact| Item::Artifact(Box::new(artifact)))
                .collect())
        }
        IteratorItems::Parameter(name) => match inputs.parameters.get(name) {
            Some(Value::List(values)) => Ok(values.iter().cloned().map(Item::Value).collect()),
            Some(Value::String(text)) => match Value::from_json(text) {
                Ok(Value::List(values)) => Ok(values.into_iter().map(Item::Value).collect()),
                Ok(_) | Err(_) => Err(bad(format!(
                    "the loop's input `{name}` is a text that holds no JSON list"
                ))),
            },
            Some(other) => Err(bad(format!(
                "the loop's input `{name}` is a {}, not a list",
                other.kind()
            ))),
            None => Err(bad(format!("the loop's input `{name}` was not given"))),
        },
    }
}

fn kind_of(component: &Component, spec: &PipelineSpec) -> TaskKind {
    match &component.work {
        Work::Dag(_) => TaskKind::Dag,
        Work::Executor(label) => match &spec.executors[label] {
            Executor::Importer(_) => TaskKind::Importer,
            Executor::Container(container) => {
                volume_kind(&container.image).unwrap_or(TaskKind::Container)
            }
        },
    }
}

fn volume_kind(image: &str) -> Option<TaskKind> {
    match image.split(':').next().unwrap_or_default() {
        CREATE_VOLUME => Some(TaskKind::CreateVolume),
        DELETE_VOLUME => Some(TaskKind::DeleteVolume),
        _ => None,
    }
}

/// The place of a path, for messages: the run itself when it is the root.
pub(crate) fn place(path: &TaskPath) -> String {
    if path.is_root() {
        "the pipeline".to_owned()
    } else {
        format!("`{path}`")
    }
}
