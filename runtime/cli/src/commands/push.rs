//! `coracle push IMAGE REGISTRY/NAME:TAG`: an image of the engine goes to a registry.

use std::collections::BTreeMap;

use coracle_app::view::{PushImage, PushProgress, PushState, PushTold, PushedImage};
use serde::Serialize;

use crate::client::{Call, Events};
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::follow::Interrupts;
use crate::output::{Format, LiveLines, Output, Paint, bytes, count};
use crate::workbench::Session;

/// How much of a digest names a layer for people.
const SHORT_DIGEST: usize = "sha256:".len() + 12;

/// What is left of a push that ended early.
const GOES_ON: &str = "the same command again goes on with what has arrived";

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: coracle push my-model:1 registry.example/team/my-model:1\n\
    Who asks is as `docker login` left it. Layers that are there already are not sent; after whatever broke off, the same\n\
    command again goes on with what has arrived. A registry on this machine is spoken to without TLS."
)]
pub(crate) struct Arguments {
    /// The image on this machine, by its name or id
    image: String,

    /// Where it goes: REGISTRY/NAME:TAG
    #[arg(value_name = "REGISTRY/NAME:TAG")]
    destination: String,
}

/// The answer as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    pushed: &'a PushedImage,
    layers: Vec<&'a PushProgress>,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let mut interrupts = Interrupts::listen()?;
    let session = Session::look(context).await?;
    let call = Call::post(["images"]).action("push").json(&PushImage {
        image: arguments.image,
        destination: arguments.destination,
    });
    let mut told = Events::<PushTold>::new(session.client().stream(call).await?);
    let output = &context.output;
    let mut layers = BTreeMap::new();
    let mut lines = LiveLines::on_stderr(output.stderr);
    let outcome = loop {
        // Nothing is read any more after an interrupt: the push ends with whoever reads of it.
        let next = tokio::select! {
            next = told.next() => next,
            () = interrupts.next() => break Ok(None),
        };
        match next {
            Ok(Some(PushTold::Progress(progress))) => {
                if let Some(line) = settled(&progress, output) {
                    lines.line(&line);
                }
                layers.insert(progress.layer, progress);
                lines.show(&under_way(&layers));
            }
            Ok(Some(PushTold::Pushed(pushed))) => break Ok(Some(pushed)),
            Ok(Some(PushTold::Refused(body))) => break Err(body.into()),
            Ok(None) => break Err(broken_off()),
            Err(error) => break Err(error),
        }
    };
    lines.finish();
    drop(told);
    session.close().await;
    let Some(pushed) = outcome? else {
        output.note(GOES_ON);
        return Ok(Exit::Interrupted);
    };
    match output.format {
        Format::Json => output.json(&Answer {
            pushed: &pushed,
            layers: layers.values().collect(),
        })?,
        Format::Text => output.data(&tell(&pushed, output))?,
    }
    Ok(Exit::Fine)
}

fn tell(pushed: &PushedImage, output: &Output) -> String {
    let sent = match pushed.layers_there == pushed.layers {
        true => "all of its layers were there".to_owned(),
        false => format!(
            "{} sent, {} of {} there already",
            bytes(pushed.bytes_sent),
            pushed.layers_there,
            count(pushed.layers, "layer")
        ),
    };
    let reference = output.on_stdout(Paint::Bold, &pushed.reference);
    format!("{reference}\n{}\n{sent}\n", pushed.digest)
}

/// What is said of a layer that is done with.
fn settled(progress: &PushProgress, output: &Output) -> Option<String> {
    let name = name(progress);
    let what = match (progress.state, &progress.from) {
        (PushState::Reading | PushState::Sending, _) => return None,
        (PushState::There, _) => "there already".to_owned(),
        (PushState::Mounted, Some(from)) => format!("taken from {from}"),
        (PushState::Mounted, None) => "taken from another repository".to_owned(),
        (PushState::Sent, _) => format!("{} sent", bytes(progress.bytes.unwrap_or_default())),
    };
    Some(format!("{} {what}", output.on_stderr(Paint::Dim, &name)))
}

/// A line for each layer that is read or sent.
fn under_way(layers: &BTreeMap<usize, PushProgress>) -> Vec<String> {
    let lines = layers.values().filter_map(|progress| {
        let what = match progress.state {
            PushState::Reading => "packing",
            PushState::Sending => "sending",
            PushState::There | PushState::Mounted | PushState::Sent => return None,
        };
        let (done, all) = (progress.bytes?, progress.total?);
        let percent = done.saturating_mul(100) / all.max(1);
        Some(format!(
            "{} {what} {percent:>3}% of {}",
            name(progress),
            bytes(all)
        ))
    });
    lines.collect()
}

/// What a layer is called: by its digest, once it has one.
fn name(progress: &PushProgress) -> String {
    match &progress.digest {
        Some(digest) => digest.get(..SHORT_DIGEST).unwrap_or(digest).to_owned(),
        None => format!("layer {}", progress.layer),
    }
}

fn broken_off() -> CommandError {
    CommandError::failed(
        "broken_off",
        "the workbench ended before the image was there",
    )
    .with_hint(GOES_ON)
}
