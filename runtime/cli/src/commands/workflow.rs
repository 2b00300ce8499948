//! `coracle workflow FILE`: a pipeline as a workflow for a cluster that has Argo Workflows.

use std::path::PathBuf;

use coracle_app::view::{
    Bytes, LowerDefinition, LoweredDefinition, LoweringParity, RemoteRecurrence, RemoteRhythm,
    WorkflowVolume,
};

use super::run::{explain, once_each, parameter};
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

    /// The image that holds coracle-step, from where the cluster's nodes pull it
    #[arg(long, value_name = "IMAGE")]
    step_image: String,

    /// When images are pulled whose step does not say it: Always, IfNotPresent or Never
    #[arg(long, value_name = "POLICY", value_parser = ["Always", "IfNotPresent", "Never"])]
    image_pull_policy: Option<String>,

    /// The account of the pods; the namespace's default one otherwise
    #[arg(long, value_name = "NAME")]
    service_account: Option<String>,

    /// A secret of the namespace to pull images with
    #[arg(long = "pull-secret", value_name = "NAME")]
    pull_secrets: Vec<String>,

    /// A claim of the namespace that all runs share, each in a folder of its own; otherwise each run makes one
    #[arg(long, value_name = "NAME", conflicts_with_all = ["size", "storage_class", "access_mode"])]
    claim: Option<String>,

    /// The size of the claim that each run makes
    #[arg(long, value_name = "QUANTITY", default_value = "10Gi")]
    size: String,

    /// Its storage class; the cluster's default one otherwise
    #[arg(long, value_name = "NAME")]
    storage_class: Option<String>,

    /// A workflow for each slot of a rhythm: seconds (0), minutes, hours, day of month, month and day of week, or `@daily`, in UTC
    #[arg(long, value_name = "CRON")]
    cron: Option<String>,

    /// A workflow every so many seconds
    #[arg(long, value_name = "SECONDS", conflicts_with = "cron")]
    every: Option<u64>,

    /// Its access mode: ReadWriteOnce where all pods are on one node
    #[arg(long, value_name = "MODE", default_value = "ReadWriteMany")]
    access_mode: String,
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
        step_image: arguments.step_image,
        image_pull_policy: arguments.image_pull_policy,
        service_account: arguments.service_account,
        image_pull_secrets: arguments.pull_secrets,
        volume: match arguments.claim {
            Some(claim) => WorkflowVolume::Claim(claim),
            None => WorkflowVolume::PerRun {
                size: arguments.size,
                storage_class: arguments.storage_class,
                access_mode: arguments.access_mode,
            },
        },
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
