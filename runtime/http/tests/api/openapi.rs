//! The API's own description, against what is served.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use coracle_host::fake::Act;
use serde_json::Value;

use crate::place::{API, Place, bare, whole};

/// Something in place of what a path leaves open.
fn filled(path: &str) -> String {
    path.replace("{id}", "999")
        .replace("{run}", "00000000")
        .replace("{key}", "none")
        .replace("{name}", "none")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_is_served_with_the_methods_that_are_described_and_no_others() {
    let place = Place::new(|_| Act::succeed()).await;
    let document: Value = place.get(&format!("{API}/openapi.json")).await;
    let methods = [
        Method::GET,
        Method::PUT,
        Method::POST,
        Method::DELETE,
        Method::PATCH,
    ];
    let (mut described, mut served) = (BTreeSet::new(), BTreeSet::new());
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in &methods {
            let operation = format!("{method} {path}");
            if item.get(method.as_str().to_lowercase()).is_some() {
                described.insert(operation.clone());
            }
            let answer = place.send(bare(method.clone(), &filled(path))).await;
            // Events have no end.
            if answer.status() == StatusCode::OK {
                served.insert(operation);
                continue;
            }
            let (status, body) = whole(answer).await;
            let unknown = String::from_utf8_lossy(&body).contains("there is no route");
            if status != StatusCode::METHOD_NOT_ALLOWED && !unknown {
                served.insert(operation);
            }
        }
    }
    // Beside actions, a run's path has the methods of the run itself: the router cannot tell the two apart.
    served.retain(|operation| operation.starts_with("POST ") || !operation.contains("}:"));
    assert_eq!(served, described);
    assert!(described.len() > 30, "{described:?}");
}
