//! `coracle export FILE|KIND/NAME -d DIR`: objects as a folder that `kubectl apply -k` takes.

use std::path::PathBuf;

use coracle_app::view::{ExportObjects, ExportedObjects};
use coracle_app::{ExportLayout, write_export};

use super::deploy::{sources, told};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Format, count};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: coracle export notebook/mine -d exported && kubectl apply -k exported\n\
    The exit code is 1 where something of the objects is not portable; nothing is written then."
)]
pub(crate) struct Arguments {
    /// Files of objects, or objects of the workbench
    #[arg(required = true, value_name = "FILE|KIND/NAME")]
    what: Vec<String>,

    /// The folder: new, empty, or of an earlier export
    #[arg(short, long, value_name = "DIR")]
    directory: PathBuf,

    /// The namespace that all of them are for, whichever they name
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// Write Secrets with their values
    #[arg(long)]
    with_secrets: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let request = ExportObjects {
        sources: sources::read(context, &arguments.what, arguments.namespace.as_ref())?,
        with_secrets: arguments.with_secrets,
    };
    let session = Session::look(context).await?;
    let call = Call::post(["clusters", "export"]).json(&request);
    let exported: ExportedObjects = session.client().ask(call).await?;
    session.close().await;
    let output = &context.output;
    let is_portable = exported.report.exit_code() == 0;
    if is_portable {
        let files = exported.files.iter();
        let layout = ExportLayout {
            files: files
                .map(|(name, text)| (name.clone(), text.clone().into_bytes()))
                .collect(),
            left_out: Vec::new(),
        };
        let directory = context.surroundings.path(&arguments.directory);
        write_export(&directory, &layout)
            .map_err(|error| CommandError::usage(error.to_string()))?;
        output.note(&format!(
            "{} in {}",
            count(layout.files.len(), "file"),
            directory.display()
        ));
    }
    match output.format {
        Format::Json => output.json(&exported)?,
        Format::Text => told::report(output, &exported.report),
    }
    for secret in &exported.left_out {
        output.note(&format!(
            "{secret} is left out; the folder's README says how to create it"
        ));
    }
    Ok(match is_portable {
        true => Exit::Fine,
        false => Exit::Failed,
    })
}
