//! A pipeline's workflow, run as Argo would run it, ends as the same pipeline ends on one machine: the same states, the same
//! reasons, the same outputs, of the run and of each task in it.

mod engine;

use std::collections::BTreeMap;

use coracle_model::{
    EngineKind, RunId, RunOrigin, RunRecord, RunRequest, RunState, StorageState, TaskRecord,
    TaskState, Value, WorkflowSettings, WorkflowStore,
};
use coracle_spec::pipeline::{Definition, ParameterType, read};
use coracle_step::{Place, Store};
use coracle_workflow::{Finding, Parity, Settings, lower};
use engine::script::{Script, now};
use engine::{Cluster, Phase, local};

const RUN: &str = "8f4c0dbe-2a55-4c2c-9a0e-1f3f8a8f0001";

fn definition(text: &str) -> Definition {
    let reading = read(text.as_bytes(), "pipeline.yaml");
    reading
        .definition
        .unwrap_or_else(|| panic!("{:#?}\n{text}", reading.diagnostics))
}

fn settings(parameters: BTreeMap<String, Value>) -> Settings {
    Settings {
        display_name: "a {{run}} of $(HOME)".to_owned(),
        parameters,
        pipeline_root: None,
        on: WorkflowSettings {
            step_image: "coracle-step:1".to_owned(),
            image_pull_policy: None,
            service_account: None,
            image_pull_secrets: Vec::new(),
            store: WorkflowStore::Claim("runs".to_owned()),
        },
        file_system_group: None,
        recurrence: None,
    }
}

/// Values for the parameters that have to be given.
fn parameters(definition: &Definition) -> BTreeMap<String, Value> {
    let inputs = &definition.spec.root.input_parameters;
    let required = inputs
        .iter()
        .filter(|(_, spec)| !spec.optional && spec.default.is_none());
    let value = |kind| match kind {
        ParameterType::String => Value::from("heads"),
        ParameterType::Integer | ParameterType::Double => Value::from(3.0),
        ParameterType::Boolean => Value::Bool(true),
        ParameterType::List => Value::from_json("[1, 2]").unwrap(),
        ParameterType::Struct | ParameterType::TaskFinalStatus | ParameterType::TaskConfig => {
            Value::from_json(r#"{"a": "1", "A_a": "{{$.b}}"}"#).unwrap()
        }
    };
    required
        .map(|(name, spec)| (name.clone(), value(spec.parameter_type)))
        .collect()
}

fn record(definition: &Definition, settings: &Settings) -> RunRecord {
    RunRecord {
        id: RUN.parse::<RunId>().unwrap(),
        pipeline: definition.spec.name.clone(),
        request: RunRequest {
            definition: definition.text.clone(),
            display_name: settings.display_name.clone(),
            parameters: settings.parameters.clone(),
            pipeline_root: None,
            cache: false,
            rerun: None,
            origin: RunOrigin::default(),
        },
        engine: EngineKind::Docker,
        state: RunState::Running,
        failure: None,
        storage: StorageState::Available,
        created_at: now(),
        finished_at: None,
    }
}

/// Words that the conditions of a definition compare with, and one more.
fn words(text: &str) -> Vec<String> {
    let quoted = text.split('\'').skip(1).step_by(2);
    let mut words: Vec<String> = quoted
        .filter(|word| word.len() < 12 && word.chars().all(|c| c.is_ascii_alphanumeric()))
        .map(str::to_owned)
        .collect();
    words.truncate(8);
    words.push("other".to_owned());
    words
}

/// What must be equal of a task.
fn shown(record: &TaskRecord) -> String {
    let record = TaskRecord {
        started_at: None,
        finished_at: None,
        ..record.clone()
    };
    format!("{record:?}")
}

/// Runs a definition both ways. What was found when it is not portable.
fn check(text: &str, seed: u64, failing: u64) -> Result<RunState, Vec<Finding>> {
    let definition = definition(text);
    let settings = settings(parameters(&definition));
    let lowering = lower(&definition, &settings);
    let Some(workflow) = lowering.workflow else {
        assert!(
            lowering
                .findings
                .iter()
                .any(|finding| finding.parity == Parity::NotPortable)
        );
        return Err(lowering.findings);
    };
    let script = Script {
        spec: &definition.spec,
        seed,
        failing,
        words: words(text),
    };
    let here = local::run(&definition, &record(&definition, &settings), &script);
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::new(
        &workflow,
        &script,
        folder.path(),
        RUN.parse().unwrap(),
        seed,
    );
    let phase = cluster.run();
    let store = Store::open(&Place::Folder(cluster.volume()), cluster.run).unwrap();
    let records = store.records().unwrap().into_iter();
    let there: BTreeMap<_, _> = records
        .map(|record| (record.path.clone(), record))
        .collect();
    for (path, task) in &here.tasks {
        let other = there
            .get(path)
            .unwrap_or_else(|| panic!("`{path}` has no record on the cluster"));
        assert_eq!(shown(task), shown(other), "`{path}` (seed {seed})");
    }
    assert_eq!(here.tasks.len(), there.len());
    let expected = if here.state == RunState::Succeeded {
        Phase::Succeeded
    } else {
        Phase::Failed
    };
    assert_eq!(phase, expected, "seed {seed}");
    let root = &there[&coracle_model::TaskPath::root()];
    if here.state == RunState::Succeeded {
        assert_eq!(root.outputs, here.outputs);
        assert_eq!(root.state, TaskState::Succeeded);
    }
    Ok(here.state)
}

#[test]
fn the_examples_end_alike() {
    for text in [
        include_str!("../../../examples/hello/pipeline.yaml"),
        include_str!("../../../examples/loop/pipeline.yaml"),
        include_str!("../../../examples/exit-handler/pipeline.yaml"),
        include_str!("../../../examples/digits/pipeline.yaml"),
    ] {
        for seed in 0..8 {
            check(text, seed, 0).unwrap();
            check(text, seed, 3).unwrap();
        }
    }
}

/// Pipelines of every shape, a third of them with steps that fail.
#[test]
fn pipelines_of_every_shape_end_alike() {
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..120 {
        let text = engine::pipelines::pipeline(seed);
        let failing = if seed % 3 == 0 { 4 } else { 0 };
        let state = check(&text, seed, failing).unwrap();
        *ends.entry(state.as_str()).or_default() += 1;
    }
    // Were they all to fail, or none, little would have been looked at.
    assert!(ends["SUCCEEDED"] > 20 && ends["FAILED"] > 20, "{ends:?}");
}

/// A pod that is killed leaves no word of how its step did. The step has failed then, and who runs however it ended is told so.
#[test]
fn a_pod_that_is_killed_has_failed() {
    let text = include_str!("../../../examples/exit-handler/pipeline.yaml");
    let definition = definition(text);
    let settings = settings(parameters(&definition));
    let workflow = lower(&definition, &settings).workflow.unwrap();
    let script = Script {
        spec: &definition.spec,
        seed: 1,
        failing: 0,
        words: words(text),
    };
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::new(&workflow, &script, folder.path(), RUN.parse().unwrap(), 1);
    cluster.killed = Some("exit-handler-1/work".to_owned());
    assert_eq!(cluster.run(), Phase::Failed);
    let store = Store::open(&Place::Folder(cluster.volume()), cluster.run).unwrap();
    let records = store.records().unwrap();
    let state = |path: &str| {
        let record = records.iter().find(|record| record.path.as_str() == path);
        record.map(|record| record.state)
    };
    assert_eq!(state("exit-handler-1/work"), Some(TaskState::Failed));
    assert_eq!(state("exit-handler-1"), Some(TaskState::Failed));
    assert_eq!(state(""), Some(TaskState::Failed));
    let exit = records
        .iter()
        .find(|record| record.path.as_str() == "report")
        .unwrap();
    assert_eq!(exit.state, TaskState::Succeeded);
    assert!(
        format!("{:?}", exit.inputs).contains("ended without a word"),
        "{exit:?}"
    );
}

/// Needs a checkout of kubeflow/pipelines, which `CORACLE_KFP_CHECKOUT` names.
#[test]
#[ignore = "needs CORACLE_KFP_CHECKOUT"]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test of files that are elsewhere, and a table of them"
)]
fn the_pipelines_of_kubeflow_end_alike() {
    let checkout = std::env::var("CORACLE_KFP_CHECKOUT").unwrap();
    let mut pending =
        vec![std::path::PathBuf::from(checkout).join("test_data/sdk_compiled_pipelines/valid")];
    let mut files = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files {
        let bytes = fs_err::read(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let Some(definition) = read(&bytes, &name).definition else {
            println!("{name}: not a pipeline");
            *ends.entry("no pipeline").or_default() += 1;
            continue;
        };
        let mut said = "equal";
        for seed in 0..6 {
            let failing = if seed % 2 == 0 { 0 } else { 4 };
            if let Err(findings) = check(&definition.text, seed, failing) {
                for finding in findings
                    .iter()
                    .filter(|finding| finding.parity == Parity::NotPortable)
                {
                    println!("{name}: {}: {}", finding.place, finding.reason);
                }
                said = "refused";
                break;
            }
        }
        *ends.entry(said).or_default() += 1;
    }
    println!("{ends:?}");
    assert!(ends["equal"] > 100, "{ends:?}");
}
