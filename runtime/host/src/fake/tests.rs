//! The fake holds to the engine's contract, for what the tests of others rely on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use coracle_model::Timestamp;

use super::{Act, FakeEngine};
use crate::clock::{Clock, ManualClock, SystemClock};
use crate::engine::{
    Engine, EngineError, Exit, Mount, MountSource, Phase, SecurityContext, Stdin, Workload,
    WorkloadImage, WorkloadName,
};
use crate::log::{LogReader, Stream};

fn workload(name: &str) -> Workload {
    Workload {
        name: WorkloadName(name.to_owned()),
        labels: BTreeMap::new(),
        image: WorkloadImage::Plain {
            image: "python:3".parse().unwrap(),
            digest: "sha256:0".into(),
        },
        command: vec!["true".to_owned()],
        args: Vec::new(),
        environment: BTreeMap::new(),
        mounts: Vec::new(),
        directory: "/nowhere".into(),
        working_dir: None,
        cpu_request: None,
        cpu_limit: None,
        memory_limit: None,
        gpus: Vec::new(),
        shared_memory: None,
        security: SecurityContext::default(),
        stdin: Stdin::Closed,
        tty: false,
        sandbox: None,
    }
}

fn manual() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(
        Timestamp::from_second(1_700_000_000).unwrap(),
    ))
}

async fn run(engine: &FakeEngine, workload: &Workload) -> Result<Exit, EngineError> {
    engine.start(workload).await?;
    engine
        .attend(&workload.name, &workload.directory.join("log"))
        .await
}

#[tokio::test]
async fn files_go_where_mounts_lead_and_words_into_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let engine = FakeEngine::new(manual(), |_| {
        Act::fail(2)
            .writing("/out/a/sum", "3")
            .writing("/tmp/model/w", "9")
            .saying(Stream::Stderr, "oh\n")
    });
    let outer = Mount {
        source: MountSource::Host(directory.path().join("outer")),
        target: "/".into(),
        read_only: true,
    };
    let inner = Mount {
        source: MountSource::Host(directory.path().join("inner")),
        target: "/out".into(),
        read_only: false,
    };
    let mounted = Workload {
        mounts: vec![inner, outer],
        directory: directory.path().to_owned(),
        ..workload("a")
    };
    let exit = run(&engine, &mounted).await.unwrap();
    assert_eq!((exit.code, exit.out_of_memory), (2, false));
    assert_eq!(
        fs_err::read(directory.path().join("inner/a/sum")).unwrap(),
        b"3"
    );
    assert_eq!(
        LogReader::open(&directory.path().join("log"))
            .unwrap()
            .read_to_end(99)
            .unwrap(),
        b"oh\n"
    );
    let copy = directory.path().join("copy");
    assert!(
        engine
            .copy_out(&mounted.name, "/tmp/model", &copy)
            .await
            .unwrap()
    );
    assert_eq!(fs_err::read(copy.join("w")).unwrap(), b"9");
    assert!(
        !engine
            .copy_out(&mounted.name, "/none", &copy)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn work_takes_the_clocks_time_and_may_be_released_or_stopped() {
    let clock = manual();
    let engine = FakeEngine::new(Arc::<ManualClock>::clone(&clock), |workload| match workload
        .name
        .0
        .as_str()
    {
        "timed" => Act::out_of_memory().lasting(Duration::from_secs(60)),
        _ => Act::fail(7).until_released(),
    });
    let [timed, held, stopped] = ["timed", "held", "stopped"].map(workload);
    for workload in [&timed, &held, &stopped] {
        engine.start(workload).await.unwrap();
    }
    let log = timed.directory.join("log");
    let mut ends = [&timed, &held, &stopped].map(|workload| engine.attend(&workload.name, &log));
    for end in &mut ends {
        assert!(futures_util::poll!(end).is_pending());
    }
    let [timed_end, held_end, stopped_end] = ends;
    clock.advance(Duration::from_secs(60));
    let exit = timed_end.await.unwrap();
    assert!(exit.out_of_memory);
    assert_eq!(exit.finished_at.unwrap(), clock.now());
    engine.release(&held.name);
    assert_eq!(held_end.await.unwrap().code, 7);
    assert!(matches!(
        engine.remove(&stopped.name).await,
        Err(EngineError::Refused { .. })
    ));
    engine.stop(&stopped.name, Duration::ZERO).await.unwrap();
    assert_eq!(stopped_end.await.unwrap().code, 143);
}

#[tokio::test]
async fn an_engine_that_goes_away_forgets_nothing() {
    let engine = FakeEngine::new(manual(), |workload| match workload.name.0.as_str() {
        "unanswered" => Act::succeed().start_unanswered(),
        "refused" => Act::refuse("no"),
        _ => Act::succeed().until_released(),
    });
    let held = workload("held");
    engine.start(&held).await.unwrap();
    let mut attending = engine.attend(&held.name, &held.directory);
    assert!(futures_util::poll!(&mut attending).is_pending());
    engine.go_away("stopped by a test");
    assert!(matches!(
        attending.await,
        Err(EngineError::Unavailable { .. })
    ));
    assert!(engine.observe().await.is_err());
    engine.come_back();
    assert_eq!(engine.observe().await.unwrap()[0].phase, Phase::Running);
    engine.start(&held).await.unwrap();
    engine.release(&held.name);
    assert_eq!(run(&engine, &held).await.unwrap().code, 0);

    let unanswered = workload("unanswered");
    assert!(matches!(
        engine.start(&unanswered).await,
        Err(EngineError::Unavailable { .. })
    ));
    assert_eq!(run(&engine, &unanswered).await.unwrap().code, 0);
    assert!(matches!(
        engine.start(&workload("refused")).await,
        Err(EngineError::Refused { .. })
    ));
    let expected = BTreeMap::from([(held.name.clone(), 1), (unanswered.name, 1)]);
    assert_eq!(engine.starts(), expected);
    engine.lose(&held.name);
    assert!(matches!(
        engine.attend(&held.name, &held.directory).await,
        Err(EngineError::Gone { .. })
    ));
}

#[tokio::test]
async fn ten_thousand_steps_cost_next_to_nothing() {
    let engine = FakeEngine::new(Arc::new(SystemClock::new()), |_| Act::succeed());
    let workloads: Vec<Workload> = (0..10_000)
        .map(|number| workload(&format!("w{number}")))
        .collect();
    let before = Instant::now();
    for workload in &workloads {
        run(&engine, workload).await.unwrap();
        engine.remove(&workload.name).await.unwrap();
    }
    // An unoptimised build on a busy machine; the real cost is a few microseconds each.
    assert!(
        before.elapsed() < Duration::from_secs(1),
        "{:?}",
        before.elapsed()
    );
}
