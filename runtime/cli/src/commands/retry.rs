//! `coracle retry RUN`: begins a failed run anew where it failed; what succeeded stands.

use coracle_app::view::{Health, Run};

use super::outcome::{self, Aftermath};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The run: its id, or the beginning of it
    run: String,

    /// Return as soon as the run goes on
    #[arg(short, long)]
    detach: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let aftermath = Aftermath::of(arguments.detach);
    let mut session = Session::work(context, aftermath.wanted()).await?;
    let done = retry(context, &mut session, &arguments.run, aftermath).await;
    session.close().await;
    done
}

async fn retry(
    context: &Context,
    session: &mut Session,
    name: &str,
    aftermath: Aftermath,
) -> Result<Exit, CommandError> {
    let run: Run = session.client().ask(Call::get(["runs", name])).await?;
    // Before the run goes on, so that nothing of what it does then is missed.
    let Health { last_event, .. } = session.client().ask(Call::health()).await?;
    session.client().tell(Call::post(["runs", &run.run_id.to_string()]).action("retry")).await?;
    outcome::announce(session, run.run_id, &run.display_name, &context.output).await;
    outcome::of_run(session, run.run_id, last_event, aftermath, &context.output).await
}
