//! Logs as they are now, one attempt after another.

use std::path::Path;

use coracle_host::log::{Chunk, LogError, LogReader, Start};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::attempts::Wanted;
use super::piece::{AttemptLog, PieceStream, Pieces, Reading};
use crate::error::AppError;
use crate::workbench::off_runtime;

/// Bytes that are read at once off the runtime's threads.
const BATCH_BYTES: usize = 1 << 20;

/// Records that are read at once; short lines are a record each.
const BATCH_RECORDS: usize = 16 * 1024;

pub(super) fn pieces(wanted: Wanted) -> PieceStream {
    let reading = wanted.reading;
    stream::iter(wanted.logs)
        .flat_map(move |log| of_attempt(log, reading))
        .boxed()
}

/// What an attempt has written so far.
fn of_attempt(log: AttemptLog, reading: Reading) -> PieceStream {
    let AttemptLog {
        name, directory, ..
    } = log;
    let opened = stream::once(off_runtime(move || open(&directory, reading)));
    let chunks = opened.map_ok(batches).try_flatten();
    chunks
        .map_ok(move |chunks| Pieces {
            of: name.clone(),
            chunks,
        })
        .boxed()
}

/// What an attempt wrote after so many bytes of its log.
pub(super) fn rest(log: AttemptLog, reading: Reading, delivered: u64) -> PieceStream {
    let start = if delivered > 0 {
        Start::Offset(delivered)
    } else {
        reading.start
    };
    let all = of_attempt(log, Reading { start, ..reading });
    all.map_ok(move |pieces| undelivered(pieces, delivered))
        .boxed()
}

fn undelivered(pieces: Pieces, delivered: u64) -> Pieces {
    let cut = |mut chunk: Chunk| {
        let known = usize::try_from(delivered.saturating_sub(chunk.offset)).unwrap_or(usize::MAX);
        (known < chunk.bytes.len()).then(|| {
            chunk.bytes = chunk.bytes.slice(known..);
            chunk.offset += known as u64;
            chunk
        })
    };
    Pieces {
        chunks: pieces.chunks.into_iter().filter_map(cut).collect(),
        ..pieces
    }
}

/// A reader where reading begins; none where no log was begun, as when a step could not start.
pub(super) fn open(directory: &Path, reading: Reading) -> Result<Option<LogReader>, AppError> {
    let mut reader = match LogReader::open(directory) {
        Ok(reader) => reader.only(reading.only),
        Err(LogError::File(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    reader.stand_at(reading.start)?;
    Ok(Some(reader))
}

fn batches(reader: Option<LogReader>) -> stream::BoxStream<'static, Result<Vec<Chunk>, AppError>> {
    stream::try_unfold(reader, |reader| async move {
        let Some(reader) = reader else {
            return Ok(None);
        };
        let (reader, chunks) = off_runtime(move || batch(reader)).await?;
        Ok((!chunks.is_empty()).then_some((chunks, Some(reader))))
    })
    .boxed()
}

fn batch(mut reader: LogReader) -> Result<(LogReader, Vec<Chunk>), AppError> {
    let mut chunks = Vec::new();
    let mut bytes = 0;
    while bytes < BATCH_BYTES
        && chunks.len() < BATCH_RECORDS
        && let Some(chunk) = reader.next_chunk()?
    {
        bytes += chunk.bytes.len();
        chunks.push(chunk);
    }
    Ok((reader, chunks))
}
