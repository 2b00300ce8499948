//! Real clients, as processes.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// More than any of the tests needs, and less than anyone waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a client is told to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    WebSocket,
    Spdy,
}

/// What a client said, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Client {
    /// `kubectl`, about to speak to a server.
    pub(crate) fn kubectl(self, server: std::net::SocketAddr) -> Command {
        let mut command = program("kubectl");
        let switch = match self {
            Self::WebSocket => "true",
            Self::Spdy => "false",
        };
        command
            .args(["--server", &format!("http://{server}")])
            .args(["--cache-dir", concat!(env!("CARGO_TARGET_TMPDIR"), "/kube")])
            .env("KUBECONFIG", "/dev/null")
            .env("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", switch)
            .env("KUBECTL_PORT_FORWARD_WEBSOCKETS", switch);
        command
    }

    /// Those that the installed `kubectl` knows; before 1.30 it ignores the switches of WebSockets.
    pub(crate) async fn known() -> Vec<Self> {
        let mut command = program("kubectl");
        command.args(["version", "--client", "-o", "json"]);
        let version = finish(command, vec![]).await.stdout;
        let version: serde_json::Value = serde_json::from_slice(&version).unwrap();
        let minor = version["clientVersion"]["minor"].as_str().unwrap();
        match minor.trim_end_matches('+').parse() {
            Ok(0..30) => vec![Self::Spdy],
            Ok(_) | Err(_) => vec![Self::WebSocket, Self::Spdy],
        }
    }

    /// What it asks to be upgraded to.
    pub(crate) fn upgrade(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Spdy => "SPDY/3.1",
        }
    }

    /// Runs `kubectl` to its end.
    pub(crate) async fn run(
        self,
        server: std::net::SocketAddr,
        arguments: &[&str],
        stdin: Vec<u8>,
    ) -> Output {
        let mut command = self.kubectl(server);
        command.args(arguments);
        finish(command, stdin).await
    }
}

impl From<Output> for Told {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// Runs a command to its end.
pub(crate) async fn finish(mut command: Command, stdin: Vec<u8>) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child: Child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let writing = async move {
        // A client that ends early does not read all.
        let _ = pipe.write_all(&stdin).await;
    };
    let both = async { tokio::join!(writing, child.wait_with_output()).1 };
    let ended = tokio::time::timeout(PATIENCE, both).await;
    ended.expect("the client ends in time").unwrap()
}

/// A program of this machine.
pub(crate) fn program(name: &str) -> Command {
    #[expect(clippy::disallowed_methods, reason = "a client is not a workload")]
    Command::new(name)
}

/// Whether a test can run; says so if it cannot.
pub(crate) async fn is_installed(name: &str, test: &str) -> bool {
    let mut command = program(name);
    command
        .arg("--help")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let is_there = command.status().await.is_ok();
    if !is_there {
        say(&format!("{test} is skipped: `{name}` is not installed"));
    }
    is_there
}

/// A Python that has a module, if there is one.
pub(crate) async fn python_with(module: &str, test: &str) -> Option<Command> {
    let mut command = program("python3");
    command.args(["-c", &format!("import {module}")]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    if command.status().await.is_ok_and(|status| status.success()) {
        return Some(program("python3"));
    }
    say(&format!("{test} is skipped: no Python has `{module}`"));
    None
}

#[expect(
    clippy::print_stdout,
    reason = "who runs the tests is to know what was not tested"
)]
fn say(text: &str) {
    println!("{text}");
}
