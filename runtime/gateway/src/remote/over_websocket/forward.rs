//! Port-forward over a WebSocket: one connection to each port, in two channels, `data` and `error`.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;

use super::channels::{ChannelWriter, Incoming, open};
use super::serve;
use crate::inbox::{Inbox, InboxReader, inbox};
use crate::io::Io;
use crate::remote::forward::{Dial, Forwarded, carry};
use crate::remote::protocol::Framing;

/// Serves the forwarded ports of a connection.
pub(crate) async fn forward(io: impl Io, framing: Framing, ports: Vec<u16>, dial: Arc<dyn Dial>) {
    let (mut incoming, outgoing, writing) = open(io, framing);
    let (inboxes, readers): (Vec<_>, Vec<_>) = ports.iter().map(|_| inbox()).unzip();
    let carried = ports.into_iter().zip(readers).zip((0..).step_by(2));
    let carried = carried.map(|((port, reader), channel)| {
        let forwarded = Forwarded {
            port,
            reader,
            writer: outgoing.channel(channel),
            error: outgoing.channel(channel + 1),
        };
        carry_channels(forwarded, &*dial)
    });
    let carried = carried.collect::<Vec<_>>();
    let carrying = async {
        join_all(carried).await;
    };
    drop(outgoing);
    let listening = read(&mut incoming, inboxes);
    serve(carrying, listening, writing).await;
}

async fn carry_channels(mut forwarded: Forwarded<InboxReader, ChannelWriter>, dial: &dyn Dial) {
    // Each channel begins with the port that it belongs to.
    let port = forwarded.port.to_le_bytes();
    for writer in [&mut forwarded.writer, &mut forwarded.error] {
        if writer.write_all(&port).await.is_err() {
            return;
        }
    }
    carry(forwarded, dial).await;
}

/// Reads what the client says until it hangs up.
async fn read(incoming: &mut Incoming<impl Io>, inboxes: Vec<Inbox>) {
    let prober = incoming.prober();
    while let Some((channel, bytes)) = incoming.next().await {
        // Nothing is said on channels of errors.
        if channel % 2 == 0
            && let Some(inbox) = inboxes.get(usize::from(channel / 2))
        {
            inbox.put(&bytes, || prober.probe()).await;
        }
    }
}
