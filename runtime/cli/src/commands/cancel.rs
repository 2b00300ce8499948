//! `coracle cancel RUN`: stops a run, with all that it started.

use coracle_app::view::{Health, Run};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::follow::{Ending, Interrupts, watch};
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
    let mut interrupts = Interrupts::listen()?;
    let run: Run = session.client().ask(Call::get(["runs", name])).await?;
    let id = run.run_id.to_string();
    let Health { last_event, .. } = session.client().ask(Call::health()).await?;
    match session
        .client()
        .tell(Call::post(["runs", &id]).action("cancel"))
        .await
    {
        // It was open a moment ago and has ended by itself; that is told below.
        Err(error) if error.report.code == "wrong_state" && !run.state.is_final() => {}
        told => told?,
    }
    let watched = watch(session, run.run_id, last_event, output, &mut interrupts).await?;
    match output.format {
        Format::Json => output.json(
            &session
                .client()
                .ask::<Run>(Call::get(["runs", &id]))
                .await?,
        )?,
        Format::Text if watched.ending == Ending::Over => output.note(&format!("cancelled {id}")),
        Format::Text => {}
    }
    Ok(watched.ending.exit(Exit::Fine))
}
