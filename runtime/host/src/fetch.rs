//! Fetching a file over HTTP: bounded in size and time, one hop at a time, so that each can be checked before it is
//! followed.

use std::io::Read;
use std::time::Duration;

use ureq::http::header::LOCATION;

use crate::agent::agent;

/// How long a whole fetch may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What came of asking for a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The file.
    File(Vec<u8>),
    /// It is elsewhere: the URL as the server gave it.
    Elsewhere(String),
    /// The server refused: `404 Not Found`.
    Refused(String),
}

/// Why a URL could not be asked for.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server cannot be reached, or broke off.
    #[error("failed to fetch `{url}`")]
    Unreachable {
        /// The URL.
        url: String,
        /// What happened.
        source: Box<ureq::Error>,
    },
    /// There is more than may be.
    #[error("`{url}` is larger than {} MiB", limit >> 20)]
    TooLarge {
        /// The URL.
        url: String,
        /// Bytes that it may have.
        limit: u64,
    },
}

/// Asks for a URL once. Blocks.
///
/// # Errors
/// When the server cannot be reached, and when the file has more than `limit` bytes.
pub fn fetch(url: &str, limit: u64) -> Result<Fetched, FetchError> {
    let unreachable = |source| FetchError::Unreachable {
        url: url.to_owned(),
        source: Box::new(source),
    };
    let mut answer = agent(LIMIT).get(url).call().map_err(unreachable)?;
    let status = answer.status();
    if status.is_redirection()
        && let Some(place) = answer.headers().get(LOCATION)
    {
        let place = String::from_utf8_lossy(place.as_bytes()).into_owned();
        return Ok(Fetched::Elsewhere(place));
    }
    if !status.is_success() {
        return Ok(Fetched::Refused(status.to_string()));
    }
    let mut bytes = Vec::new();
    let mut body = answer.body_mut().as_reader().take(limit + 1);
    body.read_to_end(&mut bytes)
        .map_err(|error| unreachable(ureq::Error::Io(error)))?;
    if bytes.len() as u64 > limit {
        return Err(FetchError::TooLarge {
            url: url.to_owned(),
            limit,
        });
    }
    Ok(Fetched::File(bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    /// Answers one request with a text; where.
    fn server(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let _ = connection.read(&mut [0; 4096]);
            let _ = connection.write_all(answer.as_bytes());
        });
        format!("http://{address}/p.yaml")
    }

    #[test]
    fn files_redirections_and_refusals_are_told_apart() {
        let file = server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
        assert_eq!(fetch(&file, 3).unwrap(), Fetched::File(b"abc".to_vec()));
        let moved =
            server("HTTP/1.1 302 Found\r\nLocation: http://else/\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(
            fetch(&moved, 9).unwrap(),
            Fetched::Elsewhere("http://else/".to_owned())
        );
        let missing = server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(
            fetch(&missing, 9).unwrap(),
            Fetched::Refused("404 Not Found".to_owned())
        );
    }

    #[test]
    fn what_is_too_large_or_not_there_is_an_error() {
        let large = server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd");
        assert!(matches!(
            fetch(&large, 3).unwrap_err(),
            FetchError::TooLarge { limit: 3, .. }
        ));
        let endless = server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
        fetch(&endless, 99).unwrap_err();
        fetch("http://127.0.0.1:1/", 9).unwrap_err();
    }
}
