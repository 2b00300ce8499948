//! Exec and attach over a WebSocket.

use tokio::sync::mpsc;

use super::channels::{Incoming, open};
use super::serve;
use crate::inbox::{Inbox, inbox};
use crate::io::Io;
use crate::remote::conduct::{BoxWriter, Listener, Speaker, WAITING_SIZES, conduct};
use crate::remote::protocol::{ChannelProtocol, HalfClose};
use crate::remote::query::Streams;
use crate::remote::session::{Exit, Session, TerminalSize};
use crate::remote::size::SizeReader;

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;
/// Names a channel on which the client says no more.
const CLOSE: u8 = 255;

/// Serves a command on a connection.
pub(crate) async fn command(
    io: impl Io,
    protocol: ChannelProtocol,
    streams: Streams,
    start: impl Future<Output = Result<Session, Exit>>,
) {
    let (mut incoming, outgoing, writing) = open(io, protocol.framing);
    let (inbox, stdin) = inbox();
    let (size_sender, sizes) = mpsc::channel(WAITING_SIZES);
    let stdin = streams.stdin.then_some(stdin);
    let speaker = Speaker { stdin, sizes };
    let listen = |channel| -> BoxWriter { Box::new(outgoing.channel(channel)) };
    let listener = Listener {
        stdout: streams.stdout.then(|| listen(STDOUT)),
        stderr: streams.stderr.then(|| listen(STDERR)),
        error: listen(ERROR),
        format: protocol.format,
    };
    let conducting = async {
        outgoing.greet(lowest(streams)).await;
        drop(outgoing);
        conduct(start, speaker, listener).await;
    };
    let listening = read(&mut incoming, protocol, inbox, size_sender);
    serve(conducting, listening, writing).await;
}

/// The first channel on which the client listens.
fn lowest(streams: Streams) -> u8 {
    if streams.stdout {
        STDOUT
    } else if streams.stderr {
        STDERR
    } else {
        ERROR
    }
}

/// Reads what the client says until it hangs up.
async fn read(
    incoming: &mut Incoming<impl Io>,
    protocol: ChannelProtocol,
    stdin: Inbox,
    sizes: mpsc::Sender<TerminalSize>,
) {
    let prober = incoming.prober();
    let mut reader = SizeReader::default();
    while let Some((channel, bytes)) = incoming.next().await {
        match channel {
            STDIN => stdin.put(&bytes, || prober.probe()).await,
            RESIZE => {
                for size in reader.read(&bytes) {
                    // Without a terminal nobody wants to know.
                    let _ = sizes.send(size).await;
                }
            }
            CLOSE if protocol.half_close == HalfClose::Signalled && *bytes == [STDIN] => {
                stdin.finish();
            }
            _ => {}
        }
    }
}
