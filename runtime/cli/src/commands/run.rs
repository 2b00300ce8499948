//! `coracle run FILE`: from a file to a run, and with it to its end.

use std::collections::BTreeMap;
use std::path::PathBuf;

use coracle_app::view::{Bytes, CreateRun, CreatedRun, ParameterValue};
use coracle_model::EventCursor;

use super::outcome::{self, Aftermath, Begun};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::definition::Definition;
use crate::output::Format;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "While a run is followed, Ctrl-C cancels it, and a second one leaves it to itself."
)]
pub(crate) struct Arguments {
    /// A compiled pipeline (YAML, JSON, zip, tar.gz), a Python file with a `@dsl.pipeline`, or a notebook with tagged cells
    file: PathBuf,

    /// A pipeline parameter; lists and structs are written as JSON
    #[arg(short, long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameter: Vec<(String, String)>,

    /// Run every step, also those whose results are known
    #[arg(long)]
    no_cache: bool,

    /// Return as soon as the run is begun
    #[arg(short, long)]
    detach: bool,

    /// A name for the run
    #[arg(long)]
    name: Option<String>,

    /// Where artifacts go: `minio://`, `s3://` or `gs://`, all kept on this machine
    #[arg(long, value_name = "URI")]
    pipeline_root: Option<String>,

    /// Which pipeline of a Python file that has several
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let parameters = once_each(&arguments.parameter)?;
    let definition =
        Definition::read(context, &arguments.file, arguments.pipeline.as_deref()).await?;
    let request = CreateRun {
        definition: Bytes(definition.bytes.clone()),
        file_name: definition.file_name.clone(),
        parameters,
        display_name: arguments.name,
        pipeline_root: arguments.pipeline_root,
        cache: !arguments.no_cache,
    };
    let aftermath = Aftermath::of(arguments.detach);
    outcome::begin(context, aftermath, async |session| {
        let asked = session
            .ask_once_more::<CreatedRun>(Call::post(["runs"]).json(&request))
            .await;
        let created = asked.map_err(|error| explain(context, error, &definition))?;
        if aftermath == Aftermath::Detach {
            // Who follows the run is told them as they were recorded.
            context
                .output
                .diagnostics(&created.diagnostics, Some(&definition.source()));
        }
        Ok(Begun {
            run: created.run_id,
            name: created.display_name,
            after: EventCursor::default(),
        })
    })
    .await
}

/// Shows diagnostics with their lines to people; programs get them with the error.
pub(super) fn explain(
    context: &Context,
    mut error: CommandError,
    definition: &Definition,
) -> CommandError {
    if context.output.format == Format::Text {
        let of_file = error.report.code == "invalid_definition";
        let source = Some(definition.source()).filter(|_| of_file);
        context.output.diagnostics(
            &std::mem::take(&mut error.report.diagnostics),
            source.as_ref(),
        );
    }
    error
}

pub(super) fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("write NAME=VALUE".to_owned()),
    }
}

pub(super) fn once_each(
    parameters: &[(String, String)],
) -> Result<BTreeMap<String, ParameterValue>, CommandError> {
    let mut values = BTreeMap::new();
    for (name, value) in parameters {
        if values
            .insert(name.clone(), ParameterValue::Text(value.clone()))
            .is_some()
        {
            return Err(CommandError::usage(format!(
                "the parameter `{name}` is given twice"
            )));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_a_name_and_any_text() {
        assert_eq!(parameter("n=3"), Ok(("n".to_owned(), "3".to_owned())));
        assert_eq!(
            parameter("query=a=b"),
            Ok(("query".to_owned(), "a=b".to_owned()))
        );
        assert_eq!(parameter("empty="), Ok(("empty".to_owned(), String::new())));
        assert!(parameter("n").is_err() && parameter("=3").is_err());
    }

    #[test]
    fn a_parameter_that_is_given_twice_is_a_mistake() {
        let pair = |value: &str| ("n".to_owned(), value.to_owned());
        assert_eq!(
            once_each(&[pair("1"), pair("2")]).unwrap_err().exit,
            Exit::Usage
        );
        assert_eq!(
            once_each(&[pair("1")]).unwrap()["n"],
            ParameterValue::Text("1".to_owned())
        );
    }
}
