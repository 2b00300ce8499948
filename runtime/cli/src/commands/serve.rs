//! `coracle serve`: a workbench until somebody stops it.

use coracle_app::config::{Config, ListenAddress};

use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::follow::Interrupts;
use crate::output::Format;
use crate::workbench::Own;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where to listen; if left out, 127.0.0.1:8890 or, when that is taken, any free port
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<ListenAddress>,

    /// Leave the terminal to others
    #[arg(long, hide = true)]
    background: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    if arguments.background {
        // Fails for the leader of a group, which a workbench that was started for this is not.
        nix::unistd::setsid().ok();
    }
    let mut interrupts = Interrupts::listen()?;
    let config = context.config()?;
    let own = match arguments.listen {
        Some(listen) => Own::start(Config { listen, ..config }).await?,
        None => Own::start_at_usual(config).await?,
    };
    let url = own.url();
    let told = match context.output.format {
        Format::Text => context.output.data(&format!("listening on {url}\n")),
        Format::Json => context
            .output
            .json(&serde_json::json!({ "listening_on": url })),
    };
    if let Err(error) = told {
        // Whoever started us may have stopped listening; others find the address in the home.
        tracing::warn!(%error, "failed to say where the workbench listens");
    }
    interrupts.next().await;
    tracing::info!("stopping; what runs goes on and is taken up at the next start");
    // Neither has to end for the other to be dropped: a second signal leaves at once.
    tokio::select! {
        () = own.close() => Ok(Exit::Fine),
        () = interrupts.next() => Ok(Exit::Interrupted),
    }
}
