//! What a container of a pod wrote.

use std::io;

use bytes::{Bytes, BytesMut};
use coracle_host::log::{self, Chunk, LogReader, Only, Start};
use coracle_model::Timestamp;
use coracle_objects::{ObjectExt as _, Status};
use coracle_plan::pod::log_path;
use futures_util::stream::{self, StreamExt};

use super::containers::Meant;
use crate::artifacts::ByteStream;
use crate::workbench::{Workbench, off_runtime};

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
        let chunks = if options.follow {
            log::follow(&directory, start, options.only)
                .map(|chunk| chunk.map_err(io::Error::other))
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
        let shown = chunks.scan((), move |(), chunk| {
            let shown = match chunk {
                Ok(chunk) => filter.show(&chunk).map(Ok),
                Err(error) => Some(Err(error)),
            };
            std::future::ready(shown)
        });
        Ok(Some(shown.boxed()))
    }
}

/// What stands in a log now, read off the runtime's threads.
fn read(reader: LogReader) -> impl stream::Stream<Item = io::Result<Chunk>> + Send {
    stream::try_unfold(reader, |mut reader| async move {
        let read = tokio::task::spawn_blocking(move || {
            let chunk = reader.next_chunk();
            (reader, chunk)
        });
        let (reader, chunk) = read.await.map_err(io::Error::other)?;
        Ok(chunk
            .map_err(io::Error::other)?
            .map(|chunk| (chunk, reader)))
    })
}

impl Filter {
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
