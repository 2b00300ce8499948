//! Many runs and many steps: the times are printed, and must not grow out of all proportion.
//!
//! The limits here are several times what a slow machine needs without optimisation, so that only a lost
//! index or a statement that is prepared each time goes over them.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::support::{
    artifact, at, attempt, home, lineage, run, state, stored_run, task, with_output,
};
use coracle_model::{RunId, RunRecord, RunState, TaskState};
use coracle_store::{ArtifactFilter, Change, Direction, RunFilter, Store};

const RUNS: usize = 10_000;

fn tell(what: &str, duration: Duration) {
    // Not captured by the harness: these are numbers to be looked at.
    writeln!(
        std::io::stderr(),
        "{what}: {:.2} ms",
        duration.as_secs_f64() * 1000.0
    )
    .unwrap();
}

/// The slowest of 20 calls.
fn slowest<T>(what: &str, mut call: impl FnMut() -> T) -> Duration {
    let times = (0..20).map(|_| {
        let start = Instant::now();
        call();
        start.elapsed()
    });
    let slowest = times.max().unwrap();
    tell(what, slowest);
    slowest
}

fn fill(store: &Store) -> Vec<RunId> {
    let mut ids = Vec::with_capacity(RUNS);
    for number in 0..RUNS {
        let pipeline = format!("pipeline-{}", number % 20);
        let record = RunRecord {
            created_at: at(number as i64),
            ..run(&pipeline)
        };
        let id = record.id;
        store.create_run(&record).unwrap();
        let made = artifact(store.next_artifact_id(), &format!("minio://b/{id}/model"));
        let ended = if number % 100 == 0 {
            RunState::Failed
        } else {
            RunState::Succeeded
        };
        let fingerprint = format!("{:064x}", number % 50);
        store
            .record(
                &[
                    Change::Task(Box::new(with_output(
                        task(id, "train", TaskState::Succeeded),
                        "model",
                        &made,
                    ))),
                    lineage(&made, id, "train", Direction::Produced),
                    Change::CacheKey {
                        run: id,
                        path: "train".into(),
                        fingerprint: fingerprint.as_str().into(),
                        document: fingerprint.clone(),
                    },
                    Change::CacheEntry {
                        pipeline: pipeline.as_str().into(),
                        fingerprint: fingerprint.as_str().into(),
                        run: id,
                        path: "train".into(),
                    },
                    state(id, ended),
                ],
                at(number as i64),
            )
            .unwrap();
        ids.push(id);
    }
    ids
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
    let limit = Duration::from_millis(200);
    let filters = [
        ("newest 100 runs", RunFilter::default()),
        (
            "100 failed runs",
            RunFilter {
                states: vec![RunState::Failed],
                ..RunFilter::default()
            },
        ),
        (
            "100 runs of a pipeline",
            RunFilter {
                pipeline: Some("pipeline-7".into()),
                ..RunFilter::default()
            },
        ),
        (
            "no run in this state",
            RunFilter {
                states: vec![RunState::Canceling],
                ..RunFilter::default()
            },
        ),
        (
            "the oldest 100 runs",
            RunFilter {
                before: Some(ids[100]),
                ..RunFilter::default()
            },
        ),
        (
            "the last page by offset",
            RunFilter {
                offset: RUNS - 100,
                ..RunFilter::default()
            },
        ),
    ];
    for (what, filter) in filters {
        assert!(
            slowest(what, || store.runs(&filter).unwrap()) < limit,
            "{what}"
        );
    }
    let prefix = &ids[77].to_string()[..6];
    assert!(
        slowest("a run by prefix", || store
            .find_runs_by_prefix(prefix)
            .unwrap())
            < limit
    );
    assert!(
        slowest("open runs", || assert!(
            store.open_runs().unwrap().is_empty()
        )) < limit
    );
    let hit = || {
        store
            .cache_lookup(&"pipeline-7".into(), &format!("{:064x}", 7).into())
            .unwrap()
            .unwrap()
    };
    assert!(slowest("a cached step", hit) < limit);
    let earlier = || {
        store
            .cache_key_before(&"pipeline-7".into(), &"nowhere".into(), ids[RUNS - 1])
            .unwrap()
    };
    assert!(slowest("no earlier cache key", earlier) < limit);
    assert!(
        slowest("newest 100 artifacts", || store
            .artifacts(&ArtifactFilter::default())
            .unwrap())
            < limit
    );
    let models = ArtifactFilter {
        schema_title: Some("system.Model".to_owned()),
        ..ArtifactFilter::default()
    };
    assert!(slowest("100 models", || store.artifacts(&models).unwrap()) < limit);
    let of_run = ArtifactFilter {
        run: Some(ids[5]),
        ..ArtifactFilter::default()
    };
    assert!(
        slowest("artifacts of a run", || assert_eq!(
            store.artifacts(&of_run).unwrap().len(),
            1
        )) < limit
    );
    assert!(slowest("statistics", || store.statistics().unwrap()) < limit);
    let start = Instant::now();
    store.delete_run(ids[1]).unwrap();
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
        for state in [TaskState::Pending, TaskState::Running] {
            store
                .record(&[Change::Task(Box::new(task(id, &path, state)))], at(1))
                .unwrap();
        }
        store
            .record(
                &[Change::Attempt(Box::new(attempt(
                    id,
                    &path,
                    1,
                    TaskState::Running,
                )))],
                at(1),
            )
            .unwrap();
        store
            .record(
                &[Change::Attempt(Box::new(attempt(
                    id,
                    &path,
                    1,
                    TaskState::Succeeded,
                )))],
                at(1),
            )
            .unwrap();
        store
            .record(
                &[Change::Task(Box::new(task(
                    id,
                    &path,
                    TaskState::Succeeded,
                )))],
                at(1),
            )
            .unwrap();
    }
    let elapsed = start.elapsed();
    tell("1,000 steps of 5 changes", elapsed);
    assert!(elapsed < Duration::from_secs(10));
}
