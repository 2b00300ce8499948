//! What can be wrong with a connection.

use std::io;

use thiserror::Error;

/// Why a connection ended otherwise than by being closed.
#[derive(Debug, Error)]
pub enum ConnectionError {
    /// Its bytes could not be read or written.
    #[error("the connection broke")]
    Io(#[from] io::Error),
    /// The peer does not keep to the protocol.
    #[error("the peer does not speak SPDY/3.1")]
    Protocol(#[from] ProtocolError),
    /// The peer makes this side speak, and does not listen.
    #[error("the peer does not read what it asked for")]
    Deaf,
}

/// What is wrong with a frame.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ProtocolError {
    /// Another version of SPDY, or something else altogether.
    #[error("a control frame is of version {0}, not 3")]
    Version(u16),
    /// More than any control frame needs.
    #[error("a control frame of type {kind} has {length} bytes")]
    TooLong {
        /// The frame's type.
        kind: u16,
        /// How many bytes it says it has.
        length: usize,
    },
    /// Less than what is in every such frame.
    #[error("a control frame of type {kind} has only {length} bytes")]
    TooShort {
        /// The frame's type.
        kind: u16,
        /// How many bytes it says it has.
        length: usize,
    },
    /// A stream that cannot be.
    #[error("stream {0} cannot be used here")]
    Stream(u32),
    /// Headers that cannot be read. What follows cannot be read either, since all blocks share one compression.
    #[error("headers cannot be read")]
    Headers(#[from] HeaderBlockError),
}

/// What is wrong with a block of headers.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum HeaderBlockError {
    /// It is not what zlib writes with SPDY's dictionary.
    #[error("they are not compressed as SPDY/3 says")]
    Compression,
    /// It unfolds to more than anyone has to say.
    #[error("they have more than {0} bytes")]
    TooLarge(usize),
    /// It ends within a header, or goes on after the last one.
    #[error("their lengths do not add up")]
    Lengths,
    /// A name or value that HTTP does not know.
    #[error("a name or a value is not one of HTTP's")]
    Characters,
}
