//! Many runs and many steps: the times are printed, and must not grow out of all proportion.
//!
//! The limits are many times what is needed, since tests run without optimisation and beside each other:
//! only a lost index, or a statement that is prepared each time, goes over them.

use std::io::Write;
use std::time::{Duration, Instant};

use coracle_model::{RunId, RunRecord, RunState, TaskState};
use coracle_store::{ArtifactFilter, Change, Direction, RunFilter, Store};

use crate::support::{artifact, at, attempt, home, lineage, run, stored_run, task, with_output};

const RUNS: usize = 10_000;

/// Every so many runs have a task with an artifact and a cache entry; that is enough to search among.
const WITH_TASK: usize = 10;

const LIMIT: Duration = Duration::from_millis(100);

fn tell(what: &str, duration: Duration) {
    let milliseconds = duration.as_secs_f64() * 1000.0;
    // Past the harness, which would keep it to itself: these are numbers to be looked at.
    let mut screen = std::io::stderr();
    writeln!(screen, "{what}: {milliseconds:.2} ms").unwrap();
}

/// Calls some times; neither the first call nor a busy machine decides.
fn measure<T>(what: &str, mut call: impl FnMut() -> T) {
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed()
        })
        .collect();
    times.sort();
    let median = times[times.len() / 2];
    tell(what, median);
    assert!(median < LIMIT, "{what} took {median:?}");
}

fn fill(store: &Store) -> Vec<RunId> {
    (0..RUNS).map(|number| add_run(store, number)).collect()
}

fn add_run(store: &Store, number: usize) -> RunId {
    let pipeline = format!("pipeline-{}", number % 20);
    let state = if number.is_multiple_of(100) {
        RunState::Failed
    } else {
        RunState::Succeeded
    };
    let second = i64::try_from(number).unwrap();
    let record = RunRecord {
        state,
        created_at: at(second),
        finished_at: Some(at(second + 5)),
        ..run(&pipeline)
    };
    let id = record.id;
    store.create_run(&record).unwrap();
    if number % WITH_TASK == 7 {
        let made = artifact(store.next_artifact_id(), &format!("minio://b/{id}/model"));
        let done = task(id, "train", TaskState::Succeeded);
        let changes = [
            Change::Task(Box::new(with_output(done, "model", &made))),
            lineage(&made, id, "train", Direction::Produced),
            Change::CacheKey {
                run: id,
                path: "train".into(),
                fingerprint: "f".into(),
                document: number.to_string(),
            },
            Change::CacheEntry {
                pipeline: pipeline.as_str().into(),
                fingerprint: "f".into(),
                run: id,
                path: "train".into(),
            },
        ];
        store.record(&changes, at(second)).unwrap();
    }
    id
}

#[test]
fn ten_thousand_runs_list_quickly() {
    let (_root, home) = home();
    let start = Instant::now();
    let ids = fill(&Store::open(&home).unwrap());
    tell("10,000 runs stored", start.elapsed());
    let start = Instant::now();
    let store = Store::open(&home).unwrap();
    tell("opened", start.elapsed());

    let all = RunFilter::default;
    let ended = vec![RunState::Succeeded, RunState::Failed];
    let filters = [
        ("newest 100 runs", all()),
        (
            "100 ended runs",
            RunFilter {
                states: ended,
                ..all()
            },
        ),
        (
            "100 failed runs",
            RunFilter {
                states: vec![RunState::Failed],
                ..all()
            },
        ),
        (
            "100 runs of a pipeline",
            RunFilter {
                pipeline: Some("pipeline-7".into()),
                ..all()
            },
        ),
        (
            "the oldest 100 runs",
            RunFilter {
                before: Some(ids[100]),
                ..all()
            },
        ),
        (
            "the last page by offset",
            RunFilter {
                offset: RUNS - 100,
                ..all()
            },
        ),
    ];
    for (what, filter) in filters {
        measure(what, || assert_eq!(store.runs(&filter).unwrap().len(), 100));
    }
    let prefix = &ids[77].to_string()[..8];
    measure("a run by prefix", || {
        assert!(!store.find_runs_by_prefix(prefix).unwrap().is_empty());
    });
    measure("open runs", || {
        assert!(store.open_runs().unwrap().is_empty());
    });
    let pipeline = "pipeline-7".into();
    measure("a cached step", || {
        store.cache_lookup(&pipeline, &"f".into()).unwrap().unwrap()
    });
    let last = ids[RUNS - 1];
    let earlier = || {
        store
            .cache_key_before(&pipeline, &"nowhere".into(), last)
            .unwrap()
    };
    measure("no earlier cache key", || assert_eq!(earlier(), None));
    let artifacts = |run, title: Option<&str>| {
        let schema_title = title.map(str::to_owned);
        store
            .artifacts(&ArtifactFilter {
                run,
                schema_title,
                limit: 100,
                ..ArtifactFilter::default()
            })
            .unwrap()
            .len()
    };
    measure("newest 100 artifacts", || {
        assert_eq!(artifacts(None, None), 100);
    });
    measure("100 models", || {
        assert_eq!(artifacts(None, Some("system.Model")), 100);
    });
    measure("artifacts of a run", || {
        assert_eq!(artifacts(Some(ids[7]), None), 1);
    });
    measure("statistics", || store.statistics().unwrap());
    let start = Instant::now();
    store.delete_run(ids[17]).unwrap();
    tell("one run removed", start.elapsed());
}

#[test]
fn a_thousand_steps_are_recorded_quickly() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let id = stored_run(&store, "wide");
    let start = Instant::now();
    for number in 0..1000 {
        let path = format!("loop[{number}]/train");
        let of_task = |state| Change::Task(Box::new(task(id, &path, state)));
        let of_attempt = |state| Change::Attempt(Box::new(attempt(id, &path, 1, state)));
        let changes = [
            of_task(TaskState::Pending),
            of_task(TaskState::Running),
            of_attempt(TaskState::Running),
            of_attempt(TaskState::Succeeded),
            of_task(TaskState::Succeeded),
        ];
        for change in changes {
            store.record(&[change], at(1)).unwrap();
        }
    }
    let elapsed = start.elapsed();
    tell("1,000 steps, 5 transactions each", elapsed);
    assert!(elapsed < Duration::from_secs(30));
}
