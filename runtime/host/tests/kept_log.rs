//! Logs that are kept to their end only: what they take of the disk, and what readers and followers see of them.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use coracle_host::log::{Chunk, Keep, LogError, LogReader, LogWriter, Only, Start, Stream, follow};
use futures_util::StreamExt;
use jiff::Timestamp;

const LIMIT: u64 = 1 << 20;
/// What a writer gathers before it looks at what it holds, and what blocks take beyond bytes.
const SLACK: u64 = (1 << 20) + (64 << 10);
/// How many bytes a line has.
const LINE: usize = 100;

fn line(number: usize) -> String {
    format!("{number:0width$}\n", width = LINE - 1)
}

fn kept(directory: &Path) -> LogWriter {
    LogWriter::create(directory)
        .unwrap()
        .keeping(Keep::End(LIMIT))
}

fn write(log: &mut LogWriter, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let at = Timestamp::from_millisecond(number as i64).unwrap();
        log.append(Stream::Stdout, at, line(number).as_bytes())
            .unwrap();
    }
    log.flush().unwrap();
}

/// The numbers of the lines in a text, which must be whole lines.
fn numbers(text: &[u8]) -> Vec<usize> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines
        .map(|line| {
            let text = std::str::from_utf8(line).unwrap();
            assert_eq!(text.len(), LINE, "{text:?}");
            text.trim_end().parse().unwrap()
        })
        .collect()
}

fn read(directory: &Path) -> Vec<usize> {
    let mut reader = LogReader::open(directory).unwrap();
    numbers(&reader.read_to_end(usize::MAX).unwrap())
}

fn on_disk(directory: &Path) -> u64 {
    ["output.log", "output.idx"]
        .map(|name| fs_err::metadata(directory.join(name)).unwrap().blocks() * 512)
        .iter()
        .sum()
}

#[test]
fn the_end_is_kept_and_the_rest_given_back() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = kept(directory.path());
    for part in 0..20 {
        write(&mut log, part * 10_000..(part + 1) * 10_000);
        let held = on_disk(directory.path());
        assert!(held <= LIMIT + SLACK, "{held}");
    }
    log.finish().unwrap();
    let found = read(directory.path());
    assert!(found.len() > 5_000, "{}", found.len());
    let first = 200_000 - found.len();
    assert_eq!(found, (first..200_000).collect::<Vec<_>>());
    let mut reader = LogReader::open(directory.path()).unwrap();
    reader.seek_tail(2).unwrap();
    let tail = reader.read_to_end(usize::MAX).unwrap();
    assert_eq!(numbers(&tail), [199_998, 199_999]);
    // More lines than there are.
    reader.seek_tail(150_000).unwrap();
    let tail = reader.read_to_end(usize::MAX).unwrap();
    assert_eq!(numbers(&tail), found);
    // From a place that was dropped.
    reader.stand_at(Start::Offset(LINE as u64)).unwrap();
    let rest = reader.read_to_end(usize::MAX).unwrap();
    assert_eq!(numbers(&rest), found);
}

#[tokio::test]
async fn a_follower_that_keeps_up_loses_and_doubles_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = Some(kept(directory.path()));
    let mut following = pin!(follow(directory.path(), Start::Record(0), Only::Both));
    let mut heard = Vec::new();
    for part in 0..20 {
        let writing = log.as_mut().unwrap();
        write(writing, part * 5_000..(part + 1) * 5_000);
        while heard.len() < (part + 1) * 5_000 * LINE {
            heard.extend_from_slice(&next(&mut following).await.unwrap().bytes);
        }
    }
    log.take().unwrap().finish().unwrap();
    assert!(next(&mut following).await.is_none());
    assert_eq!(numbers(&heard), (0..100_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_follower_that_is_overtaken_goes_on_with_what_is_left() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = kept(directory.path());
    write(&mut log, 0..5_000);
    let mut following = pin!(follow(directory.path(), Start::Record(0), Only::Both));
    let mut heard = next(&mut following).await.unwrap().bytes.to_vec();
    write(&mut log, 5_000..100_000);
    log.finish().unwrap();
    while let Some(chunk) = next(&mut following).await {
        heard.extend_from_slice(&chunk.bytes);
    }
    let heard = numbers(&heard);
    assert!(heard.is_sorted_by(|one, other| one < other));
    assert_eq!((heard.first(), heard.last()), (Some(&0), Some(&99_999)));
    assert!(heard.len() < 90_000, "nothing was dropped");
}

#[test]
fn whoever_reads_while_much_is_dropped_reads_whole_lines() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = kept(directory.path());
    write(&mut log, 0..1);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for part in 0..300 {
                write(&mut log, 1 + part * 1_000..1 + (part + 1) * 1_000);
            }
        });
        while !writing.is_finished() {
            for from in [None, Some(3_000)] {
                let mut reader = LogReader::open(directory.path()).unwrap();
                if let Some(lines) = from {
                    reader.seek_tail(lines).unwrap();
                }
                let found = numbers(&reader.read_to_end(usize::MAX).unwrap());
                assert!(found.is_sorted_by(|one, other| one < other));
            }
        }
    });
    assert_eq!(read(directory.path()).last(), Some(&300_000));
}

#[tokio::test]
async fn a_log_is_gone_on_with_after_its_writer_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = kept(directory.path());
    write(&mut log, 0..30_000);
    drop(log);
    let mut following = pin!(follow(directory.path(), Start::Tail(1), Only::Both));
    let mut heard = next(&mut following).await.unwrap().bytes.to_vec();
    // Bytes whose record did not come to be, and half a record.
    for (file, torn) in [("output.log", &b"torn"[..]), ("output.idx", &[1; 9])] {
        let path = directory.path().join(file);
        let bytes = fs_err::OpenOptions::new().append(true).open(path);
        std::io::Write::write_all(&mut bytes.unwrap(), torn).unwrap();
    }
    let before = read(directory.path());
    let mut log = LogWriter::resume(directory.path())
        .unwrap()
        .keeping(Keep::End(LIMIT));
    write(&mut log, 30_000..31_000);
    log.finish().unwrap();
    // One that was finished goes on too.
    let mut log = LogWriter::resume(directory.path()).unwrap();
    write(&mut log, 31_000..31_001);
    log.finish().unwrap();
    let found = read(directory.path());
    assert_eq!(
        (found.first(), found.last()),
        (before.first(), Some(&31_000))
    );
    assert_eq!(found.len(), before.len() + 1_001);
    while let Some(chunk) = next(&mut following).await {
        heard.extend_from_slice(&chunk.bytes);
    }
    assert_eq!(numbers(&heard), (29_999..=31_000).collect::<Vec<_>>());
}

#[test]
fn there_need_be_no_log_to_go_on_with() {
    let directory = tempfile::tempdir().unwrap();
    for part in 0..2 {
        let mut log = LogWriter::resume(&directory.path().join("log")).unwrap();
        write(&mut log, part..part + 1);
    }
    assert_eq!(read(&directory.path().join("log")), [0, 1]);
}

/// The next piece, awaited for as long as no test takes.
async fn next(
    following: &mut (impl futures_util::Stream<Item = Result<Chunk, LogError>> + Unpin),
) -> Option<Chunk> {
    let piece = tokio::time::timeout(Duration::from_secs(60), following.next());
    piece.await.expect("it comes").map(Result::unwrap)
}
