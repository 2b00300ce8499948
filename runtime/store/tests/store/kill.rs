//! `kill -9` at any moment: what was acknowledged is there, what was not is there as a whole or not at all.
//!
//! The test binary starts itself again as the process that is killed.
#![expect(
    clippy::disallowed_methods,
    reason = "this binary starts itself again, told by a variable what to be"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use coracle_model::{EventCursor, EventKind, RunId, RunState, TaskState};
use coracle_store::{Change, Home, Store, StoreError};

use crate::support::{CHILD_HOME, at, attempt, notice, state, stored_run, task};

/// Enough rounds to hit writes, commits and checkpoints.
const ROUNDS: usize = 12;

fn start(test: &str, home: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD_HOME, home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    (child, output)
}

fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}").unwrap();
    output.flush().unwrap();
}

/// In the child: records steps for ever, and says of each when it is stored.
#[test]
fn child_writes_for_ever() {
    let Some(root) = std::env::var_os(CHILD_HOME) else {
        return;
    };
    let home = Home::at(Path::new(&root));
    let _lock = home.lock().unwrap();
    let store = Store::open(&home).unwrap();
    let run = stored_run(&store, "digits");
    say(&format!("run {run}"));
    for number in 0.. {
        let path = format!("step-{number}");
        let mut done = task(run, &path, TaskState::Succeeded);
        done.display_name = "x".repeat(number % 3000);
        let changes = [
            Change::Task(Box::new(done)),
            Change::Attempt(Box::new(attempt(run, &path, 1, TaskState::Succeeded))),
            notice(run, path.clone()),
        ];
        store.record(&changes, at(1)).unwrap();
        say(&format!("stored {number}"));
    }
}

#[test]
fn all_that_was_acknowledged_outlives_a_kill() {
    let root = tempfile::tempdir().unwrap();
    let home = Home::at(root.path());
    let mut acknowledged: Vec<(RunId, usize)> = Vec::new();
    for round in 0..ROUNDS {
        let (mut child, output) = start("kill::child_writes_for_ever", root.path());
        let wanted = 1 + round * 37;
        let mut run = None;
        let mut stored = 0;
        let mut killed = false;
        for line in output.lines() {
            let line = line.unwrap();
            // The harness puts its own words before the first line.
            if let Some((_, id)) = line
                .split_once("run ")
                .filter(|(_, id)| id.parse::<RunId>().is_ok())
            {
                run = id.parse().ok();
            }
            stored += usize::from(line.starts_with("stored "));
            if stored >= wanted && !killed {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        assert!(killed, "the child ended by itself");
        acknowledged.push((run.unwrap(), stored));
    }

    let _lock = home.lock().unwrap();
    let store = Store::open(&home).unwrap();
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    for (run, stored) in acknowledged {
        let tasks = store.tasks(run).unwrap();
        assert!(
            tasks.len() >= stored,
            "{} of {stored} acknowledged tasks are there",
            tasks.len()
        );
        // At most the one that was being said when the kill came is more.
        assert!(tasks.len() <= stored + 1);
        assert_eq!(store.attempts(run).unwrap().len(), tasks.len());
        let events = store
            .events_after(EventCursor(0), Some(run), usize::MAX)
            .unwrap();
        assert_eq!(events.len(), 1 + 3 * tasks.len());
        let notices = events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::Notice { .. }))
            .count();
        assert_eq!(notices, tasks.len());
    }
    let open = store.open_runs().unwrap();
    assert_eq!(
        open.len(),
        ROUNDS,
        "every run is found again to be taken up"
    );
    store
        .record(&[state(open[0].id, RunState::Failed)], at(2))
        .unwrap();
}

/// In the child: holds the home until it is killed.
#[test]
fn child_holds_the_home() {
    let Some(root) = std::env::var_os(CHILD_HOME) else {
        return;
    };
    let lock = Home::at(Path::new(&root)).lock().unwrap();
    lock.announce("http://127.0.0.1:8890").unwrap();
    say("held");
    // Blocks until the parent is gone, at the latest.
    std::io::stdin().lines().for_each(drop);
}

#[test]
fn a_second_workbench_is_told_of_the_first_until_that_is_killed() {
    let root = tempfile::tempdir().unwrap();
    let home = Home::at(root.path());
    let (mut child, output) = start("kill::child_holds_the_home", root.path());
    let mut lines = output.lines();
    assert!(lines.any(|line| line.unwrap().ends_with("held")));
    let error = home.lock().unwrap_err();
    let StoreError::Locked { pid, address, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*pid, Some(child.id()));
    assert_eq!(address.as_deref(), Some("http://127.0.0.1:8890"));
    assert!(error.to_string().contains("http://127.0.0.1:8890"));

    child.kill().unwrap();
    child.wait().unwrap();
    let lock = home.lock().unwrap();
    assert_eq!(home.workbench().unwrap().pid, std::process::id());
    assert_eq!(home.workbench().unwrap().address, None);
    drop(lock);
}
