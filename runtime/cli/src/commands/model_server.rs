//! `coracle model-server`: one model over HTTP, without a workbench.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use coracle_onnx::{LoadError, Model, Server};
use tokio::net::TcpListener;

use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::follow::Interrupts;
use crate::output::Format;

/// As servers of KServe are started, whose words have other dashes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The model: an ONNX file, or a directory with one
    #[arg(long, value_name = "PATH", alias = "model_dir")]
    model_dir: PathBuf,

    /// The name under which it is asked
    #[arg(
        long,
        value_name = "NAME",
        alias = "model_name",
        default_value = "model"
    )]
    model_name: String,

    /// The port to listen at; 0 for any that is free
    #[arg(long, value_name = "PORT", alias = "http_port", default_value_t = 8080)]
    http_port: u16,

    /// The address to listen at
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let mut interrupts = Interrupts::listen()?;
    let path = arguments.model_dir;
    let loaded = tokio::task::spawn_blocking(move || Model::load(&path)).await;
    let model = loaded
        .map_err(|error| CommandError::failed("model", error.to_string()))?
        .map_err(|error| of_load(&error))?;
    let place = (arguments.listen, arguments.http_port);
    let failed = |error: io::Error| {
        let (address, port) = place;
        CommandError::failed(
            "listen",
            format!("failed to listen at {address}:{port}: {error}"),
        )
    };
    let listener = TcpListener::bind(place).await.map_err(failed)?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);
    let name = &arguments.model_name;
    match context.output.format {
        Format::Text => context
            .output
            .data(&format!("serving `{name}` at {url}\n"))?,
        Format::Json => context
            .output
            .json(&serde_json::json!({ "listening_on": url, "model": name }))?,
    }
    let server = Server::new(name, Arc::new(model));
    let stop = async move { interrupts.next().await };
    coracle_http::serve_model(server, listener, stop)
        .await
        .map_err(failed)?;
    Ok(Exit::Fine)
}

fn of_load(error: &LoadError) -> CommandError {
    let message = error.to_string();
    match error {
        LoadError::Missing { .. } | LoadError::NoModel { .. } => CommandError::not_found(message),
        LoadError::SeveralModels { .. }
        | LoadError::Read(_)
        | LoadError::NotOnnx { .. }
        | LoadError::Operators { .. }
        | LoadError::Unfit { .. } => CommandError::failed("model", message),
    }
}
