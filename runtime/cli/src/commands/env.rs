//! `coracle env`: prepared environments, which spare steps their installs.

use coracle_app::view::{Environment, EnvironmentList};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Align, Format, Output, Paint, Table, bytes};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// List the environments that are kept, newest first
    List,
    /// Remove environments; a step that needs one makes it again
    #[command(visible_alias = "rm")]
    Remove {
        /// Their keys, or the beginnings of them
        #[arg(required = true)]
        key: Vec<String>,
    },
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let session = Session::look(context).await?;
    let output = &context.output;
    match arguments.command {
        Subcommand::List => {
            let list: EnvironmentList = session.client().ask(Call::get(["environments"])).await?;
            match output.format {
                Format::Json => output.json(&list)?,
                Format::Text => {
                    let rows = list.environments.len();
                    output.table(&table(&list.environments, output), rows, "no prepared environments yet")?;
                }
            }
        }
        Subcommand::Remove { key } => {
            for key in key {
                session.client().tell(Call::delete(["environments", &key])).await?;
                output.note(&format!("removed {key}"));
            }
        }
    }
    Ok(Exit::Fine)
}

fn table(environments: &[Environment], output: &Output) -> Table {
    let mut table = Table::new([
        ("KEY", Align::Left),
        ("BASE", Align::Left),
        ("SIZE", Align::Right),
        ("CREATED", Align::Left),
        ("INSTALL", Align::Left),
    ]);
    for environment in environments {
        table.row([
            (environment.key.as_str().chars().take(12).collect(), Paint::Bold),
            (environment.base.clone(), Paint::Plain),
            (bytes(environment.size_bytes), Paint::Plain),
            (output.when().show(Some(environment.created_at)), Paint::Plain),
            (environment.install.split_whitespace().collect::<Vec<_>>().join(" "), Paint::Plain),
        ]);
    }
    table
}
