//! What a run left in a store, laid out in a folder as on a volume: for a pod that sends it on.

use std::path::Path;

use crate::act::{Conduct, Ending, Fault, done};
use crate::store::{Place, Store};

/// Copies a run's file, the records of its tasks, and what its steps made into a folder, which then is a store of that run.
///
/// # Errors
/// When either store is of no use.
pub fn gather(conduct: &Conduct, to: &Path) -> Result<Ending, Fault> {
    let from = conduct.store()?;
    let copy = Store::open(&Place::Folder(to.to_path_buf()), conduct.run)?;
    copy.write_run(&from.run()?)?;
    for record in from.records()? {
        for artifact in record.outputs.artifacts.values().flatten() {
            let uri = artifact.uri.as_str();
            if let Some(place) = copy.key_of(uri) {
                from.fetch(uri, &to.join(place))?;
            }
        }
        copy.write_record(&record)?;
    }
    Ok(done("gathered"))
}

#[cfg(test)]
mod tests {
    use coracle_model::{
        Artifact, ArtifactType, Outputs, RunId, TaskKind, TaskPath, TaskRecord, TaskState,
    };

    use super::*;
    use crate::run_file::{Facts, RunFile};

    #[test]
    fn a_store_is_copied_with_what_its_steps_made() {
        let root = tempfile::tempdir().unwrap();
        let run = RunId::random();
        let conduct = Conduct {
            store: Place::Folder(root.path().join("store")),
            root: root.path().to_path_buf(),
            told: root.path().join("told"),
            run,
        };
        let definition = r#"{"pipelineInfo": {"name": "p"}, "schemaVersion": "2.1.0", "sdkVersion": "kfp-2.17.0",
            "deploymentSpec": {"executors": {"e": {"container": {"image": "i", "command": ["c"]}}}},
            "components": {"comp": {"executorLabel": "e"}},
            "root": {"dag": {"tasks": {"a": {"taskInfo": {"name": "a"}, "componentRef": {"name": "comp"}}}}}}"#;
        let facts = Facts {
            id: run,
            resource_name: "p".to_owned(),
            display_name: "p".to_owned(),
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            scheduled_at: None,
            pipeline_root: None,
        };
        let file = RunFile::new(definition.to_owned(), "{}", facts).unwrap();
        let store = conduct.store().unwrap();
        store.write_run(&file).unwrap();
        let made = root.path().join("made");
        fs_err::write(&made, "bytes").unwrap();
        store.keep("s3://b/p/model", &made).unwrap();
        let artifact = Artifact {
            id: None,
            name: "model".to_owned(),
            artifact_type: ArtifactType::default(),
            uri: "s3://b/p/model".into(),
            metadata: [].into(),
            custom_path: None,
            sha256: None,
        };
        let record = TaskRecord {
            run,
            path: TaskPath::from("a"),
            kind: TaskKind::Container,
            display_name: "a".to_owned(),
            state: TaskState::Succeeded,
            cached: false,
            reason: None,
            inputs: Outputs::default(),
            outputs: Outputs {
                artifacts: [("model".to_owned(), vec![artifact])].into(),
                ..Outputs::default()
            },
            fingerprint: None,
            started_at: None,
            finished_at: None,
        };
        store.write_record(&record).unwrap();
        let to = root.path().join("copy");
        gather(&conduct, &to).unwrap();
        let found = fs_err::read_to_string(to.join("artifacts/s3/b/p/model")).unwrap();
        assert_eq!(found, "bytes");
        let copy = Store::open(&Place::Folder(to), run).unwrap();
        assert_eq!(copy.records().unwrap(), [record]);
        assert_eq!(copy.run().unwrap(), file);
    }
}
