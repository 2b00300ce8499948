//! `coracle artifacts RUN`: what a run made, and where it lies.

use coracle_app::view::{ArtifactDetail, ArtifactList};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Align, Format, Paint, Table, bytes};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The run: its id, or the beginning of it
    run: String,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let session = Session::look(context).await?;
    let list: ArtifactList = session
        .client()
        .ask(Call::get(["runs", &arguments.run, "artifacts"]))
        .await?;
    match context.output.format {
        Format::Json => context.output.json(&list)?,
        Format::Text => context.output.table(
            &table(&list.artifacts),
            list.artifacts.len(),
            "the run has no artifacts",
        )?,
    }
    Ok(Exit::Fine)
}

fn table(artifacts: &[ArtifactDetail]) -> Table {
    let mut table = Table::new([
        ("ID", Align::Right),
        ("NAME", Align::Left),
        ("TYPE", Align::Left),
        ("STEP", Align::Left),
        ("SIZE", Align::Right),
        ("WHERE", Align::Left),
    ]);
    for detail in artifacts {
        let artifact = &detail.artifact;
        let place = detail.path.as_ref().map_or_else(
            || artifact.uri.to_string(),
            |path| path.display().to_string(),
        );
        table.row([
            (
                artifact.id.map(|id| id.to_string()).unwrap_or_default(),
                Paint::Dim,
            ),
            (artifact.name.clone(), Paint::Bold),
            (
                artifact
                    .schema_title
                    .trim_start_matches("system.")
                    .to_owned(),
                Paint::Plain,
            ),
            (
                detail
                    .producers
                    .first()
                    .map(|producer| producer.task.to_string())
                    .unwrap_or_default(),
                Paint::Plain,
            ),
            (
                detail.size_bytes.map(bytes).unwrap_or_default(),
                Paint::Plain,
            ),
            (place, Paint::Plain),
        ]);
    }
    table
}
