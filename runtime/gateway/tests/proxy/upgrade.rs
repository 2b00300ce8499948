//! Upgrades: bytes both ways until either side ends.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Front, PREFIX, read_head, server, write};

/// The client's and the server's end of an upgraded connection.
async fn upgrade(protocol: &str) -> (Front, TcpStream, TcpStream) {
    let (listener, way) = server().await;
    let front = Front::before(way).await;
    let mut client = TcpStream::connect(front.address).await.unwrap();
    let head = format!(
        "GET {PREFIX}ws HTTP/1.1\r\nhost: me\r\nconnection: keep-alive, Upgrade\r\nupgrade: {protocol}\r\nsec-websocket-key: abc\r\n\r\n"
    );
    write(&mut client, &head).await;
    let (mut server, _) = listener.accept().await.unwrap();
    let head = read_head(&mut server).await;
    assert!(head.starts_with("GET /ws HTTP/1.1\r\n"), "{head}");
    for line in [
        "connection: Upgrade",
        &format!("upgrade: {protocol}"),
        "sec-websocket-key: abc",
    ] {
        assert!(head.contains(&format!("{line}\r\n")), "{head}");
    }
    // What the server says at once must not be lost.
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\nsec-websocket-accept: def\r\n\r\nhello"
    );
    write(&mut server, &answer).await;
    let head = read_head(&mut client).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("sec-websocket-accept: def\r\n"), "{head}");
    let rest = head.split_once("\r\n\r\n").unwrap().1.to_owned();
    let mut hello = vec![0; 5 - rest.len()];
    client.read_exact(&mut hello).await.unwrap();
    assert_eq!(rest + &String::from_utf8(hello).unwrap(), "hello");
    (front, client, server)
}

async fn carry(from: &mut TcpStream, to: &mut TcpStream) {
    let said: Vec<u8> = (0..=255).cycle().take(1_000_000).collect();
    let mut heard = vec![0; said.len()];
    let (_, _) = tokio::join!(from.write_all(&said), to.read_exact(&mut heard));
    assert!(said == heard);
}

async fn is_closed(connection: &mut TcpStream) {
    let closed = tokio::time::timeout(Duration::from_secs(5), connection.read(&mut [0])).await;
    assert_eq!(closed.expect("it is closed").unwrap_or(0), 0);
}

#[tokio::test]
async fn any_protocol_is_carried_both_ways() {
    for protocol in ["websocket", "SPDY/3.1"] {
        let (_front, mut client, mut server) = upgrade(protocol).await;
        carry(&mut client, &mut server).await;
        carry(&mut server, &mut client).await;
    }
}

#[tokio::test]
async fn either_side_that_hangs_up_ends_the_other() {
    let (_front, client, mut server) = upgrade("websocket").await;
    drop(client);
    is_closed(&mut server).await;
    let (_front, mut client, server) = upgrade("websocket").await;
    drop(server);
    is_closed(&mut client).await;
}

#[tokio::test]
async fn a_half_close_is_one_where_it_means_something() {
    let (_front, mut client, mut server) = upgrade("tcp").await;
    client.shutdown().await.unwrap();
    is_closed(&mut server).await;
    carry(&mut server, &mut client).await;
}
