//! A watch of the Kubernetes API: what becomes of objects, one line a change.

use std::collections::VecDeque;

use http_body_util::BodyStream;
use serde_json::Value;

use super::transport::{Content, next_piece};
use crate::command_error::CommandError;

/// Objects as they change.
pub(crate) struct Watch {
    content: BodyStream<Content>,
    rest: Vec<u8>,
    ready: VecDeque<Value>,
}

impl Watch {
    /// Reads an answer.
    pub(crate) fn new(content: Content) -> Self {
        Self {
            content: BodyStream::new(content),
            rest: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// The next object; none when the workbench has ended the watch. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, CommandError> {
        loop {
            if let Some(object) = self.ready.pop_front() {
                return Ok(Some(object));
            }
            let Some(piece) = next_piece(&mut self.content).await? else {
                return Ok(None);
            };
            self.rest.extend_from_slice(&piece);
            self.take_lines();
        }
    }

    fn take_lines(&mut self) {
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return;
        };
        for line in self.rest[..end].split(|byte| *byte == b'\n') {
            let object = serde_json::from_slice::<Value>(line)
                .ok()
                .and_then(|mut change| change.get_mut("object").map(Value::take));
            self.ready.extend(object);
        }
        self.rest.drain(..=end);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;
    use http_body_util::{BodyExt as _, StreamBody};
    use hyper::body::Frame;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn objects_come_whole_however_the_bytes_are_cut() {
        let text = "{\"type\":\"ADDED\",\"object\":{\"a\":1}}\n{\"type\":\"MODIFIED\",\"object\":{\"a\":2}}\n";
        let pieces: Vec<_> = text
            .as_bytes()
            .chunks(7)
            .map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece))))
            .collect();
        let mut watch = Watch::new(StreamBody::new(stream::iter(pieces)).boxed_unsync());
        let mut found = Vec::new();
        while let Some(object) = watch.next().await.unwrap() {
            found.push(object);
        }
        assert_eq!(found, [json!({ "a": 1 }), json!({ "a": 2 })]);
    }
}
