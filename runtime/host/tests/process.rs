//! The process engine with real supervisors and real commands.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coracle_host::clock::SystemClock;
use coracle_host::log::{LogReader, MAX_PIECE, Only, Stream};
use coracle_host::process::{ProcessEngine, ProcessSettings};
use coracle_host::{
    Engine, EngineError, EnvironmentRequest, Exit, Mount, MountSource, Phase, PullPolicy, Workload, WorkloadImage,
    WorkloadName,
};
use coracle_model::{GpuUuid, Memory};

/// What no test takes: a hang is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

struct Machine {
    root: tempfile::TempDir,
    engine: ProcessEngine,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let engine = engine_at(root.path());
        Self { root, engine }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn shell(&self, name: &str, script: &str) -> Workload {
        workload(self.root.path(), name, &["sh", "-c", script])
    }

    fn python(&self, name: &str, script: &str) -> Workload {
        workload(self.root.path(), name, &["python3", "-c", script])
    }

    async fn attend(&self, workload: &Workload) -> Result<Exit, EngineError> {
        let log = workload.directory.join("log");
        let attending = self.engine.attend(&workload.name, &log);
        tokio::time::timeout(PATIENCE, attending).await.expect("the workload ends")
    }

    async fn run(&self, workload: &Workload) -> Exit {
        self.engine.start(workload).await.unwrap();
        self.attend(workload).await.unwrap()
    }

    /// Waits until the workload has written a line, so that it is known to have come that far.
    async fn wait_for_line(&self, workload: &Workload) -> String {
        use futures_util::StreamExt;
        let log = workload.directory.join("log");
        let mut following = std::pin::pin!(coracle_host::log::follow(
            &log,
            coracle_host::log::Start::Record(0),
            Only::Stream(Stream::Stdout)
        ));
        let mut text = Vec::new();
        while !text.contains(&b'\n') {
            let chunk = tokio::time::timeout(PATIENCE, following.next()).await.expect("a line comes");
            text.extend_from_slice(&chunk.expect("the log has a line").unwrap().bytes);
        }
        String::from_utf8(text).unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests use the commands that whoever runs them has")]
fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

fn engine_at(root: &Path) -> ProcessEngine {
    let settings = ProcessSettings {
        root: root.join("engine"),
        supervisor: vec![env!("CARGO_BIN_EXE_coracle-test-supervisor").into(), "supervise".into()],
        python: None,
        path: search_path(),
        environment: BTreeMap::from([("HOME".to_owned(), root.join("home").into()), ("LANG".to_owned(), "C.UTF-8".into())]),
    };
    ProcessEngine::new(settings, Arc::new(SystemClock::new()))
}

fn workload(root: &Path, name: &str, command: &[&str]) -> Workload {
    Workload {
        name: WorkloadName(name.to_owned()),
        labels: BTreeMap::from([("owner".to_owned(), "test".to_owned())]),
        image: WorkloadImage::Plain { image: "python:3".parse().unwrap(), digest: "sha256:0".into() },
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        args: Vec::new(),
        environment: BTreeMap::new(),
        mounts: Vec::new(),
        directory: root.join("work").join(name),
        cpu_limit: None,
        memory_limit: None,
        gpus: Vec::new(),
        shared_memory: None,
        user: None,
        sandbox: None,
    }
}

fn text_of(workload: &Workload, only: Only) -> String {
    let mut reader = LogReader::open(&workload.directory.join("log")).unwrap().only(only);
    assert!(reader.is_finished().unwrap(), "an ended workload has an ended log");
    String::from_utf8(reader.read_to_end(usize::MAX).unwrap()).unwrap()
}

fn stdout_of(workload: &Workload) -> String {
    text_of(workload, Only::Stream(Stream::Stdout))
}

/// The processes of this machine that belong to a workload, by the mark in their environment.
fn processes_of(workload: &Workload) -> BTreeSet<i32> {
    let mark = format!("CORACLE_WORKLOAD={}", workload.directory.display());
    let entries = fs_err::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        let environment = fs_err::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
    })
    .collect()
}

fn supervisor_of(workload: &Workload) -> String {
    let text = fs_err::read_to_string(workload.directory.join("supervisor.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["content"]["pid"].to_string()
}

#[expect(clippy::disallowed_methods, reason = "a test that plays the user's part")]
fn command(program: &str) -> Command {
    Command::new(program)
}

fn kill_hard(pid: &str) {
    assert!(command("kill").args(["-9", pid]).status().unwrap().success());
}

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
    let mut told = machine.shell("told", "env | cut -d= -f1 | sort | tr '\\n' ' '; pwd; test -d \"$TMPDIR\"");
    told.environment.insert("GIVEN".to_owned(), "1".to_owned());
    told.gpus = vec![GpuUuid::from("GPU-1"), GpuUuid::from("GPU-2")];
    told.args = vec!["unused".to_owned()];
    assert_eq!(machine.run(&told).await.code, 0);
    let text = stdout_of(&told);
    let (names, place) = text.trim().rsplit_once(' ').unwrap();
    assert_eq!(names, "CORACLE_WORKLOAD CUDA_VISIBLE_DEVICES GIVEN HOME LANG PATH PWD TMPDIR");
    assert!(Path::new(place).starts_with(machine.path("engine")), "{place}");
    let gpus = Workload { command: vec!["printenv".to_owned()], args: vec!["CUDA_VISIBLE_DEVICES".to_owned()], ..told };
    let gpus = Workload { name: WorkloadName("gpus".to_owned()), directory: machine.path("work/gpus"), ..gpus };
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
    let workloads: Vec<Workload> =
        (0..16).map(|number| machine.shell(&format!("w{number}"), &format!("echo {number}; exit {number}"))).collect();
    let exits = futures_util::future::join_all(workloads.iter().map(|workload| machine.run(workload))).await;
    for (number, (workload, exit)) in workloads.iter().zip(exits).enumerate() {
        assert_eq!(exit.code, number as i64);
        assert_eq!(stdout_of(workload), format!("{number}\n"));
    }
    let observed = machine.engine.observe().await.unwrap();
    assert_eq!(observed.len(), 16);
    assert!(observed.iter().all(|one| one.phase == Phase::Exited && one.labels["owner"] == "test"));
}

#[tokio::test]
async fn a_workload_outlives_the_workbench_and_is_adopted() {
    let machine = Machine::new();
    let go_on = machine.path("go-on");
    let adopted = machine.shell(
        "adopted",
        &format!("echo before; until test -e {0}; do sleep 0.02; done; echo after; exit 9", go_on.display()),
    );
    let mut workbench = command(env!("CARGO_BIN_EXE_coracle-test-supervisor"))
        .arg("start")
        .arg(machine.path("engine"))
        .arg(serde_json::to_string(&adopted).unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(workbench.stdout.take().unwrap()).read_line(&mut line).unwrap();
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
    machine.engine.stop(&stubborn.name, Duration::from_millis(300)).await.unwrap();
    assert!(before.elapsed() < Duration::from_millis(1300), "{:?}", before.elapsed());
    assert_eq!(processes_of(&stubborn), BTreeSet::new());
    assert_eq!(machine.attend(&stubborn).await.unwrap().code, 137);
    // Once more is no error, and neither is one that was never there.
    machine.engine.stop(&stubborn.name, Duration::ZERO).await.unwrap();
    machine.engine.stop(&WorkloadName("nobody".to_owned()), Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn stopping_is_polite_first() {
    let machine = Machine::new();
    let polite = machine.shell("polite", "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done");
    machine.engine.start(&polite).await.unwrap();
    machine.wait_for_line(&polite).await;
    let before = Instant::now();
    machine.engine.stop(&polite.name, Duration::from_secs(20)).await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(5), "it did not wait for the grace to be over");
    assert_eq!(machine.attend(&polite).await.unwrap().code, 5);
    assert_eq!(stdout_of(&polite), "ready\nbye\n");
}

#[tokio::test]
async fn what_forks_and_leaves_does_not_keep_the_step() {
    let machine = Machine::new();
    let leaving = machine.shell("leaving", "(setsid sleep 1000 &) ; (setsid sh -c 'sleep 1000' &) ; echo gone; exit 4");
    let before = Instant::now();
    assert_eq!(machine.run(&leaving).await.code, 4);
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
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
    assert!(matches!(&error, EngineError::Lost { name, .. } if *name == orphaned.name), "{error}");
    assert_eq!(processes_of(&orphaned), BTreeSet::new());
    assert_eq!(stdout_of(&orphaned), "ready\n");
    // It did run: asking again does not run it twice.
    machine.engine.start(&orphaned).await.unwrap();
    assert!(matches!(machine.attend(&orphaned).await, Err(EngineError::Lost { .. })));
}

#[tokio::test]
async fn more_memory_than_the_limit_ends_a_workload() {
    let machine = Machine::new();
    let hungry = machine.python("hungry", "import time; held = b'x' * (300 << 20); time.sleep(60)");
    let hungry = Workload { memory_limit: Some(Memory(100 << 20)), ..hungry };
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
    let sharing = Workload { memory_limit: Some(Memory(150 << 20)), ..machine.python("sharing", script) };
    let exit = machine.run(&sharing).await;
    assert_eq!((exit.code, exit.out_of_memory), (0, false));
    let peak = exit.usage.peak_memory_bytes.unwrap();
    assert!(peak > 60 << 20 && peak < 150 << 20, "{peak}");
}

#[tokio::test]
async fn use_is_measured() {
    let machine = Machine::new();
    let busy = machine.python("busy", "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass");
    let usage = machine.run(&busy).await.usage;
    assert!((0.3..5.0).contains(&usage.cpu_seconds.unwrap()), "{usage:?}");
    assert!(usage.peak_memory_bytes.unwrap() > 1 << 20);
}

#[tokio::test]
async fn two_hundred_megabytes_on_one_line_are_kept() {
    let machine = Machine::new();
    let long = machine.shell("long", "head -c 200000000 /dev/zero | tr '\\0' x; echo; echo end >&2");
    let exit = machine.run(&long).await;
    assert_eq!(exit.code, 0);
    let mut reader = LogReader::open(&long.directory.join("log")).unwrap().only(Only::Stream(Stream::Stdout));
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
async fn what_cannot_be_is_refused_by_name() {
    let machine = Machine::new();
    let missing = workload(machine.root.path(), "missing", &["no-such-command", "x"]);
    let error = machine.engine.start(&missing).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to start `missing`: command `no-such-command` is not on this machine; the process engine runs no image"
    );
    let bare = Workload { command: Vec::new(), args: vec!["x".to_owned()], ..machine.shell("bare", "") };
    let error = machine.engine.start(&bare).await.unwrap_err();
    assert!(matches!(&error, EngineError::Unsupported { message } if message.contains("`python:3`")), "{error}");
    let source = MountSource::Host(machine.path("data"));
    let mount = Mount { source, target: "/data".to_owned(), read_only: false };
    let mounted = Workload { mounts: vec![mount], ..machine.shell("mounted", "true") };
    let error = machine.engine.start(&mounted).await.unwrap_err();
    assert!(matches!(&error, EngineError::Unsupported { message } if message.contains("`/data`")), "{error}");
    let outside = Workload { name: WorkloadName("../x".to_owned()), ..machine.shell("outside", "true") };
    assert!(matches!(machine.engine.start(&outside).await, Err(EngineError::Refused { .. })));

    // What only shows when it is executed: the interpreter that a script names.
    let script = machine.path("script");
    fs_err::write(&script, "#!/no/such/interpreter\n").unwrap();
    assert!(command("chmod").arg("+x").arg(&script).status().unwrap().success());
    let broken = workload(machine.root.path(), "broken", &[script.to_str().unwrap()]);
    let error = machine.engine.start(&broken).await.unwrap_err();
    assert!(matches!(&error, EngineError::Refused { message, .. } if message.contains("script")), "{error}");
    assert!(matches!(machine.attend(&broken).await, Err(EngineError::Refused { .. })));
    assert!(matches!(machine.attend(&missing).await, Err(EngineError::Gone { .. })));
}

#[tokio::test]
async fn removing_leaves_the_log_and_nothing_else() {
    let machine = Machine::new();
    let over = machine.shell("over", "echo kept; touch here");
    machine.run(&over).await;
    machine.engine.remove(&over.name).await.unwrap();
    machine.engine.remove(&over.name).await.unwrap();
    assert_eq!(stdout_of(&over), "kept\n");
    let left: Vec<_> = fs_err::read_dir(&over.directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["log"]);
    assert_eq!(fs_err::read_dir(machine.path("engine/scratch")).unwrap().count(), 0);
    assert!(matches!(machine.attend(&over).await, Err(EngineError::Gone { .. })));
    assert_eq!(machine.engine.observe().await.unwrap(), []);

    let running = machine.shell("running", "echo ready; sleep 1000");
    machine.engine.start(&running).await.unwrap();
    assert!(matches!(machine.engine.remove(&running.name).await, Err(EngineError::Refused { .. })));
    machine.engine.stop(&running.name, Duration::ZERO).await.unwrap();
    machine.engine.remove(&running.name).await.unwrap();
}

#[tokio::test]
async fn files_are_copied_out() {
    let machine = Machine::new();
    let out = machine.shell("out", "mkdir model; echo w > model/weights; ln -s /etc/passwd model/stolen");
    machine.run(&out).await;
    assert!(machine.engine.copy_out(&out.name, "model", &machine.path("copy")).await.unwrap());
    assert_eq!(fs_err::read_to_string(machine.path("copy/weights")).unwrap(), "w\n");
    assert!(!machine.path("copy/stolen").exists());
    assert!(!machine.engine.copy_out(&out.name, "/no/such/file", &machine.path("none")).await.unwrap());
    assert!(machine.engine.copy_out(&out.name, "model/stolen", &machine.path("none")).await.is_err());
}

#[tokio::test]
async fn ended_supervisors_leave_no_zombies() {
    let machine = Machine::new();
    for number in 0..4 {
        machine.run(&machine.shell(&format!("short{number}"), "true")).await;
    }
    let own = std::process::id();
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let tasks = fs_err::read_dir(format!("/proc/{own}/task")).unwrap().flatten();
        let children = tasks.filter_map(|task| fs_err::read_to_string(task.path().join("children")).ok());
        let pids: Vec<String> = children.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
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

#[tokio::test]
async fn an_image_is_this_machines_python_and_says_so() {
    let machine = Machine::new();
    let image = "python:3.1".parse().unwrap();
    let answer = machine.engine.resolve_image(&image, PullPolicy::Never).await.unwrap();
    assert!(answer.notice.as_ref().unwrap().contains("instead of in image `python:3.1`"));
    let other = machine.engine.resolve_image(&"alpine".parse().unwrap(), PullPolicy::Always).await.unwrap();
    assert_eq!(answer.digest, other.digest);
    let description = machine.engine.describe().await.unwrap();
    assert!(!description.isolates && description.summary.contains("does not enforce CPU limits"));
    // Not a shim: the interpreter that runs is the one that was named.
    let which = machine.python("which", "import os, sys; print(os.path.realpath(sys.executable))");
    machine.run(&which).await;
    let real = stdout_of(&which);
    let named = answer.notice.unwrap();
    let named = named.split_once('(').unwrap().1.split_once(')').unwrap().0;
    assert_eq!(Path::new(real.trim()), fs_err::canonicalize(named).unwrap());
}

fn request(machine: &Machine, key: &str, install: &str) -> EnvironmentRequest {
    EnvironmentRequest {
        key: key.into(),
        base: "python:3".parse().unwrap(),
        base_digest: "sha256:0".into(),
        install: install.to_owned(),
        environment: BTreeMap::from([("PIP_NO_INDEX".to_owned(), "1".to_owned())]),
        log: machine.path(key).join("log"),
    }
}

/// An install text that needs no network: a module, a command, and a count of its runs.
const INSTALL: &str = r#"echo "installing, PIP_NO_INDEX=$PIP_NO_INDEX"
echo x >> "$HOME/installs"
python3 - <<'END'
import os, sysconfig
open(os.path.join(sysconfig.get_path('purelib'), 'boat.py'), 'w').write('length = 41\n')
program = os.path.join(sysconfig.get_path('scripts'), 'launch-boat')
open(program, 'w').write('#!/bin/sh\nexec python3 -c "import boat; print(boat.length)"\n')
os.chmod(program, 0o755)
END"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_prepared_once_and_used() {
    let machine = Machine::new();
    fs_err::create_dir_all(machine.path("home")).unwrap();
    let asked = request(&machine, "abc1", INSTALL);
    let layers = futures_util::future::join_all((0..4).map(|_| machine.engine.prepare_environment(&asked))).await;
    let layer = layers[0].as_ref().unwrap();
    assert_eq!((layer.key.as_str(), layer.base.as_str(), layer.install.as_str()), ("abc1", "python:3", INSTALL));
    assert!(layer.size_bytes > 10_000, "{}", layer.size_bytes);
    assert!(layers.iter().all(|other| other.as_ref().unwrap() == layer));
    assert_eq!(fs_err::read_to_string(machine.path("home/installs")).unwrap(), "x\n");
    let mut log = LogReader::open(&asked.log).unwrap();
    assert_eq!(log.read_to_end(usize::MAX).unwrap(), b"installing, PIP_NO_INDEX=1\n");
    assert_eq!(machine.engine.environments().await.unwrap(), std::slice::from_ref(layer));
    assert_eq!(machine.engine.observe().await.unwrap(), [], "an installer is no workload");

    let image = WorkloadImage::Prepared("abc1".into());
    let importing = Workload { image: image.clone(), ..machine.python("importing", "import boat; print(boat.length + 1)") };
    assert_eq!(machine.run(&importing).await.code, 0);
    assert_eq!(stdout_of(&importing), "42\n");
    let launching = Workload { image: image.clone(), ..workload(machine.root.path(), "launching", &["launch-boat"]) };
    assert_eq!(machine.run(&launching).await.code, 0);
    assert_eq!(stdout_of(&launching), "41\n");
    // A workload without the environment does not see it.
    assert_eq!(machine.run(&machine.python("without", "import boat")).await.code, 1);

    let using = Workload { image, ..machine.shell("using", "echo ready; sleep 1000") };
    machine.engine.start(&using).await.unwrap();
    let refused = machine.engine.remove_environment(&"abc1".into()).await.unwrap_err();
    assert!(refused.to_string().contains("`using`"), "{refused}");
    machine.engine.stop(&using.name, Duration::ZERO).await.unwrap();
    machine.engine.remove_environment(&"abc1".into()).await.unwrap();
    machine.engine.remove_environment(&"abc1".into()).await.unwrap();
    assert_eq!(machine.engine.environments().await.unwrap(), []);
}

#[tokio::test]
async fn a_failing_installer_tells_why_and_may_try_again() {
    let machine = Machine::new();
    fs_err::create_dir_all(machine.path("home")).unwrap();
    let broken = request(&machine, "bad1", "echo 'no such package: boat' >&2; test -e \"$HOME/fixed\"");
    let error = machine.engine.prepare_environment(&broken).await.unwrap_err();
    assert!(matches!(&error, EngineError::InstallFailed { message, .. }
        if message.contains("code 1") && message.contains("no such package: boat")), "{error}");
    assert_eq!(machine.engine.environments().await.unwrap(), []);
    fs_err::write(machine.path("home/fixed"), "").unwrap();
    machine.engine.prepare_environment(&broken).await.unwrap();
}

#[tokio::test]
async fn an_installer_that_lost_its_workbench_is_waited_for() {
    let machine = Machine::new();
    fs_err::create_dir_all(machine.path("home")).unwrap();
    let install = "echo x >> \"$HOME/installs\"; until test -e \"$HOME/go-on\"; do sleep 0.02; done";
    let asked = request(&machine, "cafe1", install);
    let abandoned = machine.engine.prepare_environment(&asked);
    let begun = async {
        while !machine.path("home/installs").exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        done = abandoned => panic!("it waits for a file that is not there: {done:?}"),
        begun = tokio::time::timeout(PATIENCE, begun) => begun.unwrap(),
    }
    fs_err::write(machine.path("home/go-on"), "").unwrap();
    let later = EnvironmentRequest { log: machine.path("later/log"), ..asked };
    let engine = engine_at(machine.root.path());
    tokio::time::timeout(PATIENCE, engine.prepare_environment(&later)).await.unwrap().unwrap();
    assert_eq!(fs_err::read_to_string(machine.path("home/installs")).unwrap(), "x\n");
    assert!(LogReader::open(&later.log).unwrap().is_finished().unwrap());
}

#[tokio::test]
async fn what_a_step_installs_stays_in_the_step() {
    let machine = Machine::new();
    machine.engine.prepare_environment(&request(&machine, "abc2", "true")).await.unwrap();
    // The smallest wheel: a module and its metadata.
    let script = "import zipfile
with zipfile.ZipFile('dinghy-1.0-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('dinghy.py', 'length = 3')
    wheel.writestr('dinghy-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: dinghy\\nVersion: 1.0\\n')
    wheel.writestr('dinghy-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('dinghy-1.0.dist-info/RECORD', '')";
    for (number, image) in [WorkloadImage::Prepared("abc2".into()), machine.shell("", "").image].into_iter().enumerate() {
        let install = format!("python3 -c \"{script}\" && pip install --no-index --quiet ./dinghy-1.0-py3-none-any.whl \
             && python3 -c 'import dinghy; print(dinghy.length)'");
        let name = format!("installing{number}");
        let installing = Workload { image: image.clone(), ..machine.shell(&name, &install) };
        assert_eq!(machine.run(&installing).await.code, 0, "{}", text_of(&installing, Only::Both));
        assert_eq!(stdout_of(&installing), "3\n");
        let after = Workload { image, ..machine.python(&format!("after{number}"), "import dinghy") };
        assert_eq!(machine.run(&after).await.code, 1);
    }
}

/// A small file system of its own, which only root can have.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(path: PathBuf) -> Option<Self> {
        fs_err::create_dir_all(&path).unwrap();
        let mounted = command("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&path).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(path))
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
    let loud = Workload { directory: disk.0.join("loud"), ..machine.shell("loud", "head -c 9000000 /dev/zero; sleep 1000") };
    machine.engine.start(&loud).await.unwrap();
    let error = machine.attend(&loud).await.unwrap_err();
    assert!(matches!(error, EngineError::DiskFull { .. }), "{error}");
    assert_eq!(processes_of(&loud), BTreeSet::new());
    // With no room at all, nothing is started.
    let late = Workload { directory: disk.0.join("late"), ..machine.shell("late", "true") };
    let error = machine.engine.start(&late).await.unwrap_err();
    assert!(matches!(error, EngineError::DiskFull { .. }), "{error}");
}
