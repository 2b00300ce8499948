//! The user's Python and its `kfp`, which compiles pipelines that are Python files.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use coracle_model::EngineKind;

use super::{bad, fine};
use crate::config::{Config, find_program};
use crate::view::{Check, CheckStatus};

/// How long an interpreter may take to say which it is; a shim of a version manager takes a tenth of a second.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Says its version and that of `kfp`, without importing it, which takes seconds.
const QUESTION: &str = "import platform, importlib.metadata as m\nprint(platform.python_version())\n\
    try:\n print(m.version('kfp'))\nexcept m.PackageNotFoundError:\n pass";

/// What an interpreter said.
struct Answer {
    version: String,
    kfp: Option<String>,
}

pub(super) async fn check(config: &Config, engine: Option<EngineKind>) -> Vec<Check> {
    let needed = engine == Some(EngineKind::Process);
    let status = if needed {
        CheckStatus::Problem
    } else {
        CheckStatus::Warning
    };
    let install = "install one: `apt install python3 python3-venv`";
    let Some(python) = config
        .active_python()
        .or_else(|| find_program(&config.path, "python3"))
    else {
        return vec![bad(
            "python",
            status,
            "there is no `python3` on the path",
            install,
        )];
    };
    match ask(config, &python).await {
        Ok(answer) => told(&python, answer),
        Err(problem) => vec![bad(
            "python",
            status,
            format!("`{}`: {problem}", python.display()),
            install,
        )],
    }
}

fn told(python: &Path, answer: Answer) -> Vec<Check> {
    let found = fine(
        "python",
        format!("{} at `{}`", answer.version, python.display()),
    );
    let kfp = match answer.kfp {
        Some(version) => fine("kfp", version),
        None => bad(
            "kfp",
            CheckStatus::Warning,
            "not installed for this Python, so pipelines that are `.py` files cannot be compiled",
            "install it: `pip install kfp`; compiled pipelines run without it",
        ),
    };
    vec![found, kfp]
}

#[expect(
    clippy::disallowed_methods,
    reason = "a question to the user's interpreter is no step for an engine"
)]
async fn ask(config: &Config, python: &PathBuf) -> Result<Answer, String> {
    let mut command = tokio::process::Command::new(python);
    command
        .arg("-c")
        .arg(QUESTION)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
        .env_clear()
        .envs(&config.process_environment)
        .env("PATH", &config.path);
    let output = tokio::time::timeout(ANSWER_LIMIT, command.output());
    let output = output
        .await
        .map_err(|_| "does not answer".to_owned())?
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said
            .lines()
            .last()
            .unwrap_or("ended with an error")
            .to_owned());
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = said.lines();
    let version = lines.next().ok_or("says nothing")?.to_owned();
    Ok(Answer {
        version,
        kfp: lines.next().map(str::to_owned),
    })
}
