//! A request to a model server with its answer.

use std::time::Duration;

use coracle_model::Timestamp;

/// A request and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What the client calls it, or what it was called here. Clients may call several alike.
    pub id: String,
    /// The namespace of the model server.
    pub namespace: String,
    /// The name of the model server.
    pub server: String,
    /// The revision that was asked last; empty where none was.
    pub revision: String,
    /// When its head had been read.
    pub at: Timestamp,
    /// From then to the last byte of the answer.
    pub took: Duration,
    /// Its method.
    pub method: String,
    /// Its path below the server's address, with its query.
    pub path: String,
    /// The status of the answer; 499 where the client went before there was one.
    pub code: u16,
    /// What was sent.
    pub request: Message,
    /// What came back.
    pub answer: Message,
}

/// One of its two directions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// The headers that say how the body is to be read, in lower case. None that says who asked is kept.
    pub headers: Vec<(String, String)>,
    /// How many bytes the body had.
    pub size: u64,
    /// The body; none where it is not kept.
    pub body: Option<Vec<u8>>,
}

impl Message {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    fn kept(&self) -> usize {
        let headers = self.headers.iter();
        let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
        headers + self.body.as_ref().map_or(0, Vec::len)
    }
}

impl Exchange {
    /// How many bytes keeping it takes, roughly.
    pub(super) fn kept(&self) -> usize {
        const REST: usize = 256;
        REST + self.path.len() + self.request.kept() + self.answer.kept()
    }
}

/// One that is kept: its number grows with time, and is not given twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptExchange {
    /// What it is asked for by.
    pub number: i64,
    /// What was said.
    pub exchange: Exchange,
    /// Whether both bodies are kept, read or not.
    pub is_whole: bool,
}

/// Which of the exchanges of a model server are meant: those that fit all that is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExchangeFilter {
    /// Those whose path, id or bodies have this text, whatever its case.
    pub text: Option<String>,
    /// Those of a revision.
    pub revision: Option<String>,
    /// Those with an answer from this status on.
    pub least_code: Option<u16>,
    /// Those with an answer up to this status.
    pub most_code: Option<u16>,
    /// Those that took so long at least.
    pub least_took: Option<Duration>,
    /// Those from this time on.
    pub since: Option<Timestamp>,
    /// Those before this number.
    pub before: Option<i64>,
    /// Those after this number.
    pub after: Option<i64>,
}
