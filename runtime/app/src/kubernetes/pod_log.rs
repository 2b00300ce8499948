//! What a container of a pod wrote.

use std::io;

use bytes::{Bytes, BytesMut};
use coracle_host::log::{self, Chunk, LogReader, Only, Start};
use coracle_model::Timestamp;
use coracle_objects::{ObjectExt as _, Status};
use coracle_plan::pod::log_path;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::containers::Meant;
use crate::artifacts::ByteStream;
use crate::workbench::{Workbench, off_runtime};

/// Pieces taken at once: a line that is written by itself is one.
const BATCH: usize = 4096;

/// Bytes after which no more pieces are taken at once.
const BATCH_BYTES: usize = 1 << 20;

/// What of a log is wanted, as `PodLogOptions` has it.
#[derive(Debug, Clone)]
pub struct PodLogOptions {
    /// Of which container; none for the only one.
    pub container: Option<String>,
    /// What is to come, too.
    pub follow: bool,
    /// Of the try before this one.
    pub previous: bool,
    /// With the time before each line.
    pub timestamps: bool,
    /// The last lines only.
    pub tail_lines: Option<usize>,
    /// What was written since a time only.
    pub since: Option<Timestamp>,
    /// So many bytes at most.
    pub limit_bytes: Option<usize>,
    /// One of the two streams only.
    pub only: Only,
}

/// A log on its way through its options.
struct Filter {
    since: Option<Timestamp>,
    timestamps: bool,
    /// Whether the next byte begins a line.
    at_line_start: bool,
    left: Option<usize>,
}

impl Workbench {
    /// What a container wrote; none for a pod that has no place to run yet.
    ///
    /// # Errors
    /// 404 and 400, as a kubelet has them.
    pub async fn pod_log(
        &self,
        namespace: &str,
        pod: &str,
        options: PodLogOptions,
    ) -> Result<Option<ByteStream>, Status> {
        let meant = Meant::find(self, namespace, pod, options.container.as_deref())?;
        if !meant.is_placed() {
            return Ok(None);
        }
        let attempt = meant.logged_try(options.previous)?;
        let pod_directory = self.home().pod_dir(meant.pod.uid());
        let directory = log_path(&pod_directory, &meant.at_try(attempt));
        let mut filter = Filter {
            since: options.since,
            timestamps: options.timestamps,
            at_line_start: true,
            left: options.limit_bytes,
        };
        let start = options.tail_lines.map_or(Start::Record(0), Start::Tail);
        let batches = if options.follow {
            log::follow(&directory, start, options.only)
                .ready_chunks(BATCH)
                .map(|chunks| chunks.into_iter().collect::<Result<Vec<_>, _>>())
                .map_err(io::Error::other)
                .boxed()
        } else {
            let opened = off_runtime(move || {
                let mut reader = match LogReader::open(&directory) {
                    Ok(reader) => reader.only(options.only),
                    // It has not begun to write.
                    Err(log::LogError::File(error)) if error.kind() == io::ErrorKind::NotFound => {
                        return Ok(None);
                    }
                    Err(error) => return Err(error.into()),
                };
                reader.stand_at(start)?;
                Ok(Some(reader))
            });
            match opened.await.map_err(|error| super::internal(&error))? {
                Some(reader) => read(reader).boxed(),
                None => stream::empty().boxed(),
            }
        };
        let shown = batches.scan((), move |(), batch| {
            let shown = match batch {
                Ok(chunks) => filter.show_all(&chunks).map(Ok),
                Err(error) => Some(Err(error)),
            };
            std::future::ready(shown)
        });
        Ok(Some(shown.boxed()))
    }
}

/// What stands in a log now, read off the runtime's threads.
fn read(reader: LogReader) -> impl stream::Stream<Item = io::Result<Vec<Chunk>>> + Send {
    stream::try_unfold(reader, |mut reader| async move {
        let read = tokio::task::spawn_blocking(move || {
            let batch = next_batch(&mut reader);
            (reader, batch)
        });
        let (reader, batch) = read.await.map_err(io::Error::other)?;
        let batch = batch.map_err(io::Error::other)?;
        Ok((!batch.is_empty()).then_some((batch, reader)))
    })
}

fn next_batch(reader: &mut LogReader) -> Result<Vec<Chunk>, log::LogError> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while batch.len() < BATCH
        && bytes < BATCH_BYTES
        && let Some(chunk) = reader.next_chunk()?
    {
        bytes += chunk.bytes.len();
        batch.push(chunk);
    }
    Ok(batch)
}

impl Filter {
    /// What is shown of pieces that follow one another; none once there was enough.
    fn show_all(&mut self, chunks: &[Chunk]) -> Option<Bytes> {
        let mut all = BytesMut::new();
        for (number, chunk) in chunks.iter().enumerate() {
            match self.show(chunk) {
                Some(shown) => all.extend_from_slice(&shown),
                None if number == 0 => return None,
                None => break,
            }
        }
        Some(all.freeze())
    }

    /// What is shown of a piece; none once there was enough.
    fn show(&mut self, chunk: &Chunk) -> Option<Bytes> {
        if self.left == Some(0) {
            return None;
        }
        if self.since.is_some_and(|since| chunk.at < since) {
            return Some(Bytes::new());
        }
        let mut shown = if self.timestamps {
            self.with_times(chunk)
        } else {
            chunk.bytes.clone()
        };
        if let Some(left) = &mut self.left {
            shown.truncate(*left);
            *left -= shown.len();
        }
        Some(shown)
    }

    fn with_times(&mut self, chunk: &Chunk) -> Bytes {
        let time = format!("{:.9} ", chunk.at);
        let mut shown = BytesMut::with_capacity(chunk.bytes.len() + time.len());
        for line in chunk.bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.at_line_start {
                shown.extend_from_slice(time.as_bytes());
            }
            shown.extend_from_slice(line);
            self.at_line_start = line.ends_with(b"\n");
        }
        shown.freeze()
    }
}
