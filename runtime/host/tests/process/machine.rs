//! A machine for a test: a process engine over a directory of its own, and a look at what it leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use coracle_host::clock::SystemClock;
use coracle_host::log::{Keep, LogReader, Only, Stream};
use coracle_host::process::{ProcessEngine, ProcessSettings};
use coracle_host::{
    Engine, EngineError, Exit, SecurityContext, Stdin, Workload, WorkloadImage, WorkloadName,
};

/// What no test takes: a hang is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Machine {
    pub(crate) root: tempfile::TempDir,
    pub(crate) engine: ProcessEngine,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let engine = engine_at(root.path());
        Self { root, engine }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn shell(&self, name: &str, script: &str) -> Workload {
        workload(self.root.path(), name, &["sh", "-c", script])
    }

    pub(crate) fn python(&self, name: &str, script: &str) -> Workload {
        workload(self.root.path(), name, &["python3", "-c", script])
    }

    pub(crate) async fn attend(&self, workload: &Workload) -> Result<Exit, EngineError> {
        let log = workload.directory.join("log");
        let attending = self.engine.attend(&workload.name, &log, Keep::All);
        tokio::time::timeout(PATIENCE, attending)
            .await
            .expect("the workload ends")
    }

    pub(crate) async fn run(&self, workload: &Workload) -> Exit {
        self.engine.start(workload).await.unwrap();
        self.attend(workload).await.unwrap()
    }

    /// Waits until the workload has written a line, so that it is known to have come that far.
    pub(crate) async fn wait_for_line(&self, workload: &Workload) -> String {
        use futures_util::StreamExt;
        let log = workload.directory.join("log");
        let mut following = std::pin::pin!(coracle_host::log::follow(
            &log,
            coracle_host::log::Start::Record(0),
            Only::Stream(Stream::Stdout)
        ));
        let mut text = Vec::new();
        while !text.contains(&b'\n') {
            let chunk = tokio::time::timeout(PATIENCE, following.next())
                .await
                .expect("a line comes");
            text.extend_from_slice(&chunk.expect("the log has a line").unwrap().bytes);
        }
        String::from_utf8(text).unwrap()
    }
}

impl Drop for Machine {
    /// Ends what a test left at work: a workload ends with its supervisor.
    fn drop(&mut self) {
        let entries = fs_err::read_dir(self.path("work"))
            .into_iter()
            .flatten()
            .flatten();
        for directory in entries.map(|entry| entry.path()) {
            if directory.join("supervisor.json").exists() && !directory.join("exit.json").exists() {
                let pid = supervisor_in(&directory);
                let _ = command("kill").args(["-9", &pid]).status();
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests use the commands that whoever runs them has"
)]
pub(crate) fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

pub(crate) fn engine_at(root: &Path) -> ProcessEngine {
    ProcessEngine::new(settings_at(root), Arc::new(SystemClock::new()))
}

pub(crate) fn settings_at(root: &Path) -> ProcessSettings {
    ProcessSettings {
        root: root.join("engine"),
        supervisor: vec![
            env!("CARGO_BIN_EXE_coracle-test-supervisor").into(),
            "supervise".into(),
        ],
        python: None,
        path: search_path(),
        environment: BTreeMap::from([
            ("HOME".to_owned(), root.join("home").into()),
            ("LANG".to_owned(), "C.UTF-8".into()),
        ]),
    }
}

pub(crate) fn workload(root: &Path, name: &str, command: &[&str]) -> Workload {
    Workload {
        name: WorkloadName(name.to_owned()),
        labels: BTreeMap::from([("owner".to_owned(), "test".to_owned())]),
        image: WorkloadImage::Plain {
            image: "python:3".parse().unwrap(),
            digest: "sha256:0".into(),
        },
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        args: Vec::new(),
        environment: BTreeMap::new(),
        mounts: Vec::new(),
        directory: root.join("work").join(name),
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

pub(crate) fn text_of(workload: &Workload, only: Only) -> String {
    let mut reader = LogReader::open(&workload.directory.join("log"))
        .unwrap()
        .only(only);
    assert!(
        reader.is_finished().unwrap(),
        "an ended workload has an ended log"
    );
    String::from_utf8(reader.read_to_end(usize::MAX).unwrap()).unwrap()
}

pub(crate) fn stdout_of(workload: &Workload) -> String {
    text_of(workload, Only::Stream(Stream::Stdout))
}

/// The processes of this machine that belong to a workload, by the mark in their environment.
pub(crate) fn processes_of(workload: &Workload) -> BTreeSet<i32> {
    let mark = format!("CORACLE_WORKLOAD={}", workload.directory.display());
    let entries = fs_err::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        let environment = fs_err::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == mark.as_bytes())
    })
    .collect()
}

pub(crate) fn supervisor_of(workload: &Workload) -> String {
    supervisor_in(&workload.directory)
}

fn supervisor_in(directory: &Path) -> String {
    let text = fs_err::read_to_string(directory.join("supervisor.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["content"]["pid"].to_string()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that plays the user's part"
)]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}

pub(crate) fn kill_hard(pid: &str) {
    assert!(
        command("kill")
            .args(["-9", pid])
            .status()
            .unwrap()
            .success()
    );
}
