//! `coracle logs RUN`: what steps wrote, byte for byte.

use coracle_app::view::{LogFormat, LogQuery, LogStream};
use coracle_model::AttemptNumber;
use futures_util::StreamExt;
use http_body_util::BodyStream;

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::follow::Interrupts;
use crate::output::Format;
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "With `-o json` each line becomes an object with its step, attempt, stream and time."
)]
pub(crate) struct Arguments {
    /// The run: its id, or the beginning of it
    run: String,

    /// Only this step: its path, or the end of it
    #[arg(short, long)]
    step: Option<String>,

    /// Which attempt at the step, from 1; the last one if left out
    #[arg(long, value_name = "NUMBER", requires = "step", value_parser = attempt)]
    attempt: Option<AttemptNumber>,

    /// Wait for what is still to come
    #[arg(short, long)]
    follow: bool,

    /// Only what was written there
    #[arg(long)]
    stream: Option<Stream>,

    /// Only so many of the last lines of each step
    #[arg(short = 'n', long, value_name = "LINES")]
    tail: Option<usize>,
}

/// Where a step writes.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let mut interrupts = Interrupts::listen()?;
    let session = Session::look(context).await?;
    let query = LogQuery {
        step: arguments.step,
        attempt: arguments.attempt,
        stream: arguments.stream.map(|stream| match stream {
            Stream::Stdout => LogStream::Stdout,
            Stream::Stderr => LogStream::Stderr,
        }),
        tail: arguments.tail,
        from: None,
        follow: arguments.follow,
        format: match context.output.format {
            Format::Text => LogFormat::Raw,
            Format::Json => LogFormat::Lines,
        },
    };
    let content = session
        .client()
        .stream(Call::get(["runs", &arguments.run, "log"]).query(&query))
        .await?;
    let mut frames = BodyStream::new(content);
    let mut silent = true;
    loop {
        // Both are cancel-safe.
        let frame = tokio::select! {
            frame = frames.next() => frame,
            () = interrupts.next() => return Ok(Exit::Interrupted),
        };
        match frame {
            None => {
                if silent {
                    context
                        .output
                        .note("nothing was written; steps whose results were known are not run");
                }
                return Ok(Exit::Fine);
            }
            Some(Ok(frame)) => {
                let bytes = frame.into_data().unwrap_or_default();
                silent &= bytes.is_empty();
                context.output.raw(&bytes)?;
            }
            Some(Err(error)) => {
                return Err(CommandError::failed(
                    "broken_off",
                    format!("the log broke off: {error}"),
                ));
            }
        }
    }
}

fn attempt(text: &str) -> Result<AttemptNumber, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number
        .map(AttemptNumber)
        .ok_or_else(|| "attempts count from 1".to_owned())
}
