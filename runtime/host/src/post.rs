//! Sending something over HTTP to wherever its URL leads.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::task::JoinError;
use ureq::Agent;

use crate::agent::agent;

/// How long it may take to be sent and answered.
const LIMIT: Duration = Duration::from_secs(10);

/// Why something could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The server cannot be reached, or does not answer.
    #[error("failed to send to `{url}`")]
    Unreachable {
        /// The URL.
        url: String,
        /// What happened.
        source: Box<ureq::Error>,
    },
    /// The thread on which it was sent broke off.
    #[error("sending broke off")]
    BrokeOff(#[from] JoinError),
}

/// It keeps connections for what is sent next.
static AGENT: LazyLock<Agent> = LazyLock::new(|| agent(LIMIT));

/// Sends a body, and says with which code it was answered. Blocks.
///
/// # Errors
/// When the server cannot be reached, or does not answer.
pub fn post(url: &str, headers: &[(String, String)], body: &[u8]) -> Result<u16, PostError> {
    let mut request = AGENT.post(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.send(body);
    let answer = answer.map_err(|source| PostError::Unreachable {
        url: url.to_owned(),
        source: Box::new(source),
    })?;
    Ok(answer.status().as_u16())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn what_is_sent_arrives_with_its_headers_and_the_code_comes_back() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/sink", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let (mut read, mut piece) = (Vec::new(), [0; 4096]);
            while !read.ends_with(b"{}") {
                let count = connection.read(&mut piece).unwrap();
                read.extend_from_slice(&piece[..count]);
            }
            let answer = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
            connection.write_all(answer).unwrap();
            String::from_utf8(read).unwrap().to_ascii_lowercase()
        });
        let headers = [("ce-id", "1"), ("content-type", "application/json")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(post(&url, &headers, b"{}").unwrap(), 503);
        let read = server.join().unwrap();
        assert!(read.starts_with("post /sink http/1.1\r\n"), "{read}");
        for header in ["ce-id: 1\r\n", "content-type: application/json\r\n"] {
            assert_eq!(read.matches(header).count(), 1, "{read}");
        }
    }
}
