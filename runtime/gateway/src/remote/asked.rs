//! What a request asks to be upgraded to, and the answer that grants it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Empty;

use super::protocol::Table;
use super::refusal::Refusal;

const SPDY: &str = "SPDY/3.1";
const STREAM_PROTOCOL: HeaderName = HeaderName::from_static("x-stream-protocol-version");
/// What RFC 6455 has a server append to the client's key.
const WEBSOCKET_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// An upgrade that a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To a WebSocket.
    WebSocket {
        /// The answer to the client's challenge.
        accept: String,
        /// The client's protocols, the dearest first; one empty name if it has none.
        protocols: Vec<String>,
    },
    /// To SPDY/3.1.
    Spdy {
        /// The client's protocols, the dearest first.
        protocols: Vec<String>,
    },
}

impl Asked {
    /// Reads the head of a request.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mentions = |name, what: &str| {
            let mut values = words(headers, name);
            values.any(|value| value.eq_ignore_ascii_case(what))
        };
        if !mentions(header::CONNECTION, "upgrade") {
            return Err(Refusal::bad("Upgrade request required"));
        }
        if mentions(header::UPGRADE, "websocket") {
            return Self::read_websocket(headers);
        }
        if mentions(header::UPGRADE, SPDY) {
            return Self::read_spdy(headers);
        }
        Err(Refusal::bad(
            "unable to upgrade: missing upgrade headers in request",
        ))
    }

    fn read_websocket(headers: &HeaderMap) -> Result<Self, Refusal> {
        if !words(headers, header::SEC_WEBSOCKET_VERSION).any(|version| version == "13") {
            return Err(Refusal::bad("missing or bad WebSocket Version"));
        }
        let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
            return Err(Refusal::bad("mismatch challenge/response"));
        };
        let mut digest = sha1_smol::Sha1::new();
        digest.update(key.as_bytes());
        digest.update(WEBSOCKET_SUFFIX);
        let mut protocols: Vec<_> = words(headers, header::SEC_WEBSOCKET_PROTOCOL)
            .map(str::to_owned)
            .collect();
        if protocols.is_empty() {
            protocols.push(String::new());
        }
        Ok(Self::WebSocket {
            accept: BASE64_STANDARD.encode(digest.digest().bytes()),
            protocols,
        })
    }

    fn read_spdy(headers: &HeaderMap) -> Result<Self, Refusal> {
        let protocols: Vec<_> = words(headers, STREAM_PROTOCOL).map(str::to_owned).collect();
        if protocols.is_empty() {
            return Err(Refusal::bad(format!(
                "unable to upgrade: header X-Stream-Protocol-Version does not exist in request with {} headers",
                headers.keys_len()
            )));
        }
        Ok(Self::Spdy { protocols })
    }
}

/// The values of a list header.
fn words(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

/// Grants a WebSocket, with the first protocol that both know.
pub(super) fn grant_websocket<Protocol: Copy>(
    accept: &str,
    asked: &[String],
    table: &Table<Protocol>,
) -> Result<(Response<Empty<Bytes>>, Protocol), Refusal> {
    let Some((name, protocol)) = table.choose(asked) else {
        let message = format!(
            "requested protocol(s) are not supported: {asked:?}; supports {:?}",
            table.names
        );
        return Err(Refusal::no_protocol(message, &[]));
    };
    let mut response = switch("websocket");
    let headers = response.headers_mut();
    let accept = HeaderValue::from_str(accept).expect("base64 is text");
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if !name.is_empty() {
        let name = HeaderValue::from_static(name);
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, name);
    }
    Ok((response, protocol))
}

/// Grants SPDY, with the first protocol that both know.
pub(super) fn grant_spdy<Protocol: Copy>(
    asked: &[String],
    table: &Table<Protocol>,
) -> Result<(Response<Empty<Bytes>>, Protocol), Refusal> {
    let Some((name, protocol)) = table.choose(asked) else {
        let (client, server) = (asked.join(" "), table.names.join(" "));
        let message = format!(
            "unable to upgrade: unable to negotiate protocol: client supports [{client}], server accepts [{server}]"
        );
        return Err(Refusal::no_protocol(message, table.names));
    };
    let mut response = switch(SPDY);
    let name = HeaderValue::from_static(name);
    response.headers_mut().insert(STREAM_PROTOCOL, name);
    Ok((response, protocol))
}

fn switch(to: &'static str) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static(to));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::protocol::{SPDY_COMMAND, WEBSOCKET_COMMAND};

    fn read(head: &[(&'static str, &'static str)]) -> Result<Asked, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in head {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        Asked::read(&headers)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_websocket_is_granted() {
        let asked = read(&[
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            (
                "sec-websocket-protocol",
                "v9.channel.k8s.io, v4.channel.k8s.io",
            ),
        ]);
        // The key and its answer are RFC 6455's own example.
        let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        let protocols = names(&["v9.channel.k8s.io", "v4.channel.k8s.io"]);
        let expected = Asked::WebSocket {
            accept: accept.to_owned(),
            protocols: protocols.clone(),
        };
        assert_eq!(asked, Ok(expected));
        let (response, _) = grant_websocket(accept, &protocols, &WEBSOCKET_COMMAND).unwrap();
        assert_eq!(response.status(), 101);
        assert_eq!(
            response.headers()["sec-websocket-protocol"],
            "v4.channel.k8s.io"
        );
    }

    #[test]
    fn spdy_is_granted() {
        let asked = read(&[
            ("connection", "Upgrade"),
            ("upgrade", "SPDY/3.1"),
            ("x-stream-protocol-version", "v5.channel.k8s.io"),
            ("x-stream-protocol-version", "v4.channel.k8s.io"),
        ]);
        let protocols = names(&["v5.channel.k8s.io", "v4.channel.k8s.io"]);
        let expected = Asked::Spdy {
            protocols: protocols.clone(),
        };
        assert_eq!(asked, Ok(expected));
        let (response, _) = grant_spdy(&protocols, &SPDY_COMMAND).unwrap();
        assert_eq!(
            response.headers()["x-stream-protocol-version"],
            "v4.channel.k8s.io"
        );
    }

    #[test]
    fn what_is_not_spoken_is_refused() {
        let websocket = grant_websocket("", &names(&["v9"]), &WEBSOCKET_COMMAND).unwrap_err();
        assert_eq!(websocket.status, 403);
        let spdy = grant_spdy(&names(&["v9"]), &SPDY_COMMAND).unwrap_err();
        assert_eq!(spdy.status, 403);
        assert_eq!(spdy.accepted, SPDY_COMMAND.names);
    }

    #[test]
    fn what_is_no_upgrade_is_refused() {
        for head in [
            &[][..],
            &[("upgrade", "websocket")],
            &[("connection", "upgrade")],
            &[("connection", "upgrade"), ("upgrade", "h2c")],
            &[("connection", "upgrade"), ("upgrade", "websocket")],
            &[("connection", "upgrade"), ("upgrade", "SPDY/3.1")],
        ] {
            assert_eq!(read(head).unwrap_err().status, 400, "{head:?}");
        }
    }
}
