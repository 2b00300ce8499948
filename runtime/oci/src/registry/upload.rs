//! Sending a blob piece by piece, and going on after a break with what has arrived.
//!
//! ```text
//!   POST ─► PATCH ─► PATCH ─► … ─► PUT with the digest
//!             │ breaks off, or is refused for a while
//!             └─► GET ─► how much is there ─► on from there, or from the beginning when nothing is known of it any more
//! ```

use std::cell::Cell;

use ureq::Body;
use ureq::http::{Method, Response, StatusCode, header};

use super::blob::{Arrival, Begun};
use super::patience::Patience;
use super::refusal::{may_pass, retry_after};
use super::request::{Ask, Registry};
use crate::error::PushError;
use crate::memory::Memory;
use crate::spool::Blob;

/// What is sent at once, in bytes. Some registries keep nothing of a piece that broke off: this is what is lost then.
const PIECE: u64 = 16 << 20;

/// How often an upload is begun anew because the registry does not know it any more.
const MOST_BEGINNINGS: u32 = 4;

/// An upload that is under way.
#[derive(Debug)]
struct Upload {
    location: String,
    /// How many bytes are there.
    offset: u64,
    /// What is sent at once.
    piece: u64,
}

/// Where sending a blob stands.
enum Standing {
    /// The registry knows nothing of it.
    Forgotten,
    /// Some of it is there.
    At(Upload),
    /// All of it is.
    Arrived(Arrival),
}

/// A blob that is sent.
struct Transfer<'a> {
    registry: &'a Registry<'a>,
    blob: &'a Blob,
    memory: &'a Memory,
    /// Is told how many bytes are there.
    passed: &'a dyn Fn(u64),
    patience: Patience<'a>,
    /// Bytes that went over the wire.
    sent: Cell<u64>,
    /// How often it was begun.
    beginnings: u32,
    /// Whether the registry takes it in pieces, as far as is known.
    takes_pieces: bool,
}

impl Registry<'_> {
    /// Sends a blob that is not there, unless it can be taken from a neighbour.
    pub(super) fn upload(
        &self,
        blob: &Blob,
        memory: &Memory,
        passed: &dyn Fn(u64),
    ) -> Result<Arrival, PushError> {
        let mut transfer = Transfer {
            registry: self,
            blob,
            memory,
            passed,
            patience: Patience::new(self.cancel),
            sent: Cell::new(0),
            beginnings: 0,
            takes_pieces: true,
        };
        let mut standing = match memory.upload(self.destination, &blob.digest) {
            Some(location) => transfer.ask(&location)?,
            None => Standing::Forgotten,
        };
        loop {
            standing = match standing {
                Standing::Forgotten => transfer.begin()?,
                Standing::At(upload) => transfer.go_on(upload)?,
                Standing::Arrived(arrival) => return Ok(arrival),
            };
        }
    }
}

impl Transfer<'_> {
    fn begin(&mut self) -> Result<Standing, PushError> {
        let digest = &self.blob.digest;
        // What ended with a break may have arrived all the same.
        if self.beginnings > 0 && self.registry.has(digest)? {
            return Ok(self.arrived());
        }
        self.beginnings += 1;
        let neighbour = self.memory.neighbour(self.registry.destination, digest);
        let neighbour = neighbour.filter(|_| self.beginnings == 1);
        let begun = self.registry.begin(digest, neighbour.as_deref())?;
        Ok(match begun {
            Begun::Mounted => Standing::Arrived(Arrival::Mounted {
                from: neighbour.unwrap_or_default(),
            }),
            Begun::Upload { location, smallest } => Standing::At(Upload {
                location,
                offset: 0,
                piece: PIECE.max(smallest.unwrap_or(0)),
            }),
        })
    }

    /// Sends the next piece, or the last.
    fn go_on(&mut self, mut upload: Upload) -> Result<Standing, PushError> {
        let digest = &self.blob.digest;
        self.memory
            .keep_upload(self.registry.destination, digest, &upload.location);
        let rest = self.blob.size - upload.offset;
        let is_last = rest <= upload.piece || !self.takes_pieces;
        let length = if is_last { rest } else { upload.piece };
        let answer = match self.send(&upload, length, is_last) {
            Err(error @ PushError::Unreachable { .. }) => {
                self.patience.wait(error, None)?;
                return self.look(&upload);
            }
            answer => answer?,
        };
        if !answer.status().is_success() {
            return self.judge(&upload, is_last, answer);
        }
        if is_last {
            return Ok(self.arrived());
        }
        self.patience.restore();
        upload.offset = there(&answer).unwrap_or(upload.offset + length);
        upload.location = self.next(&answer, upload.location);
        Ok(self.sound(upload))
    }

    fn send(
        &self,
        upload: &Upload,
        length: u64,
        is_last: bool,
    ) -> Result<Response<Body>, PushError> {
        let (from, location) = (upload.offset, upload.location.as_str());
        let (method, url) = if is_last {
            let mark = if location.contains('?') { '&' } else { '?' };
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("digest", self.blob.digest.as_str());
            (Method::PUT, format!("{location}{mark}{}", query.finish()))
        } else {
            (Method::PATCH, location.to_owned())
        };
        let count = |bytes: u64, so_far: u64| {
            self.sent.set(self.sent.get() + bytes);
            (self.passed)(from + so_far);
        };
        let ask = Ask::new(method, url, self.action())
            .header("content-type", "application/octet-stream")
            .section(self.blob, from, length, &count);
        // A blob that goes in one request has no parts to be numbered, and what has no bytes has no last one.
        let ask = match length == 0 || (is_last && from == 0) {
            true => ask,
            false => ask.header("content-range", format!("{from}-{}", from + length - 1)),
        };
        self.registry.once(&ask)
    }

    /// What is left to do after a refusal.
    fn judge(
        &mut self,
        upload: &Upload,
        is_last: bool,
        answer: Response<Body>,
    ) -> Result<Standing, PushError> {
        let (status, asked) = (answer.status(), retry_after(&answer));
        let refusal = self.registry.refusal(&self.action(), answer);
        // Some registries count a piece that broke off only when they have written it down.
        if may_pass(status) || status == StatusCode::RANGE_NOT_SATISFIABLE {
            self.patience.wait(refusal, asked)?;
            return self.look(upload);
        }
        let is_forgotten =
            status == StatusCode::NOT_FOUND && !matches!(refusal, PushError::NoRepository { .. });
        let is_for_good = matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND
        );
        // Some registries take a blob whole or not at all.
        let was_piece = !is_last || upload.offset > 0;
        if self.beginnings >= MOST_BEGINNINGS || (is_for_good || !was_piece) && !is_forgotten {
            return Err(refusal);
        }
        self.takes_pieces &= is_forgotten;
        Ok(Standing::Forgotten)
    }

    /// How far an upload is that did not go on as was hoped. What arrived meanwhile gives back patience.
    fn look(&mut self, upload: &Upload) -> Result<Standing, PushError> {
        let standing = self.ask(&upload.location)?;
        if let Standing::At(now) = &standing
            && now.offset > upload.offset
        {
            self.patience.restore();
        }
        Ok(standing)
    }

    /// How far an upload is.
    fn ask(&self, location: &str) -> Result<Standing, PushError> {
        let action = format!("say how much it has of {}", self.blob.digest);
        let ask = Ask::new(Method::GET, location, action.as_str());
        let answer = self.registry.send(&ask)?;
        match answer.status() {
            status if status.is_success() => Ok(self.sound(Upload {
                offset: there(&answer).unwrap_or(0),
                location: self.next(&answer, location.to_owned()),
                piece: PIECE,
            })),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(self.registry.refusal(&action, answer))
            }
            // Whatever else it says, this upload is nothing to go on with.
            _ => Ok(Standing::Forgotten),
        }
    }

    /// An upload of which no more is there than there is.
    fn sound(&self, upload: Upload) -> Standing {
        match upload.offset <= self.blob.size {
            true => Standing::At(upload),
            false => Standing::Forgotten,
        }
    }

    fn arrived(&self) -> Standing {
        let destination = self.registry.destination;
        self.memory.forget_upload(destination, &self.blob.digest);
        Standing::Arrived(Arrival::Sent {
            bytes: self.sent.get(),
        })
    }

    fn next(&self, answer: &Response<Body>, before: String) -> String {
        let location = answer.headers().get(header::LOCATION);
        let location = location.and_then(|location| location.to_str().ok());
        location.map_or(before, |location| self.registry.located(location))
    }

    fn action(&self) -> String {
        format!("take a piece of {}", self.blob.digest)
    }
}

/// How many bytes a registry says that it has: `Range: 0-1023`. It says `0-0` of none, too.
fn there(answer: &Response<Body>) -> Option<u64> {
    let text = answer.headers().get(header::RANGE)?.to_str().ok()?;
    let text = text.trim();
    let text = text.strip_prefix("bytes=").unwrap_or(text);
    let last: u64 = text.split_once('-')?.1.parse().ok()?;
    Some(if last == 0 { 0 } else { last.checked_add(1)? })
}
