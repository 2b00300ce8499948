//! What is refused, and how: every answer that is no success has the same form.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use coracle_app::view::{Bytes, CreateRun, ErrorCode};
use coracle_host::fake::Act;

use crate::place::{API, Place, bare, greet, greet_with, json};

async fn place() -> Place {
    Place::new(|_| Act::succeed()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_definition_is_answered_with_places() {
    let place = place().await;
    let text = crate::place::PIPELINE.replace("dependentTasks: [load]", "dependentTasks: [lod]");
    let request = CreateRun {
        definition: Bytes(text.into_bytes()),
        ..greet()
    };
    let (status, body) = place.refused(json(Method::POST, "/runs", &request)).await;
    assert_eq!(
        (status, body.code),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::InvalidDefinition
        )
    );
    assert!(body.message.contains("`greet.yaml`"), "{}", body.message);
    let diagnostic = &body.diagnostics[0];
    assert!(
        diagnostic.message.contains("lod") && diagnostic.span.is_some(),
        "{diagnostic:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_do_not_fit_are_named() {
    let place = place().await;
    for (request, word) in [(greet_with("three"), "`three`"), (misnamed(), "m")] {
        let (status, body) = place.refused(json(Method::POST, "/runs", &request)).await;
        assert_eq!(
            (status, body.code),
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                ErrorCode::InvalidParameters
            )
        );
        assert!(
            body.diagnostics[0].message.contains(word),
            "{:?}",
            body.diagnostics
        );
    }
}

fn misnamed() -> CreateRun {
    let given = greet_with("3").parameters.remove("n").unwrap();
    CreateRun {
        parameters: [("m".to_owned(), given)].into(),
        ..greet()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_elsewhere_is_refused() {
    let request = CreateRun {
        pipeline_root: Some("https://host/path".to_owned()),
        ..greet()
    };
    let (status, body) = place()
        .await
        .refused(json(Method::POST, "/runs", &request))
        .await;
    assert_eq!(
        (status, body.code),
        (StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest)
    );
    assert!(body.hint.unwrap().contains("minio://"));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_cannot_be_understood_are_refused_in_the_same_form() {
    let place = place().await;
    let form = Request::builder()
        .method(Method::POST)
        .uri(format!("{API}/runs"));
    let form = form
        .header("content-type", "text/plain")
        .body(Body::from("{}"))
        .unwrap();
    let cases = [
        (
            bare(Method::GET, "/apis/coracle/none"),
            StatusCode::NOT_FOUND,
            ErrorCode::NotFound,
        ),
        (
            bare(Method::POST, &format!("{API}/runs/abc:paint")),
            StatusCode::NOT_FOUND,
            ErrorCode::NotFound,
        ),
        (
            bare(Method::PATCH, &format!("{API}/runs")),
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::InvalidRequest,
        ),
        (
            bare(Method::GET, &format!("{API}/runs?limt=3")),
            StatusCode::BAD_REQUEST,
            ErrorCode::InvalidRequest,
        ),
        (
            bare(Method::GET, &format!("{API}/artifacts/x")),
            StatusCode::BAD_REQUEST,
            ErrorCode::InvalidRequest,
        ),
        (
            bare(Method::GET, &format!("{API}/artifacts/7")),
            StatusCode::NOT_FOUND,
            ErrorCode::NotFound,
        ),
        (form, StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest),
        (
            json(Method::POST, "/runs", &"text"),
            StatusCode::BAD_REQUEST,
            ErrorCode::InvalidRequest,
        ),
    ];
    for (request, status, code) in cases {
        let asked = format!("{} {}", request.method(), request.uri());
        let (found, body) = place.refused(request).await;
        assert_eq!(
            (found, body.code),
            (status, code),
            "{asked}: {}",
            body.message
        );
        assert!(body.hint.is_some(), "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused() {
    let place = place().await;
    let builder = Request::builder()
        .method(Method::POST)
        .uri(format!("{API}/runs"));
    let body = Body::from(vec![b' '; 2 * coracle_app::LARGEST_DEFINITION + 1]);
    let request = builder
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    let (status, body) = place.refused(request).await;
    assert_eq!(
        (status, body.code),
        (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLarge)
    );
}
