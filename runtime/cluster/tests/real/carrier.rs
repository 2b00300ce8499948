//! Files to a claim and back, where a node runs pods.
//!
//! `CORACLE_TEST_STEP_IMAGE` names an image of `coracle-step` that the node has, and there has to be a class of volumes that is the
//! default.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use coracle_cluster::carrier::{Access, Carrier, CarrierError, Existing, Opening};
use coracle_cluster::contexts::Connection;
use serde_json::{Value, json};

use crate::bench::{Bench, bench};

const IMAGE: &str = "CORACLE_TEST_STEP_IMAGE";

#[expect(
    clippy::disallowed_methods,
    reason = "a test's only source of its settings is the environment"
)]
fn image() -> Option<String> {
    let image = std::env::var(IMAGE).ok();
    if image.is_none() {
        eprintln!("skipped: {IMAGE} names no image");
    }
    image
}

async fn claimed(bench: &Bench) {
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    });
    let path = format!(
        "/api/v1/namespaces/{}/persistentvolumeclaims",
        bench.namespace
    );
    bench.post(&path, &claim).await;
}

fn opening(bench: &Bench, image: &str) -> Opening {
    Opening {
        namespace: bench.namespace.clone(),
        claim: "data".to_owned(),
        filling: None,
        image: image.to_owned(),
        access: Access::Write,
        deadline: Duration::from_secs(300),
        within: Duration::from_secs(60),
    }
}

fn connection(bench: &Bench) -> Connection {
    Connection {
        client: bench.client.clone(),
        context: "test".to_owned(),
        namespace: bench.namespace.clone(),
        server: "the test's".to_owned(),
    }
}

async fn no_pods(bench: &Bench) {
    let path = format!("/api/v1/namespaces/{}/pods", bench.namespace);
    let is_empty = |found: &Option<Value>| {
        let pods = found.as_ref().map(|found| &found["items"]);
        pods.is_none_or(|pods| pods == &json!([]))
    };
    bench.until(&path, is_empty).await;
}

fn write(folder: &Path, path: &str, content: &[u8]) {
    let place = folder.join(path);
    fs_err::create_dir_all(place.parent().unwrap()).unwrap();
    fs_err::write(place, content).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_to_a_claim_once_and_come_back_as_they_were() {
    let Some(image) = image() else { return };
    let bench = bench!("carrier");
    claimed(&bench).await;
    let here = tempfile::tempdir().unwrap();
    for number in 0..300 {
        let content = format!("{number}\n").repeat(number);
        write(
            here.path(),
            &format!("many/{}/ü {number}", number % 7),
            content.as_bytes(),
        );
    }
    let large: Vec<u8> = (0..20_000_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    write(here.path(), "large", &large);
    write(here.path(), "run", b"#!/bin/sh\n");
    fs_err::set_permissions(here.path().join("run"), Permissions::from_mode(0o755)).unwrap();

    let opening = opening(&bench, &image);
    let carrier = Carrier::open(connection(&bench), &opening).await.unwrap();
    let pods = bench.get("pods").await.unwrap();
    assert_eq!(pods["items"].as_array().unwrap().len(), 1);
    let sent = carrier
        .put(here.path(), "in/it", Existing::Keep)
        .await
        .unwrap();
    assert_eq!((sent.files, sent.there, sent.left_out.len()), (302, 0, 0));
    let again = carrier
        .put(here.path(), "in/it", Existing::Keep)
        .await
        .unwrap();
    assert_eq!((again.files, again.bytes, again.there), (0, 0, 302));

    let back = tempfile::tempdir().unwrap();
    let got = carrier
        .get("in/it", back.path(), Existing::Keep)
        .await
        .unwrap();
    assert_eq!((got.files, got.bytes), (302, sent.bytes));
    assert_eq!(fs_err::read(back.path().join("large")).unwrap(), large);
    let again = carrier
        .get("in/it", back.path(), Existing::Keep)
        .await
        .unwrap();
    assert_eq!((again.files, again.there), (0, 302));

    write(here.path(), "run", b"#!/bin/other\n");
    write(here.path(), "new", b"new");
    let stopped = carrier
        .put(here.path(), "in/it", Existing::Keep)
        .await
        .unwrap_err();
    let paths = vec!["run".to_owned()];
    assert_eq!(stopped.why, CarrierError::Different { paths });
    let there = carrier.list("in/it").await.unwrap();
    assert!(
        there.iter().all(|entry| entry.path != "new"),
        "nothing was sent"
    );
    let replaced = carrier
        .put(here.path(), "in/it", Existing::Replace)
        .await
        .unwrap();
    assert_eq!((replaced.files, replaced.bytes), (2, 16));
    carrier.close().await.unwrap();
    no_pods(&bench).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_was_left_is_replaced_and_one_that_is_taken_from_says_so() {
    let Some(image) = image() else { return };
    let bench = bench!("carriers");
    claimed(&bench).await;
    let opening = opening(&bench, &image);
    let first = Carrier::open(connection(&bench), &opening).await.unwrap();
    let second = Carrier::open(connection(&bench), &opening).await.unwrap();
    let error = first.list("").await.unwrap_err();
    assert_eq!(error.code(), "pod-ended", "{error}");
    assert_eq!(second.list("").await.unwrap(), []);
    first.close().await.unwrap();
    assert_eq!(second.list("").await.unwrap(), []);
    // Dropped, as of whoever is cut off.
    drop(second);
    no_pods(&bench).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_start_says_why_and_leaves_nothing() {
    let Some(image) = image() else { return };
    let bench = bench!("carrier-not");
    let missing = Carrier::open(connection(&bench), &opening(&bench, &image)).await;
    assert_eq!(missing.err().unwrap().code(), "no-claim");
    claimed(&bench).await;
    let none = opening(&bench, "coracle.test/there-is-no-such-image:1");
    let error = Carrier::open(connection(&bench), &none)
        .await
        .err()
        .unwrap();
    assert_eq!(error.code(), "image-unavailable", "{error}");
    no_pods(&bench).await;
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
        "spec": {"hard": {"pods": "0"}}});
    let path = format!("/api/v1/namespaces/{}/resourcequotas", bench.namespace);
    bench.post(&path, &quota).await;
    let error = Carrier::open(connection(&bench), &opening(&bench, &image))
        .await
        .err()
        .unwrap();
    assert_eq!(error.code(), "quota-exceeded", "{error}");
    bench.end().await;
}
