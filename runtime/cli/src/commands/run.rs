//! `coracle run FILE`: from a file to a run, and with it to its end.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use coracle_app::view::{Bytes, CreateRun, CreatedRun, ParameterValue};
use coracle_app::{Interpreter, LARGEST_DEFINITION, SourceKind};
use coracle_model::EventCursor;

use super::outcome::{self, Aftermath, Begun};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{self, Format, Source};

/// The most that is read of a file: what the workbench takes.
const LONGEST: u64 = LARGEST_DEFINITION as u64;

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

/// A file as it is sent.
struct Definition {
    bytes: Vec<u8>,
    /// Its ending says how the bytes are read.
    file_name: String,
    /// What to call it in messages.
    shown_as: String,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let parameters = once_each(&arguments.parameter)?;
    let definition = read(context, &arguments).await?;
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

impl Definition {
    fn source(&self) -> Source<'_> {
        Source {
            name: &self.shown_as,
            text: str::from_utf8(&self.bytes).ok(),
        }
    }
}

/// Shows diagnostics with their lines to people; programs get them with the error.
fn explain(context: &Context, mut error: CommandError, definition: &Definition) -> CommandError {
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

async fn read(context: &Context, arguments: &Arguments) -> Result<Definition, CommandError> {
    let path = context.surroundings.path(&arguments.file);
    let shown = arguments.file.display().to_string();
    let name = arguments
        .file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let kind = SourceKind::of(&path);
    if kind != SourceKind::Python && arguments.pipeline.is_some() {
        return Err(CommandError::usage(
            "`--pipeline` chooses from a Python file; any other holds one pipeline",
        ));
    }
    if kind == SourceKind::Compiled {
        return Ok(Definition {
            bytes: read_file(&path, &shown)?,
            file_name: name,
            shown_as: shown,
        });
    }
    if !path.exists() {
        return Err(CommandError::not_found(format!(
            "there is no file `{shown}`"
        )));
    }
    let python = Interpreter::of(context.config()?.active_python());
    let bytes = python
        .compile(&path, &shown, arguments.pipeline.as_deref())
        .await?;
    let stem = name
        .rsplit_once('.')
        .map_or(name.as_str(), |(stem, _)| stem);
    let file_name = format!("{stem}.yaml");
    Ok(Definition {
        bytes,
        file_name,
        shown_as: format!("{shown} (compiled)"),
    })
}

fn read_file(path: &Path, shown: &str) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::new();
    let read =
        fs_err::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) if bytes.len() as u64 > LONGEST => Err(CommandError::usage(format!(
            "`{shown}` is larger than the {} that a pipeline may have",
            output::bytes(LONGEST)
        ))),
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(CommandError::not_found(
            format!("there is no file `{shown}`"),
        )),
        Err(error) => Err(CommandError::usage(error.to_string())),
    }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("write NAME=VALUE".to_owned()),
    }
}

fn once_each(
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

    #[test]
    fn a_file_that_is_not_there_is_not_found() {
        let error = read_file(Path::new("/no/such/file.yaml"), "file.yaml").unwrap_err();
        assert_eq!(
            (error.exit, error.report.message.as_str()),
            (Exit::NotFound, "there is no file `file.yaml`")
        );
        assert_eq!(
            read_file(Path::new("/"), "/").unwrap_err().exit,
            Exit::Usage
        );
    }
}
