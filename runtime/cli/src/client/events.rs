//! Server-sent events, as the HTML standard frames them.

use std::collections::VecDeque;

use coracle_app::view::Event;
use coracle_model::EventCursor;
use http_body_util::BodyStream;
use serde::de::DeserializeOwned;

use super::transport::{Content, next_piece};
use crate::command_error::CommandError;

/// Takes the bytes of an event stream in pieces and gives back the `data` of whole events.
#[derive(Debug, Default)]
struct EventFrames {
    rest: Vec<u8>,
    data: Vec<String>,
}

impl EventFrames {
    /// Takes in a piece.
    fn push(&mut self, piece: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(piece);
        let mut events = Vec::new();
        let mut start = 0;
        while let Some(length) = self.rest[start..].iter().position(|byte| *byte == b'\n') {
            let line = self.rest[start..start + length]
                .strip_suffix(b"\r")
                .unwrap_or(&self.rest[start..start + length]);
            let line = String::from_utf8_lossy(line).into_owned();
            start += length + 1;
            events.extend(self.line(&line));
        }
        self.rest.drain(..start);
        events
    }

    /// Takes in a line; an empty one ends an event.
    fn line(&mut self, line: &str) -> Option<String> {
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return (!data.is_empty()).then(|| data.join("\n"));
        }
        // Everything else is a comment that keeps the connection open, or stands in the data too.
        if let Some(data) = line.strip_prefix("data:") {
            self.data
                .push(data.strip_prefix(' ').unwrap_or(data).to_owned());
        }
        None
    }
}

/// What a workbench tells as it happens.
pub struct Events<T = Event> {
    content: BodyStream<Content>,
    frames: EventFrames,
    ready: VecDeque<T>,
}

impl<T: DeserializeOwned> Events<T> {
    /// Reads events from an answer.
    pub fn new(content: Content) -> Self {
        Self {
            content: BodyStream::new(content),
            frames: EventFrames::default(),
            ready: VecDeque::new(),
        }
    }

    /// The next event; none when the workbench has ended the stream. Cancel-safe.
    ///
    /// # Errors
    /// A stream that breaks off.
    pub async fn next(&mut self) -> Result<Option<T>, CommandError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let Some(piece) = next_piece(&mut self.content).await? else {
                return Ok(None);
            };
            for data in self.frames.push(&piece) {
                // What a newer workbench says and this program does not know is left out.
                self.ready.extend(serde_json::from_str::<T>(&data).ok());
            }
        }
    }
}

/// What is asked of the event stream.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct EventQuery {
    /// Only about this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<coracle_model::RunId>,
    /// Only after this one; the default is before the first.
    pub(crate) after: EventCursor,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_put_together_from_pieces() {
        let text = ": hello\r\n\r\nid: 1\ndata: {\"a\":1}\n\nevent: x\ndata:one\ndata: two\r\n\r\ndata: unfinished\n";
        for size in [1, 2, 7, text.len()] {
            let mut frames = EventFrames::default();
            let events: Vec<_> = text
                .as_bytes()
                .chunks(size)
                .flat_map(|piece| frames.push(piece))
                .collect();
            assert_eq!(events, ["{\"a\":1}", "one\ntwo"], "in pieces of {size}");
        }
    }
}
