//! The command line: what can be asked, and with which words.
//!
//! Each command has its own file under `commands/` with its own arguments; here is only what they share.

use clap::{Parser, Subcommand};
use coracle_app::config::EngineWanted;

use crate::commands::{
    artifacts, cancel, completion, config_map, contexts, deploy, deployments, doctor, drift, env,
    export, follow, gc, get, import, kubeconfig, logs, model_server, open, parity, preflight, push,
    replay, requests, rerun, resources, retry, rollback, run, runs, secret, serve, serve_model,
    supervise, volume, why, workflow,
};
use crate::output::Format;

/// Kubeflow in a boat one person can carry: pipelines on this machine, with Kubeflow's own files.
#[derive(Debug, Parser)]
#[command(
    name = "coracle",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
#[command(
    after_help = "Settings come from the environment: CORACLE_HOME moves everything that is kept,\n\
    CORACLE_ENGINE chooses the engine, CORACLE_LOG=debug says more, NO_COLOR is respected.\n\
    Exit codes: 0 fine, 1 the work failed, 2 usage, 3 no engine, 4 not found, 130 interrupted."
)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// How to answer
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub(crate) output: Format,

    /// Which engine runs steps: auto, docker or process
    #[arg(long, global = true, value_name = "ENGINE")]
    pub(crate) engine: Option<EngineWanted>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a pipeline and follow it
    Run(run::Arguments),
    /// List runs, newest first
    Runs(runs::Arguments),
    /// Show a run with its tasks
    Get(get::Arguments),
    /// Show what steps wrote
    Logs(logs::Arguments),
    /// Stop a run
    Cancel(cancel::Arguments),
    /// Begin a failed run anew where it failed
    Retry(retry::Arguments),
    /// Run a pipeline again from one of its steps on
    Rerun(rerun::Arguments),
    /// Say why a step ran, or did not have to
    Why(why::Arguments),
    /// Say what the steps of a pipeline use, and what to ask for them elsewhere
    Resources(resources::Arguments),
    /// Open a step as a notebook, with what it was given
    Open(open::Arguments),
    /// List what a run made
    Artifacts(artifacts::Arguments),
    /// List and remove prepared environments
    Env(env::Arguments),
    /// Keep secrets for steps and pods
    Secret(secret::Arguments),
    /// Keep config maps for steps and pods
    ConfigMap(config_map::Arguments),
    /// Keep volumes that pipelines mount
    Volume(volume::Arguments),
    /// Free disk space
    Gc(gc::Arguments),
    /// Push an image of this machine to a registry
    Push(push::Arguments),
    /// Send a pipeline or objects to a cluster
    Deploy(Box<deploy::Arguments>),
    /// List what was sent to a cluster
    Deployments(deployments::Arguments),
    /// Have objects in a cluster be as they were before they were last sent
    Rollback(rollback::Arguments),
    /// Remove from a cluster what was sent there
    Undeploy(rollback::Arguments),
    /// Write objects as a folder that `kubectl apply -k` takes
    Export(export::Arguments),
    /// List what was sent to clusters, and follow a run or a workload there
    Follow(follow::Arguments),
    /// Bring a run that ended on a cluster here
    Import(import::Arguments),
    /// Run a pipeline here and on a cluster, and compare what came out
    Parity(Box<parity::Arguments>),
    /// Look at the machine and say what to mend
    Doctor(doctor::Arguments),
    /// Write the file with which kubectl finds the workbench, and print its path
    Kubeconfig(kubeconfig::Arguments),
    /// List the clusters that the kubeconfig leads to
    Contexts(contexts::Arguments),
    /// Find out whether a cluster can take what is to be sent
    Preflight(preflight::Arguments),
    /// Be the workbench until stopped
    Serve(serve::Arguments),
    /// Serve one ONNX model until stopped
    ModelServer(model_server::Arguments),
    /// Serve a trained model of this machine
    ServeModel(serve_model::Arguments),
    /// Say whether a model that is served is still asked what it was trained for
    Drift(drift::Arguments),
    /// List what a model server was asked
    Requests(requests::Arguments),
    /// Send requests of a model server again, and compare the answers
    Replay(replay::Arguments),
    /// Write a pipeline as a workflow for a cluster that has Argo Workflows
    Workflow(Box<workflow::Arguments>),
    /// Write a completion script for a shell
    Completion(completion::Arguments),
    /// Look after one process of a step
    #[command(hide = true)]
    Supervise(supervise::Arguments),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_format_may_stand_anywhere() {
        for line in [
            ["coracle", "-o", "json", "runs"],
            ["coracle", "runs", "-o", "json"],
        ] {
            assert_eq!(
                Arguments::try_parse_from(line).unwrap().output,
                Format::Json
            );
        }
    }

    #[test]
    fn an_unknown_engine_is_refused_with_those_there_are() {
        let error =
            Arguments::try_parse_from(["coracle", "runs", "--engine", "podman"]).unwrap_err();
        assert!(
            error.to_string().contains("`auto`, `docker` or `process`"),
            "{error}"
        );
    }
}
