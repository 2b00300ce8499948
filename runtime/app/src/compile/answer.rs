//! What the script says when it has ended, in words.

use std::path::Path;

use coracle_model::{Diagnostic, Span};
use serde::Deserialize;

use super::NotCompiled;

/// What the script says.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Answer {
    problem: Option<Problem>,
    #[serde(default)]
    message: String,
    /// The line of the file at which Python failed.
    #[serde(default)]
    line: Option<usize>,
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

impl Answer {
    /// What went wrong with a file in a Python, where something did.
    pub(super) fn explained(
        self,
        program: &Path,
        file: &str,
        pipeline: Option<&str>,
    ) -> Option<NotCompiled> {
        let problem = self.problem?;
        let program = program.display();
        Some(match problem {
            Problem::NoKfp if self.name.as_deref().is_none_or(|name| name.starts_with("kfp")) => {
                NotCompiled::new(format!("`{file}` needs `kfp` to be compiled, which `{program}` does not have"))
                    .with_hint(format!("install it: `{program} -m pip install kfp`, or activate the environment that has it"))
            }
            Problem::NoKfp => {
                NotCompiled::new(format!("the `kfp` of `{program}` cannot be imported: {}", self.message))
            }
            Problem::OldKfp => {
                NotCompiled::new(format!("the `kfp` of `{program}` is {}, and pipelines need 2.0 or newer", self.message))
                    .with_hint(format!("`{program} -m pip install -U kfp`"))
            }
            Problem::Failed => NotCompiled {
                diagnostics: self.placed().into_iter().collect(),
                ..NotCompiled::new(format!("`{file}` cannot be compiled\n{}", self.message))
            },
            Problem::Which => which(file, pipeline, self.names),
        })
    }

    /// The error itself, at its line.
    fn placed(&self) -> Option<Diagnostic> {
        let line = self.line?;
        let error = self.message.lines().last()?;
        Some(Diagnostic {
            span: Some(Span { line, column: 1 }),
            ..Diagnostic::error("python", error)
        })
    }
}

fn which(file: &str, wanted: Option<&str>, names: Vec<String>) -> NotCompiled {
    let list = names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match (wanted, names.first()) {
        (_, None) => NotCompiled::new(format!("`{file}` has no pipeline")).with_hint(
            "a pipeline is a function under `@dsl.pipeline`, at the top level of the file",
        ),
        (Some(wanted), _) => NotCompiled::new(format!("`{file}` has no pipeline `{wanted}`"))
            .with_hint(format!("there is {list}")),
        (None, Some(first)) => NotCompiled {
            hint: Some(format!("say which: `--pipeline {first}`")),
            pipelines: names,
            ..NotCompiled::new(format!("`{file}` has more than one pipeline: {list}"))
        },
    }
}

pub(super) fn ended_early(file: &str) -> NotCompiled {
    NotCompiled::new(format!("`{file}` ended Python before it was compiled"))
        .with_hint("what it does when it is imported should only define things")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain(answer: &str, wanted: Option<&str>) -> NotCompiled {
        let said: Answer = serde_json::from_str(answer).unwrap();
        said.explained(Path::new("/venv/bin/python3"), "digits.py", wanted)
            .unwrap()
    }

    #[test]
    fn a_missing_kfp_says_how_to_get_it() {
        let error = explain(
            r#"{"problem":"no_kfp","message":"No module named 'kfp'","name":"kfp"}"#,
            None,
        );
        let hint = error.hint.unwrap();
        assert!(
            hint.contains("/venv/bin/python3 -m pip install kfp"),
            "{hint}"
        );
        let broken = explain(
            r#"{"problem":"no_kfp","message":"No module named 'yaml'","name":"yaml"}"#,
            None,
        );
        assert!(
            broken.message.contains("No module named 'yaml'"),
            "{broken:?}"
        );
    }

    #[test]
    fn an_error_has_the_line_that_python_tells() {
        let error = explain(
            r#"{"problem":"failed","message":"Traceback\n  line 7\nTypeError: no","line":7}"#,
            None,
        );
        let [found] = error.diagnostics.as_slice() else {
            panic!("{error:?}");
        };
        assert_eq!(found.message, "TypeError: no");
        assert_eq!(found.span, Some(Span { line: 7, column: 1 }));
        assert!(error.message.ends_with("TypeError: no"), "{error}");
    }

    #[test]
    fn several_pipelines_have_to_be_told_apart() {
        let several = r#"{"problem":"which","names":["one","two"]}"#;
        let asked = explain(several, None);
        assert_eq!(asked.hint.unwrap(), "say which: `--pipeline one`");
        assert_eq!(asked.pipelines, ["one", "two"]);
        let unknown = explain(several, Some("three"));
        assert!(unknown.message.contains("no pipeline `three`"), "{unknown}");
        assert_eq!(unknown.pipelines, [""; 0]);
        let none = explain(r#"{"problem":"which","names":[]}"#, None);
        assert!(none.message.contains("has no pipeline"), "{none}");
    }
}
