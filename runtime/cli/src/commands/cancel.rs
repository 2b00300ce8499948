//! `coracle cancel RUN`: stops a run, with all that it started.

use coracle_app::view::Run;
use coracle_model::EventCursor;

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::follow::{Interrupts, watch};
use crate::output::{Format, Output};
use crate::workbench::{Session, Wanted};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The run: its id, or the beginning of it
    run: String,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let mut session = Session::work(context, Wanted::Here).await?;
    let done = cancel(&mut session, &arguments.run, &context.output).await;
    session.close().await;
    done
}

async fn cancel(session: &mut Session, name: &str, output: &Output) -> Result<Exit, CommandError> {
    let run: Run = session.client().ask(Call::get(["runs", name])).await?;
    let id = run.run_id.to_string();
    session.client().tell(Call::post(["runs", &id]).action("cancel")).await?;
    if session.is_own() {
        // Nobody else ends its steps: this process stays until they have ended.
        let mut interrupts = Interrupts::listen()?;
        watch(session, run.run_id, EventCursor::default(), output, &mut interrupts).await?;
    }
    match output.format {
        Format::Json => output.json(&session.client().ask::<Run>(Call::get(["runs", &id])).await?)?,
        Format::Text => output.note(&format!("cancelled {id}")),
    }
    Ok(Exit::Fine)
}
