//! What a part is asked and answers is told to whom its `logger` names.
//!
//! ```text
//!   request ─► read, if it is short ─► the part ─► response, of which a copy is kept while it passes ─► client
//!                 └──► event ──────────► Sinks ◄────── event ◄─┘ once it is whole
//! ```

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use coracle_app::{Logger, LoggerMode};
use futures_util::stream::{self, StreamExt as _};

use super::copied::copied;
use super::event::{Event, EventKind, Part, Subject};
use super::front::Front;
use super::request_id::{id_of, text_of};
use super::sinks::Fate;

/// The longest body that is told.
const LONGEST: usize = 8 << 20;

/// A request on its way, whose response may be to be told.
pub(super) struct Logged {
    front: Front,
    subject: Subject,
    mode: LoggerMode,
}

/// The beginning of a body, or all of it.
enum Read {
    Whole(Bytes),
    /// There is more: what was read and what follows.
    Longer(Body),
}

impl Logged {
    /// Tells of a request, and returns it as it was.
    ///
    /// # Errors
    /// When its body breaks off.
    pub(super) async fn begin(
        front: &Front,
        part: Part,
        logger: &Logger,
        request: Request,
    ) -> Result<(Self, Request), axum::Error> {
        let id = text_of(&id_of(request.headers()));
        let logged = Self {
            front: front.clone(),
            subject: Subject::new(part, logger, request.headers(), id),
            mode: logger.mode,
        };
        if !logger.mode.has_requests() {
            return Ok((logged, request));
        }
        let (parts, body) = request.into_parts();
        let body = match read(body).await? {
            Read::Whole(body) => {
                logged.tell(EventKind::Request, body.clone());
                Body::from(body)
            }
            Read::Longer(body) => {
                logged.tell_too_long();
                body
            }
        };
        Ok((logged, Request::from_parts(parts, body)))
    }

    /// Tells of a response once all of it has passed; of refusals and failures nothing is told.
    pub(super) fn answered(mut self, response: Response) -> Response {
        if response.status() != StatusCode::OK || !self.mode.has_responses() {
            return response;
        }
        self.subject = self.subject.of_response(response.headers());
        let tell = move |copy| match copy {
            Some(body) => self.tell(EventKind::Response, body),
            None => self.tell_too_long(),
        };
        response.map(|body| copied(body, LONGEST, tell))
    }

    fn tell(&self, kind: EventKind, body: Bytes) {
        let event = Event {
            subject: self.subject.clone(),
            kind,
            time: self.front.workbench().kubernetes().now(),
            body,
        };
        self.front.sinks().offer(&self.front, event);
    }

    fn tell_too_long(&self) {
        self.front.sinks().settle(&self.subject, Fate::TooLong);
    }
}

async fn read(body: Body) -> Result<Read, axum::Error> {
    let mut pieces = Vec::new();
    let mut length = 0;
    let mut rest = body.into_data_stream();
    while let Some(piece) = rest.next().await {
        let piece = piece?;
        length += piece.len();
        pieces.push(piece);
        if length > LONGEST {
            let read = stream::iter(pieces.into_iter().map(Ok));
            return Ok(Read::Longer(Body::from_stream(read.chain(rest))));
        }
    }
    Ok(Read::Whole(pieces.concat().into()))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn a_body_that_is_too_long_is_passed_on_as_it_was() {
        for length in [0, LONGEST, LONGEST + 1, 2 * LONGEST + 1] {
            let pieces = vec![b'x'; length];
            let pieces: Vec<_> = pieces
                .chunks(1 << 20)
                .map(Bytes::copy_from_slice)
                .map(Ok::<_, axum::Error>)
                .collect();
            let body = Body::from_stream(stream::iter(pieces));
            let passed = match read(body).await.unwrap() {
                Read::Whole(body) => {
                    assert!(length <= LONGEST);
                    body.len()
                }
                Read::Longer(body) => {
                    assert!(length > LONGEST);
                    to_bytes(body, usize::MAX).await.unwrap().len()
                }
            };
            assert_eq!(passed, length);
        }
    }
}
