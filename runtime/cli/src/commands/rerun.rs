//! `coracle rerun RUN --from STEP`: a new run that takes over everything before a step.

use coracle_app::view::{CreatedRun, Rerun};
use coracle_model::EventCursor;

use super::outcome::{self, Aftermath};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The run: its id, or the beginning of it
    run: String,

    /// The step to begin with: its path, or the end of it
    #[arg(long, value_name = "STEP")]
    from: String,

    /// Return as soon as the run is begun
    #[arg(short, long)]
    detach: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let aftermath = Aftermath::of(arguments.detach);
    let mut session = Session::work(context, aftermath.wanted()).await?;
    let call = Call::post(["runs", &arguments.run]).action("rerun").json(&Rerun { from: arguments.from });
    let done = rerun(context, &mut session, call, aftermath).await;
    session.close().await;
    done
}

async fn rerun(
    context: &Context,
    session: &mut Session,
    call: Call,
    aftermath: Aftermath,
) -> Result<Exit, CommandError> {
    let created: CreatedRun = session.ask_once_more(call).await?;
    outcome::announce(session, created.run_id, &created.display_name, &context.output).await;
    outcome::of_run(session, created.run_id, EventCursor::default(), aftermath, &context.output).await
}
