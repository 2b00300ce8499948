//! `coracle open STEP`: a notebook in a step's image.

use coracle_app::view::{OpenStep, OpenedStep};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::Format;
use crate::workbench::{Session, Wanted};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "What the step was given is mounted where it found it; what it writes stays in the notebook.\n\
    `kubectl delete notebook NAME` removes it with its files."
)]
pub(crate) struct Arguments {
    /// The step: its path, or the end of it
    step: String,

    /// The run: its id, or the beginning of it; if left out, the newest that has such a step
    #[arg(long)]
    run: Option<String>,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let session = Session::work(context, Wanted::Background).await?;
    context
        .output
        .note("JupyterLab is put beside what is in the step's image, unless it is there already");
    let call = Call::post(["opened-steps"]).json(&OpenStep {
        step: arguments.step,
        run: arguments.run,
    });
    let opened = session.client().ask::<OpenedStep>(call).await;
    let url = session.client().url().unwrap_or_default().to_owned();
    session.close().await;
    let opened = opened?;
    match context.output.format {
        Format::Json => context.output.json(&opened)?,
        Format::Text => context.output.data(&format!("{url}{}\n", opened.path))?,
    }
    Ok(Exit::Fine)
}
