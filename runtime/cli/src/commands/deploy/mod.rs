//! `coracle deploy`: sending what runs here to a cluster.
//!
//! A pipeline is run by the Kubeflow Pipelines of the cluster; objects are applied to it. What was named says which it is.

mod images;
mod objects;
pub(crate) mod pipeline;
mod place;
pub(crate) mod sources;
pub(crate) mod told;

pub(crate) use place::Place;

use crate::command_error::{CommandError, Exit};
use crate::context::Context;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: coracle deploy notebook.yaml --context dev -n team\n\
    \x20         coracle deploy isvc/iris --context dev --dry-run\n\
    \x20         coracle deploy pipeline.yaml --context dev -p n=3\n\
    A pipeline is sent as it is, and followed; Ctrl-C leaves it, and it goes on there. Objects are sent under a name, by which\n\
    `coracle rollback` and `coracle undeploy` find them. The same command again, after whatever broke off, finishes the work."
)]
pub(crate) struct Arguments {
    /// One pipeline (YAML, JSON, zip, tar.gz, or a Python file), or files of objects, or objects of the workbench
    #[arg(required = true, value_name = "FILE|KIND/NAME")]
    what: Vec<String>,

    /// A name for the run, or for the objects together; that of the first file if left out
    #[arg(long)]
    name: Option<String>,

    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    objects: objects::ObjectOptions,

    #[command(flatten)]
    pipeline: pipeline::PipelineOptions,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let Arguments {
        what,
        name,
        place,
        objects,
        mut pipeline,
    } = arguments;
    if sources::are_objects(context, &what) {
        let data = objects.data(&mut pipeline);
        if pipeline.is_asked() {
            return Err(CommandError::usage(
                "objects are applied to a cluster: parameters, a rhythm, `--kfp-endpoint` and `--detach` are for pipelines",
            ));
        }
        return objects::run(context, &what, name, &place, &objects, data).await;
    }
    if objects.is_asked() {
        return Err(CommandError::usage(
            "a pipeline is sent as it is: `--dry-run`, `--prune`, `--force-conflicts`, `--with-secrets`, `--into-namespace`, `--registry` and `--with-data` are for objects",
        ));
    }
    match what.as_slice() {
        [file] => pipeline::run(context, file.as_ref(), name, place, pipeline).await,
        _ => Err(CommandError::usage(
            "one pipeline is sent at a time; files of objects begin with `apiVersion` and `kind`",
        )),
    }
}
