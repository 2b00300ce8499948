//! Reading a log, while it is written or after.

use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fs_err::File;
use jiff::{SignedDuration, Timestamp};

use super::LogError;
use super::follow::Start;
use super::format::{
    HEADER_BYTES, MAX_PIECE, Mark, RECORD_BYTES, Record, Stream, check_header, data_path,
    index_path, record_offset, whole_records,
};

/// Records fetched from the index at once.
const BLOCK_RECORDS: u64 = 2048;

/// By how much a record may be older than the one before it: the two streams are stamped apart.
const OUT_OF_ORDER: SignedDuration = SignedDuration::from_secs(1);

/// Which stream a reader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// Standard output and standard error, in the order of arrival.
    Both,
    /// One of them.
    Stream(Stream),
}

/// A piece of a log: what arrived at one moment on one stream. It need not be a whole line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The number of its record, from 0; reading on goes from the next.
    pub record: u64,
    /// Where its bytes begin in `output.log`.
    pub offset: u64,
    /// Where it was written.
    pub stream: Stream,
    /// When it arrived.
    pub at: Timestamp,
    /// The bytes; at most [`MAX_PIECE`].
    pub bytes: Bytes,
}

/// A piece that was written, as far as it takes to know it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownPiece {
    pub(crate) stream: Stream,
    pub(crate) at: Timestamp,
    pub(crate) length: usize,
}

/// A reader of a log, standing before one of its records.
#[derive(Debug)]
pub struct LogReader {
    directory: PathBuf,
    index: File,
    data: File,
    only: Only,
    next: u64,
    /// Bytes of the next record that are passed over: a tail may begin inside one.
    skip: usize,
    block: Vec<u8>,
    block_start: u64,
    window: Bytes,
    window_offset: u64,
    /// The first byte that was still kept after the window was read; what is before it in the window may be nothing.
    kept_from: u64,
}

impl LogReader {
    /// Opens a log and stands before its first record.
    ///
    /// # Errors
    /// [`LogError::File`] when there is none, [`LogError::Format`] when it is not one this version reads.
    pub fn open(directory: &Path) -> Result<Self, LogError> {
        let (index, data) = open_files(directory)?;
        let reader = Self {
            directory: directory.to_owned(),
            index,
            data,
            only: Only::Both,
            next: 0,
            skip: 0,
            block: Vec::new(),
            block_start: 0,
            window: Bytes::new(),
            window_offset: 0,
            kept_from: 0,
        };
        reader.check()?;
        Ok(reader)
    }

    /// The same reader, passing over the other stream.
    #[must_use]
    pub fn only(self, only: Only) -> Self {
        Self { only, ..self }
    }

    /// How many records there are now, the end's own left out.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn records(&mut self) -> Result<u64, LogError> {
        let (records, last) = self.last_whole()?;
        Ok(if last.is_some_and(|record| record.mark == Mark::End) {
            records - 1
        } else {
            records
        })
    }

    /// What tells this log from another one that was begun in its place; none before anything is in it.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn identity(&mut self) -> Result<Option<(u64, Timestamp)>, LogError> {
        let file = self.index.metadata()?.ino();
        Ok(self.record(0)?.map(|record| (file, record.at)))
    }

    /// Whether the writer marked the end: nothing will be added.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn is_finished(&mut self) -> Result<bool, LogError> {
        Ok(self
            .last_whole()?
            .1
            .is_some_and(|record| record.mark == Mark::End))
    }

    /// Stands before a record; one that is not there yet is waited for by [`super::follow`].
    pub fn seek(&mut self, record: u64) {
        self.next = record;
        self.skip = 0;
    }

    /// Stands where reading is to begin.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn stand_at(&mut self, start: Start) -> Result<(), LogError> {
        match start {
            Start::Record(record) => self.seek(record),
            Start::Offset(offset) => self.seek_offset(offset)?,
            Start::Tail(lines) => self.seek_tail(lines)?,
        }
        Ok(())
    }

    /// Stands before the byte at a place in `output.log`, or after the last record where there is none yet.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn seek_offset(&mut self, offset: u64) -> Result<(), LogError> {
        let (mut first, mut end) = (self.first_kept()?, self.records()?);
        while first < end {
            let middle = first + (end - first) / 2;
            match self.record(middle)? {
                Some(record) if record.end() <= offset => first = middle + 1,
                Some(_) | None => end = middle,
            }
        }
        self.seek(first);
        if let Some(record) = self.record(first)? {
            let skip = offset.saturating_sub(record.offset);
            self.skip = usize::try_from(skip).unwrap_or(usize::MAX);
        }
        Ok(())
    }

    /// Stands before the last `lines` lines of what this reader reads, an unfinished last line included.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn seek_tail(&mut self, lines: usize) -> Result<(), LogError> {
        let first = self.first_kept()?;
        let mut number = self.records()?;
        self.seek(number);
        let mut missing = lines;
        let mut is_last_byte = true;
        while number > first && missing > 0 {
            number -= 1;
            let Some(bytes) = self.wanted(number)? else {
                continue;
            };
            let Some(last) = bytes.len().checked_sub(1) else {
                continue;
            };
            for (place, _) in bytes
                .iter()
                .enumerate()
                .rev()
                .filter(|(_, byte)| **byte == b'\n')
            {
                // The newline at the very end closes the last line; it begins none.
                missing -= usize::from(!(is_last_byte && place == last));
                if missing == 0 {
                    self.next = number;
                    self.skip = place + 1;
                    return Ok(());
                }
            }
            is_last_byte = false;
            self.seek(number);
        }
        Ok(())
    }

    /// The next piece; `None` when there is none yet, or no more.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, LogError> {
        loop {
            let Some(record) = self.record(self.next)? else {
                if self.pass_over_dropped()? {
                    continue;
                }
                return Ok(None);
            };
            let Mark::Piece(stream) = record.mark else {
                return Ok(None);
            };
            let wanted = self.admits(stream);
            let bytes = if wanted {
                self.bytes(&record)?
            } else {
                Some(Bytes::new())
            };
            let Some(bytes) = bytes else {
                if self.pass_over_dropped()? {
                    continue;
                }
                return Ok(None);
            };
            if wanted && bytes.is_empty() && record.length > 0 {
                return Ok(None);
            }
            let skip = std::mem::take(&mut self.skip).min(bytes.len());
            let number = self.next;
            self.next += 1;
            if bytes.len() > skip {
                let offset = record.offset + skip as u64;
                return Ok(Some(Chunk {
                    record: number,
                    offset,
                    stream,
                    at: record.at,
                    bytes: bytes.slice(skip..),
                }));
            }
        }
    }

    /// Everything that this reader reads from where it stands, in one piece of memory of at most `limit` bytes.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn read_to_end(&mut self, limit: usize) -> Result<Vec<u8>, LogError> {
        let mut text = Vec::new();
        while let Some(chunk) = self.next_chunk()? {
            let room = limit - text.len();
            text.extend_from_slice(&chunk.bytes[..chunk.bytes.len().min(room)]);
            if text.len() == limit {
                break;
            }
        }
        Ok(text)
    }

    /// Whether the writer marked the end and this reader stands before it.
    pub(super) fn is_at_end(&mut self) -> Result<bool, LogError> {
        let (records, last) = self.last_whole()?;
        Ok(last.is_some_and(|record| record.mark == Mark::End) && self.next + 1 >= records)
    }

    /// Whether a writer has since begun another log in this one's place.
    pub(super) fn is_replaced(&self) -> Result<bool, LogError> {
        Ok(!is_at(&self.index, &index_path(&self.directory))?)
    }

    /// The first record that a writer who keeps the end of a log only has not dropped; 0 where nothing was.
    pub(super) fn first_kept(&mut self) -> Result<u64, LogError> {
        if self.is_kept(0)? {
            return Ok(0);
        }
        let (mut first, mut end) = (0, self.last_whole()?.0);
        while first < end {
            let middle = first + (end - first) / 2;
            if self.is_kept(middle)? {
                end = middle;
            } else {
                first = middle + 1;
            }
        }
        Ok(first)
    }

    /// Where the bytes of the first record that is kept begin.
    pub(super) fn first_kept_byte(&mut self) -> Result<u64, LogError> {
        let first = self.first_kept()?;
        let record = self.record_on_disk(first)?;
        Ok(record.map_or(0, |record| record.offset))
    }

    /// The pieces since a time, in their order.
    fn pieces_since(&mut self, since: Timestamp) -> Result<Vec<KnownPiece>, LogError> {
        let first = self.first_kept()?;
        let mut number = self.records()?;
        let mut found = Vec::new();
        while number > first
            && let Some(record) = self.record(number - 1)?
            && record
                .at
                .saturating_add(OUT_OF_ORDER)
                .is_ok_and(|at| at >= since)
        {
            number -= 1;
            if let Mark::Piece(stream) = record.mark
                && record.at >= since
            {
                found.push(KnownPiece {
                    stream,
                    at: record.at,
                    length: record.length as usize,
                });
            }
        }
        found.reverse();
        Ok(found)
    }

    /// How many records from the start are whole and have data, and the last of them.
    pub(super) fn last_whole(&mut self) -> Result<(u64, Option<Record>), LogError> {
        let mut records = whole_records(self.index.metadata()?.len());
        let data = self.data.metadata()?.len();
        while records > 0 {
            match self.record(records - 1)? {
                Some(record) if record.mark == Mark::End || record.offset < data => {
                    return Ok((records, Some(record)));
                }
                Some(_) | None => records -= 1,
            }
        }
        Ok((0, None))
    }

    /// As [`LogReader::last_whole`], with all of the data, and the mark of an end left out.
    pub(super) fn last_of_which_all_is_there(&mut self) -> Result<(u64, Option<Record>), LogError> {
        let (mut records, _) = self.last_whole()?;
        let data = self.data.metadata()?.len();
        while records > 0 {
            match self.record(records - 1)? {
                Some(record) if record.mark != Mark::End && record.end() <= data => {
                    return Ok((records, Some(record)));
                }
                Some(_) | None => records -= 1,
            }
        }
        Ok((0, None))
    }

    fn check(&self) -> Result<(), LogError> {
        let mut header = [0; HEADER_BYTES as usize];
        if read_at(&self.index, &mut header, 0)? < header.len() {
            // The writer made the file and is about to write the header.
            return Ok(());
        }
        check_header(&header).map_err(|message| LogError::Format {
            directory: self.directory.clone(),
            message,
        })
    }

    /// Goes on to the first record that is kept; false when this reader stands behind it.
    fn pass_over_dropped(&mut self) -> Result<bool, LogError> {
        if self.next >= whole_records(self.index.metadata()?.len()) {
            return Ok(false);
        }
        let first = self.first_kept()?;
        let passes = first > self.next;
        if passes {
            self.seek(first);
        }
        Ok(passes)
    }

    fn is_kept(&self, number: u64) -> Result<bool, LogError> {
        Ok(self.record_on_disk(number)?.is_some())
    }

    /// A record as it is now; those at hand may have been dropped since they were read.
    fn record_on_disk(&self, number: u64) -> Result<Option<Record>, LogError> {
        let mut record = [0; RECORD_BYTES];
        let read = read_at(&self.index, &mut record, record_offset(number))?;
        Ok((read == RECORD_BYTES)
            .then(|| Record::decode(&record))
            .flatten())
    }

    fn admits(&self, stream: Stream) -> bool {
        match self.only {
            Only::Both => true,
            Only::Stream(only) => only == stream,
        }
    }

    /// The bytes of a record when this reader wants its stream.
    fn wanted(&mut self, number: u64) -> Result<Option<Bytes>, LogError> {
        match self.record(number)? {
            Some(
                record @ Record {
                    mark: Mark::Piece(stream),
                    ..
                },
            ) if self.admits(stream) => self.bytes(&record),
            Some(_) | None => Ok(None),
        }
    }

    fn record(&mut self, number: u64) -> Result<Option<Record>, LogError> {
        if let Some(record) = self.in_block(number) {
            return Ok(Record::decode(record));
        }
        // A record behind the block means that somebody reads backwards.
        let backwards = number < self.block_start;
        let start = if backwards {
            (number + 1).saturating_sub(BLOCK_RECORDS)
        } else {
            number
        };
        let mut block = std::mem::take(&mut self.block);
        block.resize(BLOCK_RECORDS as usize * RECORD_BYTES, 0);
        let read = read_at(&self.index, &mut block, record_offset(start))?;
        block.truncate(read);
        self.block = block;
        self.block_start = start;
        Ok(self.in_block(number).and_then(Record::decode))
    }

    fn in_block(&self, number: u64) -> Option<&[u8; RECORD_BYTES]> {
        let place = usize::try_from(number.checked_sub(self.block_start)?)
            .ok()?
            .checked_mul(RECORD_BYTES)?;
        self.block.get(place..)?.first_chunk()
    }

    /// The bytes of a piece, fewer where the data is torn; none where it has been dropped.
    fn bytes(&mut self, record: &Record) -> Result<Option<Bytes>, LogError> {
        let length = record.length as usize;
        let within = record
            .offset
            .checked_sub(self.window_offset)
            .and_then(|place| usize::try_from(place).ok());
        if let Some(place) = within
            && place + length <= self.window.len()
        {
            let bytes = self.window.slice(place..place + length);
            return Ok((record.offset >= self.kept_from).then_some(bytes));
        }
        // As with the block: reading backwards, what lies before is wanted next.
        let backwards = record.offset < self.window_offset;
        let start = if backwards {
            record.end().saturating_sub(MAX_PIECE as u64)
        } else {
            record.offset
        };
        let mut window = vec![0; MAX_PIECE];
        let read = read_at(&self.data, &mut window, start)?;
        window.truncate(read);
        // A piece keeps its window alive, so a window that is mostly air is copied.
        self.window = if read < MAX_PIECE / 2 {
            Bytes::copy_from_slice(&window)
        } else {
            window.into()
        };
        self.window_offset = start;
        // A writer drops a record before its bytes, so those of a record that is still there were what they are.
        self.kept_from = self.first_kept_byte()?;
        let place = usize::try_from(record.offset - start)
            .unwrap_or(MAX_PIECE)
            .min(read);
        let bytes = self.window.slice(place..(place + length).min(read));
        Ok((record.offset >= self.kept_from).then_some(bytes))
    }
}

/// The pieces of a log since a time, in their order.
pub(crate) fn known_since(directory: &Path, since: Timestamp) -> Result<Vec<KnownPiece>, LogError> {
    LogReader::open(directory)?.pieces_since(since)
}

/// Opens the two files so that they belong together even when a writer begins anew at the same moment.
fn open_files(directory: &Path) -> std::io::Result<(File, File)> {
    loop {
        let index = File::open(index_path(directory))?;
        let data = File::open(data_path(directory));
        if is_at(&index, &index_path(directory))? {
            return Ok((index, data?));
        }
    }
}

fn is_at(file: &File, path: &Path) -> std::io::Result<bool> {
    let open = file.metadata()?;
    match fs_err::metadata(path) {
        Ok(there) => Ok((open.dev(), open.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Fills the buffer as far as the file goes.
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file
            .file()
            .read_at(&mut buffer[filled..], offset + filled as u64)
        {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
