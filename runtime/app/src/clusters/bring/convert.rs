//! From what a cluster tells of a run to the records that it would have left here. Pure.
//!
//! The steps' ends are taken over, and the run's plan is made anew over them to its end, as it is after a restart: what tasks were
//! given, conditions, loops and nested pipelines follow from it.

use std::collections::{BTreeMap, HashMap};

use coracle_cluster::there::{
    ArtifactThere, OutputsThere, ParameterThere, RunThere, StepPlace, StepThere,
};
use coracle_model::{
    Artifact, ArtifactId, BroughtFrom, EngineKind, Failure, FailureCode, Outputs, RemoteState,
    RunOrigin, RunRecord, RunRequest, RunState, TaskKind, TaskPath, TaskRecord, TaskState,
    Timestamp, Value,
};
use coracle_spec::executor::parse_output_parameter;
use coracle_spec::pipeline::{Component, PipelineSpec, Work};
use coracle_step::{Facts, Replay, RunFile, RunFileError, View};

use crate::runs::component_at;

/// What the records need to know that the cluster does not tell.
#[derive(Debug, Clone)]
pub(super) struct Here<'a> {
    /// Where it ran, as people say it.
    pub(super) place: &'a str,
    /// The text of its definition.
    pub(super) definition: String,
    /// The engine here.
    pub(super) engine: EngineKind,
    /// Where its artifacts go instead of the default root, where that is one that is kept here.
    pub(super) pipeline_root: Option<String>,
    /// Where it belongs.
    pub(super) origin: RunOrigin,
    /// When it is brought.
    pub(super) now: Timestamp,
}

/// A run as it would have been recorded here.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Converted {
    /// The run.
    pub(super) record: RunRecord,
    /// Its tasks.
    pub(super) tasks: Vec<TaskRecord>,
    /// The artifacts that its steps made, each once.
    pub(super) made: Vec<Made>,
    /// Steps that succeeded there, but of which is not told what they made.
    pub(super) untold: Vec<TaskPath>,
}

/// An artifact that a step made.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Made {
    /// It.
    pub(super) artifact: Artifact,
    /// The step.
    pub(super) step: TaskPath,
    /// The name of the output.
    pub(super) key: String,
    /// Whether the output has no other.
    pub(super) is_only: bool,
    /// The server's ids of the step and the artifact, where it has any.
    pub(super) there: Option<(String, String)>,
}

/// A run's records.
///
/// # Errors
/// A definition that cannot be run here, and parameters that do not fit it.
pub(super) fn convert(
    run: &RunThere,
    here: Here<'_>,
    mut number: impl FnMut() -> ArtifactId,
) -> Result<Converted, RunFileError> {
    let given: Value = run.parameters.clone().into_iter().collect();
    let facts = Facts {
        id: run.id,
        resource_name: run.name.clone(),
        display_name: run.display_name.clone(),
        created_at: run.created_at,
        scheduled_at: None,
        pipeline_root: here.pipeline_root.clone(),
    };
    let file = RunFile::new(here.definition, &given.to_json(), facts)?;
    let (spec, _) = file.open(View::Program)?;
    let mut numbers = Numbers {
        given: HashMap::new(),
        next: &mut number,
    };
    let mut steps = Vec::new();
    let mut made = Vec::new();
    let mut untold = Vec::new();
    for step in &run.steps {
        let Some((path, id)) = path_of(&spec, step) else {
            continue;
        };
        let Some(component) = component_at(&spec, &path) else {
            continue;
        };
        let outputs = outputs(step, component, &mut numbers);
        if step.state == RemoteState::Succeeded && outputs.is_none() {
            untold.push(path.clone());
        }
        if let Some(outputs) = outputs.as_ref().filter(|_| succeeded(step)) {
            made.extend(all_made(&path, id.as_deref(), step, outputs));
        }
        let record = record(run, here.place, step, path, outputs);
        steps.extend(record);
    }
    let ended = run.finished_at.unwrap_or(here.now);
    let replay = Replay::to_the_end(&file, steps, &silence(run.state, here.place), ended)?;
    let mut tasks: Vec<TaskRecord> = replay.tasks().cloned().collect();
    time_groups(&mut tasks);
    // What a step made counts only where the plan came to it.
    let stands = |made: &Made| {
        tasks
            .iter()
            .any(|task| task.path == made.step && task.state == TaskState::Succeeded)
    };
    made.retain(stands);
    let (state, failure) = end(run, here.place, &replay, &untold);
    let record = RunRecord {
        request: RunRequest {
            cache: true,
            origin: RunOrigin {
                brought: Some(BroughtFrom {
                    place: here.place.to_owned(),
                    name: run.name.clone(),
                    state: run.state,
                    at: here.now,
                }),
                ..here.origin
            },
            ..file.record.request
        },
        engine: here.engine,
        state,
        failure,
        finished_at: Some(ended),
        ..file.record
    };
    Ok(Converted {
        record,
        tasks,
        made,
        untold,
    })
}

/// Gives each artifact of a run one number here.
struct Numbers<'a> {
    given: HashMap<String, ArtifactId>,
    next: &'a mut dyn FnMut() -> ArtifactId,
}

impl Numbers<'_> {
    fn of(&mut self, artifact: &ArtifactThere) -> ArtifactId {
        let known = artifact.id.as_ref().map(|id| format!("id {id}"));
        let key = known.unwrap_or_else(|| format!("uri {} {}", artifact.name, artifact.uri));
        *self.given.entry(key).or_insert_with(&mut self.next)
    }
}

/// The step's path, and the server's id of it.
fn path_of(spec: &PipelineSpec, step: &StepThere) -> Option<(TaskPath, Option<String>)> {
    match &step.place {
        StepPlace::Path(path, id) => Some((path.clone(), id.clone())),
        StepPlace::Name(name) => named(spec, name).map(|path| (path, None)),
    }
}

/// The only step of a name, outside of loops: their iterations share it.
fn named(spec: &PipelineSpec, name: &str) -> Option<TaskPath> {
    let mut found = Vec::new();
    let mut open = vec![(TaskPath::root(), &spec.root)];
    while let Some((path, component)) = open.pop() {
        let Work::Dag(dag) = &component.work else {
            continue;
        };
        for (key, task) in dag.tasks.iter().filter(|(_, task)| task.iterator.is_none()) {
            let Some(component) = spec.components.get(&task.component) else {
                continue;
            };
            let is_step = matches!(component.work, Work::Executor(_));
            if is_step && (key.as_str() == name || task.display_name == name) {
                found.push(path.child(key));
            }
            open.push((path.child(key), component));
        }
    }
    let only = found.pop()?;
    found.is_empty().then_some(only)
}

fn succeeded(step: &StepThere) -> bool {
    step.state == RemoteState::Succeeded
}

/// What a step made, in the types that its component declares; none where something that it declares is not told.
fn outputs(step: &StepThere, component: &Component, numbers: &mut Numbers<'_>) -> Option<Outputs> {
    let nothing = OutputsThere::default();
    let told = step.outputs.as_ref().unwrap_or(&nothing);
    let mut outputs = Outputs::default();
    for (name, kind) in &component.output_parameters {
        let value = match told.parameters.get(name)? {
            ParameterThere::Value(value) => value.clone(),
            ParameterThere::Text(text) => parse_output_parameter(text, *kind).ok()?,
        };
        outputs.parameters.insert(name.clone(), value);
    }
    for (name, declared) in &component.output_artifacts {
        let told = told.artifacts.get(name)?;
        let several = told.iter().map(|artifact| Artifact {
            id: Some(numbers.of(artifact)),
            name: name.clone(),
            artifact_type: artifact
                .artifact_type
                .clone()
                .unwrap_or_else(|| declared.artifact_type.clone()),
            uri: artifact.uri.as_str().into(),
            metadata: artifact.metadata.clone(),
            custom_path: None,
            sha256: None,
        });
        outputs.artifacts.insert(name.clone(), several.collect());
    }
    Some(outputs)
}

fn all_made(path: &TaskPath, id: Option<&str>, step: &StepThere, outputs: &Outputs) -> Vec<Made> {
    let told = step.outputs.as_ref();
    let mut made = Vec::new();
    for (key, artifacts) in &outputs.artifacts {
        let there = told.and_then(|told| told.artifacts.get(key));
        for (index, artifact) in artifacts.iter().enumerate() {
            let known = there.and_then(|there| there.get(index)?.id.clone());
            made.push(Made {
                artifact: artifact.clone(),
                step: path.clone(),
                key: key.clone(),
                is_only: artifacts.len() == 1,
                there: id.map(str::to_owned).zip(known),
            });
        }
    }
    made
}

/// How a step ended, as its record here would say it; none where the plan says it.
fn record(
    run: &RunThere,
    place: &str,
    step: &StepThere,
    path: TaskPath,
    outputs: Option<Outputs>,
) -> Option<TaskRecord> {
    let said = |code, words: String| Some(Failure::new(code, words));
    let (state, reason, outputs) = match (step.state, outputs) {
        (RemoteState::Succeeded, Some(outputs)) => (TaskState::Succeeded, None, outputs),
        (RemoteState::Succeeded, None) => {
            let words = format!("it succeeded on {place}, where is not told what it made");
            let reason = said(FailureCode::MissingOutput, words);
            (TaskState::Canceled, reason, Outputs::default())
        }
        (RemoteState::Failed, _) => {
            let unknown = || said(FailureCode::TaskFailed, format!("it failed on {place}"));
            let reason = step.failure.clone().or_else(unknown);
            (TaskState::Failed, reason, Outputs::default())
        }
        (RemoteState::Canceled, _) => {
            let stopped = || said(FailureCode::Canceled, format!("it was stopped on {place}"));
            let reason = step.failure.clone().or_else(stopped);
            (TaskState::Canceled, reason, Outputs::default())
        }
        (
            RemoteState::RuntimeStateUnspecified
            | RemoteState::Pending
            | RemoteState::Running
            | RemoteState::Skipped
            | RemoteState::Canceling
            | RemoteState::Paused,
            _,
        ) => return None,
    };
    Some(TaskRecord {
        run: run.id,
        display_name: path.name().to_string(),
        path,
        kind: TaskKind::Container,
        state,
        cached: false,
        reason,
        inputs: Outputs::default(),
        outputs,
        fingerprint: None,
        started_at: Some(step.started_at.unwrap_or(run.created_at)),
        finished_at: step.finished_at.or(run.finished_at),
    })
}

/// Why a step of which nothing is told has no end.
fn silence(state: RemoteState, place: &str) -> Failure {
    match state {
        RemoteState::Canceled => Failure::new(
            FailureCode::Canceled,
            format!("the run was stopped on {place} before it ended"),
        ),
        _ => Failure::new(
            FailureCode::MissingOutput,
            format!("how it did on {place} is not told"),
        ),
    }
}

/// How the run ended, and why it failed.
fn end(
    run: &RunThere,
    place: &str,
    replay: &Replay,
    untold: &[TaskPath],
) -> (RunState, Option<Failure>) {
    let planned = replay.finish().map(|(state, failure, _)| (*state, failure));
    let failure = match (run.state, planned) {
        (RemoteState::Succeeded, Some((RunState::Succeeded, _))) => {
            return (RunState::Succeeded, None);
        }
        (RemoteState::Succeeded, _) => {
            let steps: Vec<_> = untold.iter().map(|path| format!("`{path}`")).collect();
            let of = match steps.is_empty() {
                true => "all of its steps".to_owned(),
                false => steps.join(", "),
            };
            Failure::new(
                FailureCode::MissingOutput,
                format!("it succeeded on {place}, where is not told what came of {of}"),
            )
            .with_hint("a retry runs those steps here")
        }
        (RemoteState::Canceled, _) => {
            Failure::new(FailureCode::Canceled, format!("it was stopped on {place}"))
        }
        (_, Some((RunState::Failed, Some(failure)))) => failure.clone(),
        (_, _) => {
            let said = run.error.clone();
            let words = said.unwrap_or_else(|| format!("it failed on {place}"));
            Failure::new(FailureCode::TaskFailed, words)
        }
    };
    (RunState::Failed, Some(failure))
}

/// Groups begin with the first and end with the last of what is in them.
fn time_groups(tasks: &mut [TaskRecord]) {
    let steps: Vec<_> = tasks
        .iter()
        .filter(|task| task.kind.is_step() && task.started_at.is_some())
        .map(|task| (task.path.clone(), task.started_at, task.finished_at))
        .collect();
    let mut times: BTreeMap<TaskPath, (Option<Timestamp>, Option<Timestamp>)> = BTreeMap::new();
    for (path, began, ended) in steps {
        let mut around = path.parent();
        while let Some(path) = around {
            around = path.parent();
            let (first, last) = times.entry(path).or_insert((began, ended));
            *first = (*first).min(began);
            *last = (*last).max(ended);
        }
    }
    for task in tasks.iter_mut().filter(|task| !task.kind.is_step()) {
        if let Some((first, last)) = times.get(&task.path) {
            task.started_at = *first;
            task.finished_at = *last;
        }
    }
}

#[cfg(test)]
mod tests {
    use coracle_cluster::there::DefinitionThere;
    use coracle_model::{ArtifactType, RunId};

    use super::*;

    /// `load` makes a number and a dataset, `train` reads both in a loop of two, `late` comes after.
    const DEFINITION: &str = r#"
pipelineInfo: {name: p}
schemaVersion: 2.1.0
deploymentSpec: {executors: {
  exec-load: {container: {image: a}}, exec-train: {container: {image: a}}, exec-late: {container: {image: a}}}}
components:
  comp-load: {executorLabel: exec-load, outputDefinitions: {
    parameters: {n: {parameterType: NUMBER_INTEGER}},
    artifacts: {data: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}}}
  comp-train: {executorLabel: exec-train, inputDefinitions: {parameters: {i: {parameterType: STRING}}}}
  comp-late: {executorLabel: exec-late, inputDefinitions: {
    parameters: {n: {parameterType: NUMBER_INTEGER}},
    artifacts: {data: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}}}
  comp-loop: {inputDefinitions: {parameters: {item: {parameterType: STRING}}}, dag: {tasks: {
    train: {componentRef: {name: comp-train}, taskInfo: {name: train}, inputs: {parameters: {i: {componentInputParameter: item}}}}}}}
root: {dag: {tasks: {
  load: {componentRef: {name: comp-load}, taskInfo: {name: load}},
  loop: {componentRef: {name: comp-loop}, taskInfo: {name: loop}, dependentTasks: [load],
    parameterIterator: {itemInput: item, items: {raw: '["x","y"]'}}},
  late: {componentRef: {name: comp-late}, taskInfo: {name: late}, dependentTasks: [loop], inputs: {
    parameters: {n: {taskOutputParameter: {producerTask: load, outputParameterKey: n}}},
    artifacts: {data: {taskOutputArtifact: {producerTask: load, outputArtifactKey: data}}}}}}}}
"#;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000 + second).unwrap()
    }

    fn step(path: &str, state: RemoteState, times: (i64, i64)) -> StepThere {
        StepThere {
            place: StepPlace::Path(path.into(), Some(format!("id-{path}"))),
            state,
            failure: None,
            outputs: Some(OutputsThere::default()),
            started_at: Some(at(times.0)),
            finished_at: Some(at(times.1)),
        }
    }

    fn load() -> StepThere {
        let data = ArtifactThere {
            id: Some("7".to_owned()),
            name: "data".to_owned(),
            artifact_type: None,
            uri: "minio://b/data".to_owned(),
            metadata: BTreeMap::new(),
        };
        StepThere {
            outputs: Some(OutputsThere {
                parameters: [("n".to_owned(), ParameterThere::Text("3".to_owned()))].into(),
                artifacts: [("data".to_owned(), vec![data])].into(),
            }),
            ..step("load", RemoteState::Succeeded, (1, 2))
        }
    }

    fn run(state: RemoteState, steps: Vec<StepThere>) -> Converted {
        let run = RunThere {
            id: RunId::random(),
            name: "p-1".to_owned(),
            display_name: "mine".to_owned(),
            definition: DefinitionThere::Packed(String::new()),
            parameters: BTreeMap::new(),
            pipeline_root: None,
            created_at: at(0),
            finished_at: Some(at(9)),
            state,
            error: None,
            steps,
        };
        let here = Here {
            place: "context prod",
            definition: DEFINITION.to_owned(),
            engine: EngineKind::Fake,
            pipeline_root: None,
            origin: RunOrigin::default(),
            now: at(100),
        };
        let mut next = 40;
        convert(&run, here, || {
            next += 1;
            ArtifactId(next)
        })
        .unwrap()
    }

    fn states(converted: &Converted) -> BTreeMap<&str, TaskState> {
        let tasks = converted.tasks.iter();
        tasks.map(|task| (task.path.as_str(), task.state)).collect()
    }

    fn task<'a>(converted: &'a Converted, path: &str) -> &'a TaskRecord {
        let mut found = converted.tasks.iter();
        found.find(|task| task.path.as_str() == path).unwrap()
    }

    #[test]
    fn steps_that_ended_stand_and_groups_follow_from_them() {
        let converted = run(
            RemoteState::Failed,
            vec![
                load(),
                step("loop[0]/train", RemoteState::Succeeded, (3, 4)),
                step("loop[1]/train", RemoteState::Failed, (5, 6)),
            ],
        );
        use TaskState::{Failed, Succeeded};
        let states = states(&converted);
        assert_eq!(states["load"], Succeeded);
        assert_eq!(states["loop[0]/train"], Succeeded);
        assert_eq!(states["loop[1]/train"], Failed);
        assert_eq!(states["loop"], Failed);
        assert!(!matches!(states["late"], Succeeded | Failed));
        assert_eq!(converted.record.state, RunState::Failed);
        assert!(converted.untold.is_empty());
        // Values have the types that the definition says.
        let made = &task(&converted, "load").outputs;
        assert_eq!(made.parameters["n"], Value::Number(3.0));
        let data = &made.artifacts["data"][0];
        assert_eq!(data.id, Some(ArtifactId(41)));
        let dataset = ArtifactType {
            schema_title: "system.Dataset".to_owned(),
            schema_version: "0.0.1".to_owned(),
            instance_schema: String::new(),
        };
        assert_eq!(data.artifact_type, dataset);
        let there = Some(("id-load".to_owned(), "7".to_owned()));
        assert_eq!(converted.made[0].there, there);
        // A loop begins with its first step and ends with its last.
        let looped = task(&converted, "loop");
        assert_eq!(
            (looped.started_at, looped.finished_at),
            (Some(at(3)), Some(at(6)))
        );
    }

    #[test]
    fn a_run_that_succeeded_succeeds_here_only_where_all_is_told() {
        let steps = |load| {
            vec![
                load,
                step("loop[0]/train", RemoteState::Succeeded, (3, 4)),
                step("loop[1]/train", RemoteState::Succeeded, (3, 4)),
                step("late", RemoteState::Succeeded, (5, 6)),
            ]
        };
        let all = run(RemoteState::Succeeded, steps(load()));
        assert_eq!(all.record.state, RunState::Succeeded);
        assert_eq!(all.record.failure, None);
        let given = &task(&all, "late").inputs;
        assert_eq!(given.parameters["n"], Value::Number(3.0));
        assert_eq!(given.artifacts["data"][0].uri.as_str(), "minio://b/data");

        let silent = StepThere {
            outputs: None,
            ..load()
        };
        let some = run(RemoteState::Succeeded, steps(silent));
        assert_eq!(some.record.state, RunState::Failed);
        assert_eq!(some.untold, [TaskPath::from("load")]);
        assert_eq!(states(&some)["load"], TaskState::Canceled);
        assert!(some.made.is_empty());
        let failure = some.record.failure.unwrap();
        assert!(failure.message.contains("`load`"), "{failure}");
    }

    #[test]
    fn names_stand_for_steps_outside_of_loops() {
        let (spec, _) = {
            let facts = Facts {
                id: RunId::random(),
                resource_name: "p".to_owned(),
                display_name: "p".to_owned(),
                created_at: at(0),
                scheduled_at: None,
                pipeline_root: None,
            };
            let file = RunFile::new(DEFINITION.to_owned(), "{}", facts).unwrap();
            file.open(View::Program).unwrap()
        };
        assert_eq!(named(&spec, "load"), Some("load".into()));
        assert_eq!(named(&spec, "train"), None);
        assert_eq!(named(&spec, "root-driver"), None);
    }
}
