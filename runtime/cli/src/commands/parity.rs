//! `coracle parity FILE`: a pipeline is run here and on a cluster, and what came out is compared.

use std::path::PathBuf;

use coracle_app::view::{
    Bytes, CompareRuns, ComparedRuns, CreateRemoteRun, CreateRun, CreatedRemoteRun, CreatedRun,
    Tolerance,
};
use coracle_model::EventCursor;
use serde_json::Value;

use super::deploy::{Place, pipeline};
use super::run::{explain, once_each, parameter};
use super::workflow_options::On;
use super::{outcome, remote_outcome};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::definition::Definition;
use crate::follow::{Ending, Interrupts, watch};
use crate::output::{Format, Output, Paint};
use crate::workbench::{Session, Wanted};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: coracle parity pipeline.yaml --context dev --step-image registry.local/step:1 --claim runs\n\
    \x20         coracle parity pipeline.yaml --context prod -p n=3 --tolerance loss=1%\n\
    Compared are the states of the run and its steps, output parameters, and what was said of\n\
    artifacts, metrics among it. Kubeflow Pipelines tells states alone. Here nothing is taken from\n\
    the cache.\n\
    Exit codes: 0 the same, or apart as far as was allowed; 1 something is different."
)]
pub(crate) struct Arguments {
    /// A compiled pipeline, a Python file with one, or a notebook with tagged cells
    file: PathBuf,

    /// Which pipeline, where a Python file has several
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,

    /// A pipeline parameter; lists and structs are written as JSON
    #[arg(short, long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameter: Vec<(String, String)>,

    /// How far a number may be apart, by the name of the parameter or metric: `loss=0.01`, or `loss=1%` of the greater one; `model=any`
    /// for what may be anything else, such as the bytes of an artifact
    #[arg(long = "tolerance", value_name = "NAME=VALUE", value_parser = tolerance)]
    tolerances: Vec<(String, Tolerance)>,

    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    endpoint: pipeline::Endpoint,

    #[command(flatten)]
    on: On,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let output = &context.output;
    let parameters = once_each(&arguments.parameter)?;
    let definition =
        Definition::read(context, &arguments.file, arguments.pipeline.as_deref()).await?;
    let here = CreateRun {
        definition: Bytes(definition.bytes.clone()),
        file_name: definition.file_name.clone(),
        parameters: parameters.clone(),
        display_name: None,
        pipeline_root: None,
        cache: false,
    };
    let (place, token) = arguments.endpoint.place(context, &arguments.place)?;
    let there = CreateRemoteRun {
        place,
        confirm: arguments.place.confirm,
        token,
        namespace: arguments.place.namespace,
        definition: Bytes(definition.bytes.clone()),
        file_name: definition.file_name.clone(),
        parameters,
        experiment: None,
        display_name: None,
        pipeline_root: None,
        recurrence: None,
        workflow: arguments.on.settings(),
    };
    let mut interrupts = Interrupts::listen()?;
    let mut session = Session::work(context, Wanted::Here).await?;
    // The cluster is asked first: nothing runs here where it cannot.
    let asked = session
        .ask_once_more::<CreatedRemoteRun>(Call::post(["clusters", "runs"]).json(&there))
        .await;
    let there = asked.map_err(|error| explain(context, error, &definition))?;
    let here: CreatedRun = session
        .ask_once_more(Call::post(["runs"]).json(&here))
        .await?;
    output.note(&format!(
        "run {} here, {} on {}",
        outcome::short(here.run_id),
        outcome::short(there.run.run_id),
        there.run.place
    ));
    let watched = watch(
        &mut session,
        here.run_id,
        EventCursor::default(),
        output,
        &mut interrupts,
    )
    .await?;
    if watched.ending == Ending::Left {
        return Ok(Exit::Interrupted);
    }
    let Some(there) =
        remote_outcome::to_its_end(&mut session, &there.run, output, &mut interrupts).await?
    else {
        return Ok(Exit::Interrupted);
    };
    let request = CompareRuns {
        run: here.run_id.to_string(),
        tolerances: arguments.tolerances.into_iter().collect(),
    };
    let id = there.run_id.to_string();
    let call = Call::post(["clusters", "runs", &id, "parity"]).json(&request);
    let compared: ComparedRuns = session.client().ask(call).await?;
    session.close().await;
    tell(&compared, output)?;
    Ok(match compared.is_fine {
        true => Exit::Fine,
        false => Exit::Failed,
    })
}

fn tell(compared: &ComparedRuns, output: &Output) -> Result<(), CommandError> {
    if output.format == Format::Json {
        output.json(compared)?;
        return Ok(());
    }
    let parity = &compared.parity;
    let mut text = String::new();
    for one in &parity.differences {
        let step = one.step.as_deref().unwrap_or("the run");
        let (paint, said) = match one.is_allowed {
            true => (Paint::Dim, "allowed"),
            false => (Paint::Bad, "different"),
        };
        let of = |value: &Value| match value {
            Value::Null => "nothing".to_owned(),
            value => value.to_string(),
        };
        text.push_str(&format!(
            "{step}: {}: {}: {} here, {} there\n",
            one.what,
            output.on_stdout(paint, said),
            of(&one.here),
            of(&one.there)
        ));
    }
    output.data(&text)?;
    let different = parity.differences.iter().filter(|one| !one.is_allowed);
    let (different, all) = (different.count(), parity.differences.len());
    output.note(&format!(
        "{} the same, {different} different, {} allowed",
        parity.same,
        all - different
    ));
    if !parity.not_told.is_empty() {
        let steps = parity.not_told.join(", ");
        output.note(&format!(
            "not compared, as one side does not tell them: the outputs of {steps}"
        ));
    }
    Ok(())
}

fn tolerance(text: &str) -> Result<(String, Tolerance), String> {
    let (name, value) = parameter(text)?;
    let tolerance: Tolerance = value
        .parse()
        .map_err(|error: coracle_app::view::BadTolerance| error.to_string())?;
    Ok((name, tolerance))
}
