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
                    output.table(
                        &table(&list.environments, output),
                        rows,
                        "no prepared environments yet",
                    )?;
                }
            }
        }
        Subcommand::Remove { key } => {
            for key in key {
                session
                    .client()
                    .tell(Call::delete(["environments", &key]))
                    .await?;
                output.done("removed", &key, &format!("removed {key}"))?;
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
            (
                environment.key.as_str().chars().take(12).collect(),
                Paint::Bold,
            ),
            (environment.base.clone(), Paint::Plain),
            (bytes(environment.size_bytes), Paint::Plain),
            (
                output.when().show(Some(environment.created_at)),
                Paint::Plain,
            ),
            (packages(&environment.install), Paint::Plain),
        ]);
    }
    table
}

/// What an install text installs: KFP quotes each package and nothing else but options. A text of another form
/// stands as it is.
fn packages(install: &str) -> String {
    let quoted = install
        .split('\'')
        .skip(1)
        .step_by(2)
        .filter(|word| !word.starts_with('-'));
    let packages: Vec<_> = quoted.collect();
    if packages.is_empty() {
        install.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        packages.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_install_is_shown_by_its_packages() {
        let install = "if ! pip; then ensurepip; fi\npip install --quiet 'pandas==2.2' && \
                       pip install 'kfp==2.17.0' '--no-deps' 'typing-extensions>=3.7.4,<5; python_version<\"3.9\"'";
        assert_eq!(
            packages(install),
            "pandas==2.2 kfp==2.17.0 typing-extensions>=3.7.4,<5; python_version<\"3.9\""
        );
        assert_eq!(packages("apt-get  install\njq"), "apt-get install jq");
    }
}
