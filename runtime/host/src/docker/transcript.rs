//! The output of something that is made: all of it in a log, its end in memory for the error.

use std::path::Path;

use super::error::file_error;
use crate::engine::EngineError;
use crate::log::{LogWriter, Stream};
use coracle_model::Timestamp;

/// How much of the output an error shows, in bytes.
const SHOWN_BYTES: usize = 2000;

/// What was written so far.
pub(super) struct Transcript {
    log: LogWriter,
    end: Vec<u8>,
}

impl Transcript {
    pub(super) fn begin(log: &Path) -> Result<Self, EngineError> {
        Ok(Self {
            log: LogWriter::create(log).map_err(|error| cannot_write(&error))?,
            end: Vec::new(),
        })
    }

    pub(super) fn add(
        &mut self,
        at: Timestamp,
        stream: Stream,
        bytes: &[u8],
    ) -> Result<(), EngineError> {
        self.end.extend_from_slice(bytes);
        self.end.drain(..self.end.len().saturating_sub(SHOWN_BYTES));
        self.log
            .append(stream, at, bytes)
            .map_err(|error| cannot_write(&error))?;
        self.log.flush().map_err(|error| cannot_write(&error))
    }

    /// The end of the output.
    pub(super) fn finish(self) -> Result<String, EngineError> {
        self.log.finish().map_err(|error| cannot_write(&error))?;
        Ok(String::from_utf8_lossy(&self.end).trim().to_owned())
    }
}

fn cannot_write(error: &std::io::Error) -> EngineError {
    file_error("write the log", error)
}
