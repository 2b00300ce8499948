//! Server-sent events, read as a browser reads them.

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use coracle_app::view::{Event, LogEvent, LogLine, Written};
use futures_util::StreamExt;
use serde_json::Value;

use crate::place::{API, LIMIT, Place};

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl Message {
    fn parse(block: &str) -> Option<Self> {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        // A block without data keeps the connection open and says nothing.
        let data = field("data:")?;
        Some(Self {
            id: field("id:").unwrap_or_default().trim().to_owned(),
            data: serde_json::from_str(data).unwrap(),
        })
    }

    /// The event that it tells of; none when it is a line.
    pub(crate) fn event(&self) -> Option<Event> {
        let is_line = self.data["what"]["type"] == "log";
        (!is_line).then(|| serde_json::from_value(self.data.clone()).unwrap())
    }

    /// The line that it holds; none when it is an event.
    pub(crate) fn line(&self) -> Option<LogLine> {
        let event: LogEvent = serde_json::from_value(self.data.clone()).ok()?;
        let Written::Log(line) = event.what;
        Some(line)
    }
}

/// The messages of one connection, as they come.
pub(crate) struct Messages {
    body: BodyDataStream,
    text: Vec<u8>,
}

impl Messages {
    /// Asks for events. A browser that connects again sends the last id in a header.
    pub(crate) async fn ask(place: &Place, query: &str, last: Option<&str>) -> Self {
        Self::of(place, &format!("/events?{query}"), last).await
    }

    /// Asks for a stream below the API's root.
    pub(crate) async fn of(place: &Place, path: &str, last: Option<&str>) -> Self {
        let mut request = Request::builder().uri(format!("{API}{path}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = place.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body().into_data_stream(),
            text: Vec::new(),
        }
    }

    /// The next message, which comes in time.
    pub(crate) async fn next(&mut self) -> Message {
        let reading = async {
            loop {
                let end = self.text.windows(2).position(|pair| pair == b"\n\n");
                if let Some(end) = end {
                    let block: Vec<u8> = self.text.drain(..end + 2).collect();
                    if let Some(message) = Message::parse(std::str::from_utf8(&block).unwrap()) {
                        return message;
                    }
                    continue;
                }
                let more = self.body.next().await.expect("the stream goes on");
                self.text.extend_from_slice(&more.unwrap());
            }
        };
        tokio::time::timeout(LIMIT, reading)
            .await
            .expect("it comes in time")
    }

    /// Reads to the end, which comes in time.
    pub(crate) async fn ends(mut self) {
        let reading = async { while self.body.next().await.is_some() {} };
        tokio::time::timeout(LIMIT, reading)
            .await
            .expect("it ends in time");
    }

    /// So many messages.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<Message> {
        let mut messages = Vec::with_capacity(count);
        while messages.len() < count {
            messages.push(self.next().await);
        }
        messages
    }

    /// The messages up to the end of the run that they are about.
    pub(crate) async fn until_over(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            messages.push(self.next().await);
            if messages.last().is_some_and(is_end) {
                return messages;
            }
        }
    }
}

/// Whether a message tells of the end of a run.
pub(crate) fn is_end(message: &Message) -> bool {
    use coracle_model::EventKind::Run;
    let event = message.event();
    event.is_some_and(|event| matches!(event.what, Run { state, .. } if state.is_final()))
}

/// Numbers that look random and are the same each time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
