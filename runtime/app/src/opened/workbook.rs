//! The notebook that opens: what the step was, what it was given, and its code, ready to run. Pure.

use std::collections::BTreeMap;

use coracle_model::Attempt;
use coracle_store::Home;
use serde_json::{Value, json};

use super::objects::path_inside;
use super::origin::Origin;

/// What a component of the `kfp` SDK is run by, in the command's text before its source.
const EXECUTOR: &str = "kfp.dsl.executor_main";

/// A component of the `kfp` SDK, taken out of its command.
struct Component<'a> {
    source: &'a str,
    function: &'a str,
    executor_input: Value,
}

/// The notebook, in nbformat 4. `outputs` is where what the step writes goes.
pub(super) fn of(origin: &Origin, home: &Home, outputs: Option<&str>) -> Value {
    let mut cells = vec![
        markdown(&introduction(origin, outputs)),
        code(&inputs(origin, home)),
    ];
    match component(&origin.attempt) {
        Some(component) => {
            cells.push(code(component.source.trim()));
            cells.push(code(&call(&component)));
        }
        None => cells.push(code(&process(&origin.attempt))),
    }
    for (index, cell) in cells.iter_mut().enumerate() {
        cell["id"] = json!(format!("cell-{index}"));
    }
    json!({
        "cells": cells,
        "metadata": { "kernelspec": { "display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3" } },
        "nbformat": 4,
        "nbformat_minor": 5,
    })
}

fn introduction(origin: &Origin, outputs: Option<&str>) -> String {
    let attempt = &origin.attempt;
    let mut text = format!(
        "# `{}`\n\nAttempt {} of run `{}` ({}): **{}**.",
        attempt.path,
        attempt.number,
        origin.run.request.display_name,
        attempt.run,
        attempt.state.as_str(),
    );
    if let Some(failure) = &attempt.failure {
        text.push_str(&format!(
            "\n\n> {}",
            failure.message.trim().replace('\n', "\n> ")
        ));
        if let Some(hint) = &failure.hint {
            text.push_str(&format!("\n>\n> {hint}"));
        }
    }
    text.push_str(&format!(
        "\n\nThis is its image, `{}`, with JupyterLab beside. Its inputs are where it found them, and cannot be written to.",
        attempt.image
    ));
    if let Some(outputs) = outputs {
        text.push_str(&format!(
            " What it writes to `{outputs}` stays in this notebook; the run's artifacts are left alone."
        ));
    }
    text
}

/// The parameters and the places of the artifacts, as Python.
fn inputs(origin: &Origin, home: &Home) -> String {
    let mut artifacts: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (name, artifact) in &origin.inputs {
        let path = path_inside(home, &artifact.uri);
        let path = path.unwrap_or_else(|| artifact.uri.to_string());
        let found = json!({ "path": path, "metadata": artifact.metadata });
        artifacts.entry(name).or_default().push(found);
    }
    format!(
        "import json\nimport os\n\n# kfp as a step has it: without what only compiling takes.\nos.environ[\"_KFP_RUNTIME\"] = \"true\"\n\n\
         parameters = json.loads({})\n\n# Where each input is, with what was written down about it.\n\
         inputs = json.loads({})\n\nparameters, inputs",
        python_text(&format!("{:#}", json!(origin.task.inputs.parameters))),
        python_text(&format!("{:#}", json!(artifacts))),
    )
}

fn call(component: &Component<'_>) -> String {
    format!(
        "from kfp.dsl.executor import Executor\n\n# Runs the function above as the step did. Change it, and run both cells again.\n\
         executor_input = json.loads({})\nExecutor(executor_input=executor_input, function_to_execute={}).execute()",
        python_text(&format!("{:#}", component.executor_input)),
        component.function,
    )
}

/// A command that is no component of the SDK.
fn process(attempt: &Attempt) -> String {
    let command: Vec<String> = attempt
        .command
        .iter()
        .map(|word| format!("    {},", python_text(word)))
        .collect();
    format!(
        "import subprocess\n\nsubprocess.run([\n{}\n], check=True)",
        command.join("\n")
    )
}

fn component(attempt: &Attempt) -> Option<Component<'_>> {
    let words = &attempt.command;
    let runner = words.iter().position(|word| word.contains(EXECUTOR))?;
    let source = words.get(runner + 1)?;
    let after = |option: &str| {
        let at = words.iter().position(|word| word == option)?;
        words.get(at + 1)
    };
    Some(Component {
        source,
        function: after("--function_to_execute")?,
        executor_input: serde_json::from_str(after("--executor_input")?).ok()?,
    })
}

/// A text as Python writes it: over several lines where it has them.
fn python_text(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    if !escaped.contains('\n') {
        return format!("\"{}\"", escaped.replace('"', "\\\""));
    }
    match escaped.strip_suffix('"') {
        Some(before) => format!("\"\"\"{before}\\\"\"\"\""),
        None => format!("\"\"\"{escaped}\"\"\""),
    }
}

fn markdown(source: &str) -> Value {
    json!({ "cell_type": "markdown", "metadata": {}, "source": source })
}

fn code(source: &str) -> Value {
    json!({ "cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": null })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_texts_of_python() {
        assert_eq!(python_text("a\"b\\"), r#""a\"b\\""#);
        assert_eq!(
            python_text("a\n\"\"\"b\""),
            "\"\"\"a\n\\\"\\\"\\\"b\\\"\"\"\""
        );
    }
}
