//! Removing runs, and freeing what they left: only that, and all of it.

use std::path::PathBuf;

use coracle_model::{Artifact, AttemptNumber, RunId, RunState, TaskState};
use coracle_store::gc::{self, GarbageKind};
use coracle_store::{Change, Direction, Home, RunFilter, SharedArtifact, Store, StoreError};
use fs_err as fs;

use crate::support::{artifact, at, home, lineage, run, state, stored_run, task, with_output};

/// A run that made an artifact of some bytes below the usual root, and has ended.
fn run_with_artifact(store: &Store, home: &Home, bytes: usize) -> (RunId, Artifact) {
    let run = stored_run(store, "digits");
    let uri = format!("minio://mlpipeline/v2/artifacts/digits/{run}/train/salt/model");
    let made = artifact(store.next_artifact_id(), &uri);
    write(home.artifact_path(&made.uri).unwrap(), bytes);
    write(
        home.attempt_dir(run, &"train".into(), AttemptNumber(1))
            .join("log"),
        bytes,
    );
    let entry = Change::CacheEntry {
        pipeline: "digits".into(),
        fingerprint: "f".into(),
        run,
        path: "train".into(),
    };
    let changes = [
        Change::Task(Box::new(with_output(
            task(run, "train", TaskState::Succeeded),
            "model",
            &made,
        ))),
        lineage(&made, run, "train", Direction::Produced),
        entry,
        state(run, RunState::Succeeded),
    ];
    store.record(&changes, at(1)).unwrap();
    (run, made)
}

fn write(path: PathBuf, bytes: usize) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, vec![b'x'; bytes]).unwrap();
}

#[test]
fn a_removed_run_leaves_nothing_behind() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let empty = store.statistics().unwrap();
    let (run, made) = run_with_artifact(&store, &home, 1000);
    // What a step left beside its recorded output.
    write(
        home.artifact_path(&made.uri)
            .unwrap()
            .with_file_name("executor_output.json"),
        10,
    );
    let (other, kept) = run_with_artifact(&store, &home, 50);

    let removed = store.delete_run(run).unwrap();
    assert_eq!(removed.unreferenced, vec![made.uri.clone()]);
    assert_eq!(store.run(run).unwrap(), None);
    assert!(
        store
            .runs(&RunFilter::default())
            .unwrap()
            .iter()
            .all(|found| found.id != run)
    );
    let plan = gc::plan(&store, &home).unwrap();
    let bytes = |kind| {
        plan.garbage
            .iter()
            .filter(|it| it.kind == kind)
            .map(|it| it.bytes)
            .sum::<u64>()
    };
    assert_eq!(
        (bytes(GarbageKind::Artifacts), bytes(GarbageKind::Attempts)),
        (1010, 1000)
    );
    assert!(
        home.artifact_path(&made.uri).unwrap().exists(),
        "a plan changes nothing"
    );

    let freed = gc::carry_out(&store, &plan).unwrap();
    assert_eq!((freed.bytes, freed.failures.len()), (2010, 0));
    assert!(!home.run_dir(run).exists());
    assert!(!home.artifact_path(&made.uri).unwrap().exists());
    assert!(home.artifact_path(&kept.uri).unwrap().exists());
    assert!(home.run_dir(other).exists());
    assert_eq!(gc::plan(&store, &home).unwrap(), gc::Plan::default());

    store.delete_run(other).unwrap();
    let left = store.statistics().unwrap();
    assert_eq!(
        coracle_store::Statistics {
            database_bytes: 0,
            ..left
        },
        coracle_store::Statistics {
            database_bytes: 0,
            ..empty
        }
    );
}

#[test]
fn what_another_run_took_from_the_cache_stays_until_that_run_goes() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let (maker, made) = run_with_artifact(&store, &home, 1000);
    let beside = home
        .artifact_path(&made.uri)
        .unwrap()
        .with_file_name("unused");
    write(beside.clone(), 7);
    let taker = stored_run(&store, "digits");
    // Only the task's outputs tell of it; nobody recorded lineage.
    let cached = with_output(task(taker, "train", TaskState::Succeeded), "model", &made);
    store
        .record(
            &[
                Change::Task(Box::new(cached)),
                state(taker, RunState::Succeeded),
            ],
            at(2),
        )
        .unwrap();

    let removed = store.delete_run(maker).unwrap();
    assert_eq!(removed.unreferenced, vec![]);
    let shared = SharedArtifact {
        id: made.id.unwrap(),
        name: made.name.clone(),
        uri: made.uri.clone(),
        used_by: vec![taker],
    };
    assert_eq!(removed.shared, vec![shared]);
    assert_eq!(
        store.cache_lookup(&"digits".into(), &"f".into()).unwrap(),
        None
    );
    assert_eq!(
        store.artifact(made.id.unwrap()).unwrap().unwrap().artifact,
        made
    );
    gc::carry_out(&store, &gc::plan(&store, &home).unwrap()).unwrap();
    assert!(home.artifact_path(&made.uri).unwrap().exists());
    assert!(!beside.exists());
    assert!(!home.run_dir(maker).exists());

    assert_eq!(
        store.delete_run(taker).unwrap().unreferenced,
        vec![made.uri.clone()]
    );
    let freed = gc::carry_out(&store, &gc::plan(&store, &home).unwrap()).unwrap();
    assert_eq!(freed.bytes, 1000);
    assert!(!home.artifact_path(&made.uri).unwrap().exists());
}

#[test]
fn one_removed_run_is_freed_without_the_others() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let (first, made) = run_with_artifact(&store, &home, 1000);
    let (second, other) = run_with_artifact(&store, &home, 50);
    let removed = store.delete_run(first).unwrap();
    store.delete_run(second).unwrap();
    let plan = gc::plan_run(&store, &home, &removed).unwrap();
    assert!(plan.garbage.iter().all(|garbage| garbage.run == first));
    let freed = gc::carry_out(&store, &plan).unwrap();
    assert_eq!((freed.bytes, freed.failures.len()), (2000, 0));
    assert!(!home.artifact_path(&made.uri).unwrap().exists());
    assert!(home.artifact_path(&other.uri).unwrap().exists());
    assert_eq!(gc::plan(&store, &home).unwrap().bytes(), 100);
    let again = gc::plan_run(&store, &home, &removed).unwrap();
    assert_eq!(again, gc::Plan::default());
}

#[test]
fn a_run_that_comes_again_under_its_id_is_no_garbage() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let (id, made) = run_with_artifact(&store, &home, 10);
    let run = store.run(id).unwrap().unwrap();
    store.delete_run(id).unwrap();
    store.bring_run(&run, &[], &[], at(3)).unwrap();
    let plan = gc::plan(&store, &home).unwrap();
    assert_eq!(plan, gc::Plan::default());
    assert!(home.artifact_path(&made.uri).unwrap().exists());
}

#[test]
fn an_import_of_a_folder_keeps_all_that_is_in_it() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let (maker, made) = run_with_artifact(&store, &home, 10);
    let importer = stored_run(&store, "other");
    let whole = artifact(
        store.next_artifact_id(),
        "minio://mlpipeline/v2/artifacts/digits",
    );
    store
        .record(
            &[lineage(&whole, importer, "importer", Direction::Produced)],
            at(2),
        )
        .unwrap();
    store.delete_run(maker).unwrap();
    gc::carry_out(&store, &gc::plan(&store, &home).unwrap()).unwrap();
    assert!(home.artifact_path(&made.uri).unwrap().exists());
}

#[test]
fn what_a_user_put_into_the_tree_is_never_garbage() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let own = home
        .artifacts()
        .join("minio/data")
        .join(RunId::random().to_string())
        .join("file");
    write(own.clone(), 10);
    let run = stored_run(&store, "digits");
    let uri = home.artifact_uri(&own).unwrap();
    let imported = artifact(store.next_artifact_id(), uri.as_str());
    let changes = [
        lineage(&imported, run, "importer", Direction::Produced),
        state(run, RunState::Failed),
    ];
    store.record(&changes, at(1)).unwrap();
    assert_eq!(store.delete_run(run).unwrap().unreferenced, vec![uri]);
    assert_eq!(gc::plan(&store, &home).unwrap().garbage, vec![]);
    gc::carry_out(&store, &gc::plan(&store, &home).unwrap()).unwrap();
    assert!(own.exists());
}

#[test]
fn bytes_that_are_discarded_are_taken_by_nobody_any_more() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let (run, made) = run_with_artifact(&store, &home, 1000);
    let id = made.id.unwrap();
    let inner = artifact(store.next_artifact_id(), &format!("{}/part", made.uri));
    let beside = artifact(store.next_artifact_id(), &format!("{}2", made.uri));
    let other = stored_run(&store, "digits");
    let changes = [
        lineage(&inner, other, "cut", Direction::Produced),
        lineage(&beside, other, "cut", Direction::Produced),
    ];
    store.record(&changes, at(2)).unwrap();
    let pipeline = "digits".into();
    assert!(
        store
            .cache_lookup(&pipeline, &"f".into())
            .unwrap()
            .is_some()
    );

    let bytes = store.artifact_bytes(id).unwrap().unwrap();
    let users: Vec<RunId> = bytes.used_by.iter().map(|user| user.run).collect();
    assert_eq!(users, [run, other]);
    assert_eq!(bytes.shared_with, [(inner.id.unwrap(), "model".to_owned())]);
    assert!(matches!(
        store.discard_artifact(id, at(3)),
        Err(StoreError::RunOpen { run: open }) if open == other
    ));
    assert!(
        store
            .cache_lookup(&pipeline, &"f".into())
            .unwrap()
            .is_some()
    );

    store
        .record(&[state(other, RunState::Succeeded)], at(4))
        .unwrap();
    store.discard_artifact(id, at(5)).unwrap();
    assert_eq!(store.cache_lookup(&pipeline, &"f".into()).unwrap(), None);
    let discarded = |of: &Artifact| {
        let stored = store.artifact(of.id.unwrap()).unwrap().unwrap();
        stored.discarded_at
    };
    assert_eq!(discarded(&made), Some(at(5)));
    assert_eq!(discarded(&inner), Some(at(5)), "it lay in the other");
    assert_eq!(discarded(&beside), None);
    assert!(matches!(
        store.discard_artifact(coracle_model::ArtifactId(999), at(6)),
        Err(StoreError::NotStored { .. })
    ));
}

#[test]
fn an_open_run_cannot_be_removed() {
    let store = Store::open_in_memory().unwrap();
    let run = stored_run(&store, "digits");
    assert!(matches!(
        store.delete_run(run),
        Err(StoreError::RunOpen { .. })
    ));
    assert!(matches!(
        store.delete_run(RunId::random()),
        Err(StoreError::NoSuchRun { .. })
    ));
    assert!(store.run(run).unwrap().is_some());
}

#[test]
fn a_definition_goes_with_the_last_run_that_has_it() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let size = || {
        store.shrink().unwrap();
        store.statistics().unwrap().database_bytes
    };
    let empty = size();
    let large = |_| {
        let mut asked = run("digits");
        asked.request.definition = "x".repeat(1 << 20);
        store.create_run(&asked).unwrap();
        store
            .record(&[state(asked.id, RunState::Failed)], at(1))
            .unwrap();
        asked.id
    };
    let runs: Vec<RunId> = (0..3).map(large).collect();
    assert!(
        size() < empty + (2 << 20),
        "three runs keep their definition once"
    );
    store.delete_run(runs[0]).unwrap();
    store.delete_run(runs[1]).unwrap();
    assert_eq!(
        store
            .run(runs[2])
            .unwrap()
            .unwrap()
            .request
            .definition
            .len(),
        1 << 20
    );
    store.delete_run(runs[2]).unwrap();
    assert!(size() < empty + (1 << 19), "the room is given back");
}

#[test]
fn folders_that_a_step_made_read_only_are_freed_too() {
    use std::os::unix::fs::PermissionsExt;
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let (run, made) = run_with_artifact(&store, &home, 10);
    let folder = home
        .artifact_path(&made.uri)
        .unwrap()
        .parent()
        .unwrap()
        .to_owned();
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o500)).unwrap();
    store.delete_run(run).unwrap();
    let freed = gc::carry_out(&store, &gc::plan(&store, &home).unwrap()).unwrap();
    assert!(freed.failures.is_empty(), "{:?}", freed.failures);
    assert!(!folder.exists());
}

#[test]
fn a_file_with_two_names_counts_once_and_links_are_not_followed() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let (_, made) = run_with_artifact(&store, &home, 1000);
    let path = home.artifact_path(&made.uri).unwrap();
    let before = home.disk_use().unwrap();
    assert_eq!((before.artifacts, before.runs), (1000, 1000));
    fs::hard_link(&path, path.with_file_name("again")).unwrap();
    fs_err::os::unix::fs::symlink("/", path.with_file_name("everything")).unwrap();
    let after = home.disk_use().unwrap();
    assert_eq!(
        after.artifacts,
        1000 + 1,
        "a link is as long as what it says"
    );
    assert!(after.database > 0);
}
