//! Commands and ports over SPDY/3.1: a stream for each thing that is said, told apart by its headers.

mod command;
mod forward;

pub(super) use command::command;
pub(super) use forward::forward;

use http::HeaderMap;

/// A header of a stream as text; empty if there is none.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

/// What a stream is for.
const STREAM_TYPE: &str = "streamtype";
/// To which port of the pod a stream belongs.
const PORT: &str = "port";
/// Which streams belong together.
const REQUEST_ID: &str = "requestid";
