//! Runs, tasks and artifacts for tests, with everything filled in that a test does not care about.

use std::collections::BTreeMap;

use coracle_model::{
    Artifact, ArtifactId, ArtifactType, Attempt, AttemptNumber, AttemptSetting, AttemptUsage,
    EngineKind, Outputs, Resources, RunId, RunOrigin, RunRecord, RunRequest, RunState,
    SecretVariable, StorageState, StoredVolume, StoredVolumeSource, TaskKind, TaskPath, TaskRecord,
    TaskState, Timestamp, Value,
};
use coracle_store::{Change, Direction, Home, Store};
use tempfile::TempDir;

/// The variable that makes this test binary the process that is killed, or that meets a full disk: its
/// home. Without it the tests for that process do nothing.
pub(crate) const CHILD_HOME: &str = "CORACLE_STORE_TEST_HOME";

/// A time that many seconds after an arbitrary beginning.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A home of its own, gone with the directory.
pub(crate) fn home() -> (TempDir, Home) {
    let root = tempfile::tempdir().unwrap();
    let home = Home::at(root.path());
    (root, home)
}

pub(crate) fn run(pipeline: &str) -> RunRecord {
    RunRecord {
        id: RunId::random(),
        pipeline: pipeline.into(),
        request: RunRequest {
            definition: format!("pipelineInfo: {{name: {pipeline}}}"),
            display_name: format!("{pipeline} by hand"),
            parameters: BTreeMap::from([("rate".to_owned(), Value::Number(0.1))]),
            pipeline_root: None,
            cache: true,
            rerun: None,
            origin: RunOrigin::default(),
        },
        engine: EngineKind::Fake,
        state: RunState::Pending,
        failure: None,
        storage: StorageState::Available,
        created_at: at(0),
        finished_at: None,
    }
}

/// A run that is stored.
pub(crate) fn stored_run(store: &Store, pipeline: &str) -> RunId {
    let run = run(pipeline);
    store.create_run(&run).unwrap();
    run.id
}

pub(crate) fn task(run: RunId, path: &str, state: TaskState) -> TaskRecord {
    TaskRecord {
        run,
        path: TaskPath::from(path),
        kind: TaskKind::Container,
        display_name: path.to_owned(),
        state,
        cached: false,
        reason: None,
        inputs: Outputs::default(),
        outputs: Outputs::default(),
        fingerprint: None,
        started_at: Some(at(1)),
        finished_at: None,
    }
}

pub(crate) fn attempt(run: RunId, path: &str, number: u32, state: TaskState) -> Attempt {
    Attempt {
        run,
        path: TaskPath::from(path),
        number: AttemptNumber(number),
        state,
        image: "python:3.11".to_owned(),
        digest: "sha256:00".into(),
        command: vec!["sh".to_owned(), "-c".to_owned(), "true".to_owned()],
        environment: BTreeMap::from([("A".to_owned(), "1".to_owned())]),
        resources: Resources {
            gpus: 1,
            ..Resources::default()
        },
        gpus: vec!["GPU-0".into()],
        usage: AttemptUsage {
            peak_memory_bytes: Some(1 << 40),
            cpu_seconds: Some(0.1),
        },
        exit_code: None,
        failure: None,
        before_retry: false,
        setting: AttemptSetting {
            prepared: Some("0123".into()),
            variables: vec![SecretVariable {
                variable: "KEY".to_owned(),
                secret: true,
                name: "keys".to_owned(),
                key: "key".to_owned(),
                optional: false,
            }],
            volumes: vec![StoredVolume {
                source: StoredVolumeSource::Claim {
                    name: "data".to_owned(),
                    sub_path: String::new(),
                },
                target: "/data".to_owned(),
            }],
        },
        started_at: at(1),
        finished_at: None,
    }
}

pub(crate) fn artifact(id: ArtifactId, uri: &str) -> Artifact {
    Artifact {
        id: Some(id),
        name: "model".to_owned(),
        artifact_type: ArtifactType {
            schema_title: "system.Model".to_owned(),
            ..ArtifactType::default()
        },
        uri: uri.into(),
        metadata: BTreeMap::from([("accuracy".to_owned(), Value::Number(0.5))]),
        custom_path: None,
        sha256: None,
    }
}

pub(crate) fn with_output(mut task: TaskRecord, key: &str, artifact: &Artifact) -> TaskRecord {
    task.outputs
        .artifacts
        .insert(key.to_owned(), vec![artifact.clone()]);
    task
}

pub(crate) fn lineage(artifact: &Artifact, run: RunId, path: &str, direction: Direction) -> Change {
    Change::Artifact {
        artifact: Box::new(artifact.clone()),
        run,
        path: path.into(),
        key: "model".to_owned(),
        direction,
    }
}

pub(crate) fn state(run: RunId, state: RunState) -> Change {
    let finished_at = state.is_final().then(|| at(9));
    Change::Run {
        run,
        state,
        failure: None,
        finished_at,
    }
}

pub(crate) fn notice(run: RunId, message: impl Into<String>) -> Change {
    Change::Notice {
        run,
        path: None,
        message: message.into(),
    }
}
