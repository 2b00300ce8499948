//! What clients may say after an upgrade: anything.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::protocol::{Framing, SPDY_COMMAND, WEBSOCKET_COMMAND};
use super::*;
use crate::io::BoxIo;

struct Nowhere;

#[async_trait]
impl Dial for Nowhere {
    fn pod(&self) -> &str {
        "x"
    }

    async fn dial(&self, _port: u16) -> io::Result<BoxIo> {
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}

const STREAMS: Streams = Streams {
    stdin: true,
    stdout: true,
    stderr: false,
    tty: true,
};

/// A command that says something, reads nothing, and does not end.
async fn start() -> Result<Session, Exit> {
    let said = Output {
        source: Source::Stdout,
        bytes: Bytes::from_static(b"up"),
    };
    let (stdin, unread) = tokio::io::duplex(1);
    let silence = async move {
        let _held = unread;
        std::future::pending().await
    };
    Ok(Session {
        stdin: Some(Box::new(stdin)),
        output: futures_util::stream::iter([Ok(said)])
            .chain(futures_util::stream::once(silence))
            .boxed(),
        resize: Some(Box::new(|_| std::future::ready(()).boxed())),
        exit: std::future::pending().boxed(),
    })
}

/// Every way in which an upgraded connection is served.
fn servings(io: impl Fn() -> DuplexStream) -> Vec<futures_util::future::BoxFuture<'static, ()>> {
    let dial: Arc<dyn Dial> = Arc::new(Nowhere);
    let mut servings = Vec::new();
    for protocol in WEBSOCKET_COMMAND.protocols {
        servings.push(over_websocket::command(io(), *protocol, STREAMS, start()).boxed());
    }
    for protocol in SPDY_COMMAND.protocols {
        servings.push(over_spdy::command(io(), *protocol, STREAMS, start()).boxed());
    }
    for framing in [Framing::Binary, Framing::Base64] {
        let ports = vec![80, 81];
        servings.push(over_websocket::forward(io(), framing, ports, dial.clone()).boxed());
    }
    servings.push(over_spdy::forward(io(), dial.clone()).boxed());
    servings.push(over_spdy::forward(over_websocket::tunnel(io()), dial).boxed());
    servings
}

/// Says something in every way, hangs up, and waits until that was noticed.
async fn say_and_leave(said: &[u8]) {
    let clients = std::cell::RefCell::new(Vec::new());
    let servings = servings(|| {
        let (client, server) = tokio::io::duplex(64 * 1024);
        clients.borrow_mut().push(client);
        server
    });
    for (serving, mut client) in servings.into_iter().zip(clients.into_inner()) {
        let leaving = async {
            let _ = client.write_all(said).await;
            drop(client);
        };
        let both = async { tokio::join!(serving, leaving) };
        tokio::time::timeout(Duration::from_secs(600), both)
            .await
            .expect("it ends");
    }
}

/// Frames of a WebSocket's client, whose mask changes nothing.
fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u8;
    assert!(length < 126);
    [&[0x80 | opcode, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_may_be_said(said in prop::collection::vec(any::<u8>(), 0..600)) {
        run(say_and_leave(&said));
    }

    #[test]
    fn any_messages_may_be_said(messages in prop::collection::vec((prop::sample::select(vec![0_u8, 1, 2, 8, 9, 10]), prop::collection::vec(any::<u8>(), 0..100)), 0..10)) {
        let said: Vec<u8> = messages.iter().flat_map(|(opcode, payload)| masked(*opcode, payload)).collect();
        run(say_and_leave(&said));
    }
}

fn run(task: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime
        .expect("a runtime without IO can be made")
        .block_on(task);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_before_it_is_said() {
    let (mut client, server) = tokio::io::duplex(1024);
    let (_, protocol) = WEBSOCKET_COMMAND
        .choose(&["v5.channel.k8s.io".to_owned()])
        .unwrap();
    let serving = over_websocket::command(server, protocol, STREAMS, start());
    let saying = async {
        let length = (1_u64 << 40).to_be_bytes();
        let head = [&[0x82, 0xff][..], &length, &[0; 4]].concat();
        client.write_all(&head).await.unwrap();
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.unwrap();
    };
    let both = async { tokio::join!(serving, saying) };
    tokio::time::timeout(Duration::from_secs(10), both)
        .await
        .expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_while_it_is_held_back_is_noticed() {
    let (mut client, server) = tokio::io::duplex(16 * 1024);
    let (_, protocol) = WEBSOCKET_COMMAND
        .choose(&["v5.channel.k8s.io".to_owned()])
        .unwrap();
    let serving = over_websocket::command(server, protocol, STREAMS, start());
    let leaving = async {
        let message = masked(2, &[0; 100]);
        let mut said = 0;
        while let Ok(written) =
            tokio::time::timeout(Duration::from_secs(1), client.write_all(&message)).await
        {
            written.unwrap();
            said += message.len();
            assert!(said < 4 * 1024 * 1024, "nothing holds it back");
        }
        drop(client);
    };
    let both = async { tokio::join!(serving, leaving) };
    tokio::time::timeout(Duration::from_secs(60), both)
        .await
        .expect("it ends");
}
