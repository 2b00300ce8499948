//! Which deployment is meant, and where, as the commands that send, go back and remove ask for it.

use coracle_app::view::DeploymentPlace;

use crate::commands::kubeconfig_named;
use crate::context::Context;

/// Which deployment is meant, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// The context of the kubeconfig; its current one if left out
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) context: Option<String>,

    /// The namespace there; that of the context if left out
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,

    /// The context's name once more, where it is protected
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) confirm: Option<String>,
}

impl Place {
    /// As it is asked for.
    pub(crate) fn of(&self, context: &Context, deployment: &str) -> DeploymentPlace {
        DeploymentPlace {
            kubeconfig: kubeconfig_named::value(&context.surroundings),
            context: self.context.clone(),
            namespace: self.namespace.clone(),
            deployment: deployment.to_owned(),
            confirm: self.confirm.clone(),
        }
    }
}
