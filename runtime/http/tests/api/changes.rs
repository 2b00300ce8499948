//! What pages are told of, so that they need not ask again and again.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};
use coracle_app::view::{Bytes, Changes, PutConfig};
use coracle_host::fake::Act;

use crate::place::{API, LIMIT, Place, bare, greet, json, talking, whole};
use crate::sse::Messages;

struct Told(Messages);

impl Told {
    /// From now on: the first message says so, and nothing else.
    async fn from_now(place: &Place) -> Self {
        let mut messages = Messages::of(place, "/changes", None).await;
        let first: Changes = serde_json::from_value(messages.next().await.data).unwrap();
        assert_eq!(first, Changes::default());
        Self(messages)
    }

    /// Everything that is told until a topic is among it.
    async fn until(&mut self, topic: &str) -> Changes {
        let mut all = Changes::default();
        while !all.topics.contains(topic) {
            let next: Changes = serde_json::from_value(self.0.next().await.data).unwrap();
            assert_ne!(next, Changes::default(), "nothing changed, and it was told");
            all.topics.extend(next.topics);
            all.runs.extend(next.runs);
        }
        all
    }
}

fn topics(changes: &Changes) -> BTreeSet<&str> {
    changes.topics.iter().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_told_by_its_id_and_to_everybody_who_listens() {
    let place = Place::new(talking).await;
    let (mut one, mut other) = (Told::from_now(&place).await, Told::from_now(&place).await);
    let run = place.create(&greet()).await.run_id;
    for told in [&mut one, &mut other] {
        let changes = told.until("runs").await;
        assert_eq!(changes.runs, BTreeSet::from([run]));
    }
    place.finished(run).await;
    let mut late = Told::from_now(&place).await;
    place
        .removed::<serde_json::Value>(&format!("{API}/runs/{run}"))
        .await;
    late.until("runs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_record_and_of_object_has_its_topic() {
    let place = Place::new(|_| Act::succeed()).await;
    let mut told = Told::from_now(&place).await;
    let data = BTreeMap::from([("token".to_owned(), Bytes(b"x".to_vec()))]);
    place
        .done(json(Method::PUT, "/secrets/mine", &PutConfig { data }))
        .await;
    let changes = told.until("secrets").await;
    assert!(changes.runs.is_empty(), "{changes:?}");
    assert!(!topics(&changes).contains("pipelines"), "{changes:?}");

    let pipeline = serde_json::json!({"display_name": "empty", "name": "empty"});
    let mut request = json(Method::POST, "", &pipeline);
    *request.uri_mut() = "/apis/v2beta1/pipelines".parse().unwrap();
    let (status, body) = whole(place.send(request).await).await;
    assert_eq!(status, StatusCode::OK, "{body:?}");
    assert!(!topics(&told.until("pipelines").await).contains("secrets"));

    place
        .done(bare(Method::DELETE, &format!("{API}/secrets/mine")))
        .await;
    told.until("secrets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_when_the_workbench_does() {
    let place = Place::new(|_| Act::succeed()).await;
    let told = Told::from_now(&place).await;
    let Place { running, root, .. } = place;
    running.shutdown(LIMIT).await;
    told.0.ends().await;
    drop(root);
}
