//! `coracle workflow FILE`: a pipeline as a workflow for a cluster that has Argo Workflows.

use std::path::PathBuf;

use coracle_app::view::{
    Bytes, LowerDefinition, LoweredDefinition, LoweringParity, RemoteRecurrence, RemoteRhythm,
};

use super::run::{explain, once_each, parameter};
use super::workflow_options::On;
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::definition::Definition;
use crate::output::{Format, Paint};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: coracle workflow pipeline.yaml --step-image registry.local/coracle-step:1 | kubectl create -f -\n\
    The cluster needs Argo Workflows, the image of `coracle-step` where its nodes pull from, and a volume; docs/export.md says more.\n\
    Exit codes: 0 there is a workflow, 1 something is not portable."
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

    /// The name people see
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// A workflow for each slot of a rhythm: seconds (0), minutes, hours, day of month, month and day of week, or `@daily`, in UTC
    #[arg(long, value_name = "CRON")]
    cron: Option<String>,

    /// A workflow every so many seconds
    #[arg(long, value_name = "SECONDS", conflicts_with = "cron")]
    every: Option<u64>,

    #[command(flatten)]
    on: On,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let parameters = once_each(&arguments.parameter)?;
    let definition =
        Definition::read(context, &arguments.file, arguments.pipeline.as_deref()).await?;
    let cron = arguments.cron.map(RemoteRhythm::Cron);
    let rhythm = cron.or(arguments.every.map(RemoteRhythm::EverySeconds));
    let request = LowerDefinition {
        definition: Bytes(definition.bytes.clone()),
        file_name: definition.file_name.clone(),
        parameters,
        display_name: arguments.name,
        pipeline_root: None,
        on: arguments.on.settings().ok_or_else(|| {
            CommandError::usage("say which image holds coracle-step: `--step-image IMAGE`")
        })?,
        recurrence: rhythm.map(|rhythm| RemoteRecurrence {
            rhythm,
            // What a cluster can keep: it makes up for no slot, and has one run open.
            catch_up: false,
            max_concurrency: 1,
        }),
    };
    let session = Session::look(context).await?;
    let call = Call::post(["definitions"]).action("lower").json(&request);
    let lowered: LoweredDefinition = session
        .client()
        .ask(call)
        .await
        .map_err(|error| explain(context, error, &definition))?;
    session.close().await;
    for finding in &lowered.findings {
        let paint = match finding.parity {
            LoweringParity::NotPortable => Paint::Bad,
            LoweringParity::ClusterOnly | LoweringParity::Translated => Paint::Dim,
        };
        let place = context.output.on_stderr(paint, &finding.place);
        context.output.note(&format!("{place}: {}", finding.reason));
    }
    match (&lowered.workflow, context.output.format) {
        (_, Format::Json) => context.output.json(&lowered)?,
        // JSON is YAML, and no reader of either takes it otherwise.
        (Some(workflow), Format::Text) => context.output.data(&format!("{workflow:#}\n"))?,
        (None, Format::Text) => {}
    }
    Ok(match lowered.workflow {
        Some(_) => Exit::Fine,
        None => Exit::Failed,
    })
}
