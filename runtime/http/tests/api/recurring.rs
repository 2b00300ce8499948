//! Recurring runs, from asking for one to the runs that it begins, with time moved by hand.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use coracle_app::view::{RecurringStatus, Run};
use coracle_host::clock::ManualClock;
use coracle_host::fake::Act;
use coracle_model::{EventCursor, EventKind, RunState};
use futures_util::TryStreamExt;
use serde_json::{Value, json};

use crate::place::{API, LIMIT, Place, bare, whole};

const KFP: &str = "/apis/v2beta1";

const PIPELINE: &str = r#"{
    "pipelineInfo": {"name": "nightly"},
    "schemaVersion": "2.1.0",
    "root": {
        "inputDefinitions": {"parameters": {"note": {"parameterType": "STRING", "defaultValue": ""}}},
        "dag": {"tasks": {"load": {
            "taskInfo": {"name": "load"},
            "componentRef": {"name": "comp-load"},
            "inputs": {"parameters": {"note": {"componentInputParameter": "note"}}}
        }}}
    },
    "components": {"comp-load": {
        "executorLabel": "exec-load",
        "inputDefinitions": {"parameters": {"note": {"parameterType": "STRING"}}}
    }},
    "deploymentSpec": {"executors": {"exec-load": {"container": {
        "image": "alpine", "command": ["load", "{{$.inputs.parameters['note']}}"]
    }}}}
}"#;

struct Calendar {
    place: Place,
    clock: Arc<ManualClock>,
}

impl Calendar {
    /// A workbench at ten in the evening of the last of February.
    async fn new(act: fn() -> Act) -> Self {
        let clock = Arc::new(ManualClock::new("2026-02-28T22:00:00Z".parse().unwrap()));
        let place = Place::with_clock(clock.clone(), move |_| act()).await;
        Self { place, clock }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = axum::http::Request::builder()
            .method(Method::POST)
            .uri(format!("{KFP}{path}"))
            .body(axum::body::Body::from(body.to_string()))
            .unwrap();
        let (status, body) = whole(self.place.send(request).await).await;
        assert_eq!(status, StatusCode::OK, "{body:?}");
        serde_json::from_slice(&body).unwrap()
    }

    /// A recurring run with a trigger and other fields; its id.
    async fn create(&self, trigger: Value, more: Value) -> String {
        let mut body = json!({
            "display_name": "Nightly!", "pipeline_spec": serde_json::from_str::<Value>(PIPELINE).unwrap(),
            "max_concurrency": 1, "mode": "ENABLE", "trigger": trigger,
            "runtime_config": {"parameters": {"note": "[[Index]] [[ScheduledTime]]"}},
        });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = self.post("/recurringruns", &body).await;
        made["recurring_run_id"].as_str().unwrap().to_owned()
    }

    /// What the machine does when it sleeps until a time: the wall clock goes on without the other one.
    fn sleep_until(&self, time: &str) {
        self.clock.set_now(time.parse().unwrap());
        self.clock.advance(Duration::from_secs(11));
    }

    /// The runs, oldest first, once there are so many that have ended.
    async fn runs(&self, count: usize) -> Vec<Value> {
        let ended = async {
            let events = self.place.workbench().events(None, EventCursor::default());
            let mut events = std::pin::pin!(events.await.unwrap());
            let mut ended = 0;
            while ended < count {
                let event = events.try_next().await.unwrap().unwrap();
                if matches!(
                    event.what,
                    EventKind::Run {
                        state: RunState::Succeeded,
                        ..
                    }
                ) {
                    ended += 1;
                }
            }
        };
        tokio::time::timeout(LIMIT, ended)
            .await
            .expect("the runs end in time");
        let list: Value = self.place.get(&format!("{KFP}/runs?page_size=100")).await;
        list["runs"].as_array().cloned().unwrap_or_default()
    }

    fn release_all(&self) {
        let engine = &self.place.engine;
        engine.starts().keys().for_each(|name| engine.release(name));
    }

    async fn status(&self, id: &str) -> RecurringStatus {
        self.place.get(&format!("{API}/recurring-runs/{id}")).await
    }

    async fn notices(&self, run: &Value) -> Vec<String> {
        let id = run["run_id"].as_str().unwrap();
        let run: Run = self.place.get(&format!("{API}/runs/{id}")).await;
        run.notices
            .into_iter()
            .map(|notice| notice.message)
            .collect()
    }
}

fn slots(runs: &[Value]) -> Vec<&str> {
    runs.iter()
        .map(|run| run["scheduled_at"].as_str().unwrap())
        .collect()
}

fn daily() -> Value {
    json!({"cron_schedule": {"cron": "0 0 2 * * *"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_begins_a_run_that_knows_its_time() {
    let calendar = Calendar::new(Act::succeed).await;
    let id = calendar.create(daily(), json!({})).await;
    let status = calendar.status(&id).await;
    assert_eq!(
        (
            status.next_at.unwrap().to_string().as_str(),
            status.waits_for,
            status.begun
        ),
        ("2026-03-01T02:00:00Z", None, 0)
    );
    calendar.sleep_until("2026-03-01T02:00:00Z");
    let runs = calendar.runs(1).await;
    let [run] = runs.as_slice() else {
        panic!("one slot, one run: {runs:?}");
    };
    assert_eq!(run["scheduled_at"], "2026-03-01T02:00:00Z");
    assert_eq!(run["recurring_run_id"], id.as_str());
    assert_eq!(
        run["runtime_config"]["parameters"]["note"], "[[Index]] [[ScheduledTime]]",
        "answers show what was asked for"
    );
    let name = run["display_name"].as_str().unwrap();
    assert!(
        name.starts_with("nightly") && name.contains("-1-"),
        "{name}"
    );
    let tasks: Value = calendar
        .place
        .get(&format!(
            "{API}/runs/{}/tasks",
            run["run_id"].as_str().unwrap()
        ))
        .await;
    let command = &tasks["tasks"][1]["attempts"][0]["command"];
    assert_eq!(*command, json!(["load", "1 20260301020000"]));
    assert_eq!(calendar.notices(run).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_sleep_every_slot_is_made_up_for_and_says_that_it_is_late() {
    let calendar = Calendar::new(Act::succeed).await;
    let id = calendar.create(daily(), json!({})).await;
    calendar.sleep_until("2026-03-04T08:00:00Z");
    let runs = calendar.runs(4).await;
    assert_eq!(
        slots(&runs),
        [
            "2026-03-01T02:00:00Z",
            "2026-03-02T02:00:00Z",
            "2026-03-03T02:00:00Z",
            "2026-03-04T02:00:00Z"
        ]
    );
    let notices = calendar.notices(&runs[0]).await;
    assert!(notices[0].contains("begins 280811 s late"), "{notices:?}");
    assert_eq!(calendar.status(&id).await.begun, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_catching_up_only_the_latest_slot_runs_and_says_what_was_passed_over() {
    let calendar = Calendar::new(Act::succeed).await;
    calendar.create(daily(), json!({"no_catchup": true})).await;
    calendar.sleep_until("2026-03-04T08:00:00Z");
    let runs = calendar.runs(1).await;
    assert_eq!(slots(&runs), ["2026-03-04T02:00:00Z"]);
    let notices = calendar.notices(&runs[0]).await;
    assert!(
        notices[0].contains("from 2026-03-01T02:00:00Z on were missed"),
        "{notices:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_runs_are_open_at_once_than_may_be() {
    let calendar = Calendar::new(|| Act::succeed().until_released()).await;
    let every = json!({"periodic_schedule": {"interval_second": "3600"}});
    let id = calendar
        .create(every, json!({"max_concurrency": "2"}))
        .await;
    calendar.sleep_until("2026-03-01T08:00:00Z");
    let waiting = async {
        while calendar.status(&id).await.begun < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, waiting)
        .await
        .expect("two begin");
    let status = calendar.status(&id).await;
    assert_eq!(
        (status.open_runs, status.waits_for.as_deref()),
        (2, Some("2 of its runs are open, and it may have 2 at once"))
    );
    // The end of one makes room for the next, without anybody waiting for the clock.
    let more = async {
        while calendar.status(&id).await.begun < 4 {
            calendar.release_all();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, more).await.expect("more begin");
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_that_pass_while_it_is_off_count_as_missed() {
    let calendar = Calendar::new(Act::succeed).await;
    let id = calendar.create(daily(), json!({"mode": "DISABLE"})).await;
    assert_eq!(
        calendar.status(&id).await.waits_for.as_deref(),
        Some("it is switched off")
    );
    calendar.sleep_until("2026-03-03T08:00:00Z");
    calendar
        .post(&format!("/recurringruns/{id}:enable"), &json!({}))
        .await;
    assert_eq!(calendar.runs(3).await.len(), 3);
    let gone = bare(Method::DELETE, &format!("{KFP}/recurringruns/{id}"));
    let (status, _) = whole(calendar.place.send(gone).await).await;
    assert_eq!(status, StatusCode::OK);
    calendar.sleep_until("2026-03-09T08:00:00Z");
    let list: Value = calendar.place.get(&format!("{KFP}/runs")).await;
    assert_eq!(list["total_size"], 3, "its runs stay, and none are added");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_without_a_version_is_refused_at_once() {
    let calendar = Calendar::new(Act::succeed).await;
    let pipeline = calendar.post("/pipelines", &json!({"name": "later"})).await;
    let body = json!({
        "display_name": "x", "max_concurrency": 1, "trigger": daily(),
        "pipeline_version_reference": {"pipeline_id": pipeline["pipeline_id"]},
    });
    let request = axum::http::Request::builder()
        .method(Method::POST)
        .uri(format!("{KFP}/recurringruns"))
        .body(axum::body::Body::from(body.to_string()))
        .unwrap();
    let (status, answer) = whole(calendar.place.send(request).await).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{answer:?}");
}
