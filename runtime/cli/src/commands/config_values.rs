//! What secrets and config maps have in common: they are set whole, listed without their values, and removed.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use coracle_app::view::{Bytes, ConfigList, PutConfig};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Align, Format, Paint, Table};
use crate::workbench::Session;

/// What can be done with them.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Keep values under a name, in place of all that the name had
    Set(Set),
    /// List names and keys; values are never shown
    List,
    /// Remove by name
    #[command(visible_alias = "rm")]
    Remove {
        /// The names
        #[arg(required = true)]
        name: Vec<String>,
    },
}

/// What is kept.
#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// Its name
    name: String,

    /// A key and its value; other programs of this machine see what stands on a command line
    // Read later: the message of the parser for a wrong one would repeat the secret.
    #[arg(value_name = "KEY=VALUE", required_unless_present = "from_file")]
    value: Vec<String>,

    /// A key and the file that holds its value, byte for byte; `-` reads standard input
    #[arg(long, value_name = "KEY=PATH", value_parser = pair)]
    from_file: Vec<(String, String)>,
}

/// Which of the two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// The segment of its paths.
    pub(crate) segment: &'static str,
    /// What people call one.
    pub(crate) noun: &'static str,
}

/// Carries out what was asked of one kind.
pub(crate) async fn run(
    context: &Context,
    kind: Kind,
    command: Subcommand,
) -> Result<Exit, CommandError> {
    let output = &context.output;
    // Also to list them: what an older version kept is taken over first.
    let session = Session::change(context).await?;
    match command {
        Subcommand::Set(set) => {
            let name = set.name.clone();
            let body = PutConfig {
                data: read(context, set)?,
            };
            session
                .client()
                .tell(Call::put([kind.segment, &name]).json(&body))
                .await?;
            output.done("kept", &name, &format!("kept the {} `{name}`", kind.noun))?;
        }
        Subcommand::List => {
            let list: ConfigList = session.client().ask(Call::get([kind.segment])).await?;
            match output.format {
                Format::Json => output.json(&list)?,
                Format::Text => output.table(
                    &table(&list),
                    list.items.len(),
                    &format!("no {}s", kind.noun),
                )?,
            }
        }
        Subcommand::Remove { name } => {
            for name in name {
                session
                    .client()
                    .tell(Call::delete([kind.segment, &name]))
                    .await?;
                output.done(
                    "removed",
                    &name,
                    &format!("removed the {} `{name}`", kind.noun),
                )?;
            }
        }
    }
    session.close().await;
    Ok(Exit::Fine)
}

fn read(context: &Context, set: Set) -> Result<BTreeMap<String, Bytes>, CommandError> {
    let literal = set.value.iter().map(|text| match pair(text) {
        Ok((key, value)) => Ok((key, value.into_bytes())),
        Err(message) => Err(CommandError::usage(message)),
    });
    let files = set
        .from_file
        .into_iter()
        .map(|(key, path)| Ok((key, read_value(context, &path)?)));
    let mut data = BTreeMap::new();
    for pair in literal.chain(files) {
        let (key, value) = pair?;
        if data.insert(key.clone(), Bytes(value)).is_some() {
            return Err(CommandError::usage(format!(
                "the key `{key}` is given twice"
            )));
        }
    }
    Ok(data)
}

fn read_value(context: &Context, path: &str) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::new();
    let read = if path == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        let path = context.surroundings.path(&PathBuf::from(path));
        fs_err::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(CommandError::not_found(error.to_string()))
        }
        Err(error) => Err(CommandError::usage(error.to_string())),
    }
}

fn table(list: &ConfigList) -> Table {
    let mut table = Table::new([("NAME", Align::Left), ("KEYS", Align::Left)]);
    for item in &list.items {
        table.row([
            (item.name.clone(), Paint::Bold),
            (item.keys.join(", "), Paint::Plain),
        ]);
    }
    table
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        Some(_) | None => Err("write KEY=VALUE: a key, `=` and its value".to_owned()),
    }
}
