//! The lines that steps write, among the events of their run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coracle_app::view::{CreateRun, LogLine, LogStream};
use coracle_host::WorkloadName;
use coracle_host::clock::{Clock, SystemClock};
use coracle_host::fake::{Act, FakeEngine};
use coracle_host::log::{LogWriter, Stream};
use coracle_model::{EventKind, RunId};
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::place::{API, LIMIT, Place, greet};
use crate::sse::{Dice, Message, Messages, is_end};

fn noisy(workload: &coracle_host::Workload) -> Act {
    let name = workload.command[0].clone();
    Act::succeed()
        .saying(Stream::Stdout, format!("{name} 1\n{name} "))
        .saying(Stream::Stderr, format!("{name} warns\n{name} mut"))
        .saying(Stream::Stdout, "2\nlast".to_owned())
        .saying(Stream::Stderr, "ters\n".to_owned())
}

fn logs_of(run: RunId) -> String {
    format!("run={run}&logs=true")
}

fn texts(messages: &[Message], step: &str) -> Vec<(LogStream, String)> {
    lines_of(messages, step)
        .map(|line| (line.stream, line.text))
        .collect()
}

fn lines_of(messages: &[Message], step: &str) -> impl Iterator<Item = LogLine> {
    messages
        .iter()
        .filter_map(Message::line)
        .filter(move |line| line.step.as_str() == step)
}

/// Where an attempt at a step begins and ends among messages.
fn bounds(messages: &[Message], step: &str) -> (usize, usize) {
    let told = |over: bool| {
        messages.iter().position(|message| {
            let event = message.event();
            event.is_some_and(|event| {
                matches!(event.what, EventKind::Attempt { path, state, .. } if path.as_str() == step && state.is_final() == over)
            })
        })
    };
    (told(false).unwrap(), told(true).unwrap())
}

#[track_caller]
fn check_order(messages: &[Message], step: &str) {
    let (begin, end) = bounds(messages, step);
    for (place, message) in messages.iter().enumerate() {
        let of_step = message.line().filter(|line| line.step.as_str() == step);
        assert!(
            of_step.is_none() || (begin..end).contains(&place),
            "{message:?} is not within {begin}..{end}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_come_between_the_beginning_and_the_end_of_their_attempt() {
    use LogStream::{Stderr, Stdout};
    let place = Place::new(noisy).await;
    let run = place.run(&greet()).await.run_id;
    let all = Messages::ask(&place, &logs_of(run), None)
        .await
        .until_over()
        .await;
    let expected = [
        (Stdout, "load 1"),
        (Stderr, "load warns"),
        (Stdout, "load 2"),
        (Stderr, "load mutters"),
        (Stdout, "last"),
    ];
    assert_eq!(
        texts(&all, "load"),
        expected.map(|(stream, text)| (stream, text.to_owned()))
    );
    assert_eq!(texts(&all, "train").len(), 5);
    for step in ["load", "train"] {
        check_order(&all, step);
    }
    // Without lines, the same events with plain ids.
    let plain = Messages::ask(&place, &format!("run={run}"), None)
        .await
        .until_over()
        .await;
    let events: Vec<_> = all.iter().filter_map(Message::event).collect();
    let plain_events: Vec<_> = plain.iter().filter_map(Message::event).collect();
    assert_eq!(events, plain_events);
    assert!(plain.iter().all(|message| !message.id.contains('~')));
    assert_eq!(all.last().unwrap().id, plain.last().unwrap().id);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_any_message_the_rest_comes_once() {
    let place = Place::new(noisy).await;
    let run = place.run(&greet()).await.run_id;
    let query = logs_of(run);
    let all = Messages::ask(&place, &query, None).await.until_over().await;
    // A line stands before or after an event that says nothing of its attempt, as it happens to be read.
    let events =
        |messages: &[Message]| -> Vec<_> { messages.iter().filter_map(Message::event).collect() };
    for (place_of, message) in all.iter().enumerate().rev().skip(1) {
        let by_header = Messages::ask(&place, &query, Some(&message.id)).await;
        let query = format!("{query}&after={}", message.id);
        let by_query = Messages::ask(&place, &query, None).await;
        let rest = &all[place_of + 1..];
        for mut messages in [by_header, by_query] {
            let heard = messages.until_over().await;
            assert_eq!(heard.len(), rest.len());
            assert_eq!(events(&heard), events(rest));
            for step in ["load", "train"] {
                assert_eq!(texts(&heard, step), texts(rest, step));
            }
        }
    }
}

/// Steps that run beside each other.
const STEPS: usize = 6;
const LINES: usize = 150;

/// A pipeline of them.
fn beside_each_other(count: usize) -> CreateRun {
    let tasks: String = (0..count)
        .map(|number| {
            format!("      step-{number}: {{taskInfo: {{name: step-{number}}}, componentRef: {{name: comp}}}}\n")
        })
        .collect();
    let definition = format!(
        "pipelineInfo: {{name: many}}\nschemaVersion: 2.1.0\nsdkVersion: kfp-2.13.0\nroot:\n  dag:\n    tasks:\n{tasks}\
         components: {{comp: {{executorLabel: exec}}}}\n\
         deploymentSpec: {{executors: {{exec: {{container: {{image: alpine, command: [work], resources: {{resourceCpuRequest: 1m}}}}}}}}}}\n"
    );
    CreateRun {
        definition: coracle_app::view::Bytes(definition.into_bytes()),
        ..greet()
    }
}

/// A step that was started, and where its log belongs.
type Started = (WorkloadName, PathBuf);

async fn next(started: &mut UnboundedReceiver<Started>) -> Started {
    let next = tokio::time::timeout(LIMIT, started.recv());
    next.await.expect("it starts in time").unwrap()
}

/// A workbench whose steps are silent until the test writes their logs and releases them.
async fn place_by_hand() -> (Place, UnboundedReceiver<Started>) {
    let (begun, started) = unbounded_channel();
    let place = Place::new(move |workload| {
        let log = workload.directory.join("log");
        begun.send((workload.name.clone(), log)).unwrap();
        Act::succeed().until_released()
    })
    .await;
    (place, started)
}

/// Writes lines of both streams in torn pieces, and ends the step.
fn write_and_release(engine: &FakeEngine, name: &WorkloadName, log: &Path, mut dice: Dice) {
    let clock = SystemClock::new();
    let mut writer = LogWriter::create(log).unwrap();
    let mut left = [Stream::Stdout, Stream::Stderr].map(|stream| (stream, written(stream)));
    while left.iter().any(|(_, text)| !text.is_empty()) {
        let (stream, text) = &mut left[dice.below(2)];
        let count = dice.below(40).min(text.len());
        let piece: String = text.drain(..count).collect();
        writer
            .append(*stream, clock.now(), piece.as_bytes())
            .unwrap();
        if dice.below(3) == 0 {
            writer.flush().unwrap();
            std::thread::yield_now();
        }
    }
    // The end of a log is not always marked; that of the attempt is what counts.
    match dice.below(2) {
        0 => writer.flush().unwrap(),
        _ => writer.finish().unwrap(),
    }
    engine.release(name);
}

/// What each step writes; the last line has no end.
fn written(stream: Stream) -> String {
    lines_on(stream).join("\n")
}

fn lines_on(stream: Stream) -> Vec<String> {
    let word = match stream {
        Stream::Stdout => "out",
        Stream::Stderr => "err",
    };
    (0..LINES)
        .map(|number| format!("{word} {number}"))
        .collect()
}

/// Writes the logs of as many steps as they start, each beside the others.
async fn write_all(engine: &Arc<FakeEngine>, mut started: UnboundedReceiver<Started>) {
    let mut writing = Vec::new();
    for seed in 0..STEPS as u64 {
        let (name, log) = next(&mut started).await;
        let engine = engine.clone();
        writing.push(tokio::task::spawn_blocking(move || {
            write_and_release(&engine, &name, &log, Dice::new(seed));
        }));
    }
    join_all(writing).await;
}

/// Reads a run to its end, connecting again now and then.
async fn subscribe(place: &Place, run: RunId, mut dice: Dice) -> Vec<Message> {
    let mut all: Vec<Message> = Vec::new();
    loop {
        let last = all.last().map(|message| message.id.clone());
        let mut messages = Messages::ask(place, &logs_of(run), last.as_deref()).await;
        for _ in 0..=dice.below(100) {
            all.push(messages.next().await);
            if all.last().is_some_and(is_end) {
                return all;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_subscriber_gets_every_line_once_wherever_it_was_cut_off() {
    let (place, started) = place_by_hand().await;
    let run = place.create(&beside_each_other(STEPS)).await.run_id;
    let subscribers = join_all((0..8).map(|seed| subscribe(&place, run, Dice::new(seed))));
    let ((), subscribers) = tokio::join!(write_all(&place.engine, started), subscribers);
    let plain = Messages::ask(&place, &format!("run={run}"), None).await;
    check_subscribers(&subscribers, plain).await;
}

async fn check_subscribers(subscribers: &[Vec<Message>], mut plain: Messages) {
    let plain = plain.until_over().await;
    let events: Vec<_> = plain.iter().filter_map(Message::event).collect();
    for all in subscribers {
        let told: Vec<_> = all.iter().filter_map(Message::event).collect();
        assert_eq!(told, events);
        for step in (0..STEPS).map(|number| format!("step-{number}")) {
            check_order(all, &step);
            let mut lines: BTreeMap<LogStream, Vec<String>> = BTreeMap::new();
            for line in lines_of(all, &step) {
                lines.entry(line.stream).or_default().push(line.text);
            }
            assert_eq!(lines[&LogStream::Stdout], lines_on(Stream::Stdout));
            assert_eq!(lines[&LogStream::Stderr], lines_on(Stream::Stderr));
        }
    }
}

/// More than are followed at once.
const MANY: usize = 80;

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_stays_short_however_many_steps_are_at_work() {
    let (place, mut started) = place_by_hand().await;
    let run = place.create(&beside_each_other(MANY)).await.run_id;
    let mut at_work = Vec::new();
    while at_work.len() < MANY {
        let (name, log) = next(&mut started).await;
        let mut writer = LogWriter::create(&log).unwrap();
        let now = SystemClock::new().now();
        writer.append(Stream::Stdout, now, b"one\ntwo\n").unwrap();
        writer.flush().unwrap();
        at_work.push(name);
    }
    let mut messages = Messages::ask(&place, &logs_of(run), None).await;
    let mut all = Vec::new();
    while all.iter().filter_map(Message::line).count() < 100 {
        all.push(messages.next().await);
    }
    for name in &at_work {
        place.engine.release(name);
    }
    all.extend(messages.until_over().await);
    let longest = all.iter().map(|message| message.id.len()).max();
    assert!(longest < Some(1024), "{longest:?}");
    for step in (0..MANY).map(|number| format!("step-{number}")) {
        check_order(&all, &step);
        let lines: Vec<_> = lines_of(&all, &step).map(|line| line.text).collect();
        assert_eq!(lines, ["one", "two"], "{step}");
    }
}

/// Connections that nobody reads from, and how much there is to be read.
const IDLE: usize = 24;
const LONG_LINES: usize = 10_000;
const LONG: usize = 2000;

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_holds_nothing_up() {
    let (mut place, mut started) = place_by_hand().await;
    coracle_http::serve(&mut place.running);
    let address = place.running.url().replace("http://", "");
    let run = place.create(&beside_each_other(1)).await.run_id;
    let before = resident();
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        let mut connection = TcpStream::connect(&address).await.unwrap();
        let query = logs_of(run);
        let request = format!("GET {API}/events?{query} HTTP/1.1\r\nhost: {address}\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        idle.push(connection);
    }
    let mut messages = Messages::ask(&place, &logs_of(run), None).await;
    let (name, log) = next(&mut started).await;
    let engine = place.engine.clone();
    let writing = tokio::task::spawn_blocking(move || {
        let mut writer = LogWriter::create(&log).unwrap();
        for number in 0..LONG_LINES {
            let line = format!("{number:LONG$}\n");
            let now = SystemClock::new().now();
            writer.append(Stream::Stdout, now, line.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
        engine.release(&name);
    });
    let all = messages.until_over().await;
    writing.await.unwrap();
    assert_eq!(lines_of(&all, "step-0").count(), LONG_LINES);
    let grown = resident().saturating_sub(before);
    let all_of_them = (IDLE * LONG_LINES * LONG) as u64;
    assert!(grown < all_of_them / 2, "{grown} bytes more are held");
    // One that reads at last has missed nothing.
    let mut late = idle.pop().unwrap();
    drop(idle);
    let mut text = Vec::new();
    let last = &all.last().unwrap().id;
    let reading = async {
        while !ends_with(&text, last) {
            late.read_buf(&mut text).await.unwrap();
        }
    };
    tokio::time::timeout(LIMIT, reading)
        .await
        .expect("it gets all");
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.matches("\"type\":\"log\"").count(), LONG_LINES);
}

fn ends_with(text: &[u8], id: &str) -> bool {
    let tail = &text[text.len().saturating_sub(2000)..];
    String::from_utf8_lossy(tail).contains(&format!("id: {id}\n"))
}

/// The memory of this process, where the system tells it in this way.
fn resident() -> u64 {
    let Ok(status) = fs_err::read_to_string("/proc/self/statm") else {
        return 0;
    };
    let pages: u64 = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}
