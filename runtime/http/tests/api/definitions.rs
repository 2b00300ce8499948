//! Definitions: as they were written, what is wrong with one, and Python that becomes one.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use coracle_app::view::{CheckDefinition, CompileDefinition, DefinitionReport, ErrorCode};
use coracle_host::fake::Act;
use serde_json::Value;

use crate::place::{API, PIPELINE, Place, json, talking, whole};

async fn checked(place: &Place, text: &str) -> DefinitionReport {
    let request = CheckDefinition {
        text: text.to_owned(),
    };
    let (status, body) = whole(
        place
            .send(json(Method::POST, "/definitions:check", &request))
            .await,
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{body:?}");
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_of_a_run_is_given_as_json_too() {
    let place = Place::new(talking).await;
    let run = place.create(&crate::place::greet()).await.run_id;
    let read: Value = place
        .get(&format!("{API}/runs/{run}/definition?format=json"))
        .await;
    assert_eq!(read["pipelineInfo"]["name"], "greet");
    let text = place.text(&format!("{API}/runs/{run}/definition")).await;
    assert_eq!(text, PIPELINE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_given_as_it_was_written() {
    let place = Place::new(|_| Act::succeed()).await;
    let commented = format!("# why it is so\n{PIPELINE}");
    let body = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"uploadfile\"; filename=\"greet.yaml\"\r\n\r\n{commented}\r\n--cut--\r\n"
    );
    let request = Request::post("/apis/v2beta1/pipelines/upload?name=greet")
        .header("content-type", "multipart/form-data; boundary=cut")
        .body(Body::from(body))
        .unwrap();
    let (status, body) = whole(place.send(request).await).await;
    assert_eq!(status, StatusCode::OK, "{body:?}");
    let pipeline: Value = serde_json::from_slice(&body).unwrap();
    let pipeline = pipeline["pipeline_id"].as_str().unwrap();
    let versions: Value = place
        .get(&format!("/apis/v2beta1/pipelines/{pipeline}/versions"))
        .await;
    let version = versions["pipeline_versions"][0]["pipeline_version_id"]
        .as_str()
        .unwrap();
    let text = place
        .text(&format!("{API}/pipeline-versions/{version}/definition"))
        .await;
    assert_eq!(text, commented);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_text_is_told_with_its_line() {
    let place = Place::new(|_| Act::succeed()).await;
    let fine = checked(&place, PIPELINE).await;
    assert!(fine.runnable && fine.diagnostics.is_empty(), "{fine:?}");
    let broken = PIPELINE.replace(
        "componentRef: {name: comp-train}",
        "componentRef: {name: lost}",
    );
    let report = checked(&place, &broken).await;
    assert!(!report.runnable);
    let line = broken
        .lines()
        .position(|line| line.contains("lost"))
        .unwrap()
        + 1;
    let found = report
        .diagnostics
        .iter()
        .find(|found| found.message.contains("lost"));
    let span = found.and_then(|found| found.span).expect("it has a place");
    assert_eq!(span.line, line, "{report:?}");
    let none = checked(&place, "").await;
    assert!(!none.runnable && !none.diagnostics.is_empty(), "{none:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_python_and_notebooks_are_compiled() {
    let place = Place::new(|_| Act::succeed()).await;
    for name in ["pipeline.yaml", "../..", ""] {
        let request = CompileDefinition {
            source: coracle_app::view::Bytes(b"x".to_vec()),
            file_name: name.to_owned(),
            pipeline: None,
        };
        let (status, body) = place
            .refused(json(Method::POST, "/definitions:compile", &request))
            .await;
        assert_eq!(
            (status, body.code),
            (StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest),
            "{name}"
        );
    }
}
