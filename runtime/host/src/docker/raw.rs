//! The engine's socket without bollard between: for streams that bollard would cut to pieces.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::DockerEngine;
use super::error::Fault;
use crate::engine::Connection;

/// More than any head of an answer or error that an engine sends.
pub(super) const HEAD_LIMIT: usize = 64 * 1024;

/// The answers after which the connection is the program's.
const HANDED_OVER: [u16; 2] = [101, 200];

/// A connection that the engine has handed over to a program.
pub(super) struct HandedOver {
    pub(super) connection: Box<dyn Connection>,
    /// What the program has written already.
    pub(super) first: BytesMut,
}

impl DockerEngine {
    /// Asks for something after which the connection belongs to a program and its user.
    pub(super) async fn hand_over(&self, path: &str, body: &str) -> Result<HandedOver, Fault> {
        let mut connection = connect(&self.engine.address).await?;
        let version = self.docker.client_version();
        let request = format!(
            "POST /v{version}{path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        connection.write_all(request.as_bytes()).await?;
        let mut buffer = BytesMut::new();
        loop {
            if let Some(head) = head_end(&buffer) {
                let code = status(&buffer).unwrap_or(0);
                if HANDED_OVER.contains(&code) {
                    buffer.advance(head);
                    return Ok(HandedOver {
                        connection,
                        first: buffer,
                    });
                }
                if buffer.len() >= head + body_length(&buffer[..head]) {
                    return Err(Fault::DockerResponseServerError {
                        status_code: code,
                        message: message(&buffer[head..]),
                    });
                }
            }
            let read = connection.read_buf(&mut buffer).await?;
            if read == 0 || buffer.len() > HEAD_LIMIT {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }
}

pub(super) async fn connect(address: &str) -> io::Result<Box<dyn Connection>> {
    let host = address
        .strip_prefix("tcp://")
        .or_else(|| address.strip_prefix("http://"));
    if let Some(host) = host {
        return Ok(Box::new(
            tokio::net::TcpStream::connect(host.trim_end_matches('/')).await?,
        ));
    }
    let path = address.strip_prefix("unix://").unwrap_or(address);
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

pub(super) fn head_end(bytes: &[u8]) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    bytes
        .windows(END.len())
        .position(|window| window == END)
        .map(|start| start + END.len())
}

/// The status in `HTTP/1.0 200 OK`.
pub(super) fn status(bytes: &[u8]) -> Option<u16> {
    std::str::from_utf8(bytes.get(9..12)?).ok()?.parse().ok()
}

/// The engine's message in `{"message": "…"}`.
pub(super) fn message(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Refusal {
        message: String,
    }
    serde_json::from_slice::<Refusal>(body).map_or_else(
        |_| String::from_utf8_lossy(body).into_owned(),
        |refusal| refusal.message,
    )
}

/// The length of what follows a head; none is told where nothing does.
fn body_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head);
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    length.unwrap_or(0)
}
