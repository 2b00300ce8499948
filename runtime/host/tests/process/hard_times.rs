//! Kills, forks, floods and full disks.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use coracle_host::log::{LogReader, MAX_PIECE, Only, Stream};
use coracle_host::{Engine, EngineError, Phase, Workload, WorkloadName};
use coracle_model::Memory;

use crate::machine::{
    Machine, command, kill_hard, processes_of, stdout_of, supervisor_of, text_of,
};

#[tokio::test]
async fn a_workload_outlives_the_workbench_and_is_adopted() {
    let machine = Machine::new();
    let go_on = machine.path("go-on");
    let adopted = machine.shell(
        "adopted",
        &format!(
            "echo before; until test -e {0}; do sleep 0.02; done; echo after; exit 9",
            go_on.display()
        ),
    );
    let mut workbench = command(env!("CARGO_BIN_EXE_coracle-test-supervisor"))
        .arg("start")
        .arg(machine.path("engine"))
        .arg(serde_json::to_string(&adopted).unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(workbench.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "started\n");
    workbench.kill().unwrap();
    workbench.wait().unwrap();

    let observed = machine.engine.observe().await.unwrap();
    assert_eq!(observed[0].name, adopted.name);
    assert_eq!(observed[0].phase, Phase::Running);
    fs_err::write(go_on, "").unwrap();
    assert_eq!(machine.attend(&adopted).await.unwrap().code, 9);
    assert_eq!(stdout_of(&adopted), "before\nafter\n");
}

#[tokio::test]
async fn stopping_ends_a_stubborn_tree() {
    let machine = Machine::new();
    // One that hears nothing, one in a session of its own, one that was halted.
    let stubborn = machine.shell(
        "stubborn",
        "trap '' TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' & \
         (sleep 1000 & kill -STOP $!) ; echo ready; while :; do sleep 1; done",
    );
    machine.engine.start(&stubborn).await.unwrap();
    machine.wait_for_line(&stubborn).await;
    assert!(processes_of(&stubborn).len() >= 3);
    let before = Instant::now();
    machine
        .engine
        .stop(&stubborn.name, Duration::from_millis(300))
        .await
        .unwrap();
    assert!(
        before.elapsed() < Duration::from_millis(1300),
        "{:?}",
        before.elapsed()
    );
    assert_eq!(processes_of(&stubborn), BTreeSet::new());
    assert_eq!(machine.attend(&stubborn).await.unwrap().code, 137);
    // Once more is no error, and neither is one that was never there.
    machine
        .engine
        .stop(&stubborn.name, Duration::ZERO)
        .await
        .unwrap();
    machine
        .engine
        .stop(&WorkloadName("nobody".to_owned()), Duration::ZERO)
        .await
        .unwrap();
}

#[tokio::test]
async fn stopping_is_polite_first() {
    let machine = Machine::new();
    let polite = machine.shell(
        "polite",
        "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done",
    );
    machine.engine.start(&polite).await.unwrap();
    machine.wait_for_line(&polite).await;
    let before = Instant::now();
    machine
        .engine
        .stop(&polite.name, Duration::from_secs(20))
        .await
        .unwrap();
    assert!(
        before.elapsed() < Duration::from_secs(5),
        "it did not wait for the grace to be over"
    );
    assert_eq!(machine.attend(&polite).await.unwrap().code, 5);
    assert_eq!(stdout_of(&polite), "ready\nbye\n");
}

#[tokio::test]
async fn what_forks_and_leaves_does_not_keep_the_step() {
    let machine = Machine::new();
    let leaving = machine.shell(
        "leaving",
        "(setsid sleep 1000 &) ; (setsid sh -c 'sleep 1000' &) ; echo gone; exit 4",
    );
    let before = Instant::now();
    assert_eq!(machine.run(&leaving).await.code, 4);
    assert!(
        before.elapsed() < Duration::from_secs(5),
        "{:?}",
        before.elapsed()
    );
    assert_eq!(processes_of(&leaving), BTreeSet::new());
    assert_eq!(stdout_of(&leaving), "gone\n");
}

#[tokio::test]
async fn a_killed_supervisor_is_named_and_leaves_nobody_behind() {
    let machine = Machine::new();
    let orphaned = machine.shell("orphaned", "(setsid sleep 1000 &) ; echo ready; sleep 1000");
    machine.engine.start(&orphaned).await.unwrap();
    machine.wait_for_line(&orphaned).await;
    kill_hard(&supervisor_of(&orphaned));
    let error = machine.attend(&orphaned).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Lost { name, .. } if *name == orphaned.name),
        "{error}"
    );
    assert_eq!(processes_of(&orphaned), BTreeSet::new());
    assert_eq!(stdout_of(&orphaned), "ready\n");
    // It did run: asking again does not run it twice.
    machine.engine.start(&orphaned).await.unwrap();
    assert!(matches!(
        machine.attend(&orphaned).await,
        Err(EngineError::Lost { .. })
    ));
}

#[tokio::test]
async fn more_memory_than_the_limit_ends_a_workload() {
    let machine = Machine::new();
    let hungry = machine.python(
        "hungry",
        "import time; held = b'x' * (300 << 20); time.sleep(60)",
    );
    let hungry = Workload {
        memory_limit: Some(Memory(100 << 20)),
        ..hungry
    };
    let exit = machine.run(&hungry).await;
    assert_eq!((exit.code, exit.out_of_memory), (137, true));
    assert!(exit.usage.peak_memory_bytes.unwrap() > 100 << 20);
}

#[tokio::test]
async fn pages_that_forked_workers_share_count_once() {
    let machine = Machine::new();
    let script = "import os, time
held = b'x' * (60 << 20)
for _ in range(4):
    if os.fork() == 0:
        time.sleep(0.5)
        os._exit(0)
time.sleep(0.5)";
    let sharing = Workload {
        memory_limit: Some(Memory(150 << 20)),
        ..machine.python("sharing", script)
    };
    let exit = machine.run(&sharing).await;
    assert_eq!((exit.code, exit.out_of_memory), (0, false));
    let peak = exit.usage.peak_memory_bytes.unwrap();
    assert!(peak > 60 << 20 && peak < 150 << 20, "{peak}");
}

#[tokio::test]
async fn two_hundred_megabytes_on_one_line_are_kept() {
    let machine = Machine::new();
    let long = machine.shell(
        "long",
        "head -c 200000000 /dev/zero | tr '\\0' x; echo; echo end >&2",
    );
    let exit = machine.run(&long).await;
    assert_eq!(exit.code, 0);
    let mut reader = LogReader::open(&long.directory.join("log"))
        .unwrap()
        .only(Only::Stream(Stream::Stdout));
    let mut total = 0;
    while let Some(chunk) = reader.next_chunk().unwrap() {
        assert!(chunk.bytes.len() <= MAX_PIECE);
        assert!(chunk.bytes.iter().all(|byte| matches!(byte, b'x' | b'\n')));
        total += chunk.bytes.len();
    }
    assert_eq!(total, 200_000_001);
    assert_eq!(text_of(&long, Only::Stream(Stream::Stderr)), "end\n");
}

#[tokio::test]
async fn ended_supervisors_leave_no_zombies() {
    let machine = Machine::new();
    for number in 0..4 {
        machine
            .run(&machine.shell(&format!("short{number}"), "true"))
            .await;
    }
    let own = std::process::id();
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let tasks = fs_err::read_dir(format!("/proc/{own}/task"))
            .unwrap()
            .flatten();
        let children =
            tasks.filter_map(|task| fs_err::read_to_string(task.path().join("children")).ok());
        let pids: Vec<String> = children
            .flat_map(|list| {
                list.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        let ours = |pid: &String| {
            let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.contains(") Z ") && stat.contains("coracle-test-su")
        };
        if !pids.iter().any(ours) {
            break;
        }
        assert!(Instant::now() < until, "zombies stay: {pids:?}");
        // Any wait on the runtime lets it reap.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A small file system of its own, which only root can have.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(path: PathBuf) -> Option<Self> {
        fs_err::create_dir_all(&path).unwrap();
        let mounted = command("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(&path)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then(|| Self(path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        command("umount").arg(&self.0).status().unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_is_named_and_is_no_success() {
    let machine = Machine::new();
    let Some(disk) = SmallDisk::new(machine.path("small")) else {
        eprintln!("skipped: no small file system can be mounted without root");
        return;
    };
    let loud = Workload {
        directory: disk.0.join("loud"),
        ..machine.shell("loud", "head -c 9000000 /dev/zero; sleep 1000")
    };
    machine.engine.start(&loud).await.unwrap();
    let error = machine.attend(&loud).await.unwrap_err();
    assert!(matches!(error, EngineError::DiskFull { .. }), "{error}");
    assert_eq!(processes_of(&loud), BTreeSet::new());
    // With no room at all, nothing is started.
    let late = Workload {
        directory: disk.0.join("late"),
        ..machine.shell("late", "true")
    };
    let error = machine.engine.start(&late).await.unwrap_err();
    assert!(matches!(error, EngineError::DiskFull { .. }), "{error}");
}
