//! `coracle deploy FILE` of a pipeline: it runs by the Kubeflow Pipelines of a cluster, and is followed from here.

use std::path::{Path, PathBuf};

use coracle_app::view::{Bytes, CreateRemoteRun, CreatedRemoteRun, RemoteRecurrence, RemoteRhythm};
use coracle_model::RemotePlace;

use super::place::Place;
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::commands::outcome::Aftermath;
use crate::commands::remote_outcome::{self, Begun};
use crate::commands::run::{once_each, parameter};
use crate::commands::workflow_options::On;
use crate::commands::{kubeconfig_named, run};
use crate::context::Context;
use crate::definition::Definition;
use crate::follow::Interrupts;
use crate::workbench::Session;

/// A server of Kubeflow Pipelines by its address, in place of a context.
#[derive(Debug, clap::Args)]
pub(crate) struct Endpoint {
    /// Pipeline: the URL of a server of Kubeflow Pipelines, such as `http://127.0.0.1:8888`
    #[arg(long, value_name = "URL", conflicts_with = "context")]
    kfp_endpoint: Option<String>,

    /// Pipeline: a file with the token that the endpoint asks for
    #[arg(long, value_name = "FILE", requires = "kfp_endpoint")]
    kfp_token_file: Option<PathBuf>,
}

impl Endpoint {
    /// Whether one is named.
    pub(crate) fn is_given(&self) -> bool {
        self.kfp_endpoint.is_some()
    }

    /// Where a pipeline is to run, with the token that is asked for there.
    ///
    /// # Errors
    /// Neither an endpoint nor a context, and a token that cannot be read.
    pub(crate) fn place(
        self,
        context: &Context,
        place: &Place,
    ) -> Result<(RemotePlace, Option<String>), CommandError> {
        let token = self.kfp_token_file.map(|file| token(context, &file));
        let there = match (self.kfp_endpoint, &place.context) {
            (Some(url), _) => RemotePlace::Endpoint(url),
            (None, Some(name)) => RemotePlace::Context {
                name: name.clone(),
                kubeconfig: kubeconfig_named::value(&context.surroundings),
            },
            (None, None) => {
                return Err(CommandError::usage(
                    "say where: `--context CONTEXT` or `--kfp-endpoint URL`",
                ));
            }
        };
        Ok((there, token.transpose()?))
    }
}

/// What is asked of a pipeline, beside where it goes.
#[derive(Debug, clap::Args)]
pub(crate) struct PipelineOptions {
    #[command(flatten)]
    endpoint: Endpoint,

    /// A pipeline parameter; lists and structs are written as JSON
    #[arg(short, long = "param", visible_alias = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameter: Vec<(String, String)>,

    /// Pipeline: the experiment there
    #[arg(long, value_name = "NAME")]
    experiment: Option<String>,

    /// Pipeline: where artifacts go instead of the server's own root
    #[arg(long, value_name = "URI")]
    pipeline_root: Option<String>,

    /// Pipeline: run again and again: seconds, minutes, hours, day of month, month and day of week, or `@daily`
    #[arg(long, value_name = "CRON")]
    cron: Option<String>,

    /// Pipeline: run again and again, every so many seconds
    #[arg(long, value_name = "SECONDS", conflicts_with = "cron")]
    every: Option<u64>,

    /// Pipeline: do not make up for slots that were missed
    #[arg(long)]
    no_catchup: bool,

    /// Pipeline: how many runs of a rhythm may be open at once
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    max_concurrency: u32,

    /// Pipeline: return as soon as the run is kept here
    #[arg(short, long)]
    detach: bool,

    /// Which pipeline of a Python file that has several
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,

    #[command(flatten)]
    on: On,
}

impl PipelineOptions {
    /// The image of coracle-step, where objects need it.
    pub(super) fn take_step_image(&mut self) -> Option<String> {
        self.on.take_step_image()
    }

    /// Whether something is asked that only pipelines have.
    pub(super) fn is_asked(&self) -> bool {
        self.endpoint.kfp_endpoint.is_some()
            || !self.parameter.is_empty()
            || self.experiment.is_some()
            || self.pipeline_root.is_some()
            || self.cron.is_some()
            || self.every.is_some()
            || self.no_catchup
            || self.detach
            || self.pipeline.is_some()
            || self.on.is_asked()
    }
}

pub(super) async fn run(
    context: &Context,
    file: &Path,
    name: Option<String>,
    place: Place,
    options: PipelineOptions,
) -> Result<Exit, CommandError> {
    let definition = Definition::read(context, file, options.pipeline.as_deref()).await?;
    let aftermath = Aftermath::of(options.detach);
    let request = CreateRemoteRun {
        display_name: name,
        ..request(context, place, options, &definition)?
    };
    let mut interrupts = Interrupts::listen()?;
    let mut session = Session::work(context, aftermath.wanted()).await?;
    let asked = session
        .ask_once_more::<CreatedRemoteRun>(Call::post(["clusters", "runs"]).json(&request))
        .await;
    let done = match asked.map_err(|error| run::explain(context, error, &definition)) {
        Ok(created) => {
            context
                .output
                .diagnostics(&created.diagnostics, Some(&definition.source()));
            let begun = Begun {
                run: created.run,
                known: created.known,
            };
            remote_outcome::go_on(
                &mut session,
                begun,
                aftermath,
                &context.output,
                &mut interrupts,
            )
            .await
        }
        Err(error) => Err(error),
    };
    session.close().await;
    done
}

fn request(
    context: &Context,
    place: Place,
    arguments: PipelineOptions,
    definition: &Definition,
) -> Result<CreateRemoteRun, CommandError> {
    let (there, token) = arguments.endpoint.place(context, &place)?;
    let cron = arguments.cron.map(RemoteRhythm::Cron);
    let rhythm = cron.or(arguments.every.map(RemoteRhythm::EverySeconds));
    Ok(CreateRemoteRun {
        place: there,
        confirm: place.confirm,
        token,
        namespace: place.namespace,
        definition: Bytes(definition.bytes.clone()),
        file_name: definition.file_name.clone(),
        parameters: once_each(&arguments.parameter)?,
        experiment: arguments.experiment,
        display_name: None,
        pipeline_root: arguments.pipeline_root,
        recurrence: rhythm.map(|rhythm| RemoteRecurrence {
            rhythm,
            catch_up: !arguments.no_catchup,
            max_concurrency: arguments.max_concurrency,
        }),
        workflow: arguments.on.settings(),
    })
}

/// The token in a file, without the line's end.
pub(crate) fn token(context: &Context, file: &Path) -> Result<String, CommandError> {
    let path = context.surroundings.path(file);
    let text =
        fs_err::read_to_string(path).map_err(|error| CommandError::usage(error.to_string()))?;
    Ok(text.trim().to_owned())
}
