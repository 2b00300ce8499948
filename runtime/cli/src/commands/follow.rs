//! `coracle follow [RUN]`: what was sent to clusters, and following one of it, or a workload there, to its end.

use std::path::PathBuf;

use coracle_app::view::{RemoteRun, RemoteRunList, RemoteToken};

use super::deploy::pipeline::token;
use super::follow_workload;
use super::outcome::Aftermath;
use super::remote_list;
use super::remote_outcome::{self, Begun};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::follow::Interrupts;
use crate::workbench::{Session, Wanted};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: coracle follow 3f2\n\
    \x20         coracle follow job/train --context dev -n team\n\
    The exit code is 0 when the run or the workload did what it was to do, and 1 when it failed or was removed.")]
pub(crate) struct Arguments {
    /// The run: its id here or there, or the beginning of it; or a job, pod or deployment of a cluster; all runs are listed when it is
    /// left out
    #[arg(value_name = "RUN|KIND/NAME")]
    run: Option<String>,

    /// A workload: the context of the kubeconfig; its current one if left out
    #[arg(long, value_name = "CONTEXT", requires = "run")]
    context: Option<String>,

    /// A workload: its namespace; that of the context if left out
    #[arg(short, long, value_name = "NAMESPACE", requires = "run")]
    namespace: Option<String>,

    /// A file with another token for its server, in place of one that has expired
    #[arg(long, value_name = "FILE", requires = "run")]
    kfp_token_file: Option<PathBuf>,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let output = &context.output;
    let Some(name) = &arguments.run else {
        let session = Session::look(context).await?;
        let list: RemoteRunList = session
            .client()
            .ask(Call::get(["clusters", "runs"]))
            .await?;
        session.close().await;
        return remote_list::show(
            &list,
            output,
            "nothing was sent to a cluster; send a pipeline with `coracle deploy FILE --context CONTEXT`",
        );
    };
    if name.contains('/') {
        if arguments.kfp_token_file.is_some() {
            return Err(CommandError::usage("`--kfp-token-file` is for runs"));
        }
        let place = (arguments.context, arguments.namespace);
        return follow_workload::run(context, name, place).await;
    }
    if arguments.context.is_some() || arguments.namespace.is_some() {
        return Err(CommandError::usage(
            "`--context` and `--namespace` are for workloads; write `job/NAME`, `pod/NAME` or `deployment/NAME`",
        ));
    }
    let mut interrupts = Interrupts::listen()?;
    let mut session = Session::work(context, Wanted::Here).await?;
    if let Some(file) = &arguments.kfp_token_file {
        let token = RemoteToken {
            token: token(context, file)?,
        };
        let call = Call::put(["clusters", "runs", name, "token"]).json(&token);
        session.client().tell(call).await?;
    }
    let run: RemoteRun = session
        .client()
        .ask(Call::get(["clusters", "runs", name]))
        .await?;
    let begun = Begun { run, known: false };
    let done = remote_outcome::go_on(
        &mut session,
        begun,
        Aftermath::Follow,
        output,
        &mut interrupts,
    )
    .await;
    session.close().await;
    done
}
