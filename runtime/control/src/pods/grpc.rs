//! gRPC's health protocol over one connection: one request, one answer, in the frames of HTTP/2.
//!
//! Only the answer's message is read: that there is one says that the call went well, and its headers, which are
//! compressed, need not be understood.

use std::io;

use coracle_host::Connection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What a service says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    Unknown,
    Serving,
    NotServing,
    ServiceUnknown,
}

impl Health {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Serving => "SERVING",
            Self::NotServing => "NOT_SERVING",
            Self::ServiceUnknown => "SERVICE_UNKNOWN",
        }
    }
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

/// On settings and pings.
const ACK: u8 = 1;
/// On data and headers.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The stream of the one request.
const STREAM: u32 = 1;

/// The largest frame that was agreed on, and more than an answer takes.
const MOST_FRAME: usize = 16 << 10;

/// Asks a server about a service; an empty name is the server as a whole.
///
/// # Errors
/// When the server does not answer, or not as the protocol has it.
pub(super) async fn check(
    mut connection: Box<dyn Connection>,
    authority: &str,
    service: &str,
) -> io::Result<Health> {
    let mut bytes = PREFACE.to_vec();
    push_frame(&mut bytes, SETTINGS, 0, 0, &[]);
    push_frame(
        &mut bytes,
        HEADERS,
        END_HEADERS,
        STREAM,
        &headers(authority),
    );
    push_frame(&mut bytes, DATA, END_STREAM, STREAM, &message(service));
    connection.write_all(&bytes).await?;
    let mut answer = Vec::new();
    loop {
        let (kind, flags, payload) = read_frame(&mut connection).await?;
        let is_over = flags & END_STREAM != 0;
        let mut reply = Vec::new();
        match kind {
            DATA => {
                // Padding is at most what this server chose; none in practice has any.
                answer.extend_from_slice(&payload);
                if is_over {
                    return read_answer(&answer);
                }
            }
            HEADERS if is_over => return read_answer(&answer),
            RST_STREAM | GOAWAY => return Err(io::Error::other("the server ended the call")),
            SETTINGS if flags & ACK == 0 => push_frame(&mut reply, SETTINGS, ACK, 0, &[]),
            PING if flags & ACK == 0 => push_frame(&mut reply, PING, ACK, 0, &payload),
            // Others say nothing that matters to one short call.
            _ => {}
        }
        connection.write_all(&reply).await?;
    }
}

fn headers(authority: &str) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/grpc.health.v1.Health/Check"),
        (":authority", authority),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "kube-probe/1.34"),
    ] {
        // A literal that is not remembered, its name written out.
        block.push(0);
        push_text(&mut block, name);
        push_text(&mut block, value);
    }
    block
}

/// A text of a header, plain.
fn push_text(block: &mut Vec<u8>, text: &str) {
    const PREFIX: usize = 0x7f;
    let mut length = text.len();
    if length < PREFIX {
        block.push(low_byte(length));
    } else {
        block.push(low_byte(PREFIX));
        length -= PREFIX;
        push_varint(block, length);
    }
    block.extend_from_slice(text.as_bytes());
}

/// A request for a service's health, with gRPC's five bytes before it.
fn message(service: &str) -> Vec<u8> {
    let mut request = Vec::new();
    if !service.is_empty() {
        request.push(0x0a);
        push_varint(&mut request, service.len());
        request.extend_from_slice(service.as_bytes());
    }
    let mut message = vec![0];
    message.extend_from_slice(
        &u32::try_from(request.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes(),
    );
    message.extend(request);
    message
}

fn push_varint(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(low_byte(number & 0x7f) | 0x80);
        number >>= 7;
    }
    bytes.push(low_byte(number));
}

fn low_byte(number: usize) -> u8 {
    number.to_le_bytes()[0]
}

fn push_frame(bytes: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len())
        .unwrap_or(u32::MAX)
        .to_be_bytes();
    bytes.extend_from_slice(&length[1..]);
    bytes.extend([kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
}

async fn read_frame(connection: &mut Box<dyn Connection>) -> io::Result<(u8, u8, Vec<u8>)> {
    let mut head = [0; 9];
    connection.read_exact(&mut head).await?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > MOST_FRAME {
        return Err(io::Error::other("the server does not speak HTTP/2"));
    }
    let mut payload = vec![0; length];
    connection.read_exact(&mut payload).await?;
    Ok((head[3], head[4], payload))
}

fn read_answer(answer: &[u8]) -> io::Result<Health> {
    let Some((_, message)) = answer.split_at_checked(5) else {
        return Err(io::Error::other("the server refused the call"));
    };
    // The default of its one field is not written.
    Ok(match message {
        [] | [0x08, 0] => Health::Unknown,
        [0x08, 1, ..] => Health::Serving,
        [0x08, 2, ..] => Health::NotServing,
        [0x08, 3, ..] => Health::ServiceUnknown,
        _ => return Err(io::Error::other("the answer cannot be read")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers with these frames, whatever it is asked.
    async fn asked(frames: &[(u8, u8, &[u8])]) -> io::Result<Health> {
        let (near, mut far) = tokio::io::duplex(64 << 10);
        let mut bytes = Vec::new();
        for (kind, flags, payload) in frames {
            push_frame(&mut bytes, *kind, *flags, STREAM, payload);
        }
        far.write_all(&bytes).await.unwrap();
        far.shutdown().await.unwrap();
        check(Box::new(near), "10.0.0.1:9", "my.Service").await
    }

    #[tokio::test]
    async fn health_is_read_from_the_message() {
        let serving: &[u8] = &[0, 0, 0, 0, 2, 8, 1];
        let not_serving: &[u8] = &[0, 0, 0, 0, 2, 8, 2];
        let frames = |message| {
            [
                (SETTINGS, 0, &[][..]),
                (HEADERS, END_HEADERS, &[0x88]),
                (DATA, 0, message),
                (HEADERS, END_STREAM, &[]),
            ]
        };
        assert_eq!(asked(&frames(serving)).await.unwrap(), Health::Serving);
        assert_eq!(
            asked(&frames(not_serving)).await.unwrap(),
            Health::NotServing
        );
        // A server that does not know the service answers by headers alone.
        assert!(
            asked(&[(HEADERS, END_STREAM | END_HEADERS, &[])])
                .await
                .is_err()
        );
        assert!(asked(&[(GOAWAY, 0, &[0; 8])]).await.is_err());
        assert!(asked(&[]).await.is_err());
    }

    #[test]
    fn long_texts_have_long_lengths() {
        let mut block = Vec::new();
        push_text(&mut block, &"x".repeat(300));
        assert_eq!(block[..3], [0x7f, 0xad, 0x01]);
    }
}
