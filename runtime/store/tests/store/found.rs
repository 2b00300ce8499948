//! What is found again: cached steps, cache keys, artifacts and their lineage.

use std::collections::BTreeMap;

use coracle_model::{ArtifactId, ArtifactType, RunId, RunState, TaskState, Value};
use coracle_store::{ArtifactFilter, Change, Direction, Store};

use crate::support::{artifact, at, attempt, home, lineage, state, stored_run, task, with_output};

#[test]
fn the_newest_success_is_taken_from_the_cache() {
    let store = Store::open_in_memory().unwrap();
    let ids: Vec<RunId> = (0..3).map(|_| stored_run(&store, "digits")).collect();
    for (index, id) in ids.iter().enumerate() {
        let made = artifact(ArtifactId(index as i64 + 1), "minio://b/k");
        let done = with_output(task(*id, "train", TaskState::Succeeded), "model", &made);
        let entry = Change::CacheEntry {
            pipeline: "digits".into(),
            fingerprint: "f".into(),
            run: *id,
            path: "train".into(),
        };
        store
            .record(&[Change::Task(Box::new(done)), entry], at(1))
            .unwrap();
    }
    let hit = |pipeline: &str, fingerprint: &str| {
        store
            .cache_lookup(&pipeline.into(), &fingerprint.into())
            .unwrap()
    };
    let newest = hit("digits", "f").unwrap();
    assert_eq!((newest.run, newest.path.as_str()), (ids[2], "train"));
    assert_eq!(newest.outputs.artifacts["model"][0].id, Some(ArtifactId(3)));
    assert_eq!(hit("other", "f"), None);
    assert_eq!(hit("digits", "g"), None);

    // Begun anew, it no longer stands for what it made before; nor does one that is now running.
    store
        .record(
            &[Change::RemoveTasks {
                run: ids[2],
                paths: vec!["train".into()],
            }],
            at(2),
        )
        .unwrap();
    store
        .record(
            &[Change::Task(Box::new(task(
                ids[2],
                "train",
                TaskState::Succeeded,
            )))],
            at(2),
        )
        .unwrap();
    assert_eq!(hit("digits", "f").unwrap().run, ids[1]);
    store
        .record(
            &[Change::Task(Box::new(task(
                ids[1],
                "train",
                TaskState::Running,
            )))],
            at(2),
        )
        .unwrap();
    assert_eq!(hit("digits", "f").unwrap().run, ids[0]);
}

#[test]
fn the_cache_key_before_is_of_the_same_task_and_pipeline() {
    let store = Store::open_in_memory().unwrap();
    let [first, other, second, third] =
        ["digits", "other", "digits", "digits"].map(|name| stored_run(&store, name));
    let key = |run, path: &str, document: &str| Change::CacheKey {
        run,
        path: path.into(),
        fingerprint: "f".into(),
        document: document.to_owned(),
    };
    let keys = [
        key(first, "train", "old"),
        key(first, "train", "1"),
        key(other, "train", "2"),
        key(second, "load", "3"),
        key(third, "train", "1"),
    ];
    store.record(&keys, at(1)).unwrap();
    let before = store
        .cache_key_before(&"digits".into(), &"train".into(), third)
        .unwrap()
        .unwrap();
    assert_eq!((before.run, before.document.as_str()), (first, "1"));
    assert_eq!(
        store
            .cache_key_before(&"digits".into(), &"train".into(), first)
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .cache_key(third, &"train".into())
            .unwrap()
            .unwrap()
            .document,
        "1"
    );
    assert_eq!(store.cache_key(third, &"load".into()).unwrap(), None);
}

#[test]
fn an_artifact_has_its_maker_and_its_readers() {
    let store = Store::open_in_memory().unwrap();
    let [maker, taker] = ["digits", "digits"].map(|name| stored_run(&store, name));
    let model = artifact(store.next_artifact_id(), "minio://b/model");
    let changes = [
        lineage(&model, maker, "train", Direction::Produced),
        lineage(&model, maker, "evaluate", Direction::Read),
        lineage(&model, taker, "train", Direction::Produced),
    ];
    store.record(&changes, at(1)).unwrap();
    store.record(&changes, at(2)).unwrap();

    let lineage = store.lineage(model.id.unwrap()).unwrap();
    let who = |side: &[coracle_model::Lineage]| {
        side.iter()
            .map(|it| (it.run, it.task.to_string()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        who(&lineage.producers),
        [(maker, "train".to_owned()), (taker, "train".to_owned())]
    );
    assert_eq!(who(&lineage.consumers), [(maker, "evaluate".to_owned())]);
    let stored = store.artifact(model.id.unwrap()).unwrap().unwrap();
    assert_eq!(stored.artifact, model);
    assert_eq!(stored.created_at, at(1));
    assert_eq!(stored.producer.unwrap().run, maker);

    let listed = |filter: ArtifactFilter| store.artifacts(&filter).unwrap().len();
    assert_eq!(listed(ArtifactFilter::default()), 1);
    assert_eq!(
        listed(ArtifactFilter {
            run: Some(taker),
            ..ArtifactFilter::default()
        }),
        1
    );
    assert_eq!(
        listed(ArtifactFilter {
            run: Some(RunId::random()),
            ..ArtifactFilter::default()
        }),
        0
    );
    let typed = |title: &str| ArtifactFilter {
        schema_title: Some(title.to_owned()),
        ..ArtifactFilter::default()
    };
    assert_eq!(
        (
            listed(typed("system.Model")),
            listed(typed("system.Dataset"))
        ),
        (1, 0)
    );
    let called = |name: &str| ArtifactFilter {
        name: Some(name.to_owned()),
        ..ArtifactFilter::default()
    };
    assert_eq!((listed(called("model")), listed(called("mode"))), (1, 0));
    assert_eq!(
        listed(ArtifactFilter {
            before: model.id,
            ..ArtifactFilter::default()
        }),
        0
    );
}

#[test]
fn the_same_artifact_is_the_same_in_uri_type_and_metadata() {
    let store = Store::open_in_memory().unwrap();
    let id = stored_run(&store, "digits");
    let old = artifact(ArtifactId(1), "minio://b/k");
    let new = artifact(ArtifactId(2), "minio://b/k");
    let changes = [&old, &new].map(|it| lineage(it, id, "import", Direction::Produced));
    store.record(&changes, at(1)).unwrap();
    let same = |uri: &str, artifact_type: &ArtifactType, metadata: &BTreeMap<String, Value>| {
        store
            .same_artifact(&uri.into(), artifact_type, metadata)
            .unwrap()
    };
    assert_eq!(
        same("minio://b/k", &new.artifact_type, &new.metadata),
        Some(new.clone())
    );
    assert_eq!(
        same("minio://b/other", &new.artifact_type, &new.metadata),
        None
    );
    assert_eq!(
        same("minio://b/k", &ArtifactType::default(), &new.metadata),
        None
    );
    assert_eq!(
        same(
            "minio://b/k",
            &new.artifact_type,
            &BTreeMap::from([("a".to_owned(), Value::Null)])
        ),
        None
    );
}

#[test]
fn numbers_of_artifacts_are_never_given_twice() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    assert_eq!(
        [store.next_artifact_id(), store.next_artifact_id()],
        [ArtifactId(1), ArtifactId(2)]
    );
    let id = stored_run(&store, "digits");
    let made = artifact(ArtifactId(2), "minio://b/k");
    store
        .record(
            &[
                lineage(&made, id, "train", Direction::Produced),
                state(id, RunState::Succeeded),
            ],
            at(1),
        )
        .unwrap();
    store.delete_run(id).unwrap();
    assert_eq!(store.artifact(ArtifactId(2)).unwrap(), None);
    drop(store);

    let store = Store::open(&home).unwrap();
    assert_eq!(store.next_artifact_id(), ArtifactId(3));
    let id = stored_run(&store, "digits");
    let only_in_outputs = artifact(ArtifactId(7), "minio://b/k");
    let done = with_output(
        task(id, "train", TaskState::Succeeded),
        "model",
        &only_in_outputs,
    );
    store
        .record(&[Change::Task(Box::new(done))], at(1))
        .unwrap();
    drop(store);
    assert_eq!(
        Store::open(&home).unwrap().next_artifact_id(),
        ArtifactId(8)
    );
}

#[test]
fn what_steps_used_is_that_of_the_newest_runs_of_their_pipeline() {
    let store = Store::open_in_memory().unwrap();
    let ids: Vec<RunId> = (0..3).map(|_| stored_run(&store, "digits")).collect();
    let other = stored_run(&store, "other");
    let ended = |run: RunId, path: &str, state: TaskState| {
        let mut ended = attempt(run, path, 1, state);
        ended.finished_at = Some(at(9));
        Change::Attempt(Box::new(ended))
    };
    let changes = [
        ended(ids[0], "train", TaskState::Succeeded),
        ended(ids[1], "train", TaskState::Succeeded),
        ended(ids[1], "split", TaskState::Failed),
        Change::Attempt(Box::new(attempt(ids[1], "test", 1, TaskState::Running))),
        ended(ids[2], "train", TaskState::Succeeded),
        ended(other, "train", TaskState::Succeeded),
    ];
    store.record(&changes, at(9)).unwrap();
    let measured = store.measured_attempts(&"digits".into(), 2).unwrap();
    let found: Vec<_> = measured
        .iter()
        .map(|attempt| (attempt.run, attempt.path.as_str()))
        .collect();
    assert_eq!(found, [(ids[2], "train"), (ids[1], "train")]);
    assert_eq!(measured[0].usage.peak_memory_bytes, Some(1 << 40));
    assert_eq!(measured[0].finished_at, at(9));
    assert_eq!(store.measured_attempts(&"nothing".into(), 2).unwrap(), []);
}
