//! What is recorded reads back, as a whole and with the events that tell of it.

use std::time::{Duration, Instant};

use coracle_model::{
    Artifact, ArtifactId, Event, EventCursor, EventKind, Failure, FailureCode, RunId, RunRecord,
    RunState, TaskKind, TaskPath, TaskRecord, TaskState, Timestamp,
};
use coracle_store::{Change, Direction, RunFilter, Store, StoreError};

use crate::support::{
    artifact, at, attempt, home, lineage, notice, run, state, stored_run, task, with_output,
};

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
fn what_a_step_measured_is_told_once_and_before_its_success() {
    let store = Store::open_in_memory().unwrap();
    let id = stored_run(&store, "digits");
    let said = |task: &TaskRecord| {
        let change = Change::Task(Box::new(task.clone()));
        let events = store.record(&[change], at(2)).unwrap();
        events
            .into_iter()
            .map(|event| event.kind)
            .collect::<Vec<_>>()
    };
    let metrics = |title: &str| {
        let mut metrics = artifact(store.next_artifact_id(), "minio://b/metrics");
        metrics.artifact_type.schema_title = title.to_owned();
        metrics
    };
    let (scores, curve, model) = (
        metrics("system.Metrics"),
        metrics("system.ClassificationMetrics"),
        metrics("system.Model"),
    );
    let mut silent = metrics("system.Metrics");
    silent.metadata.clear();
    let outputs = [
        ("curve", &curve),
        ("model", &model),
        ("scores", &scores),
        ("silent", &silent),
    ];
    let with_outputs = |task: TaskRecord| {
        outputs.iter().fold(task, |task, (key, artifact)| {
            with_output(task, key, artifact)
        })
    };
    assert_eq!(said(&task(id, "train", TaskState::Running)).len(), 1);
    let over = with_outputs(task(id, "train", TaskState::Succeeded));
    let measured = |key: &str, artifact: &Artifact| EventKind::Metrics {
        path: "train".into(),
        key: key.to_owned(),
        artifact: artifact.id,
        schema_title: artifact.artifact_type.schema_title.clone(),
        values: artifact.metadata.clone(),
    };
    let told = said(&over);
    assert_eq!(
        told[..2],
        [measured("curve", &curve), measured("scores", &scores)]
    );
    assert!(matches!(
        told[2..],
        [EventKind::Task {
            state: TaskState::Succeeded,
            ..
        }]
    ));
    assert_eq!(said(&over), []);
    let failed = with_outputs(task(id, "other", TaskState::Failed));
    assert_eq!(said(&failed).len(), 1);
    // The outputs of what has tasks inside are theirs.
    let outer = TaskRecord {
        kind: TaskKind::Dag,
        ..with_outputs(task(id, "outer", TaskState::Succeeded))
    };
    assert_eq!(said(&outer).len(), 1);
    let stored = store.events_after(START, Some(id), 100).unwrap();
    assert!(stored.iter().any(|event| event.kind == told[0]));
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
