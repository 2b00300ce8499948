//! The server's side of SPDY/3.1, as Kubernetes' clients speak it.
//!
//! ```text
//!            ┌────────── driver ───────────┐
//! bytes ───► │ Decoder ─► inbox a stream ──┼──► StreamReader
//! bytes ◄─── │ encode  ◄─ control, data  ◄─┼─── StreamWriter, Offer
//!            └─────────────────────────────┘
//! ```
//!
//! `frame` and `header_block` are pure: bytes in, values out. Windows are not kept: Go's clients neither heed nor
//! send `WINDOW_UPDATE`, so a stream that is not read holds back the whole connection, as it does with them, once
//! its inbox is full. It must not know what the streams are for; that is `remote`'s matter.

mod connection;
mod dictionary;
mod error;
mod frame;
mod header_block;

mod reader;
mod stream;
mod writer;

#[cfg(test)]
mod tests;

pub use connection::{Connection, Offer};
pub use error::{ConnectionError, HeaderBlockError, ProtocolError};
pub use frame::{ResetStatus, StreamId};
pub use stream::{Stream, StreamReader, StreamWriter};
