//! `coracle volume`: persistent volume claims, which pipelines mount by name.

use coracle_app::view::{PutVolume, VolumeList};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Align, Format, Paint, Table, bytes};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Make a volume; one that is there already and claims the same stays as it is
    Create {
        /// Its name
        name: String,

        /// The size it claims, which nothing enforces here
        #[arg(long, value_name = "QUANTITY")]
        size: Option<String>,

        /// How it may be mounted, such as ReadWriteOnce; may be given again
        #[arg(long, value_name = "MODE")]
        access_mode: Vec<String>,
    },
    /// List volumes and what is in them
    List,
    /// Delete volumes with everything in them
    #[command(visible_alias = "rm")]
    Delete {
        /// Their names
        #[arg(required = true)]
        name: Vec<String>,
    },
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let session = Session::look(context).await?;
    let output = &context.output;
    match arguments.command {
        Subcommand::Create {
            name,
            size,
            access_mode,
        } => {
            let usual = PutVolume::default();
            let body = PutVolume {
                size: size.unwrap_or(usual.size),
                access_modes: if access_mode.is_empty() {
                    usual.access_modes
                } else {
                    access_mode
                },
            };
            session
                .client()
                .tell(Call::put(["volumes", &name]).json(&body))
                .await?;
            output.done("kept", &name, &format!("the volume `{name}` is there"))?;
        }
        Subcommand::List => {
            let list: VolumeList = session.client().ask(Call::get(["volumes"])).await?;
            match output.format {
                Format::Json => output.json(&list)?,
                Format::Text => output.table(&table(&list), list.volumes.len(), "no volumes")?,
            }
        }
        Subcommand::Delete { name } => {
            for name in name {
                session
                    .client()
                    .tell(Call::delete(["volumes", &name]))
                    .await?;
                output.done("removed", &name, &format!("deleted the volume `{name}`"))?;
            }
        }
    }
    Ok(Exit::Fine)
}

fn table(list: &VolumeList) -> Table {
    let mut table = Table::new([
        ("NAME", Align::Left),
        ("CLAIMED", Align::Right),
        ("USED", Align::Right),
        ("MODES", Align::Left),
        ("WHERE", Align::Left),
    ]);
    for volume in &list.volumes {
        table.row([
            (volume.name.clone(), Paint::Bold),
            (volume.size.clone(), Paint::Plain),
            (bytes(volume.bytes), Paint::Plain),
            (volume.access_modes.join(", "), Paint::Plain),
            (volume.path.display().to_string(), Paint::Plain),
        ]);
    }
    table
}
