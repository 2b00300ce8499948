//! Where lines of an attempt's log begin, so that those in the middle of a long one are read without those before them.
//!
//! A log is looked through once, as far as it was written; what is written later is looked through when somebody asks
//! again. What is kept is a place for every thousand lines.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coracle_host::log::{LogError, LogReader, Only, Start};
use jiff::Timestamp;

use super::piece::{AttemptLog, Reading};
use super::split::{Line, Splitter};
use super::whole::open;
use crate::error::AppError;
use crate::view::LogPosition;

/// Lines from one place to the next.
const APART: u64 = 1024;

/// The most logs whose places are kept; a run may have thousands.
const MOST: usize = 8192;

/// The places of logs that somebody looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf {
    logs: Arc<Mutex<HashMap<PathBuf, Arc<Mutex<Places>>>>>,
}

impl Shelf {
    /// A log as far as it is written now.
    pub(super) fn look(&self, log: AttemptLog) -> Result<Looked, AppError> {
        let places = {
            let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
            if logs.len() >= MOST {
                logs.clear();
            }
            Arc::clone(logs.entry(log.directory.clone()).or_default())
        };
        let lines = {
            let mut places = places.lock().unwrap_or_else(PoisonError::into_inner);
            places.update(&log.directory)?;
            places.whole + if log.over { places.splitter.open() } else { 0 }
        };
        Ok(Looked { log, places, lines })
    }
}

/// A log of which it is known how many lines it has.
pub(super) struct Looked {
    pub(super) log: AttemptLog,
    places: Arc<Mutex<Places>>,
    pub(super) lines: u64,
}

impl Looked {
    /// Hands out the lines from one on, each with its number, until `take` has enough.
    pub(super) fn each(
        &self,
        from: u64,
        mut take: impl FnMut(u64, &Line) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, AppError> {
        if from >= self.lines {
            return Ok(ControlFlow::Continue(()));
        }
        let (mut number, before) = self.places().before(from);
        let reading = Reading {
            start: Start::Offset(before.start()),
            only: Only::Both,
        };
        let Some(mut reader) = open(&self.log.directory, reading)? else {
            return Ok(ControlFlow::Continue(()));
        };
        let mut splitter = Splitter::after(before);
        loop {
            let chunk = reader.next_chunk()?;
            let lines = match &chunk {
                Some(chunk) => splitter.add(chunk),
                None => splitter.finish(),
            };
            for line in &lines {
                // What was written since is not counted yet.
                if number >= self.lines {
                    return Ok(ControlFlow::Continue(()));
                }
                if number >= from && take(number, line).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                number += 1;
            }
            if chunk.is_none() {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    /// The first line that was begun at a time or later.
    pub(super) fn since(&self, time: Timestamp) -> Result<Option<u64>, AppError> {
        let from = self.places().not_after(time);
        let mut found = None;
        let _ = self.each(from, |number, line| {
            if line.at < time {
                return ControlFlow::Continue(());
            }
            found = Some(number);
            ControlFlow::Break(())
        })?;
        Ok(found)
    }

    /// What of the log stands before a line.
    pub(super) fn position(&self, line: u64) -> Result<LogPosition, AppError> {
        let Some(last) = line.min(self.lines).checked_sub(1) else {
            return Ok(LogPosition::default());
        };
        let mut position = LogPosition::default();
        let _ = self.each(last, |_, line| {
            position = line.after;
            ControlFlow::Break(())
        })?;
        Ok(position)
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Places {
    /// Which log this is about; a retry begins another in its place.
    of: Option<(u64, Timestamp)>,
    splitter: Splitter,
    /// Lines that have their end.
    whole: u64,
    /// What stands before the line that comes next.
    next: LogPosition,
    marks: Vec<Mark>,
}

/// A line that others are found by.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Timestamp,
    before: LogPosition,
}

impl Places {
    /// Looks through what was written since the last time.
    fn update(&mut self, directory: &Path) -> Result<(), AppError> {
        let reading = Reading {
            start: Start::Record(0),
            only: Only::Both,
        };
        let Some(mut reader) = open(directory, reading)? else {
            *self = Self::default();
            return Ok(());
        };
        let of = reader.identity()?;
        if self.of != of {
            *self = Self {
                of,
                ..Self::default()
            };
        }
        self.go_on(&mut reader)?;
        Ok(())
    }

    fn go_on(&mut self, reader: &mut LogReader) -> Result<(), LogError> {
        reader.seek_offset(self.splitter.seen())?;
        while let Some(chunk) = reader.next_chunk()? {
            for line in self.splitter.add(&chunk) {
                if self.whole.is_multiple_of(APART) {
                    self.marks.push(Mark {
                        at: line.at,
                        before: self.next,
                    });
                }
                self.whole += 1;
                self.next = line.after;
            }
        }
        Ok(())
    }

    /// The last mark before a line, by the number of the line it is at.
    fn before(&self, line: u64) -> (u64, LogPosition) {
        let number = (line / APART).min((self.marks.len() as u64).saturating_sub(1));
        let mark = usize::try_from(number)
            .ok()
            .and_then(|number| self.marks.get(number));
        mark.map_or((0, LogPosition::default()), |mark| {
            (number * APART, mark.before)
        })
    }

    /// A line before which none was begun at a time or later.
    fn not_after(&self, time: Timestamp) -> u64 {
        let later = self.marks.partition_point(|mark| mark.at < time);
        (later as u64).saturating_sub(1) * APART
    }
}

#[cfg(test)]
mod tests {
    use coracle_host::log::{LogWriter, Stream};
    use coracle_model::AttemptNumber;

    use super::*;
    use crate::log::piece::AttemptName;

    fn log(directory: &Path, over: bool) -> AttemptLog {
        AttemptLog {
            name: AttemptName {
                step: "talk".into(),
                number: AttemptNumber(1),
            },
            directory: directory.to_owned(),
            over,
        }
    }

    fn second(second: u64) -> Timestamp {
        Timestamp::from_second(second.cast_signed()).unwrap()
    }

    /// Standard output has three lines in two pieces a second, whose ends never are those of lines, and standard error
    /// one in between.
    fn write(writer: &mut LogWriter, seconds: std::ops::Range<u64>) {
        for at in seconds {
            let pieces = [
                (Stream::Stdout, format!("{at} a\n{at} b\n{at} ")),
                (Stream::Stderr, format!("{at} warns\n")),
                (Stream::Stdout, "c\n".to_owned()),
            ];
            for (stream, text) in pieces {
                writer.append(stream, second(at), text.as_bytes()).unwrap();
            }
        }
        writer.flush().unwrap();
    }

    fn text(looked: &Looked, from: u64, many: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let _ = looked
            .each(from, |number, line| {
                assert_eq!(number, from + lines.len() as u64);
                lines.push(line.text().into_owned());
                if lines.len() == many {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        lines
    }

    #[test]
    fn lines_are_found_wherever_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("log");
        let mut writer = LogWriter::create(&directory).unwrap();
        write(&mut writer, 0..3000);
        let looked = Shelf::default().look(log(&directory, true)).unwrap();
        assert_eq!(looked.lines, 12_000);
        let all = text(&looked, 0, usize::MAX);
        assert_eq!(all.len(), 12_000);
        assert_eq!(all[8..12], ["2 a", "2 b", "2 warns", "2 c"]);
        for from in [0, 1, 1023, 1024, 1025, 4097, 11_998, 11_999] {
            let part = text(&looked, from, 5);
            let from = usize::try_from(from).unwrap();
            assert_eq!(part, all[from..(from + 5).min(all.len())], "from {from}");
        }
        assert_eq!(text(&looked, 12_000, 5), Vec::<String>::new());
        for (time, line) in [
            (0, Some(0)),
            (1000, Some(4000)),
            (2999, Some(11_996)),
            (3000, None),
        ] {
            assert_eq!(looked.since(second(time)).unwrap(), line, "since {time}");
        }
    }

    #[test]
    fn what_is_written_later_is_looked_through_later() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("log");
        let shelf = Shelf::default();
        assert_eq!(shelf.look(log(&directory, false)).unwrap().lines, 0);
        let mut writer = LogWriter::create(&directory).unwrap();
        write(&mut writer, 0..1000);
        assert_eq!(shelf.look(log(&directory, false)).unwrap().lines, 4000);
        write(&mut writer, 1000..2000);
        writer
            .append(Stream::Stdout, second(2000), b"without an end")
            .unwrap();
        writer.flush().unwrap();
        // While it may go on, that is no line yet.
        assert_eq!(shelf.look(log(&directory, false)).unwrap().lines, 8000);
        let looked = shelf.look(log(&directory, true)).unwrap();
        assert_eq!(looked.lines, 8001);
        assert_eq!(text(&looked, 7999, 5), ["1999 c", "without an end"]);
    }

    #[test]
    fn another_log_in_its_place_is_looked_through_anew() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("log");
        let shelf = Shelf::default();
        write(&mut LogWriter::create(&directory).unwrap(), 0..2000);
        assert_eq!(shelf.look(log(&directory, true)).unwrap().lines, 8000);
        fs_err::remove_dir_all(&directory).unwrap();
        write(&mut LogWriter::create(&directory).unwrap(), 7000..7001);
        let looked = shelf.look(log(&directory, true)).unwrap();
        assert_eq!(
            text(&looked, 0, 9),
            ["7000 a", "7000 b", "7000 warns", "7000 c"]
        );
    }

    #[test]
    fn reading_goes_on_behind_any_line() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("log");
        write(&mut LogWriter::create(&directory).unwrap(), 0..500);
        let looked = Shelf::default().look(log(&directory, true)).unwrap();
        let all = text(&looked, 0, usize::MAX);
        for line in [0_u64, 1, 2, 3, 1023, 1024, 1999, 2000, 9999] {
            let position = looked.position(line).unwrap();
            let mut reader = LogReader::open(&directory).unwrap();
            reader.seek_offset(position.start()).unwrap();
            let mut splitter = Splitter::after(position);
            let mut rest = Vec::new();
            while let Some(chunk) = reader.next_chunk().unwrap() {
                rest.extend(
                    splitter
                        .add(&chunk)
                        .iter()
                        .map(|line| line.text().into_owned()),
                );
            }
            let line = usize::try_from(line).unwrap().min(all.len());
            assert_eq!(rest, all[line..], "behind {line}");
        }
    }
}
