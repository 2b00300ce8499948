//! From the word on the command line to its file.

use super::{
    artifacts, cancel, completion, config_map, contexts, deploy, deployments, doctor, drift, env,
    export, follow, gc, get, import, kubeconfig, logs, model_server, open, parity, preflight, push,
    replay, requests, rerun, resources, retry, rollback, run, runs, secret, serve, serve_model,
    supervise, volume, why, workflow,
};
use crate::arguments::Command;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;

/// Carries out a command.
pub(crate) async fn dispatch(context: &Context, command: Command) -> Result<Exit, CommandError> {
    match command {
        Command::Run(arguments) => run::run(context, arguments).await,
        Command::Runs(arguments) => runs::run(context, arguments).await,
        Command::Get(arguments) => get::run(context, arguments).await,
        Command::Logs(arguments) => logs::run(context, arguments).await,
        Command::Cancel(arguments) => cancel::run(context, arguments).await,
        Command::Retry(arguments) => retry::run(context, arguments).await,
        Command::Rerun(arguments) => rerun::run(context, arguments).await,
        Command::Why(arguments) => why::run(context, arguments).await,
        Command::Open(arguments) => open::run(context, arguments).await,
        Command::Artifacts(arguments) => artifacts::run(context, arguments).await,
        Command::Env(arguments) => env::run(context, arguments).await,
        Command::Secret(arguments) => secret::run(context, arguments).await,
        Command::ConfigMap(arguments) => config_map::run(context, arguments).await,
        Command::Volume(arguments) => volume::run(context, arguments).await,
        Command::Contexts(arguments) => contexts::run(context, arguments).await,
        Command::Parity(arguments) => parity::run(context, *arguments).await,
        Command::Preflight(arguments) => preflight::run(context, arguments).await,
        Command::Push(arguments) => push::run(context, arguments).await,
        Command::Gc(arguments) => gc::run(context, arguments).await,
        Command::Deploy(arguments) => deploy::run(context, *arguments).await,
        Command::Deployments(arguments) => deployments::run(context, arguments).await,
        Command::Import(arguments) => import::run(context, arguments).await,
        Command::Follow(arguments) => follow::run(context, arguments).await,
        Command::Doctor(arguments) => doctor::run(context, arguments).await,
        Command::Resources(arguments) => resources::run(context, arguments).await,
        Command::Workflow(arguments) => workflow::run(context, *arguments).await,
        Command::Rollback(arguments) => rollback::run(context, arguments).await,
        Command::Undeploy(arguments) => rollback::undeploy(context, arguments).await,
        Command::Export(arguments) => export::run(context, arguments).await,
        Command::Drift(arguments) => drift::run(context, arguments).await,
        Command::Kubeconfig(arguments) => kubeconfig::run(context, arguments).await,
        Command::ModelServer(arguments) => model_server::run(context, arguments).await,
        Command::Serve(arguments) => serve::run(context, arguments).await,
        Command::ServeModel(arguments) => serve_model::run(context, arguments).await,
        Command::Requests(arguments) => requests::run(context, arguments).await,
        Command::Replay(arguments) => replay::run(context, arguments).await,
        Command::Completion(arguments) => completion::run(context, &arguments),
        Command::Supervise(arguments) => Ok(supervise::run(&arguments)),
    }
}
