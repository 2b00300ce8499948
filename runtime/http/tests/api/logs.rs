//! What steps wrote.

use axum::http::{Method, StatusCode};
use coracle_app::view::{LogLine, LogLines, LogMatches, LogStream};
use coracle_host::fake::Act;
use coracle_host::log::Stream;
use coracle_model::{EventCursor, EventKind, TaskState};

use crate::place::{API, Place, bare, greet, talking, whole};

fn noisy(workload: &coracle_host::Workload) -> Act {
    let name = workload.command[0].clone();
    Act::succeed()
        .saying(Stream::Stdout, format!("{name} 1\n{name} 2\n"))
        .saying(Stream::Stderr, format!("{name} warns\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_step_is_what_it_wrote() {
    let place = Place::new(noisy).await;
    let run = place.run(&greet()).await.run_id;
    let log = async |query: &str| place.text(&format!("{API}/runs/{run}/log?{query}")).await;
    assert_eq!(log("step=train").await, "train 1\ntrain 2\ntrain warns\n");
    assert_eq!(log("step=train&stream=stderr").await, "train warns\n");
    assert_eq!(
        log("step=train&attempt=1&tail=2").await,
        "train 2\ntrain warns\n"
    );
    assert_eq!(
        log("step=train&follow=true").await,
        "train 1\ntrain 2\ntrain warns\n"
    );
    let lines = log("step=load&format=lines&stream=stdout").await;
    let lines: Vec<LogLine> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line.step.as_str(), line.stream, line.text.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("load", LogStream::Stdout, "load 1"),
            ("load", LogStream::Stdout, "load 2")
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_log_is_read_alone() {
    let place = Place::new(noisy).await;
    let run = place.run(&greet()).await.run_id;
    let lines = async |query: &str| {
        let path = format!("{API}/runs/{run}/log-lines?{query}");
        let part: LogLines = place.get(&path).await;
        assert!(part.over);
        let text: Vec<_> = part.lines.into_iter().map(|line| line.text).collect();
        (part.total, part.first, text.join(", "))
    };
    let cases = [
        ("step=train", (3, 0, "train 1, train 2, train warns")),
        ("step=train&attempt=1&from=1&limit=1", (3, 1, "train 2")),
        ("step=train&from=2", (3, 2, "train warns")),
        ("step=train&from=9", (3, 3, "")),
        ("from=2&limit=2", (6, 2, "load warns, train 1")),
        ("since=1970-01-01T00:00:00Z&limit=1", (6, 0, "load 1")),
        ("since=9000-01-01T00:00:00Z", (6, 6, "")),
    ];
    for (query, (total, first, text)) in cases {
        assert_eq!(
            lines(query).await,
            (total, first, text.to_owned()),
            "{query}"
        );
    }
    let matches = async |query: &str| {
        let path = format!("{API}/runs/{run}/log-matches?{query}");
        place.get::<LogMatches>(&path).await.lines
    };
    assert_eq!(matches("text=WARNS").await, [2, 5]);
    assert_eq!(matches("text=warns&from=3").await, [5]);
    assert_eq!(matches("text=train&step=train").await, [0, 1, 2]);
    assert_eq!(matches("text=nothing").await, [0; 0]);

    let rest = format!("{API}/runs/{run}/log?format=lines&step=train&attempt=1&from=2&follow=true");
    let rest: LogLine = serde_json::from_str(&place.text(&rest).await).unwrap();
    assert_eq!(rest.text, "train warns");
    let path = format!("{API}/runs/{run}/log?format=lines&from=2");
    let refused = place.send(bare(Method::GET, &path)).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_run_has_its_steps_in_order() {
    let place = Place::new(talking).await;
    let run = place.run(&greet()).await.run_id;
    let text = place.text(&format!("{API}/runs/{run}/log")).await;
    assert_eq!(
        text,
        "==> load (attempt 1) <==\nload 1\n\n==> train (attempt 1) <==\ntrain\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_followed_ends_with_its_run() {
    let place = Place::new(|workload| talking(workload).until_released()).await;
    let run = place.create(&greet()).await.run_id;
    let begun = |step: &'static str| move |what: &EventKind| matches!(what, EventKind::Attempt { path, state: TaskState::Running, .. } if path.as_str() == step);
    place
        .until(run, EventCursor::default(), begun("load"))
        .await;
    let response = place
        .send(bare(
            Method::GET,
            &format!("{API}/runs/{run}/log?follow=true"),
        ))
        .await;
    #[expect(
        clippy::disallowed_methods,
        reason = "a reader beside the test, with no supervisor to spawn it"
    )]
    let reading = tokio::task::spawn(whole(response));
    for step in ["load", "train"] {
        place.until(run, EventCursor::default(), begun(step)).await;
        release_all(&place).await;
    }
    place.finished(run).await;
    let (status, text) = reading.await.unwrap();
    let text = std::str::from_utf8(&text).unwrap();
    assert_eq!(
        (status, text),
        (
            StatusCode::OK,
            "==> load (attempt 1) <==\nload 1\n\n==> train (attempt 1) <==\ntrain\n"
        )
    );
}

/// Lets everything end that the engine holds; the attempt is recorded before its workload is started.
async fn release_all(place: &Place) {
    use coracle_host::{Engine, Phase};
    let released = async {
        loop {
            let held = place.engine.observe().await.unwrap();
            let running: Vec<_> = held
                .into_iter()
                .filter(|workload| workload.phase == Phase::Running)
                .collect();
            running
                .iter()
                .for_each(|workload| place.engine.release(&workload.name));
            if !running.is_empty() {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::place::LIMIT, released)
        .await
        .expect("the workload starts in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_without_a_log_says_why() {
    let place = Place::new(talking).await;
    place.run(&greet()).await;
    let again = place.run(&greet()).await.run_id;
    let (status, body) = place
        .refused(bare(
            Method::GET,
            &format!("{API}/runs/{again}/log?step=train"),
        ))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(
        body.message.contains("taken from an earlier run"),
        "{}",
        body.message
    );
    let (status, body) = place
        .refused(bare(
            Method::GET,
            &format!("{API}/runs/{again}/log?step=none"),
        ))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.hint.unwrap().contains("load, train"));
    let (status, _) = place
        .refused(bare(
            Method::GET,
            &format!("{API}/runs/{again}/log?attempt=1"),
        ))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(place.text(&format!("{API}/runs/{again}/log")).await, "");
}
