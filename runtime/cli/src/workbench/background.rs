//! Starting a workbench that stays when this command has ended.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};

use super::find::{Found, find};
use crate::command_error::CommandError;
use crate::context::Context;

/// How long it may take until it listens; usually that is well below a second.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// How much of what a workbench said before it ended is shown.
const LAST_LINES: usize = 5;

/// Starts a workbench in a session of its own and waits until it answers.
pub(super) async fn start(context: &Context) -> Result<Found, CommandError> {
    let config = context.config()?;
    let log = config.home.data().join("logs").join("serve.log");
    let failed = |error: std::io::Error| {
        CommandError::failed(
            "background",
            format!("failed to start a workbench: {error}"),
        )
    };
    let stderr = open_log(&log).map_err(failed)?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a workbench of its own is no step that an engine runs"
    )]
    let mut command = tokio::process::Command::new(&config.program);
    command.args(["serve", "--background", "--engine", config.engine.as_str()]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr);
    let mut child = command.spawn().map_err(failed)?;
    let pid = child.id();
    let stdout = child.stdout.take().expect("it was asked to be a pipe");
    let mut line = String::new();
    let mut announcement = BufReader::new(stdout);
    let listening = announcement.read_line(&mut line);
    let spoke = tokio::time::timeout(READY_WITHIN, listening)
        .await
        .is_ok_and(|read| read.is_ok_and(|length| length > 0));
    match find(&config).await.filter(|_| spoke) {
        Some(found) => {
            let pid = pid
                .map(|pid| format!("; `kill {pid}` stops it"))
                .unwrap_or_default();
            context.output.note(&format!(
                "started a workbench in the background, {}{pid}",
                line.trim()
            ));
            Ok(found)
        }
        None => Err(CommandError::failed(
            "background",
            format!("the workbench ended at once: {}", last_lines(&log)),
        )
        .with_hint(format!("its log is `{}`", log.display()))),
    }
}

fn open_log(path: &Path) -> std::io::Result<std::fs::File> {
    if let Some(directory) = path.parent() {
        fs_err::create_dir_all(directory)?;
    }
    Ok(fs_err::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?
        .into_file())
}

fn last_lines(log: &Path) -> String {
    let text = fs_err::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}
