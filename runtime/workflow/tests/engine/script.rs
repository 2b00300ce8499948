//! What steps do in these tests: each returns values of its outputs' types that a seed chooses, or fails.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::Path;

use coracle_model::{TaskName, TaskPath, Timestamp};
use coracle_plan::Launch;
use coracle_spec::pipeline::{Component, ParameterType, PipelineSpec, Work};
use coracle_step::{Exit, Programs};
use serde_json::{Map, Value, json};

/// When everything happens.
pub(crate) fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// What steps do.
#[derive(Debug, Clone)]
pub(crate) struct Script<'a> {
    pub(crate) spec: &'a PipelineSpec,
    pub(crate) seed: u64,
    /// One attempt in so many fails; none when it is zero.
    pub(crate) failing: u64,
    /// Texts that conditions of the definition compare with.
    pub(crate) words: Vec<String>,
}

impl Script<'_> {
    /// What a step returns, as KFP's executor writes it; nothing when it fails.
    pub(crate) fn returns(&self, launch: &Launch) -> Option<String> {
        let attempt = launch.attempt.0;
        if self.failing > 0 && self.draw(&(launch.task.as_str(), attempt), self.failing) == 0 {
            return None;
        }
        let component = component(self.spec, &launch.task);
        let mut values = Map::new();
        for (name, kind) in &component.output_parameters {
            values.insert(name.clone(), self.value(&launch.task, name, *kind));
        }
        let told = format!(
            "{:?} {:?} {:?}",
            launch.command, launch.args, launch.variables
        );
        let mut artifacts = Map::new();
        for name in component.output_artifacts.keys() {
            // What the step was told shows in what it leaves behind.
            let metadata = json!({"told": shown(&told)});
            artifacts.insert(
                name.clone(),
                json!({"artifacts": [{"name": name, "metadata": metadata}]}),
            );
        }
        Some(json!({"parameterValues": values, "artifacts": artifacts}).to_string())
    }

    fn value(&self, task: &TaskPath, name: &str, kind: ParameterType) -> Value {
        let key = (task.as_str(), name);
        match kind {
            ParameterType::String => json!(
                self.words[usize::try_from(self.draw(&key, self.words.len() as u64)).unwrap()]
            ),
            ParameterType::Integer => json!(self.draw(&key, 12)),
            ParameterType::Double => json!(self.draw(&key, 100) as f64 / 8.0),
            ParameterType::Boolean => json!(self.draw(&key, 2) == 0),
            ParameterType::List => json!((0..self.draw(&key, 4)).collect::<Vec<_>>()),
            ParameterType::Struct | ParameterType::TaskFinalStatus | ParameterType::TaskConfig => {
                json!({"a": "1", "b": "2", "A_a": "3", "B_b": "4", "p_a": "5", "q_a": "6"})
            }
        }
    }

    fn draw(&self, key: &impl Hash, below: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, key).hash(&mut hasher);
        hasher.finish() % below
    }
}

impl Programs for Script<'_> {
    fn run(&self, command: &[String], launch: &Launch, root: &Path) -> io::Result<Exit> {
        let words: Vec<_> = launch.command.iter().chain(&launch.args).cloned().collect();
        assert_eq!(command, words);
        let inputs = launch.executor_input.artifacts.values().flatten();
        for artifact in inputs {
            let path = launch
                .executor_input
                .local_paths
                .path_of_uri(artifact.uri.as_str());
            let file = root.join(path.trim_start_matches('/'));
            // What an earlier step made is where this one looks for it.
            if artifact.metadata.contains_key("told") {
                assert_eq!(fs_err::read_to_string(file)?, artifact.uri.as_str());
            }
        }
        let Some(text) = self.returns(launch) else {
            return Ok(Exit::Code(3));
        };
        let outputs = &launch.executor_input.outputs;
        fs_err::write(root.join(outputs.output_file.trim_start_matches('/')), text)?;
        for artifact in outputs.artifacts.values() {
            let path = launch
                .executor_input
                .local_paths
                .path_of_uri(artifact.uri.as_str());
            fs_err::write(
                root.join(path.trim_start_matches('/')),
                artifact.uri.as_str(),
            )?;
        }
        Ok(Exit::Code(0))
    }
}

/// A short form of a text that differs where the text does; a name that differs between tries is left out of it.
fn shown(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The component that a task runs.
pub(crate) fn component<'a>(spec: &'a PipelineSpec, task: &TaskPath) -> &'a Component {
    let mut component = &spec.root;
    for segment in task.as_str().split('/') {
        let Work::Dag(dag) = &component.work else {
            panic!("{task} stands in no DAG");
        };
        let name = TaskName::from(segment.split('[').next().unwrap());
        component = spec.component(&dag.tasks[&name].component);
    }
    component
}
