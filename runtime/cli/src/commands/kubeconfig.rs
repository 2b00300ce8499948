//! `coracle kubeconfig`: the file with which kubectl and its kin find the workbench.

use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use serde_json::json;

use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::Format;
use crate::workbench::{Session, Wanted};

/// The name of the cluster, the user and the context.
const NAME: &str = "coracle";

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: kubectl --kubeconfig $(coracle kubeconfig) get nodes")]
pub(crate) struct Arguments {
    /// The namespace in which kubectl looks when it is not told one
    #[arg(short, long, value_name = "NAMESPACE", default_value = "default")]
    namespace: String,

    /// Where to write it; if left out, into the home
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let session = Session::work(context, Wanted::Background).await?;
    let url = session.client().url().ok_or_else(|| {
        CommandError::failed(
            "unreachable",
            "the workbench has no address to be reached at",
        )
    })?;
    let home = context.config()?.home;
    let path = arguments
        .file
        .unwrap_or_else(|| home.data().join("kubeconfig"));
    write(&path, &text(url, &arguments.namespace)).map_err(|error| {
        let message = format!("failed to write `{}`: {error}", path.display());
        CommandError::failed("internal", message)
    })?;
    let told = match context.output.format {
        Format::Text => context.output.data(&format!("{}\n", path.display())),
        Format::Json => context.output.json(&json!({ "kubeconfig": path })),
    };
    session.close().await;
    told?;
    Ok(Exit::Fine)
}

/// The file. JSON is YAML, too, and leaves no question of quotes.
fn text(url: &str, namespace: &str) -> String {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "clusters": [{ "name": NAME, "cluster": { "server": url } }],
        "users": [{ "name": NAME, "user": {} }],
        "contexts": [{
            "name": NAME,
            "context": { "cluster": NAME, "user": NAME, "namespace": namespace },
        }],
    });
    format!("{config:#}\n")
}

/// Written beside and renamed: who reads meanwhile reads all of one.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = fs_err::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    fs_err::rename(&unfinished, path)
}
