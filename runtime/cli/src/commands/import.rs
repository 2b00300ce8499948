//! `coracle import RUN`: a run that ended on a cluster comes here, with what its steps made.

use coracle_app::view::{ImportRun, ImportedRun};

use super::deploy::{Place, pipeline};
use super::outcome::short;
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Format, Output, bytes, count};
use crate::workbench::{Session, Wanted};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: coracle import --context prod 3f2b9c1e-7c0a-4f43-9a57-1e1f0a8f6f10\n\
    \x20         coracle import --context prod -n team train-4xk2p\n\
    \x20         coracle import 3f2b      a run that was sent from here\n\
    The run has the same id here. `coracle retry RUN` does its failed steps again here, with the same\n\
    inputs. A run that is here already stays as it is."
)]
pub(crate) struct Arguments {
    /// The run: its id there, or the name of its workflow; of one that was sent from here also its id here, or the beginning of it
    run: String,

    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    endpoint: pipeline::Endpoint,

    /// The image of `coracle-step` that reads the run's volume; the one that the run used if left out
    #[arg(long, value_name = "IMAGE")]
    step_image: Option<String>,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let is_placed = arguments.place.context.is_some() || arguments.endpoint.is_given();
    let (place, token) = match is_placed {
        true => {
            let (place, token) = arguments.endpoint.place(context, &arguments.place)?;
            (Some(place), token)
        }
        // Of a run that was sent from here it is known.
        false => (None, None),
    };
    let request = ImportRun {
        run: arguments.run,
        place,
        token,
        namespace: arguments.place.namespace,
        confirm: arguments.place.confirm,
        step_image: arguments.step_image,
    };
    let mut session = Session::work(context, Wanted::Here).await?;
    let asked = session
        .ask_once_more::<ImportedRun>(
            Call::post(["clusters", "runs"])
                .action("import")
                .json(&request),
        )
        .await;
    session.close().await;
    tell(&asked?, &context.output)?;
    Ok(Exit::Fine)
}

fn tell(run: &ImportedRun, output: &Output) -> Result<(), CommandError> {
    if output.format == Format::Json {
        output.json(run)?;
        return Ok(());
    }
    let id = short(run.run_id);
    if run.known {
        output.data(&format!("{}\n", run.run_id))?;
        output.note(&format!("the run {id} is here already, and stays as it is"));
        return Ok(());
    }
    let came = run.artifacts.iter().filter(|one| one.bytes.is_some());
    let came = count(came.count(), "artifact");
    output.data(&format!("{}\n", run.run_id))?;
    output.note(&format!(
        "brought {} from {}: {}, {came} with {}",
        run.display_name,
        run.place,
        run.state.as_str(),
        bytes(run.bytes)
    ));
    for one in &run.artifacts {
        if let Some(why) = &one.missing {
            output.note(&format!(
                "`{}` of `{}` is not here: {why}",
                one.name, one.step
            ));
        }
    }
    for step in &run.not_told {
        output.note(&format!(
            "what `{step}` made is not told there; a retry does it again"
        ));
    }
    for lost in &run.lost_inputs {
        output.note(&format!(
            "`{}` cannot be run again here: it reads `{}`, which is not here; begin with `coracle rerun {id} --from {}`",
            lost.step, lost.artifact, lost.made_by
        ));
    }
    Ok(())
}
