//! Connections, with a client that says anything.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::{Duration, timeout};

use super::frame::{Decoder, Encoder, Inbound, Outbound, Rest};
use super::header_block::BlockWriter;
use super::*;

/// What stands between the two sides.
const PIPE_BYTES: usize = 16 * 1024;

struct Client {
    io: DuplexStream,
    blocks: BlockWriter,
    decoder: Decoder,
    heard: BytesMut,
}

fn connect() -> (Client, Connection, JoinHandle<Result<(), ConnectionError>>) {
    let (io, server) = tokio::io::duplex(PIPE_BYTES);
    let (connection, driver) = Connection::serve(server);
    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
    let driver = tokio::spawn(driver);
    let client = Client {
        io,
        blocks: BlockWriter::new(),
        decoder: Decoder::new(),
        heard: BytesMut::new(),
    };
    (client, connection, driver)
}

impl Client {
    async fn open(&mut self, id: u32) {
        let mut headers = HeaderMap::new();
        headers.insert("streamtype", HeaderValue::from_static("data"));
        let block = self.blocks.write(&headers);
        let length = (10 + block.len() as u32).to_be_bytes();
        let frame = [
            &[0x80, 3, 0, 1][..],
            &length,
            &id.to_be_bytes(),
            &[0; 6],
            &block,
        ]
        .concat();
        self.io.write_all(&frame).await.unwrap();
    }

    async fn say(&mut self, frame: Outbound) {
        let mut bytes = BytesMut::new();
        let payload = Encoder::new().encode(frame, &mut bytes);
        self.io.write_all(&bytes).await.unwrap();
        self.io.write_all(&payload).await.unwrap();
    }

    async fn say_data(&mut self, id: u32, payload: &'static [u8], rest: Rest) {
        let payload = Bytes::from_static(payload);
        let id = StreamId(id);
        self.say(Outbound::Data { id, payload, rest }).await;
    }

    /// The next thing that the server says; a reply is ignored by the decoder, and comes back as such.
    async fn hear(&mut self) -> Option<Inbound> {
        let hearing = async {
            loop {
                if let Some(said) = self.decoder.decode(&mut self.heard).unwrap() {
                    return Some(said);
                }
                if self.io.read_buf(&mut self.heard).await.unwrap() == 0 {
                    return None;
                }
            }
        };
        timeout(Duration::from_secs(10), hearing)
            .await
            .expect("the server says something")
    }
}

fn reset(id: u32) -> Option<Inbound> {
    Some(Inbound::Reset { id: StreamId(id) })
}

fn data(id: u32, chunk: &[u8], rest: Rest) -> Option<Inbound> {
    Some(Inbound::Data {
        id: StreamId(id),
        chunk: chunk.into(),
        rest,
    })
}

#[tokio::test]
async fn a_stream_is_closed_in_each_direction_by_itself() {
    let (mut client, mut connection, _driver) = connect();
    client.open(1).await;
    let offer = connection.next().await.unwrap();
    assert_eq!(offer.headers()["streamtype"], "data");
    let mut stream = offer.accept();
    assert_eq!(client.hear().await, Some(Inbound::Ignored));
    client.say_data(1, b"question", Rest::Finished).await;
    let mut question = String::new();
    stream.read_to_string(&mut question).await.unwrap();
    assert_eq!(question, "question");
    stream.write_all(b"answer").await.unwrap();
    assert_eq!(client.hear().await, data(1, b"answer", Rest::Open));
    stream.shutdown().await.unwrap();
    assert_eq!(client.hear().await, data(1, b"", Rest::Finished));
    assert!(stream.write_all(b"more").await.is_err());
}

#[tokio::test]
async fn what_is_not_served_or_not_finished_is_reset() {
    let (mut client, mut connection, _driver) = connect();
    client.open(1).await;
    connection.next().await.unwrap().refuse();
    assert_eq!(client.hear().await, reset(1));
    client.open(3).await;
    drop(connection.next().await.unwrap());
    assert_eq!(client.hear().await, reset(3));
    client.open(5).await;
    let stream = connection.next().await.unwrap().accept();
    assert_eq!(client.hear().await, Some(Inbound::Ignored));
    drop(stream);
    assert_eq!(client.hear().await, reset(5));
}

#[tokio::test]
async fn numbers_that_cannot_be_are_reset() {
    let (mut client, mut connection, _driver) = connect();
    client.open(3).await;
    let _stream = connection.next().await.unwrap().accept();
    assert_eq!(client.hear().await, Some(Inbound::Ignored));
    for wrong in [3, 1, 4] {
        client.open(wrong).await;
        assert_eq!(client.hear().await, reset(wrong));
    }
}

#[tokio::test]
async fn a_stream_that_the_client_takes_back_is_over() {
    let (mut client, mut connection, _driver) = connect();
    client.open(1).await;
    let mut stream = connection.next().await.unwrap().accept();
    client.say_data(1, b"lost", Rest::Open).await;
    let (id, status) = (StreamId(1), ResetStatus::Cancel);
    client.say(Outbound::Reset { id, status }).await;
    let mut heard = Vec::new();
    let error = loop {
        if let Err(error) = stream.read_buf(&mut heard).await {
            break error;
        }
    };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(stream.write_all(b"more").await.is_err());
}

#[tokio::test]
async fn who_does_not_read_holds_the_client_back_but_not_itself() {
    let (mut client, mut connection, _driver) = connect();
    client.open(1).await;
    let mut stream = connection.next().await.unwrap().accept();
    assert_eq!(client.hear().await, Some(Inbound::Ignored));
    let mut said = 0;
    let chunk: &[u8] = &[7; 8 * 1024];
    while timeout(
        Duration::from_millis(200),
        client.say_data(1, chunk, Rest::Open),
    )
    .await
    .is_ok()
    {
        said += chunk.len();
        assert!(said < 2 * 1024 * 1024, "nothing holds it back");
    }
    stream.write_all(b"still here").await.unwrap();
    assert_eq!(client.hear().await, data(1, b"still here", Rest::Open));
    // What it did not want to read is thrown away with it.
    drop(stream);
    assert_eq!(client.hear().await, reset(1));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_held_back_is_asked_whether_it_is_there() {
    let (mut client, mut connection, driver) = connect();
    client.open(1).await;
    let _stream = connection.next().await.unwrap().accept();
    assert_eq!(client.hear().await, Some(Inbound::Ignored));
    let chunk: &[u8] = &[7; 8 * 1024];
    while timeout(
        Duration::from_secs(1),
        client.say_data(1, chunk, Rest::Open),
    )
    .await
    .is_ok()
    {}
    assert_eq!(client.hear().await, Some(Inbound::Ping { id: 2 }));
    drop(client);
    let ended = timeout(Duration::from_secs(30), driver).await.unwrap();
    assert!(matches!(ended.unwrap(), Err(ConnectionError::Io(_))));
}

#[tokio::test]
async fn pings_are_answered_and_not_hoarded() {
    let (mut client, _connection, driver) = connect();
    client.say(Outbound::Ping { id: 5 }).await;
    assert_eq!(client.hear().await, Some(Inbound::Ping { id: 5 }));
    // None of the answers is read.
    for _ in 0..20_000 {
        client.say(Outbound::Ping { id: 7 }).await;
    }
    assert!(!driver.is_finished());
}

#[tokio::test]
async fn who_opens_streams_and_does_not_read_is_cut_off() {
    let (mut client, mut connection, driver) = connect();
    let refusing = async {
        while let Some(offer) = connection.next().await {
            offer.refuse();
        }
    };
    let opening = async {
        for id in (1..).step_by(2) {
            let mut bytes = BytesMut::new();
            let block = client.blocks.write(&HeaderMap::new());
            bytes.extend_from_slice(&[0x80, 3, 0, 1, 0, 0, 0, 10 + block.len() as u8]);
            bytes.extend_from_slice(&u32::to_be_bytes(id));
            bytes.extend_from_slice(&[0; 6]);
            bytes.extend_from_slice(&block);
            if client.io.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(refusing, opening);
    let ended = driver.await.unwrap();
    assert!(matches!(ended, Err(ConnectionError::Deaf)), "{ended:?}");
}

#[tokio::test]
async fn what_is_not_spdy_ends_the_connection_with_a_word() {
    let (mut client, mut connection, driver) = connect();
    client
        .io
        .write_all(b"GET / HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    client
        .io
        .write_all(&[0x80, 9, 0, 1, 0, 0, 0, 0])
        .await
        .unwrap();
    // The text is read as data of a stream that nobody opened, and its length is what ends there.
    drop(client.io.shutdown().await);
    let ended = driver.await.unwrap();
    assert!(ended.is_err());
    assert!(connection.next().await.is_none());

    let (mut client, _connection, driver) = connect();
    client
        .io
        .write_all(&[0x80, 9, 0, 1, 0, 0, 0, 0])
        .await
        .unwrap();
    assert_eq!(client.hear().await, Some(Inbound::GoAway));
    assert_eq!(client.hear().await, None);
    let ended = driver.await.unwrap();
    assert!(matches!(
        ended,
        Err(ConnectionError::Protocol(ProtocolError::Version(9)))
    ));
}

#[tokio::test]
async fn a_connection_that_breaks_breaks_its_streams() {
    let (mut client, mut connection, driver) = connect();
    client.open(1).await;
    let mut stream = connection.next().await.unwrap().accept();
    assert_eq!(client.hear().await, Some(Inbound::Ignored));
    drop(client);
    assert!(driver.await.unwrap().is_ok());
    assert!(connection.next().await.is_none());
    let error = stream.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    assert!(stream.write_all(b"more").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_last_word_waits_for_the_client() {
    let (mut client, mut connection, driver) = connect();
    client.open(1).await;
    let mut stream = connection.next().await.unwrap().accept();
    stream.write_all(b"last").await.unwrap();
    stream.shutdown().await.unwrap();
    drop((stream, connection));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!driver.is_finished());
    assert_eq!(client.hear().await, Some(Inbound::Ignored));
    assert_eq!(client.hear().await, data(1, b"last", Rest::Open));
    assert_eq!(client.hear().await, data(1, b"", Rest::Finished));
    drop(client);
    assert!(driver.await.unwrap().is_ok());
}
