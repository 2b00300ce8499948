//! The stream of events.

use axum::body::Body;
use axum::http::{Method, Request};
use coracle_app::view::Event;
use coracle_host::fake::Act;
use coracle_model::{EventKind, RunState};
use futures_util::StreamExt;

use crate::place::{API, LIMIT, Place, bare, greet};

/// Reads server-sent events until so many have come, with their ids.
async fn read(place: &Place, request: Request<Body>, count: usize) -> Vec<(i64, Event)> {
    let response = place.send(request).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut text = String::new();
    let reading = async {
        while text.matches("\n\n").count() < count {
            text.push_str(
                std::str::from_utf8(&body.next().await.expect("the stream goes on").unwrap())
                    .unwrap(),
            );
        }
    };
    tokio::time::timeout(LIMIT, reading)
        .await
        .expect("they come in time");
    text.split_terminator("\n\n").map(parse).collect()
}

fn parse(block: &str) -> (i64, Event) {
    let field = |name: &str| {
        block
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .trim()
    };
    (
        field("id:").parse().unwrap(),
        serde_json::from_str(field("data:")).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_replayed_from_where_a_reader_was() {
    let place = Place::new(|_| Act::succeed()).await;
    let run = place.create(&greet()).await.run_id;
    let last = place.finished(run).await.cursor;
    let all = read(
        &place,
        bare(Method::GET, &format!("{API}/events?run={run}")),
        5,
    )
    .await;
    assert!(
        all.iter()
            .all(|(id, event)| *id == event.cursor.0 && event.run_id == run)
    );
    assert!(matches!(
        all[0].1.what,
        EventKind::Run {
            state: RunState::Pending,
            ..
        }
    ));
    let middle = all[2].0;
    let query = read(
        &place,
        bare(Method::GET, &format!("{API}/events?after={middle}")),
        2,
    )
    .await;
    assert_eq!(query[0], all[3]);
    // What a browser sends when it connects again goes before the query, which is still that of the first time.
    let again = Request::builder()
        .uri(format!("{API}/events?after=0"))
        .header("last-event-id", (last.0 - 1).to_string());
    let again = read(&place, again.body(Body::empty()).unwrap(), 1).await;
    assert_eq!(again[0].0, last.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_happen_later_come_too_and_the_stream_ends_with_the_workbench() {
    let place = Place::new(|_| Act::succeed()).await;
    let response = place
        .send(bare(Method::GET, &format!("{API}/events")))
        .await;
    let mut body = response.into_body().into_data_stream();
    let run = place.create(&greet()).await.run_id;
    let first = tokio::time::timeout(LIMIT, body.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(
        std::str::from_utf8(&first)
            .unwrap()
            .contains(&run.to_string())
    );
    place.finished(run).await;
    let Place {
        running,
        root: _root,
        ..
    } = place;
    running.shutdown(LIMIT).await;
    let rest = async { while body.next().await.is_some() {} };
    tokio::time::timeout(LIMIT, rest)
        .await
        .expect("the stream ends");
}
