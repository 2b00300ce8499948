//! What is recorded reads back, as a whole and with the events that tell of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::{
    artifact, at, attempt, home, lineage, notice, run, state, stored_run, task, with_output,
};
use coracle_model::{
    ArtifactId, ArtifactType, Event, EventCursor, EventKind, Failure, FailureCode, RunId,
    RunRecord, RunState, TaskPath, TaskRecord, TaskState, Timestamp, Value,
};
use coracle_store::{ArtifactFilter, Change, Direction, RunFilter, Store, StoreError};
use proptest::prelude::*;

const START: EventCursor = EventCursor(0);

#[test]
fn a_run_reads_back_with_all_that_was_asked() {
    let store = Store::open_in_memory().unwrap();
    let mut asked = run("digits");
    asked.request.definition = "not: ascii \u{2603}\n".to_owned();
    asked.request.pipeline_root = Some("minio://other/root".to_owned());
    asked.request.rerun = Some((RunId::random(), TaskPath::from("outer/train")));
    asked.failure = Some(Failure::new(FailureCode::Timeout, "late").with_hint("wait"));
    store.create_run(&asked).unwrap();
    assert_eq!(store.run(asked.id).unwrap(), Some(asked.clone()));
    assert_eq!(store.run(RunId::random()).unwrap(), None);
    let again = store.create_run(&asked).unwrap_err();
    assert!(matches!(again, StoreError::RunExists { run } if run == asked.id));
}

#[test]
fn a_state_is_told_once() {
    let store = Store::open_in_memory().unwrap();
    let id = stored_run(&store, "digits");
    let said = |change: Change| {
        store
            .record(&[change], at(2))
            .unwrap()
            .into_iter()
            .map(|event| event.kind)
            .collect::<Vec<_>>()
    };
    let running = EventKind::Run {
        state: RunState::Running,
        failure: None,
    };
    assert_eq!(said(state(id, RunState::Running)), vec![running]);
    assert_eq!(said(state(id, RunState::Running)), vec![]);

    let first = task(id, "train", TaskState::Running);
    assert_eq!(said(Change::Task(Box::new(first.clone()))).len(), 1);
    let same_state = TaskRecord {
        finished_at: Some(at(5)),
        display_name: "Train".to_owned(),
        ..first.clone()
    };
    assert_eq!(said(Change::Task(Box::new(same_state.clone()))), vec![]);
    assert_eq!(
        store.task(id, &first.path).unwrap(),
        Some(same_state.clone())
    );
    let reason = Some(Failure::new(
        FailureCode::InsufficientResources,
        "needs 4 GiB",
    ));
    assert_eq!(
        said(Change::Task(Box::new(TaskRecord {
            reason,
            ..same_state.clone()
        })))
        .len(),
        1
    );
    assert_eq!(
        said(Change::Task(Box::new(TaskRecord {
            cached: true,
            ..same_state
        })))
        .len(),
        1
    );

    let begun = attempt(id, "train", 1, TaskState::Running);
    assert_eq!(said(Change::Attempt(Box::new(begun.clone()))).len(), 1);
    assert_eq!(said(Change::Attempt(Box::new(begun))), vec![]);
    assert_eq!(said(notice(id, "a")).len(), 1);
    assert_eq!(said(notice(id, "a")).len(), 1);
}

#[test]
fn attempts_outlive_the_beginning_anew_of_their_task() {
    let store = Store::open_in_memory().unwrap();
    let id = stored_run(&store, "digits");
    let mut failed = attempt(id, "train", 1, TaskState::Failed);
    failed.exit_code = Some(137);
    failed.failure = Some(Failure::new(
        FailureCode::OutOfMemory,
        "`train` used more than 1 GiB",
    ));
    failed.finished_at = Some(at(3));
    failed.before_retry = true;
    let changes = [
        Change::Task(Box::new(task(id, "train", TaskState::Failed))),
        Change::Task(Box::new(task(id, "train/inner", TaskState::Failed))),
        Change::Attempt(Box::new(failed.clone())),
    ];
    store.record(&changes, at(1)).unwrap();
    store
        .record(
            &[Change::RemoveTasks {
                run: id,
                paths: vec!["train".into()],
            }],
            at(2),
        )
        .unwrap();
    let left: Vec<String> = store
        .tasks(id)
        .unwrap()
        .into_iter()
        .map(|task| task.path.to_string())
        .collect();
    assert_eq!(left, ["train/inner"]);
    assert_eq!(store.attempts(id).unwrap(), vec![failed]);
}

#[test]
fn changes_are_recorded_all_or_none() {
    let store = Store::open_in_memory().unwrap();
    let id = stored_run(&store, "digits");
    let before = store.last_cursor().unwrap();
    let nobody = RunId::random();
    let changes = [
        Change::Task(Box::new(task(id, "a", TaskState::Pending))),
        notice(nobody, "lost"),
    ];
    let error = store.record(&changes, at(1)).unwrap_err();
    assert!(matches!(error, StoreError::NoSuchRun { run } if run == nobody));
    let mut unnumbered = artifact(ArtifactId(1), "minio://b/k");
    unnumbered.id = None;
    let error = store
        .record(
            &[
                notice(id, "x"),
                lineage(&unnumbered, id, "a", Direction::Produced),
            ],
            at(1),
        )
        .unwrap_err();
    assert!(matches!(error, StoreError::Unnumbered { .. }));
    assert_eq!(store.tasks(id).unwrap(), vec![]);
    assert_eq!(store.last_cursor().unwrap(), before);
}

#[test]
fn runs_are_listed_newest_first_and_page_by_page() {
    let store = Store::open_in_memory().unwrap();
    let ids: Vec<RunId> = ["a", "b", "a", "a"]
        .iter()
        .map(|pipeline| stored_run(&store, pipeline))
        .collect();
    store
        .record(
            &[
                state(ids[0], RunState::Running),
                state(ids[2], RunState::Succeeded),
            ],
            at(1),
        )
        .unwrap();
    let list = |filter: RunFilter| -> Vec<usize> {
        let found = store.runs(&filter).unwrap();
        found
            .iter()
            .map(|found| ids.iter().position(|id| *id == found.id).unwrap())
            .collect()
    };
    let all = RunFilter::default;
    assert_eq!(list(all()), [3, 2, 1, 0]);
    assert_eq!(list(RunFilter { limit: 2, ..all() }), [3, 2]);
    assert_eq!(
        list(RunFilter {
            limit: 2,
            before: Some(ids[2]),
            ..all()
        }),
        [1, 0]
    );
    assert_eq!(
        list(RunFilter {
            limit: 2,
            offset: 3,
            ..all()
        }),
        [0]
    );
    assert_eq!(
        list(RunFilter {
            pipeline: Some("a".into()),
            ..all()
        }),
        [3, 2, 0]
    );
    assert_eq!(
        list(RunFilter {
            states: vec![RunState::Running, RunState::Succeeded],
            ..all()
        }),
        [2, 0]
    );
    assert_eq!(
        list(RunFilter {
            finished_before: Some(at(10)),
            ..all()
        }),
        [2]
    );
    assert_eq!(
        list(RunFilter {
            finished_before: Some(at(9)),
            ..all()
        }),
        [] as [usize; 0]
    );
    let open: Vec<RunId> = store
        .open_runs()
        .unwrap()
        .into_iter()
        .map(|run| run.id)
        .collect();
    assert_eq!(open, [ids[0], ids[1], ids[3]]);
}

#[test]
fn a_prefix_finds_its_runs_and_no_others() {
    let store = Store::open_in_memory().unwrap();
    let ids = [
        "abcd0000-0000-4000-8000-000000000001",
        "abcd0000-0000-4000-8000-000000000002",
        "abce0000-0000-4000-8000-000000000000",
    ];
    for id in ids {
        store
            .create_run(&RunRecord {
                id: id.parse().unwrap(),
                ..run("a")
            })
            .unwrap();
    }
    let found = |prefix: &str| {
        store
            .find_runs_by_prefix(prefix)
            .unwrap()
            .iter()
            .map(RunId::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(found("abcd"), ids[..2]);
    assert_eq!(found("ABCE"), ids[2..]);
    assert_eq!(found(ids[1]), ids[1..2]);
    for none in [
        "abcf",
        "abcd0000-0000-4000-8000-0000000000011",
        "%",
        "_bcd",
        "g",
        "'",
    ] {
        assert_eq!(found(none), [] as [&str; 0], "{none}");
    }
}

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
fn readers_see_commits_and_do_not_wait() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let other = Store::open_read_only(&home).unwrap();
    assert_eq!(other.runs(&RunFilter::default()).unwrap(), vec![]);
    let id = stored_run(&store, "digits");
    assert_eq!(other.run(id).unwrap().map(|run| run.id), Some(id));
    let refused = other.record(&[notice(id, "x")], at(1)).unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused}");

    let deadline = Instant::now() + Duration::from_secs(60);
    std::thread::scope(|scope| {
        let write = |number: i64| {
            store
                .record(&[notice(id, number.to_string())], at(number))
                .unwrap();
        };
        scope.spawn(move || (0..300).for_each(write));
        for reader in [&store, &store, &other] {
            scope.spawn(move || {
                let mut seen: Vec<Event> = Vec::new();
                while seen.len() < 301 {
                    assert!(
                        Instant::now() < deadline,
                        "{} events in a minute",
                        seen.len()
                    );
                    let cursor = seen.last().map_or(START, |event| event.cursor);
                    seen.extend(reader.events_after(cursor, Some(id), 10).unwrap());
                }
                assert!(seen.windows(2).all(|pair| pair[0].cursor < pair[1].cursor));
            });
        }
    });
    assert_eq!(other.events_after(START, None, 1000).unwrap().len(), 301);
}

/// The changes that the property makes: few names, so that they meet.
fn any_step() -> impl Strategy<Value = Step> {
    let states = prop_oneof![
        Just(TaskState::Pending),
        Just(TaskState::Running),
        Just(TaskState::Succeeded),
        Just(TaskState::Failed)
    ];
    prop_oneof![
        (0usize..2, "[ab]", states, 0i64..3).prop_map(|(run, path, state, value)| Step::Put {
            run,
            path,
            state,
            value
        }),
        (0usize..2, "[ab]").prop_map(|(run, path)| Step::Remove { run, path }),
        (0usize..2, "[xy]").prop_map(|(run, message)| Step::Notice { run, message }),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Put {
        run: usize,
        path: String,
        state: TaskState,
        value: i64,
    },
    Remove {
        run: usize,
        path: String,
    },
    Notice {
        run: usize,
        message: String,
    },
}

impl Step {
    fn change(&self, runs: &[RunId; 2]) -> Change {
        match self {
            Self::Put {
                run,
                path,
                state,
                value,
            } => {
                let mut task = task(runs[*run], path, *state);
                task.outputs
                    .parameters
                    .insert("value".to_owned(), Value::Number(*value as f64));
                Change::Task(Box::new(task))
            }
            Self::Remove { run, path } => Change::RemoveTasks {
                run: runs[*run],
                paths: vec![path.as_str().into()],
            },
            Self::Notice { run, message } => notice(runs[*run], message.clone()),
        }
    }

    /// The same on a map, and whether there is something to tell.
    fn apply(&self, runs: &[RunId; 2], tasks: &mut BTreeMap<(RunId, String), TaskRecord>) -> bool {
        match (self, self.change(runs)) {
            (Self::Put { run, path, .. }, Change::Task(task)) => {
                let state = task.state;
                let before = tasks.insert((runs[*run], path.clone()), *task);
                before.is_none_or(|before| before.state != state)
            }
            (Self::Remove { run, path }, _) => {
                tasks.remove(&(runs[*run], path.clone())).is_some() && false
            }
            (Self::Notice { .. }, _) => true,
            (Self::Put { .. }, _) => unreachable!("a put is the change of a task"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is recorded in whatever batches: the rows are the last of each, the log has each change of a
    /// state once and in order, and both are the same after the store was closed and opened again.
    #[test]
    fn rows_and_events_tell_the_same_story(batches in proptest::collection::vec(proptest::collection::vec(any_step(), 0..5), 0..8)) {
        let (_root, home) = home();
        let store = Store::open(&home).unwrap();
        let runs = [stored_run(&store, "a"), stored_run(&store, "b")];
        let mut tasks = BTreeMap::new();
        let mut told: Vec<Event> = store.events_after(START, None, 10).unwrap();
        for (second, batch) in batches.iter().enumerate() {
            let changes: Vec<Change> = batch.iter().map(|step| step.change(&runs)).collect();
            let expected = batch.iter().filter(|step| step.apply(&runs, &mut tasks)).count();
            let events = store.record(&changes, at(second as i64)).unwrap();
            prop_assert_eq!(events.len(), expected);
            told.extend(events);
        }
        drop(store);
        let store = Store::open(&home).unwrap();
        prop_assert!(told.windows(2).all(|pair| pair[0].cursor < pair[1].cursor));
        prop_assert_eq!(store.events_after(START, None, 1000).unwrap(), told.clone());
        for run in runs {
            let of_run: Vec<Event> = told.iter().filter(|event| event.run == run).cloned().collect();
            prop_assert_eq!(store.events_after(START, Some(run), 1000).unwrap(), of_run);
            let mut stored = store.tasks(run).unwrap();
            stored.sort_by(|a, b| a.path.cmp(&b.path));
            let expected: Vec<TaskRecord> = tasks.iter().filter(|((of, _), _)| *of == run).map(|(_, task)| task.clone()).collect();
            prop_assert_eq!(stored, expected);
        }
    }
}

#[test]
fn times_finer_than_a_microsecond_read_back_as_they_were_told() {
    let store = Store::open_in_memory().unwrap();
    let id = stored_run(&store, "digits");
    let told = store
        .record(
            &[notice(id, "x")],
            Timestamp::new(1_800_000_000, 123_456_789).unwrap(),
        )
        .unwrap();
    assert_eq!(store.events_after(START, Some(id), 10).unwrap()[1..], told);
}
