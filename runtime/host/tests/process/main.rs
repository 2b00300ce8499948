//! The process engine with real supervisors and real commands.

mod environments;
mod hard_times;
mod machine;
mod pods;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use coracle_host::log::{Only, Stream};
use coracle_host::{
    Engine, EngineError, Mount, MountSource, Phase, SecurityContext, Workload, WorkloadName,
};
use coracle_model::GpuUuid;

use crate::machine::{Machine, command, engine_at, stdout_of, text_of, workload};

#[tokio::test]
async fn a_workload_tells_its_code_and_its_streams() {
    let machine = Machine::new();
    let failing = machine.shell("failing", "echo out; echo err >&2; exit 3");
    let exit = machine.run(&failing).await;
    assert_eq!((exit.code, exit.out_of_memory), (3, false));
    assert!(exit.started_at.unwrap() <= exit.finished_at.unwrap());
    assert_eq!(stdout_of(&failing), "out\n");
    assert_eq!(text_of(&failing, Only::Stream(Stream::Stderr)), "err\n");
    let killed = machine.shell("killed", "kill -9 $$");
    let exit = machine.run(&killed).await;
    assert_eq!((exit.code, exit.out_of_memory), (137, false));
}

#[tokio::test]
async fn a_workload_sees_what_it_is_given_and_no_more() {
    let machine = Machine::new();
    let mut told = machine.shell(
        "told",
        "env | cut -d= -f1 | sort | tr '\\n' ' '; pwd; test -d \"$TMPDIR\"",
    );
    told.environment.insert("GIVEN".to_owned(), "1".to_owned());
    told.gpus = vec![GpuUuid::from("GPU-1"), GpuUuid::from("GPU-2")];
    told.args = vec!["unused".to_owned()];
    assert_eq!(machine.run(&told).await.code, 0);
    let text = stdout_of(&told);
    let (names, place) = text.trim().rsplit_once(' ').unwrap();
    assert_eq!(
        names,
        "CORACLE_WORKLOAD CUDA_VISIBLE_DEVICES GIVEN HOME LANG PATH PWD TMPDIR"
    );
    assert!(
        Path::new(place).starts_with(machine.path("engine")),
        "{place}"
    );
    let gpus = Workload {
        command: vec!["printenv".to_owned()],
        args: vec!["CUDA_VISIBLE_DEVICES".to_owned()],
        ..told
    };
    let gpus = Workload {
        name: WorkloadName("gpus".to_owned()),
        directory: machine.path("work/gpus"),
        ..gpus
    };
    machine.run(&gpus).await;
    assert_eq!(stdout_of(&gpus), "GPU-1,GPU-2\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_starts_once_however_often_it_is_asked_for() {
    let machine = Machine::new();
    let count = machine.path("count");
    let once = machine.shell("once", &format!("echo x >> {}; sleep 0.3", count.display()));
    let starts = futures_util::future::join_all((0..8).map(|_| machine.engine.start(&once))).await;
    assert!(starts.iter().all(Result::is_ok), "{starts:?}");
    // Another engine over the same root, as after a restart.
    engine_at(machine.root.path()).start(&once).await.unwrap();
    assert_eq!(machine.attend(&once).await.unwrap().code, 0);
    machine.engine.start(&once).await.unwrap();
    assert_eq!(machine.attend(&once).await.unwrap().code, 0);
    assert_eq!(fs_err::read_to_string(count).unwrap(), "x\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_run_at_once() {
    let machine = Machine::new();
    let workloads: Vec<Workload> = (0..16)
        .map(|number| {
            machine.shell(
                &format!("w{number}"),
                &format!("echo {number}; exit {number}"),
            )
        })
        .collect();
    let exits =
        futures_util::future::join_all(workloads.iter().map(|workload| machine.run(workload)))
            .await;
    for (number, (workload, exit)) in workloads.iter().zip(exits).enumerate() {
        assert_eq!(exit.code, number as i64);
        assert_eq!(stdout_of(workload), format!("{number}\n"));
    }
    let observed = machine.engine.observe().await.unwrap();
    assert_eq!(observed.len(), 16);
    assert!(
        observed
            .iter()
            .all(|one| one.phase == Phase::Exited && one.labels["owner"] == "test")
    );
}

#[tokio::test]
async fn use_is_measured() {
    let machine = Machine::new();
    let busy = machine.python(
        "busy",
        "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass",
    );
    let usage = machine.run(&busy).await.usage;
    assert!(
        (0.3..5.0).contains(&usage.cpu_seconds.unwrap()),
        "{usage:?}"
    );
    assert!(usage.peak_memory_bytes.unwrap() > 1 << 20);
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_name() {
    let machine = Machine::new();
    let missing = workload(machine.root.path(), "missing", &["no-such-command", "x"]);
    let error = machine.engine.start(&missing).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to start `missing`: command `no-such-command` is not on this machine; the process engine runs no image"
    );
    let bare = Workload {
        command: Vec::new(),
        args: vec!["x".to_owned()],
        ..machine.shell("bare", "")
    };
    let error = machine.engine.start(&bare).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Unsupported { message } if message.contains("`python:3`")),
        "{error}"
    );
    let source = MountSource::Host(machine.path("data"));
    let mount = Mount {
        source,
        target: "/data".to_owned(),
        read_only: false,
    };
    let mounted = Workload {
        mounts: vec![mount],
        ..machine.shell("mounted", "true")
    };
    let error = machine.engine.start(&mounted).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Unsupported { message } if message.contains("`/data`")),
        "{error}"
    );
    let outside = Workload {
        name: WorkloadName("../x".to_owned()),
        ..machine.shell("outside", "true")
    };
    assert!(matches!(
        machine.engine.start(&outside).await,
        Err(EngineError::Refused { .. })
    ));

    // What only shows when it is executed: the interpreter that a script names.
    let script = machine.path("script");
    fs_err::write(&script, "#!/no/such/interpreter\n").unwrap();
    assert!(
        command("chmod")
            .arg("+x")
            .arg(&script)
            .status()
            .unwrap()
            .success()
    );
    let broken = workload(machine.root.path(), "broken", &[script.to_str().unwrap()]);
    let error = machine.engine.start(&broken).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Refused { message, .. } if message.contains("script")),
        "{error}"
    );
    assert!(matches!(
        machine.attend(&broken).await,
        Err(EngineError::Refused { .. })
    ));
    assert!(matches!(
        machine.attend(&missing).await,
        Err(EngineError::Gone { .. })
    ));
}

#[tokio::test]
async fn root_runs_a_workload_as_somebody_else_and_takes_its_files_back() {
    let machine = Machine::new();
    let everybody = std::fs::Permissions::from_mode(0o755);
    fs_err::set_permissions(machine.root.path(), everybody).unwrap();
    let other = machine.shell("other", "id -u; id -g; touch mine; pwd");
    let other = Workload {
        security: SecurityContext {
            user: Some("54321:54322".to_owned()),
            ..SecurityContext::default()
        },
        ..other
    };
    match machine.engine.start(&other).await {
        Err(EngineError::Unsupported { message }) => {
            assert!(message.contains("`54321:54322`"), "{message}");
            eprintln!("skipped: only root can run a process as somebody else");
            return;
        }
        started => started.unwrap(),
    }
    assert_eq!(
        machine.attend(&other).await.unwrap().code,
        0,
        "{}",
        text_of(&other, Only::Both)
    );
    let text = stdout_of(&other);
    let [user, group, place] = text.lines().collect::<Vec<_>>()[..] else {
        panic!("{text}")
    };
    assert_eq!((user, group), ("54321", "54322"));
    let owner = || {
        fs_err::metadata(Path::new(place).join("mine"))
            .unwrap()
            .uid()
    };
    assert_eq!(owner(), 54321);
    machine.engine.reclaim(Path::new(place)).await.unwrap();
    assert_eq!(owner(), 0);
}

#[tokio::test]
async fn removing_leaves_the_log_and_nothing_else() {
    let machine = Machine::new();
    let over = machine.shell("over", "echo kept; touch here");
    machine.run(&over).await;
    machine.engine.remove(&over.name).await.unwrap();
    machine.engine.remove(&over.name).await.unwrap();
    assert_eq!(stdout_of(&over), "kept\n");
    let left: Vec<_> = fs_err::read_dir(&over.directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["log"]);
    assert_eq!(
        fs_err::read_dir(machine.path("engine/scratch"))
            .unwrap()
            .count(),
        0
    );
    assert!(matches!(
        machine.attend(&over).await,
        Err(EngineError::Gone { .. })
    ));
    assert_eq!(machine.engine.observe().await.unwrap(), []);

    let running = machine.shell("running", "echo ready; sleep 1000");
    machine.engine.start(&running).await.unwrap();
    assert!(matches!(
        machine.engine.remove(&running.name).await,
        Err(EngineError::Refused { .. })
    ));
    machine
        .engine
        .stop(&running.name, Duration::ZERO)
        .await
        .unwrap();
    machine.engine.remove(&running.name).await.unwrap();
}

#[tokio::test]
async fn files_are_copied_out() {
    let machine = Machine::new();
    let out = machine.shell(
        "out",
        "mkdir model; echo w > model/weights; ln -s /etc/passwd model/stolen",
    );
    machine.run(&out).await;
    assert!(
        machine
            .engine
            .copy_out(&out.name, "model", &machine.path("copy"))
            .await
            .unwrap()
    );
    assert_eq!(
        fs_err::read_to_string(machine.path("copy/weights")).unwrap(),
        "w\n"
    );
    assert!(!machine.path("copy/stolen").exists());
    assert!(
        !machine
            .engine
            .copy_out(&out.name, "/no/such/file", &machine.path("none"))
            .await
            .unwrap()
    );
    assert!(
        machine
            .engine
            .copy_out(&out.name, "model/stolen", &machine.path("none"))
            .await
            .is_err()
    );
}
