//! Runs as a table shows them: by any column, with what they were given and what came of them.

use std::collections::BTreeMap;

use coracle_model::{
    Artifact, ArtifactType, RunId, RunRecord, RunState, StorageState, TaskKind, TaskRecord,
    TaskState, Value,
};
use coracle_store::{ArtifactFilter, Change, Direction, RunRow, RunRowQuery, RunSort, Store};

use crate::support::{artifact, at, lineage, run, task, with_output};

/// A run that took so many seconds, with a rate, and an accuracy where it left one.
fn add(store: &Store, name: &str, rate: f64, took: i64, accuracy: Option<f64>) -> RunId {
    let mut record = RunRecord {
        state: RunState::Succeeded,
        created_at: at(0),
        finished_at: Some(at(took)),
        ..run("train")
    };
    record.request.display_name = name.to_owned();
    record.request.parameters = BTreeMap::from([
        ("rate".to_owned(), Value::Number(rate)),
        ("od\"d.name".to_owned(), Value::String(name.to_owned())),
    ]);
    let id = record.id;
    store.create_run(&record).unwrap();
    if let Some(accuracy) = accuracy {
        measure(store, id, accuracy);
    }
    id
}

fn measure(store: &Store, id: RunId, accuracy: f64) {
    let made = Artifact {
        artifact_type: ArtifactType {
            schema_title: "system.Metrics".to_owned(),
            ..ArtifactType::default()
        },
        metadata: BTreeMap::from([
            ("accuracy".to_owned(), Value::Number(accuracy)),
            ("note".to_owned(), Value::String("no number".to_owned())),
        ]),
        ..artifact(store.next_artifact_id(), "minio://b/metrics")
    };
    let model = artifact(store.next_artifact_id(), "minio://b/model");
    let changes = [
        Change::Task(Box::new(task(id, "train", TaskState::Succeeded))),
        Change::Task(Box::new(task(id, "test", TaskState::Running))),
        lineage(&made, id, "train", Direction::Produced),
        lineage(&model, id, "train", Direction::Produced),
    ];
    store.record(&changes, at(1)).unwrap();
}

fn names(rows: &[RunRow]) -> Vec<&str> {
    rows.iter()
        .map(|row| row.summary.display_name.as_str())
        .collect()
}

fn all() -> RunRowQuery {
    RunRowQuery {
        limit: 10,
        ..RunRowQuery::default()
    }
}

#[test]
fn runs_are_sorted_by_any_column_and_what_has_no_value_is_last() {
    let store = Store::open_in_memory().unwrap();
    add(&store, "b", 10.0, 5, Some(0.9));
    add(&store, "C", 9.0, 3, None);
    add(&store, "a", 1.5, 4, Some(0.1));
    let sorted = |sort: RunSort, descending| {
        let query = RunRowQuery {
            sort,
            descending,
            ..all()
        };
        names(&store.run_rows(&query).unwrap().rows).concat()
    };
    let parameter = |name: &str| RunSort::Parameter(name.to_owned());
    let metric = || RunSort::Metric("accuracy".to_owned());
    assert_eq!(sorted(RunSort::Created, false), "bCa");
    assert_eq!(sorted(RunSort::Created, true), "aCb");
    assert_eq!(sorted(RunSort::Name, false), "abC");
    assert_eq!(sorted(RunSort::Took, false), "Cab");
    assert_eq!(
        sorted(parameter("rate"), true),
        "bCa",
        "as numbers, not as texts"
    );
    assert_eq!(sorted(parameter("od\"d.name"), false), "abC");
    assert_eq!(sorted(metric(), false), "abC");
    assert_eq!(sorted(metric(), true), "baC");
    assert_eq!(
        sorted(RunSort::State, true),
        "aCb",
        "of equal ones the newer is above"
    );
    assert_eq!(sorted(RunSort::Metric("note".to_owned()), false), "aCb");
    for sort in [
        RunSort::Experiment,
        RunSort::Recurring,
        RunSort::Finished,
        RunSort::Pipeline,
    ] {
        assert_eq!(sorted(sort, true).len(), 3);
    }
}

#[test]
fn pages_are_cut_after_sorting_and_say_how_many_there_are() {
    let store = Store::open_in_memory().unwrap();
    for number in 0..5 {
        add(&store, &number.to_string(), f64::from(number), 1, None);
    }
    let page = |offset| {
        let query = RunRowQuery {
            sort: RunSort::Parameter("rate".to_owned()),
            offset,
            limit: 2,
            ..all()
        };
        let found = store.run_rows(&query).unwrap();
        (names(&found.rows).concat(), found.total)
    };
    assert_eq!(page(0), ("01".to_owned(), 5));
    assert_eq!(page(4), ("4".to_owned(), 5));
    assert_eq!(page(6), (String::new(), 5));
}

#[test]
fn runs_are_found_by_words_and_by_whether_they_were_put_aside() {
    let store = Store::open_in_memory().unwrap();
    let first = add(&store, "Forest of ten", 1.0, 1, None);
    add(&store, "forest of five", 1.0, 1, None);
    store.store_run(first, StorageState::Archived).unwrap();
    let found = |query: RunRowQuery| {
        let found = store.run_rows(&query).unwrap();
        assert_eq!(found.total, found.rows.len() as u64);
        names(&found.rows).join(", ")
    };
    let words = |text: &str| RunRowQuery {
        words: text.split(' ').map(str::to_owned).collect(),
        ..all()
    };
    assert_eq!(found(words("TEN forest")), "Forest of ten");
    assert_eq!(
        found(words("train five")),
        "forest of five",
        "the pipeline's name counts"
    );
    assert_eq!(found(words(&first.to_string()[..8])), "Forest of ten");
    assert_eq!(found(words("ten five")), "");
    let storage = |storage| RunRowQuery {
        storage: Some(storage),
        ..all()
    };
    assert_eq!(found(storage(StorageState::Archived)), "Forest of ten");
    assert_eq!(found(storage(StorageState::Available)), "forest of five");
}

#[test]
fn metrics_that_were_taken_from_the_cache_are_those_of_both_runs() {
    let store = Store::open_in_memory().unwrap();
    let first = add(&store, "first", 0.5, 1, Some(0.7));
    let second = add(&store, "second", 0.5, 1, None);
    let made = store
        .artifacts(&ArtifactFilter {
            run: Some(first),
            schema_title: Some("system.Metrics".to_owned()),
            ..ArtifactFilter::default()
        })
        .unwrap();
    let cached = TaskRecord {
        cached: true,
        ..with_output(
            task(second, "train", TaskState::Succeeded),
            "metrics",
            &made[0].artifact,
        )
    };
    store
        .record(&[Change::Task(Box::new(cached))], at(1))
        .unwrap();
    let query = RunRowQuery {
        values: true,
        sort: RunSort::Metric("accuracy".to_owned()),
        ..all()
    };
    let rows = store.run_rows(&query).unwrap().rows;
    let metrics = |row: &RunRow| row.values.as_ref().unwrap().metrics["accuracy"];
    assert_eq!(rows.iter().map(metrics).collect::<Vec<_>>(), [0.7, 0.7]);
}

#[test]
fn rows_have_what_a_run_was_given_and_the_last_of_equal_metrics() {
    let store = Store::open_in_memory().unwrap();
    let id = add(&store, "a", 0.5, 1, Some(0.1));
    measure(&store, id, 0.2);
    let mut root = task(id, "", TaskState::Running);
    root.kind = TaskKind::Dag;
    root.inputs.parameters = BTreeMap::from([
        ("rate".to_owned(), Value::Number(0.5)),
        ("seed".to_owned(), Value::Number(7.0)),
    ]);
    store
        .record(&[Change::Task(Box::new(root))], at(1))
        .unwrap();
    add(&store, "b", 0.5, 1, None);
    let query = RunRowQuery {
        values: true,
        ..all()
    };
    let rows = store.run_rows(&query).unwrap().rows;
    let values = rows[0].values.as_ref().unwrap();
    assert_eq!(values.parameters["rate"], Value::Number(0.5));
    assert_eq!(values.parameters["seed"], Value::Number(7.0), "a default");
    assert_eq!(
        values.metrics,
        BTreeMap::from([("accuracy".to_owned(), 0.2)])
    );
    assert_eq!((values.steps, values.steps_over), (2, 1));
    let values = rows[1].values.as_ref().unwrap();
    assert_eq!((values.metrics.len(), values.steps), (0, 0));
    assert_eq!(store.run_rows(&all()).unwrap().rows[0].values, None);
    let by_seed = RunRowQuery {
        sort: RunSort::Parameter("seed".to_owned()),
        ..all()
    };
    assert_eq!(names(&store.run_rows(&by_seed).unwrap().rows), ["a", "b"]);
    let fields = store.run_fields().unwrap();
    assert_eq!(fields.pipelines, ["train"]);
    assert_eq!(
        fields.parameters.into_iter().collect::<Vec<_>>(),
        ["od\"d.name", "rate", "seed"]
    );
    assert_eq!(fields.metrics.into_iter().collect::<Vec<_>>(), ["accuracy"]);
}
