//! The fake holds to the engine's contract, for what the tests of others rely on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use coracle_model::Timestamp;
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Act, ExecAct, FakeEngine};
use crate::clock::{Clock, ManualClock, SystemClock};
use crate::engine::{
    Engine, EngineError, ExecRequest, Exit, Mount, MountSource, NetworkName, Opening, Phase,
    Protocol, PublishedPort, SandboxName, SandboxRequest, SecurityContext, Stdin, Workload,
    WorkloadImage, WorkloadName,
};
use crate::log::{Keep, LogReader, Stream};

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
        keep_log: Keep::All,
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
        .attend(&workload.name, &workload.directory.join("log"), Keep::All)
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
    let mut ends =
        [&timed, &held, &stopped].map(|workload| engine.attend(&workload.name, &log, Keep::All));
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
    let mut attending = engine.attend(&held.name, &held.directory, Keep::All);
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
        engine.attend(&held.name, &held.directory, Keep::All).await,
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

#[tokio::test]
async fn sandboxes_are_opened_halted_and_reached_by_script() {
    let engine = FakeEngine::new(manual(), |_| Act::succeed());
    let team = NetworkName("team".to_owned());
    let pod = |name: &str, host_port| SandboxRequest {
        network: Some(team.clone()),
        published: vec![PublishedPort {
            container_port: 80,
            host_ip: None,
            host_port,
            protocol: Protocol::Tcp,
        }],
        ..SandboxRequest::new(SandboxName(name.to_owned()))
    };
    let first = pod("first", Some(8080));
    assert_eq!(engine.open_sandbox(&first).await.unwrap(), Opening::Made);
    assert_eq!(engine.open_sandbox(&first).await.unwrap(), Opening::Found);
    let before = engine.sandbox(&first.name).await.unwrap().unwrap();
    engine.halt_sandbox(&first.name);
    let halted = engine.sandbox(&first.name).await.unwrap().unwrap();
    assert_eq!((halted.running, halted.address), (false, None));
    assert_eq!(
        engine.open_sandbox(&first).await.unwrap(),
        Opening::Restored
    );
    let after = engine.sandbox(&first.name).await.unwrap().unwrap();
    assert!(after.running && after.address != before.address);

    engine.take_port(9090);
    for port in [8080, 9090] {
        let taken = engine.open_sandbox(&pod("second", Some(port))).await;
        assert!(matches!(taken, Err(EngineError::PortTaken { port: named, .. }) if named == port));
    }
    let second = pod("second", None);
    engine.open_sandbox(&second).await.unwrap();
    let status = engine.sandbox(&second.name).await.unwrap().unwrap();
    assert!(status.published[0].host_port.is_some());

    let connect = async |port| engine.connect(&second.name, port).await;
    assert!(matches!(
        connect(80).await.map(drop),
        Err(EngineError::NotListening { .. })
    ));
    let mut listener = engine.listen(&second.name, 80);
    let mut near = connect(80).await.unwrap();
    let mut far = listener.recv().await.unwrap();
    near.write_all(b"said").await.unwrap();
    drop(near);
    let mut heard = String::new();
    far.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "said");

    assert!(engine.close_network(&team).await.is_err());
    engine.close_sandbox(&first.name).await.unwrap();
    engine.close_sandbox(&second.name).await.unwrap();
    assert_eq!(
        engine.networks().await.unwrap(),
        std::slice::from_ref(&team)
    );
    engine.close_network(&team).await.unwrap();
    assert_eq!(engine.networks().await.unwrap(), []);
    assert!(matches!(
        connect(80).await.map(drop),
        Err(EngineError::NoSandbox { .. })
    ));
}

#[tokio::test]
async fn sessions_say_what_the_script_says() {
    let engine = FakeEngine::new(manual(), |_| Act::succeed().until_released());
    let engine = engine.with_sessions(|_, request| match request.command[0].as_str() {
        "cat" => ExecAct::succeed().echoing(),
        _ => ExecAct::fail(3).saying(Stream::Stderr, "no"),
    });
    let program = |name: &str| ExecRequest {
        command: vec![name.to_owned()],
        stdin: true,
        ..ExecRequest::default()
    };
    let held = workload("held");
    let gone = engine.exec(&held.name, &program("cat")).await;
    assert!(matches!(gone, Err(EngineError::Gone { .. })));
    engine.start(&held).await.unwrap();
    let mut cat = engine.exec(&held.name, &program("cat")).await.unwrap();
    cat.input
        .as_mut()
        .unwrap()
        .write_all(b"said")
        .await
        .unwrap();
    drop(cat.input.take());
    let said: Vec<_> = cat.output.map(|piece| piece.unwrap().bytes).collect().await;
    assert_eq!(said.concat(), b"said");
    assert_eq!(cat.control.wait().await.unwrap(), 0);
    let mut other = engine.exec(&held.name, &program("other")).await.unwrap();
    let piece = other.output.next().await.unwrap().unwrap();
    assert_eq!(
        (piece.stream, piece.bytes.as_ref()),
        (Stream::Stderr, b"no".as_slice())
    );
    other.control.end().await.unwrap();
    assert_eq!(other.control.wait().await.unwrap(), 3);
    engine.release(&held.name);
    run(&engine, &held).await.unwrap();
    let ended = engine.exec(&held.name, &program("cat")).await;
    assert!(matches!(ended, Err(EngineError::NotRunning { .. })));
}
