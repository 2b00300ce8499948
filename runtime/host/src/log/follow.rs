//! Following a log that may still be written, by this process or another.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use futures_util::stream;

use super::LogError;
use super::reader::{Chunk, LogReader, Only};
use crate::watch::Watched;

/// Pieces read at once off the runtime's threads.
const BATCH: usize = 64;

/// Bytes after which no more pieces are read at once; a reader that is slow holds no more than this.
const BATCH_BYTES: usize = 1 << 20;

/// Where following begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With a record, from 0.
    Record(u64),
    /// With the byte at a place in `output.log`, from 0.
    Offset(u64),
    /// With so many of the last lines.
    Tail(usize),
}

/// The pieces of a log, those to come included, until its writer marks the end.
///
/// `directory` and the log in it may come into being later. When a writer begins the log anew, which repeats what
/// was there, following goes on where it was. The stream ends with an error when the log is removed.
pub fn follow(
    directory: &Path,
    start: Start,
    only: Only,
) -> impl stream::Stream<Item = Result<Chunk, LogError>> + Send + use<> {
    let follower = Follower {
        directory: directory.to_owned(),
        start,
        only,
        reader: None,
        watched: None,
        ready: VecDeque::new(),
        delivered: match start {
            Start::Offset(offset) => offset,
            Start::Record(_) | Start::Tail(_) => 0,
        },
    };
    stream::try_unfold(follower, |mut follower| async move {
        Ok(follower.next().await?.map(|chunk| (chunk, follower)))
    })
}

struct Follower {
    directory: PathBuf,
    start: Start,
    only: Only,
    reader: Option<LogReader>,
    watched: Option<Watched>,
    ready: VecDeque<Chunk>,
    /// Bytes of `output.log` before which everything was handed out.
    delivered: u64,
}

/// What one look at the log gave.
struct Look {
    reader: Option<LogReader>,
    chunks: Vec<Chunk>,
    ended: bool,
}

impl Follower {
    async fn next(&mut self) -> Result<Option<Chunk>, LogError> {
        loop {
            while let Some(chunk) = self.ready.pop_front() {
                if let Some(chunk) = self.undelivered(chunk) {
                    return Ok(Some(chunk));
                }
            }
            if self.watched.is_none() {
                begun(&self.directory).await?;
                self.watched = Some(Watched::new(&self.directory)?);
            }
            let watched = self.watched.as_mut().expect("set just above");
            // Before looking: what changes while we look is news.
            watched.mark_seen();
            let look = look(
                self.reader.take(),
                self.directory.clone(),
                self.start,
                self.only,
            )
            .await?;
            self.reader = look.reader;
            self.ready.extend(look.chunks);
            if self.ready.is_empty() {
                if look.ended {
                    return Ok(None);
                }
                watched.changed().await;
            }
        }
    }

    /// The part of a chunk that was not handed out before the log began anew.
    fn undelivered(&mut self, mut chunk: Chunk) -> Option<Chunk> {
        let known =
            usize::try_from(self.delivered.saturating_sub(chunk.offset)).unwrap_or(usize::MAX);
        if known >= chunk.bytes.len() {
            return None;
        }
        chunk.bytes = chunk.bytes.slice(known..);
        chunk.offset += known as u64;
        self.delivered = chunk.offset + chunk.bytes.len() as u64;
        // From now on a new log is read from its start, and what is known passed over.
        self.start = Start::Record(0);
        Some(chunk)
    }
}

/// Waits until a directory is there. The nearest one above it that is there tells of it.
async fn begun(directory: &Path) -> std::io::Result<()> {
    while !directory.is_dir() {
        let above = nearest_above(directory);
        let mut watched = match Watched::new(above) {
            Ok(watched) => watched,
            // It was removed just now, and the one above it is the nearest.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        watched.mark_seen();
        // What came into being before it was watched is no news.
        if nearest_above(directory) == above {
            watched.changed().await;
        }
    }
    Ok(())
}

fn nearest_above(directory: &Path) -> &Path {
    let mut above = directory.ancestors();
    above.find(|above| above.is_dir()).unwrap_or(Path::new("."))
}

/// Reads what is there, off the runtime's threads.
async fn look(
    reader: Option<LogReader>,
    directory: PathBuf,
    start: Start,
    only: Only,
) -> Result<Look, LogError> {
    let task = tokio::task::spawn_blocking(move || look_now(reader, &directory, start, only));
    task.await.map_err(std::io::Error::other)?
}

fn look_now(
    mut reader: Option<LogReader>,
    directory: &Path,
    start: Start,
    only: Only,
) -> Result<Look, LogError> {
    loop {
        // The log is opened when it is there for the first time, or anew.
        let mut current = match reader.take() {
            Some(reader) => reader,
            None => match open(directory, start, only)? {
                Some(reader) => reader,
                None => {
                    return Ok(Look {
                        reader: None,
                        chunks: Vec::new(),
                        ended: false,
                    });
                }
            },
        };
        let mut chunks = Vec::new();
        let mut bytes = 0;
        while chunks.len() < BATCH
            && bytes < BATCH_BYTES
            && let Some(chunk) = current.next_chunk()?
        {
            bytes += chunk.bytes.len();
            chunks.push(chunk);
        }
        if chunks.is_empty() && !current.is_at_end()? && current.is_replaced()? {
            continue;
        }
        let ended = chunks.is_empty() && current.is_at_end()?;
        return Ok(Look {
            reader: Some(current),
            chunks,
            ended,
        });
    }
}

/// The reader where following begins; none where the log has not begun.
fn open(directory: &Path, start: Start, only: Only) -> Result<Option<LogReader>, LogError> {
    // An error here means that the directory itself is gone.
    fs_err::metadata(directory)?;
    let mut reader = match LogReader::open(directory) {
        Ok(reader) => reader.only(only),
        Err(LogError::File(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    reader.stand_at(start)?;
    Ok(Some(reader))
}
