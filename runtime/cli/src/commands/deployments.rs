//! `coracle deployments`: what was sent to a cluster, by its records there.

use coracle_app::view::{DeploymentList, DeploymentsQuery, ListedDeployment};

use super::kubeconfig_named;
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Align, Format, Paint, Table};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "What this or another machine sent is known by its records in the cluster. By these names\n\
    `coracle rollback` and `coracle undeploy` find it."
)]
pub(crate) struct Arguments {
    /// The context of the kubeconfig; its current one if left out
    #[arg(long, value_name = "CONTEXT")]
    context: Option<String>,

    /// The namespace there; that of the context if left out
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// All namespaces
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let query = DeploymentsQuery {
        kubeconfig: kubeconfig_named::value(&context.surroundings),
        context: arguments.context,
        namespace: arguments.namespace,
        all_namespaces: arguments.all_namespaces,
    };
    let session = Session::look(context).await?;
    let call = Call::get(["clusters", "deployments"]).query(&query);
    let list: DeploymentList = session.client().ask(call).await?;
    session.close().await;
    let output = &context.output;
    match output.format {
        Format::Json => output.json(&list)?,
        Format::Text => output.table(
            &table(&list.deployments),
            list.deployments.len(),
            &format!(
                "nothing was sent to {}; `coracle deploy` sends",
                list.context
            ),
        )?,
    }
    Ok(Exit::Fine)
}

fn table(deployments: &[ListedDeployment]) -> Table {
    let mut table = Table::new([
        ("DEPLOYMENT", Align::Left),
        ("NAMESPACE", Align::Left),
        ("REVISION", Align::Right),
        ("STATE", Align::Left),
        ("OBJECTS", Align::Left),
    ]);
    for one in deployments {
        let objects = one.objects.iter();
        let objects: Vec<_> = objects
            .map(|object| format!("{}/{}", object.kind, object.name))
            .collect();
        table.row([
            (one.deployment.clone(), Paint::Bold),
            (one.namespace.clone(), Paint::Plain),
            (one.revision.to_string(), Paint::Plain),
            state(one),
            (objects.join(", "), Paint::Plain),
        ]);
    }
    table
}

fn state(one: &ListedDeployment) -> (String, Paint) {
    match (&one.problem, one.is_finished, one.can_go_back) {
        (Some(problem), _, _) => (format!("cannot be read: {problem}"), Paint::Bad),
        (None, false, _) => ("unfinished: deploy it once more".to_owned(), Paint::Warning),
        (None, true, true) => ("sent".to_owned(), Paint::Plain),
        (None, true, false) => ("sent, gone back from".to_owned(), Paint::Dim),
    }
}
