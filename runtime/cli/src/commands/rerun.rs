//! `coracle rerun RUN --from STEP`: a new run that takes over everything before a step.

use coracle_app::view::{CreatedRun, Rerun};
use coracle_model::EventCursor;

use super::outcome::{self, Aftermath, Begun};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;

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
    outcome::begin(context, Aftermath::of(arguments.detach), async |session| {
        let call = Call::post(["runs", &arguments.run])
            .action("rerun")
            .json(&Rerun {
                from: arguments.from,
            });
        let created: CreatedRun = session.ask_once_more(call).await?;
        Ok(Begun {
            run: created.run_id,
            name: created.display_name,
            after: EventCursor::default(),
        })
    })
    .await
}
