//! Writing a log: appended pieces gather in memory and go to disk in large writes.

use std::os::unix::fs::FileExt;
use std::path::Path;

use fs_err::os::unix::fs::OpenOptionsExt;
use fs_err::{File, OpenOptions};
use jiff::Timestamp;

use super::LogError;
use super::format::{
    MAX_PIECE, Mark, Record, Stream, data_path, header, index_path, record_offset,
};
use super::reader::LogReader;

/// What may gather before it is written without being asked.
const BUFFER_BYTES: usize = 1 << 20;

/// The one writer of a log.
///
/// A write that fails, for example on a full disk, may be tried again with [`LogWriter::flush`]: nothing that
/// was appended is lost before the writer is dropped. Dropping it leaves a log without an end.
#[derive(Debug)]
pub struct LogWriter {
    data: File,
    index: File,
    pending_data: Vec<u8>,
    pending_index: Vec<u8>,
    data_written: u64,
    index_written: u64,
    last: Timestamp,
}

impl LogWriter {
    /// Begins a log in `directory`, which is made when it is not there; a log that is there is replaced.
    ///
    /// # Errors
    /// When the files cannot be made.
    pub fn create(directory: &Path) -> std::io::Result<Self> {
        fs_err::create_dir_all(directory)?;
        // The index goes first and comes last: whoever sees an index finds the data that belongs to it.
        for path in [index_path(directory), data_path(directory)] {
            match fs_err::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        let new = |path| {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
        };
        let data = new(data_path(directory))?;
        let index = new(index_path(directory))?;
        let mut writer = Self {
            data,
            index,
            pending_data: Vec::new(),
            pending_index: header().to_vec(),
            data_written: 0,
            index_written: 0,
            last: Timestamp::UNIX_EPOCH,
        };
        writer.flush()?;
        Ok(writer)
    }

    /// Adds bytes that arrived at `at`. They reach the disk with the next [`LogWriter::flush`], or earlier.
    ///
    /// # Errors
    /// When gathered bytes had to be written and could not be; what was appended is kept.
    pub fn append(&mut self, stream: Stream, at: Timestamp, bytes: &[u8]) -> std::io::Result<()> {
        self.last = at;
        for piece in bytes.chunks(MAX_PIECE) {
            let record = Record {
                mark: Mark::Piece(stream),
                at,
                offset: self.data_written + self.pending_data.len() as u64,
                length: piece.len() as u32,
            };
            self.pending_data.extend_from_slice(piece);
            self.pending_index.extend_from_slice(&record.encode());
        }
        if self.pending_data.len() + self.pending_index.len() < BUFFER_BYTES {
            Ok(())
        } else {
            self.flush()
        }
    }

    /// Writes everything that was appended, so that readers see it.
    ///
    /// # Errors
    /// When it cannot be written; what was appended is kept.
    pub fn flush(&mut self) -> std::io::Result<()> {
        // Writing at a known place makes a second try after a half write right.
        write_at(&self.data, &self.pending_data, self.data_written)?;
        self.data_written += self.pending_data.len() as u64;
        self.pending_data.clear();
        write_at(&self.index, &self.pending_index, self.index_written)?;
        self.index_written += self.pending_index.len() as u64;
        self.pending_index.clear();
        Ok(())
    }

    /// Writes everything and marks the end: followers stop.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> std::io::Result<()> {
        let offset = self.data_written + self.pending_data.len() as u64;
        let end = Record {
            mark: Mark::End,
            at: self.last,
            offset,
            length: 0,
        };
        self.pending_index.extend_from_slice(&end.encode());
        self.flush()
    }
}

/// Marks the end of a log whose writer is no more; one that has an end is left as it is.
///
/// A torn tail is cut off. Where there is no log, an empty one is made.
///
/// # Errors
/// When the files cannot be read or written.
pub fn seal(directory: &Path) -> Result<(), LogError> {
    if !index_path(directory).exists() {
        return Ok(LogWriter::create(directory)?.finish()?);
    }
    let mut reader = LogReader::open(directory)?;
    if reader.is_finished()? {
        return Ok(());
    }
    let (records, last) = reader.last_whole()?;
    let (at, offset) = last.map_or((Timestamp::UNIX_EPOCH, 0), |record| {
        (record.at, record.end())
    });
    let end = Record {
        mark: Mark::End,
        at,
        offset,
        length: 0,
    };
    let index = OpenOptions::new().write(true).open(index_path(directory))?;
    index.set_len(record_offset(records))?;
    write_at(&index, &header(), 0)?;
    write_at(&index, &end.encode(), record_offset(records))?;
    Ok(())
}

/// Copies a log, finished or not, over the one in another directory.
///
/// # Errors
/// When it cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs_err::create_dir_all(to)?;
    // In the writer's order; what is added in between reads as a torn tail.
    fs_err::copy(data_path(from), data_path(to))?;
    fs_err::copy(index_path(from), index_path(to)).map(drop)
}

fn write_at(file: &File, bytes: &[u8], offset: u64) -> std::io::Result<()> {
    let named = |error: std::io::Error| {
        std::io::Error::new(
            error.kind(),
            format!("failed to write to `{}`: {error}", file.path().display()),
        )
    };
    file.file().write_all_at(bytes, offset).map_err(named)
}
