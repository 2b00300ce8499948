//! Bodies: whole, endless, and given up.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Front, PREFIX, read_head, server, write};

/// More than two sockets on loopback and what stands between them can hold.
const MOST_HELD: usize = 24 * 1024 * 1024;

#[tokio::test]
async fn large_bodies_arrive_whole_in_both_directions() {
    let (listener, way) = server().await;
    let front = Front::before(way).await;
    // Text, since its beginning may be read together with the head.
    let much: Vec<u8> = (0..30_000_000_u32)
        .map(|byte| b' ' + (byte % 91) as u8)
        .collect();
    let serving = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let head = read_head(&mut connection).await;
        let (head, rest) = head.split_at(head.find("\r\n\r\n").unwrap() + 4);
        assert!(head.contains("content-length: 30000000\r\n"), "{head}");
        let mut heard = rest.as_bytes().to_vec();
        let mut body = vec![0; much.len() - heard.len()];
        connection.read_exact(&mut body).await.unwrap();
        heard.extend(body);
        assert!(heard == much);
        write(
            &mut connection,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        )
        .await;
        for chunk in much.chunks(1_000_000) {
            write(&mut connection, &format!("{:x}\r\n", chunk.len())).await;
            connection.write_all(chunk).await.unwrap();
            write(&mut connection, "\r\n").await;
        }
        write(&mut connection, "0\r\n\r\n").await;
    };
    let asking = async {
        let mut connection = TcpStream::connect(front.address).await.unwrap();
        let head = format!(
            "PUT {PREFIX} HTTP/1.0\r\nhost: me\r\ncontent-length: {}\r\n\r\n",
            much.len()
        );
        write(&mut connection, &head).await;
        connection.write_all(&much).await.unwrap();
        let mut heard = Vec::new();
        connection.read_to_end(&mut heard).await.unwrap();
        let body = heard.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        assert!(heard[body..] == much);
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_the_server_back() {
    let (listener, way) = server().await;
    let front = Front::before(way).await;
    let mut client = TcpStream::connect(front.address).await.unwrap();
    write(
        &mut client,
        &format!("GET {PREFIX} HTTP/1.1\r\nhost: me\r\n\r\n"),
    )
    .await;
    let (mut connection, _) = listener.accept().await.unwrap();
    read_head(&mut connection).await;
    write(&mut connection, "HTTP/1.1 200 OK\r\n\r\n").await;
    let held = write_until_stuck(&mut connection).await;
    assert!(held < MOST_HELD, "{held}");
    // A client that hangs up frees the server.
    drop(client);
    let freed = tokio::time::timeout(Duration::from_secs(10), write_until_broken(&mut connection));
    freed.await.expect("the server is told");
}

#[tokio::test]
async fn a_server_that_does_not_read_holds_the_client_back() {
    let (listener, way) = server().await;
    let front = Front::before(way).await;
    let mut client = TcpStream::connect(front.address).await.unwrap();
    let head =
        format!("POST {PREFIX} HTTP/1.1\r\nhost: me\r\ncontent-length: 1000000000000\r\n\r\n");
    write(&mut client, &head).await;
    let (connection, _) = listener.accept().await.unwrap();
    let held = write_until_stuck(&mut client).await;
    assert!(held < MOST_HELD, "{held}");
    // A server that hangs up frees the client.
    drop(connection);
    let freed = tokio::time::timeout(Duration::from_secs(10), write_until_broken(&mut client));
    freed.await.expect("the client is told");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_taken_for_whole() {
    let (listener, way) = server().await;
    let front = Front::before(way).await;
    let serving = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        read_head(&mut connection).await;
        write(
            &mut connection,
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        )
        .await;
    };
    let (answer, ()) = tokio::join!(front.get(""), serving);
    assert!(answer.contains("content-length: 10\r\n"), "{answer}");
    assert!(
        answer.len() < answer.find("\r\n\r\n").unwrap() + 4 + 10,
        "{answer}"
    );
}

async fn write_until_stuck(connection: &mut TcpStream) -> usize {
    let chunk = vec![b'x'; 64 * 1024];
    let mut written = 0;
    while let Ok(result) =
        tokio::time::timeout(Duration::from_millis(500), connection.write(&chunk)).await
    {
        written += result.unwrap();
        assert!(written < 10 * MOST_HELD, "nothing holds it back");
    }
    written
}

async fn write_until_broken(connection: &mut TcpStream) {
    let chunk = vec![b'x'; 64 * 1024];
    while connection.write_all(&chunk).await.is_ok() {}
}
