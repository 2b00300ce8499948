//! From a Python file with a `@dsl.pipeline`, or a notebook with tagged cells, to what the KFP compiler makes of it.
//!
//! The user's own `kfp` compiles, in the environment that is active: it is the one the file was written for, and
//! its messages are the ones its documentation explains. The file's code runs as the user would run it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::command_error::CommandError;

const SCRIPT: &str = include_str!("compile.py");

/// What makes Python of a notebook; the image with JupyterLab has it, too.
const RUN_NOTEBOOK: &str = include_str!("../../../host/images/jupyterlab/run-notebook");

/// Where Python is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interpreter {
    /// The program, as a path or as a name to look for in `PATH`.
    pub(crate) program: PathBuf,
}

/// What the script says.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Answer {
    problem: Option<Problem>,
    #[serde(default)]
    message: String,
    /// The module that is missing.
    #[serde(default)]
    name: Option<String>,
    /// The pipelines there are.
    #[serde(default)]
    names: Vec<String>,
}

/// What can go wrong in the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Problem {
    NoKfp,
    OldKfp,
    Failed,
    Which,
}

impl Interpreter {
    /// The one of the environment that is active, else the one in the path.
    pub(crate) fn of(active: Option<PathBuf>) -> Self {
        Self {
            program: active.unwrap_or_else(|| PathBuf::from("python3")),
        }
    }

    /// Compiles a file, which messages call `shown`; `pipeline` says which of its pipelines, when there are several.
    ///
    /// # Errors
    /// What the file, the compiler or the environment lacks.
    pub(crate) fn compile(
        &self,
        file: &Path,
        shown: &str,
        pipeline: Option<&str>,
    ) -> Result<Vec<u8>, CommandError> {
        let failed = |error: std::io::Error| {
            CommandError::compile(format!("failed to compile `{shown}`: {error}"))
        };
        let scratch = tempfile::tempdir().map_err(failed)?;
        let (output, answer) = (
            scratch.path().join("pipeline.yaml"),
            scratch.path().join("answer.json"),
        );
        let module = scratch.path().join("notebook_pipeline.py");
        let file = match SourceKind::of(file) {
            SourceKind::Notebook => {
                self.write_module(file, shown, &module)?;
                &module
            }
            SourceKind::Python | SourceKind::Compiled => file,
        };
        self.compile_module(file, pipeline.unwrap_or_default(), &output, &answer)?;
        let said = fs_err::read(&answer).map_err(|_| ended_early(shown))?;
        let said: Answer = serde_json::from_slice(&said).map_err(|_| ended_early(shown))?;
        match said.problem {
            None => fs_err::read(&output).map_err(failed),
            Some(problem) => Err(self.explain(shown, pipeline, problem, &said)),
        }
    }

    /// Writes the pipeline of a notebook as Python.
    fn write_module(
        &self,
        notebook: &Path,
        shown: &str,
        module: &Path,
    ) -> Result<(), CommandError> {
        let said = self
            .script(RUN_NOTEBOOK)
            .arg(notebook)
            .arg("--module")
            .arg(module)
            .output()
            .map_err(|error| self.does_not_run(&error))?;
        if said.status.success() {
            return Ok(());
        }
        let problem = String::from_utf8_lossy(&said.stderr);
        Err(
            CommandError::compile(format!("`{shown}` is no pipeline: {}", problem.trim()))
                .with_hint("cells are tagged `step:NAME`; docs/notebooks.md has the tags"),
        )
    }

    fn compile_module(
        &self,
        file: &Path,
        pipeline: &str,
        output: &Path,
        answer: &Path,
    ) -> Result<(), CommandError> {
        // What the file prints is not our answer.
        self.script(SCRIPT)
            .arg(file)
            .arg(pipeline)
            .arg(output)
            .arg(answer)
            .stdout(Stdio::from(std::io::stderr()))
            .status()
            .map(drop)
            .map_err(|error| self.does_not_run(&error))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the user's compiler is no step that an engine runs"
    )]
    fn script(&self, text: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(text).stdin(Stdio::null());
        command
    }

    fn does_not_run(&self, error: &std::io::Error) -> CommandError {
        let program = self.program.display();
        CommandError::compile(format!("failed to run `{program}`: {error}"))
            .with_hint("a Python file is compiled by the `kfp` of your environment: activate it, or compile the file yourself")
    }

    fn explain(
        &self,
        file: &str,
        pipeline: Option<&str>,
        problem: Problem,
        said: &Answer,
    ) -> CommandError {
        let program = self.program.display();
        match problem {
            Problem::NoKfp if said.name.as_deref().is_none_or(|name| name.starts_with("kfp")) => {
                CommandError::compile(format!("`{file}` needs `kfp` to be compiled, which `{program}` does not have"))
                    .with_hint(format!("install it: `{program} -m pip install kfp`, or activate the environment that has it"))
            }
            Problem::NoKfp => CommandError::compile(format!("the `kfp` of `{program}` cannot be imported: {}", said.message)),
            Problem::OldKfp => {
                CommandError::compile(format!("the `kfp` of `{program}` is {}, and pipelines need 2.0 or newer", said.message))
                    .with_hint(format!("`{program} -m pip install -U kfp`"))
            }
            Problem::Failed => CommandError::compile(format!("`{file}` cannot be compiled\n{}", said.message)),
            Problem::Which => which(file, pipeline, &said.names),
        }
    }
}

fn which(file: &str, wanted: Option<&str>, names: &[String]) -> CommandError {
    let list = names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match (wanted, names) {
        (_, []) => CommandError::compile(format!("`{file}` has no pipeline")).with_hint(
            "a pipeline is a function under `@dsl.pipeline`, at the top level of the file",
        ),
        (Some(wanted), _) => CommandError::compile(format!("`{file}` has no pipeline `{wanted}`"))
            .with_hint(format!("there is {list}")),
        (None, [first, ..]) => {
            CommandError::compile(format!("`{file}` has more than one pipeline: {list}"))
                .with_hint(format!("say which: `--pipeline {first}`"))
        }
    }
}

fn ended_early(file: &str) -> CommandError {
    CommandError::compile(format!("`{file}` ended Python before it was compiled"))
        .with_hint("what it does when it is imported should only define things")
}

/// What a file is that holds a pipeline, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceKind {
    /// A module with pipelines.
    Python,
    /// A notebook whose cells are tagged.
    Notebook,
    /// What a compiler wrote.
    Compiled,
}

impl SourceKind {
    pub(crate) fn of(file: &Path) -> Self {
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("py") => Self::Python,
            Some("ipynb") => Self::Notebook,
            _ => Self::Compiled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain(answer: &str, wanted: Option<&str>) -> CommandError {
        let said: Answer = serde_json::from_str(answer).unwrap();
        let python = Interpreter {
            program: "/venv/bin/python3".into(),
        };
        python.explain("digits.py", wanted, said.problem.unwrap(), &said)
    }

    #[test]
    fn a_missing_kfp_says_how_to_get_it() {
        let error = explain(
            r#"{"problem":"no_kfp","message":"No module named 'kfp'","name":"kfp"}"#,
            None,
        );
        assert_eq!(error.exit.code(), 2);
        assert!(
            error
                .report
                .hint
                .unwrap()
                .contains("/venv/bin/python3 -m pip install kfp")
        );
        let broken = explain(
            r#"{"problem":"no_kfp","message":"No module named 'yaml'","name":"yaml"}"#,
            None,
        );
        assert!(
            broken.report.message.contains("No module named 'yaml'"),
            "{broken:?}"
        );
    }

    #[test]
    fn several_pipelines_have_to_be_told_apart() {
        let several = r#"{"problem":"which","names":["one","two"]}"#;
        assert_eq!(
            explain(several, None).report.hint.unwrap(),
            "say which: `--pipeline one`"
        );
        assert!(
            explain(several, Some("three"))
                .report
                .message
                .contains("no pipeline `three`")
        );
        assert!(
            explain(r#"{"problem":"which","names":[]}"#, None)
                .report
                .message
                .contains("has no pipeline")
        );
    }

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
