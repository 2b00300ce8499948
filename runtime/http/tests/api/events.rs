//! The stream of events.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use coracle_app::view::{CreateRun, Event};
use coracle_host::Workload;
use coracle_host::clock::{Clock, SystemClock};
use coracle_host::fake::Act;
use coracle_model::{EventKind, RunState};
use futures_util::StreamExt;
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::place::{API, LIMIT, Place, bare, greet, greet_with};
use crate::sse::{Dice, Message, Messages, is_end};

#[tokio::test(flavor = "multi_thread")]
async fn events_are_replayed_from_where_a_reader_was() {
    let place = Place::new(|_| Act::succeed()).await;
    let run = place.create(&greet()).await.run_id;
    let last = place.finished(run).await.cursor;
    let mut all = Messages::ask(&place, &format!("run={run}"), None).await;
    let all = all.until_over().await;
    let events: Vec<Event> = all.iter().filter_map(Message::event).collect();
    assert!(
        all.iter()
            .zip(&events)
            .all(|(message, event)| message.id == event.cursor.0.to_string() && event.run_id == run)
    );
    assert!(matches!(
        events[0].what,
        EventKind::Run {
            state: RunState::Pending,
            ..
        }
    ));
    let middle = &all[2].id;
    let mut query = Messages::ask(&place, &format!("after={middle}"), None).await;
    assert_eq!(query.next().await, all[3]);
    // What a browser sends when it connects again goes before the query, which is still that of the first time.
    let before_last = (last.0 - 1).to_string();
    let mut again = Messages::ask(&place, "after=0", Some(&before_last)).await;
    assert_eq!(again.next().await.id, last.0.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_cursor_is_refused() {
    let place = Place::new(|_| Act::succeed()).await;
    for query in ["after=x", "after=1~", "logs=true", "logs=1", "cursor=1"] {
        let request = bare(Method::GET, &format!("{API}/events?{query}"));
        let (status, body) = place.refused(request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(body.hint.is_some(), "{query}");
    }
    let mut request = bare(Method::GET, &format!("{API}/events"));
    let headers = request.headers_mut();
    headers.insert("last-event-id", "1~2".parse().unwrap());
    assert_eq!(place.refused(request).await.0, StatusCode::BAD_REQUEST);
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

/// One step, which measures something.
const MEASURING: &str = "\
pipelineInfo: {name: measure}
schemaVersion: 2.1.0
sdkVersion: kfp-2.13.0
root:
  dag:
    tasks:
      test:
        taskInfo: {name: test}
        cachingOptions: {enableCache: true}
        componentRef: {name: comp-test}
components:
  comp-test:
    executorLabel: exec-test
    outputDefinitions:
      artifacts: {scores: {artifactType: {schemaTitle: system.Metrics, schemaVersion: 0.0.1}}}
deploymentSpec:
  executors:
    exec-test: {container: {image: alpine, command: [test, \"{{$}}\"]}}
";

/// Leaves its metrics where the executor input says.
fn measuring(workload: &Workload) -> Act {
    let input: Value = serde_json::from_str(&workload.command[1]).unwrap();
    let mut artifact = input["outputs"]["artifacts"]["scores"]["artifacts"][0].clone();
    artifact["metadata"] = json!({"accuracy": 0.93});
    let output = json!({"artifacts": {"scores": {"artifacts": [artifact]}}});
    let file = input["outputs"]["outputFile"].as_str().unwrap();
    Act::succeed().writing(file, output.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_measured_comes_before_its_success_from_the_cache_too() {
    let place = Place::new(measuring).await;
    let request = CreateRun {
        definition: coracle_app::view::Bytes(MEASURING.as_bytes().to_vec()),
        ..greet()
    };
    for cached in [false, true] {
        let run = place.run(&request).await.run_id;
        let mut messages = Messages::ask(&place, &format!("run={run}"), None).await;
        let told: Vec<Value> = messages
            .until_over()
            .await
            .into_iter()
            .map(|message| message.data["what"].clone())
            .collect();
        let of_step = |kind: &str| {
            let is_it = |what: &Value| what["type"] == kind && what["path"] == "test";
            told.iter().rposition(is_it).expect(kind)
        };
        let (metrics, success) = (of_step("metrics"), of_step("task"));
        assert!(metrics < success);
        assert_eq!(told[metrics]["key"], "scores");
        assert_eq!(told[metrics]["schema_title"], "system.Metrics");
        assert_eq!(told[metrics]["values"], json!({"accuracy": 0.93}));
        assert!(told[metrics]["artifact"].is_i64(), "{}", told[metrics]);
        assert_eq!(told[success]["state"], "SUCCEEDED");
        assert_eq!(told[success]["cached"], cached);
    }
}

/// Runs that go on while subscribers come and go.
const RUNS: usize = 8;
const SUBSCRIBERS: u64 = 16;

#[tokio::test(flavor = "multi_thread")]
async fn every_subscriber_gets_every_event_once_wherever_it_was_cut_off() {
    let place = Place::new(|_| Act::succeed()).await;
    let working = async {
        for number in 0..RUNS {
            let run = place.create(&greet_with(&number.to_string())).await.run_id;
            place.finished(run).await;
        }
    };
    let subscribers = join_all((0..SUBSCRIBERS).map(|seed| subscribe(&place, Dice::new(seed))));
    let ((), subscribers) = tokio::join!(working, subscribers);
    let mut whole = Messages::ask(&place, "", None).await;
    let whole = whole.take(subscribers[0].0.len()).await;
    let whole: Vec<Event> = whole.iter().filter_map(Message::event).collect();
    let mut delays = Vec::new();
    for (events, took) in subscribers {
        assert_eq!(events, whole);
        delays.extend(took);
    }
    delays.sort_unstable();
    let median = delays[delays.len() / 2];
    assert!(
        median < SignedDuration::from_millis(500),
        "half of the events took longer than {median:?}"
    );
}

/// Reads the events of all runs to the end of the last, connecting again now and then; with how long each took.
async fn subscribe(place: &Place, mut dice: Dice) -> (Vec<Event>, Vec<SignedDuration>) {
    let clock = SystemClock::new();
    let (mut events, mut delays) = (Vec::new(), Vec::new());
    let mut last = None;
    let mut over = 0;
    while over < RUNS {
        let mut messages = Messages::ask(place, "after=0", last.as_deref()).await;
        for _ in 0..=dice.below(12) {
            let message = messages.next().await;
            over += usize::from(is_end(&message));
            let event = message.event().unwrap();
            delays.push(clock.now().duration_since(event.at));
            events.push(event);
            last = Some(message.id);
            if over == RUNS {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(dice.below(4) as u64)).await;
    }
    (events, delays)
}
