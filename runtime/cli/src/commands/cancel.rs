//! `coracle cancel RUN`: stops a run, with all that it started, here or on a cluster.

use coracle_app::view::{CancelRemoteRun, Health, RemoteRun, Run};

use super::outcome::short;
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::follow::{Ending, Interrupts, watch};
use crate::output::{Format, Output};
use crate::workbench::{Session, Wanted};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The run: its id, or the beginning of it; of a run on a cluster also its id there
    run: String,

    /// The context's name once more, which stopping something in a protected context needs
    #[arg(long, value_name = "CONTEXT")]
    confirm: Option<String>,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let mut session = Session::work(context, Wanted::Here).await?;
    let done = match is_remote(&session, &arguments.run).await {
        Ok(None) => cancel(&mut session, &arguments.run, &context.output).await,
        Ok(Some(run)) => cancel_there(&session, run, arguments.confirm, &context.output).await,
        Err(error) => Err(error),
    };
    session.close().await;
    done
}

/// The run on a cluster of a name that no run here has.
async fn is_remote(session: &Session, name: &str) -> Result<Option<RemoteRun>, CommandError> {
    let here = session.client().ask::<Run>(Call::get(["runs", name])).await;
    let is_missing = here.is_err_and(|error| error.report.code == "not_found");
    if !is_missing {
        return Ok(None);
    }
    let there = Call::get(["clusters", "runs", name]);
    match session.client().ask(there).await {
        Ok(run) => Ok(Some(run)),
        // That there is none here either is told below.
        Err(error) if error.report.code == "not_found" => Ok(None),
        Err(error) => Err(error),
    }
}

async fn cancel_there(
    session: &Session,
    run: RemoteRun,
    confirm: Option<String>,
    output: &Output,
) -> Result<Exit, CommandError> {
    let id = run.run_id.to_string();
    let call = Call::post(["clusters", "runs", &id, "cancel"]).json(&CancelRemoteRun { confirm });
    session.client().tell(call).await?;
    match output.format {
        Format::Json => output.json(&run)?,
        Format::Text => output.note(&format!(
            "{} was asked to stop {}; `coracle follow {}` tells its end",
            run.place,
            run.display_name,
            short(run.run_id)
        )),
    }
    Ok(Exit::Fine)
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
