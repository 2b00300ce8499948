//! `coracle retry RUN`: begins a failed run anew where it failed; what succeeded stands.

use coracle_app::view::{Health, Run};

use super::outcome::{self, Aftermath, Begun};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The run: its id, or the beginning of it
    run: String,

    /// Return as soon as the run goes on
    #[arg(short, long)]
    detach: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    outcome::begin(context, Aftermath::of(arguments.detach), async |session| {
        let run: Run = session
            .client()
            .ask(Call::get(["runs", &arguments.run]))
            .await?;
        // Before the run goes on, so that nothing of what it does then is missed.
        let Health { last_event, .. } = session.client().ask(Call::health()).await?;
        session
            .client()
            .tell(Call::post(["runs", &run.run_id.to_string()]).action("retry"))
            .await?;
        Ok(Begun {
            run: run.run_id,
            name: run.display_name,
            after: last_event,
        })
    })
    .await
}
