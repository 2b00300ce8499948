//! `coracle rollback NAME`: objects in a cluster as they were before they were last sent.

use coracle_app::view::Deployed;

use super::deploy::{Place, told};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: coracle rollback notebook --context dev")]
pub(crate) struct Arguments {
    /// The deployment, as `coracle deploy` named it: by its first file, or by --name
    deployment: String,

    #[command(flatten)]
    place: Place,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    act(context, arguments, "rollback").await
}

/// `coracle undeploy NAME`: what was sent to a cluster is removed there.
pub(crate) async fn undeploy(
    context: &Context,
    arguments: Arguments,
) -> Result<Exit, CommandError> {
    act(context, arguments, "remove").await
}

async fn act(
    context: &Context,
    arguments: Arguments,
    verb: &'static str,
) -> Result<Exit, CommandError> {
    let place = arguments.place.of(context, &arguments.deployment);
    let session = Session::look(context).await?;
    let call = Call::post(["clusters", "deployments"])
        .action(verb)
        .json(&place);
    let deployed: Deployed = session.client().ask(call).await?;
    session.close().await;
    told::deployed(context, &deployed)
}
