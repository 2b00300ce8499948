//! Logs as other parts of the workbench use them: written by one, read and followed by others.

use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::pin::pin;
use std::time::{Duration, Instant};

use coracle_host::log::{
    LogError, LogReader, LogWriter, MAX_PIECE, Only, Start, Stream, follow, seal,
};
use futures_util::StreamExt;
use jiff::Timestamp;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn writer(directory: &Path) -> LogWriter {
    LogWriter::create(directory).unwrap()
}

fn written(directory: &Path, pieces: &[(Stream, &str)]) -> LogWriter {
    let mut log = writer(directory);
    for (number, (stream, text)) in pieces.iter().enumerate() {
        log.append(*stream, at(number as i64), text.as_bytes())
            .unwrap();
    }
    log.flush().unwrap();
    log
}

fn text(directory: &Path, only: Only) -> String {
    let bytes = LogReader::open(directory)
        .unwrap()
        .only(only)
        .read_to_end(usize::MAX)
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

fn tail(directory: &Path, lines: usize, only: Only) -> String {
    let mut reader = LogReader::open(directory).unwrap().only(only);
    reader.seek_tail(lines).unwrap();
    String::from_utf8(reader.read_to_end(usize::MAX).unwrap()).unwrap()
}

const MIXED: [(Stream, &str); 4] = [
    (Stream::Stdout, "one\ntw"),
    (Stream::Stderr, "oh\n"),
    (Stream::Stdout, "o\n"),
    (Stream::Stdout, "three"),
];

#[test]
fn streams_are_kept_apart_and_in_order() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), &MIXED).finish().unwrap();
    assert_eq!(text(directory.path(), Only::Both), "one\ntwoh\no\nthree");
    assert_eq!(
        text(directory.path(), Only::Stream(Stream::Stdout)),
        "one\ntwo\nthree"
    );
    assert_eq!(text(directory.path(), Only::Stream(Stream::Stderr)), "oh\n");
    let raw = fs_err::read(directory.path().join("output.log")).unwrap();
    assert_eq!(raw, b"one\ntwoh\no\nthree");
}

#[test]
fn chunks_carry_stream_time_and_record() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), &MIXED).finish().unwrap();
    let mut reader = LogReader::open(directory.path()).unwrap();
    reader.seek(1);
    let chunk = reader.next_chunk().unwrap().unwrap();
    assert_eq!(
        (chunk.record, chunk.offset, chunk.stream, chunk.at),
        (1, 6, Stream::Stderr, at(1))
    );
    assert_eq!(reader.records().unwrap(), 4);
    assert!(reader.is_finished().unwrap());
}

#[test]
fn tails_count_lines_of_the_chosen_stream() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), &MIXED).finish().unwrap();
    let stdout = Only::Stream(Stream::Stdout);
    assert_eq!(tail(directory.path(), 0, stdout), "");
    assert_eq!(tail(directory.path(), 1, stdout), "three");
    assert_eq!(tail(directory.path(), 2, stdout), "two\nthree");
    assert_eq!(tail(directory.path(), 9, stdout), "one\ntwo\nthree");
    assert_eq!(
        tail(directory.path(), 1, Only::Stream(Stream::Stderr)),
        "oh\n"
    );
}

#[test]
fn a_tail_is_found_in_a_million_small_records() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = writer(directory.path());
    for number in 0..1_000_000 {
        log.append(
            Stream::Stdout,
            at(number),
            format!("line {number}\n").as_bytes(),
        )
        .unwrap();
    }
    log.finish().unwrap();
    let expected: String = (995_000..1_000_000)
        .map(|number| format!("line {number}\n"))
        .collect();
    assert_eq!(tail(directory.path(), 5_000, Only::Both), expected);
}

#[test]
fn a_long_line_comes_in_pieces() {
    let directory = tempfile::tempdir().unwrap();
    let line = vec![b'x'; 3 * MAX_PIECE + 5];
    let mut log = writer(directory.path());
    log.append(Stream::Stdout, at(1), &line).unwrap();
    log.finish().unwrap();
    let mut reader = LogReader::open(directory.path()).unwrap();
    let lengths: Vec<usize> = std::iter::from_fn(|| reader.next_chunk().unwrap())
        .map(|chunk| chunk.bytes.len())
        .collect();
    assert_eq!(lengths, [MAX_PIECE, MAX_PIECE, MAX_PIECE, 5]);
}

#[test]
fn what_is_not_finished_says_so_and_grows() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = written(directory.path(), &[(Stream::Stdout, "a")]);
    let mut reader = LogReader::open(directory.path()).unwrap();
    assert_eq!(reader.next_chunk().unwrap().unwrap().bytes, "a");
    assert_eq!(reader.next_chunk().unwrap(), None);
    assert!(!reader.is_finished().unwrap());
    log.append(Stream::Stdout, at(2), b"b").unwrap();
    log.finish().unwrap();
    assert_eq!(reader.next_chunk().unwrap().unwrap().bytes, "b");
    assert!(reader.is_finished().unwrap());
}

/// Cuts `output.log` and `output.idx` and expects what is left to be readable, sealed or not.
#[track_caller]
fn check_torn(cut_data: u64, cut_index: u64, expected: &str) {
    let directory = tempfile::tempdir().unwrap();
    drop(written(
        directory.path(),
        &[(Stream::Stdout, "first\n"), (Stream::Stdout, "second\n")],
    ));
    for (file, cut) in [("output.log", cut_data), ("output.idx", cut_index)] {
        let file = std::fs::File::options()
            .write(true)
            .open(directory.path().join(file))
            .unwrap();
        file.set_len(file.metadata().unwrap().len() - cut).unwrap();
    }
    assert_eq!(text(directory.path(), Only::Both), expected);
    seal(directory.path()).unwrap();
    seal(directory.path()).unwrap();
    assert_eq!(text(directory.path(), Only::Both), expected);
    assert!(
        LogReader::open(directory.path())
            .unwrap()
            .is_finished()
            .unwrap()
    );
}

#[test]
fn torn_logs_are_readable() {
    check_torn(0, 0, "first\nsecond\n");
    check_torn(0, 10, "first\n");
    check_torn(3, 0, "first\nseco");
    check_torn(7, 0, "first\n");
    check_torn(13, 0, "");
    check_torn(0, 24 + 24 + 9, "");
}

#[test]
fn an_index_that_ends_in_zeros_is_readable() {
    let directory = tempfile::tempdir().unwrap();
    drop(written(directory.path(), &[(Stream::Stdout, "first\n")]));
    let index = std::fs::File::options()
        .write(true)
        .open(directory.path().join("output.idx"))
        .unwrap();
    index.write_all_at(&[0; 48], 16 + 24).unwrap();
    assert_eq!(text(directory.path(), Only::Both), "first\n");
    seal(directory.path()).unwrap();
    assert_eq!(text(directory.path(), Only::Both), "first\n");
}

#[test]
fn a_log_of_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), &MIXED).finish().unwrap();
    let index = std::fs::File::options()
        .write(true)
        .open(directory.path().join("output.idx"))
        .unwrap();
    index.write_all_at(&2_u32.to_le_bytes(), 8).unwrap();
    let error = LogReader::open(directory.path()).unwrap_err();
    assert!(
        matches!(error, LogError::Format { .. }) && error.to_string().contains("version 2"),
        "{error}"
    );
}

/// Everything a follower gives until it ends, within ten seconds.
async fn collect(
    following: impl futures_util::Stream<Item = Result<coracle_host::log::Chunk, LogError>>,
) -> String {
    let chunks = following
        .map(|chunk| chunk.unwrap().bytes.to_vec())
        .collect::<Vec<_>>();
    let chunks = tokio::time::timeout(Duration::from_secs(10), chunks)
        .await
        .expect("the log ends");
    String::from_utf8(chunks.concat()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn following_sees_what_is_there_and_what_comes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    // Two follow from before the log begins, and one only a stream of it.
    let both = collect(follow(path, Start::Record(0), Only::Both));
    let errors = collect(follow(path, Start::Record(0), Only::Stream(Stream::Stderr)));
    let dots = ".".repeat(1000);
    let writing = async {
        let mut log = written(path, &MIXED);
        let mut from_tail = pin!(follow(path, Start::Tail(1), Only::Stream(Stream::Stdout)));
        assert_eq!(from_tail.next().await.unwrap().unwrap().bytes, "three");
        for number in 0..1000 {
            log.append(Stream::Stdout, at(number), b".").unwrap();
            log.flush().unwrap();
            tokio::task::yield_now().await;
        }
        log.finish().unwrap();
        assert_eq!(collect(from_tail).await, dots);
    };
    let (both, errors, ()) = tokio::join!(both, errors, writing);
    assert_eq!(both, format!("one\ntwoh\no\nthree{dots}"));
    assert_eq!(errors, "oh\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_begun_anew_is_followed_on_without_repeating() {
    let directory = tempfile::tempdir().unwrap();
    let log = written(directory.path(), &MIXED[..2]);
    let mut following = pin!(follow(directory.path(), Start::Record(0), Only::Both));
    assert_eq!(following.next().await.unwrap().unwrap().bytes, "one\ntw");
    assert_eq!(following.next().await.unwrap().unwrap().bytes, "oh\n");
    drop(log);
    // The same log again, cut into other pieces, and longer.
    written(
        directory.path(),
        &[(Stream::Stdout, "one\ntw"), (Stream::Stderr, "oh\nno\n")],
    )
    .finish()
    .unwrap();
    assert_eq!(collect(following).await, "no\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn following_wakes_soon_and_rests_between() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = writer(directory.path());
    let mut following = pin!(follow(directory.path(), Start::Record(0), Only::Both));
    let waiting = tokio::time::timeout(Duration::from_millis(50), following.next()).await;
    assert!(waiting.is_err(), "nothing was written yet");
    let before = Instant::now();
    log.append(Stream::Stdout, at(1), b"x").unwrap();
    log.flush().unwrap();
    following.next().await.unwrap().unwrap();
    assert!(
        before.elapsed() < Duration::from_millis(250),
        "woken, not polled: {:?}",
        before.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn following_begins_with_any_byte() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), &MIXED).finish().unwrap();
    let raw = fs_err::read(directory.path().join("output.log")).unwrap();
    for offset in 0..raw.len() + 2 {
        let start = Start::Offset(offset as u64);
        let rest = collect(follow(directory.path(), start, Only::Both)).await;
        let expected = &raw[offset.min(raw.len())..];
        assert_eq!(rest.as_bytes(), expected, "from {offset}");
    }
    let errors = Only::Stream(Stream::Stderr);
    let rest = collect(follow(directory.path(), Start::Offset(7), errors)).await;
    assert_eq!(rest, "h\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn following_waits_for_a_directory_in_directories_that_are_not_there() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("run/task/1/log");
    let following = collect(follow(&path, Start::Record(0), Only::Both));
    let writing = async {
        // Each comes into being after the one above it is watched.
        for part in ["run", "run/task", "run/task/1"] {
            tokio::time::sleep(Duration::from_millis(5)).await;
            fs_err::create_dir(root.path().join(part)).unwrap();
        }
        written(&path, &MIXED).finish().unwrap();
    };
    let (all, ()) = tokio::join!(following, writing);
    assert_eq!(all, "one\ntwoh\no\nthree");
}

#[tokio::test(flavor = "multi_thread")]
async fn following_ends_with_an_error_when_the_log_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let _log = writer(&path);
    let mut following = pin!(follow(&path, Start::Record(0), Only::Both));
    let next = async {
        tokio::time::timeout(Duration::from_secs(10), following.next())
            .await
            .expect("woken")
    };
    let removing = async { fs_err::remove_dir_all(&path).unwrap() };
    let (item, ()) = tokio::join!(next, removing);
    assert!(matches!(item, Some(Err(LogError::File(_)))));
}

#[test]
fn a_log_costs_little_more_than_its_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let piece = vec![b'x'; 64 * 1024];
    let took = |work: &dyn Fn()| {
        let before = Instant::now();
        work();
        before.elapsed()
    };
    // The disk is warmed up first, and the better of three counts: machines that run tests are busy.
    let plain = || {
        let mut file = fs_err::File::create(directory.path().join("plain")).unwrap();
        (0..1024).for_each(|_| file.write_all(&piece).unwrap());
    };
    let logged = || {
        let mut log = writer(directory.path());
        (0..1024).for_each(|_| log.append(Stream::Stdout, at(1), &piece).unwrap());
        log.finish().unwrap();
    };
    plain();
    let best = |work: &dyn Fn()| (0..3).map(|_| took(work)).min().unwrap();
    let (plain, logged) = (best(&plain), best(&logged));
    assert!(
        logged < plain * 4 + Duration::from_millis(50),
        "{logged:?} against {plain:?}"
    );
}
