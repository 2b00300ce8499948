//! From a Python file with a `@dsl.pipeline`, or a notebook with tagged cells, to what the KFP compiler makes of it.
//!
//! The user's own `kfp` compiles, in the environment that is active: it is the one the file was written for, and
//! its messages are the ones its documentation explains. The file's code runs as the user would run it.

mod answer;
mod workbench;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use coracle_model::Diagnostic;
use tokio::process::Command;

use answer::Answer;

const SCRIPT: &str = include_str!("compile.py");

/// What makes Python of a notebook; the image with JupyterLab has it, too.
const RUN_NOTEBOOK: &str = include_str!("../../../host/images/jupyterlab/run-notebook");

/// The user's Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The program, as a path or as a name to look for in `PATH`.
    program: PathBuf,
    /// All of its environment; that of this process when it is left out.
    environment: Option<BTreeMap<String, OsString>>,
}

/// What a file is that holds a pipeline, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A module with pipelines.
    Python,
    /// A notebook whose cells are tagged.
    Notebook,
    /// What a compiler wrote.
    Compiled,
}

/// Why there is no definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotCompiled {
    /// What is wrong with the file or the environment, where Python said it in its own words.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
    /// The line of the file that failed, where Python tells.
    pub diagnostics: Vec<Diagnostic>,
    /// The pipelines of the file, where one of several is to be named.
    pub pipelines: Vec<String>,
}

impl NotCompiled {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            diagnostics: Vec::new(),
            pipelines: Vec::new(),
        }
    }

    fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl SourceKind {
    /// What a file of this name is.
    pub fn of(file: &Path) -> Self {
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("py") => Self::Python,
            Some("ipynb") => Self::Notebook,
            _ => Self::Compiled,
        }
    }
}

impl Interpreter {
    /// The one of the environment that is active, else the one in the path.
    pub fn of(active: Option<PathBuf>) -> Self {
        Self {
            program: active.unwrap_or_else(|| PathBuf::from("python3")),
            environment: None,
        }
    }

    /// Compiles a file, which messages call `shown`; `pipeline` says which of its pipelines, when there are several.
    ///
    /// # Errors
    /// What the file, the compiler or the environment lacks.
    pub async fn compile(
        &self,
        file: &Path,
        shown: &str,
        pipeline: Option<&str>,
    ) -> Result<Vec<u8>, NotCompiled> {
        let failed = |error: std::io::Error| {
            NotCompiled::new(format!("failed to compile `{shown}`: {error}"))
        };
        let scratch = tempfile::tempdir().map_err(failed)?;
        let (output, answer) = (
            scratch.path().join("pipeline.yaml"),
            scratch.path().join("answer.json"),
        );
        let module = scratch.path().join("notebook_pipeline.py");
        let kind = SourceKind::of(file);
        let file = match kind {
            SourceKind::Notebook => {
                self.write_module(file, shown, &module).await?;
                &module
            }
            SourceKind::Python | SourceKind::Compiled => file,
        };
        self.compile_module(file, pipeline.unwrap_or_default(), &output, &answer)
            .await?;
        let said = fs_err::read(&answer).map_err(|_| answer::ended_early(shown))?;
        let said: Answer = serde_json::from_slice(&said).map_err(|_| answer::ended_early(shown))?;
        match said.explained(&self.program, shown, pipeline) {
            None => fs_err::read(&output).map_err(failed),
            // The lines of what was made of a notebook are nobody's.
            Some(problem) if kind == SourceKind::Notebook => Err(NotCompiled {
                diagnostics: Vec::new(),
                ..problem
            }),
            Some(problem) => Err(problem),
        }
    }

    /// Writes the pipeline of a notebook as Python.
    async fn write_module(
        &self,
        notebook: &Path,
        shown: &str,
        module: &Path,
    ) -> Result<(), NotCompiled> {
        let said = self
            .script(RUN_NOTEBOOK)
            .arg(notebook)
            .arg("--module")
            .arg(module)
            .output()
            .await
            .map_err(|error| self.does_not_run(&error))?;
        if said.status.success() {
            return Ok(());
        }
        let problem = String::from_utf8_lossy(&said.stderr);
        Err(
            NotCompiled::new(format!("`{shown}` is no pipeline: {}", problem.trim()))
                .with_hint("cells are tagged `step:NAME`; docs/notebooks.md has the tags"),
        )
    }

    async fn compile_module(
        &self,
        file: &Path,
        pipeline: &str,
        output: &Path,
        answer: &Path,
    ) -> Result<(), NotCompiled> {
        // What the file prints is not our answer.
        self.script(SCRIPT)
            .arg(file)
            .arg(pipeline)
            .arg(output)
            .arg(answer)
            .stdout(Stdio::from(std::io::stderr()))
            .status()
            .await
            .map(drop)
            .map_err(|error| self.does_not_run(&error))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the user's compiler is no step that an engine runs"
    )]
    fn script(&self, text: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("-c")
            .arg(text)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if let Some(environment) = &self.environment {
            command.env_clear().envs(environment);
        }
        command
    }

    fn does_not_run(&self, error: &std::io::Error) -> NotCompiled {
        let program = self.program.display();
        NotCompiled::new(format!("failed to run `{program}`: {error}"))
            .with_hint("a Python file is compiled by the `kfp` of your environment: activate it, or compile the file yourself")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_says_what_a_file_is() {
        let of = |name: &str| SourceKind::of(Path::new(name));
        assert_eq!(of("a/b.py"), SourceKind::Python);
        assert_eq!(of("b.ipynb"), SourceKind::Notebook);
        assert_eq!(
            (of("b.yaml"), of("py")),
            (SourceKind::Compiled, SourceKind::Compiled)
        );
    }
}
