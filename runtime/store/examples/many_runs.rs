//! Fills a home with many runs, and measures how long a page of their table takes.
//!
//! `cargo run --release -p coracle-store --example many_runs -- HOME 10000`
//!
//! Each run has four parameters, three steps, a model and two metrics. A workbench that is started on the home
//! afterwards shows them.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use coracle_model::{
    Artifact, ArtifactType, EngineKind, Outputs, RunId, RunOrigin, RunRecord, RunRequest, RunState,
    StorageState, TaskKind, TaskRecord, TaskState, Timestamp, Value,
};
use coracle_store::{Change, Direction, Home, RunRowQuery, RunSort, Store};

const FIRST: i64 = 1_790_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let usage = "give a home and how many runs it is to have";
    let home = Home::at(Path::new(&arguments.next().ok_or(usage)?));
    let count: i64 = arguments.next().ok_or(usage)?.parse()?;
    let store = Store::open(&home)?;
    for number in 0..count {
        add_run(&store, number)?;
    }
    measure(&store)
}

fn measure(store: &Store) -> Result<(), Box<dyn Error>> {
    let usual = || RunRowQuery {
        descending: true,
        limit: 100,
        values: true,
        ..RunRowQuery::default()
    };
    let sorted = |sort| RunRowQuery { sort, ..usual() };
    let queries = [
        ("newest", usual()),
        (
            "in the middle",
            RunRowQuery {
                offset: 5000,
                ..usual()
            },
        ),
        (
            "the last",
            RunRowQuery {
                descending: false,
                ..usual()
            },
        ),
        ("by name", sorted(RunSort::Name)),
        ("by what they took", sorted(RunSort::Took)),
        (
            "by a parameter",
            sorted(RunSort::Parameter("epochs".to_owned())),
        ),
        (
            "by a metric",
            sorted(RunSort::Metric("accuracy".to_owned())),
        ),
        (
            "with a word",
            RunRowQuery {
                words: vec!["run 77".to_owned()],
                ..usual()
            },
        ),
        (
            "failed",
            RunRowQuery {
                states: vec![RunState::Failed],
                ..usual()
            },
        ),
    ];
    for (what, query) in queries {
        let median = median(|| store.run_rows(&query).map(|_| ()))?;
        tell(&format!("a page of runs, {what}"), median);
    }
    let median = median(|| store.run_fields().map(|_| ()))?;
    tell("names of columns", median);
    Ok(())
}

fn median<E: Error + 'static>(
    mut call: impl FnMut() -> Result<(), E>,
) -> Result<Duration, Box<dyn Error>> {
    let mut times = Vec::new();
    for _ in 0..21 {
        let start = Instant::now();
        call()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}

#[expect(clippy::print_stdout, reason = "the numbers are what it is run for")]
fn tell(what: &str, duration: Duration) {
    println!("{what}: {:.1} ms", duration.as_secs_f64() * 1000.0);
}

fn add_run(store: &Store, number: i64) -> Result<(), Box<dyn Error>> {
    let created_at = Timestamp::from_second(FIRST + number * 60)?;
    let finished_at = Timestamp::from_second(FIRST + number * 60 + 20 + number * 7919 % 300)?;
    let id = RunId::random();
    let failed = number % 23 == 0;
    #[expect(clippy::cast_precision_loss, reason = "they are small")]
    let share = (number * 6151 % 1000) as f64 / 1000.0;
    let pipeline = format!("pipeline-{}", number % 20);
    let name = format!("{pipeline} run {number}");
    store.create_run(&RunRecord {
        id,
        pipeline: pipeline.as_str().into(),
        request: RunRequest {
            definition: format!("pipelineInfo: {{name: {pipeline}}}\nschemaVersion: 2.1.0\nroot: {{dag: {{tasks: {{}}}}}}\n"),
            display_name: name,
            parameters: BTreeMap::from([
                ("epochs".to_owned(), Value::Number((share * 100.0).floor())),
                ("rate".to_owned(), Value::Number(share / 10.0)),
                ("optimizer".to_owned(), Value::from(["adam", "sgd"][usize::from(failed)])),
                ("augment".to_owned(), Value::Bool(!failed)),
            ]),
            pipeline_root: None,
            cache: true,
            rerun: None,
            origin: RunOrigin::default(),
        },
        engine: EngineKind::Fake,
        state: if failed { RunState::Failed } else { RunState::Succeeded },
        failure: None,
        storage: StorageState::Available,
        created_at,
        finished_at: Some(finished_at),
    })?;
    let mut changes: Vec<Change> = ["load", "train", "evaluate"]
        .into_iter()
        .map(|path| Change::Task(Box::new(task(id, path, created_at))))
        .collect();
    let accuracy = BTreeMap::from([
        ("accuracy".to_owned(), Value::Number(share)),
        ("loss".to_owned(), Value::Number(1.0 - share)),
    ]);
    for (title, metadata) in [
        ("system.Model", BTreeMap::new()),
        ("system.Metrics", accuracy),
    ] {
        changes.push(Change::Artifact {
            artifact: Box::new(Artifact {
                id: Some(store.next_artifact_id()),
                name: title.to_lowercase(),
                artifact_type: ArtifactType {
                    schema_title: title.to_owned(),
                    ..ArtifactType::default()
                },
                uri: format!("minio://mlpipeline/{id}/{title}").as_str().into(),
                metadata,
                custom_path: None,
                sha256: None,
            }),
            run: id,
            path: "evaluate".into(),
            key: title.to_owned(),
            direction: Direction::Produced,
        });
    }
    store.record(&changes, finished_at)?;
    Ok(())
}

fn task(run: RunId, path: &str, at: Timestamp) -> TaskRecord {
    TaskRecord {
        run,
        path: path.into(),
        kind: TaskKind::Container,
        display_name: path.to_owned(),
        state: TaskState::Succeeded,
        cached: false,
        reason: None,
        inputs: Outputs::default(),
        outputs: Outputs::default(),
        fingerprint: None,
        started_at: Some(at),
        finished_at: Some(at),
    }
}
