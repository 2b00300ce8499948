//! Who may come in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use coracle_app::view::{ErrorBody, ErrorCode};
use coracle_app::{API_TOKEN, API_URL, Visitors};
use coracle_host::fake::Act;
use coracle_model::{EventCursor, EventKind, TaskState};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use crate::place::{API, LIMIT, Place, greet, whole};

async fn ask(
    place: &Place,
    visitors: &Visitors,
    path: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, Option<ErrorCode>) {
    let request = headers
        .iter()
        .fold(Request::builder().uri(path), |request, (name, value)| {
            request.header(*name, *value)
        });
    let router = coracle_http::router_at(place.workbench().clone(), visitors.clone());
    let (status, body) = whole(
        router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap(),
    )
    .await;
    (
        status,
        serde_json::from_slice::<ErrorBody>(&body)
            .ok()
            .map(|body| body.code),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_others_are_kept_out() {
    let place = Place::new(|_| Act::succeed()).await;
    let front = Visitors::User {
        bound: "127.0.0.1:8890".parse().unwrap(),
    };
    let ask = async |headers: &[(&str, &str)]| ask(&place, &front, "/healthz", headers).await;
    let (ok, forbidden) = (
        (StatusCode::OK, None),
        (StatusCode::FORBIDDEN, Some(ErrorCode::Forbidden)),
    );
    assert_eq!(ask(&[("host", "localhost:8890")]).await, ok);
    assert_eq!(
        ask(&[
            ("host", "127.0.0.1:8890"),
            ("origin", "http://127.0.0.1:8890")
        ])
        .await,
        ok
    );
    assert_eq!(ask(&[("host", "rebound.example:8890")]).await, forbidden);
    assert_eq!(ask(&[]).await, forbidden);
    assert_eq!(
        ask(&[
            ("host", "127.0.0.1:8890"),
            ("origin", "http://evil.example")
        ])
        .await,
        forbidden
    );
    assert_eq!(
        ask(&[("host", "127.0.0.1:8890"), ("origin", "null")]).await,
        forbidden
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_come_in_with_the_token_of_their_open_run() {
    let seen: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let script = seen.clone();
    let place = Place::new(move |workload| {
        script.lock().unwrap().extend(workload.environment.clone());
        Act::succeed().until_released()
    })
    .await;
    let run = place.create(&greet()).await.run_id;
    let begun = |what: &EventKind| {
        matches!(
            what,
            EventKind::Attempt {
                state: TaskState::Running,
                ..
            }
        )
    };
    place.until(run, EventCursor::default(), begun).await;
    let waiting = async {
        while !seen.lock().unwrap().contains_key(API_TOKEN) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, waiting)
        .await
        .expect("the step starts");
    let shown = place.text(&format!("{API}/runs/{run}/tasks")).await;
    let token = seen.lock().unwrap()[API_TOKEN].clone();
    assert!(!shown.contains(&token), "tokens are not recorded");
    let bearer = format!("Bearer {token}");

    let names = vec!["coracle.internal".to_owned()];
    let door = Visitors::Steps {
        bound: "172.17.0.1:8890".parse().unwrap(),
        names,
    };
    let ask = async |path: &str, host: &str, token: &str| {
        ask(
            &place,
            &door,
            path,
            &[("host", host), ("authorization", token)],
        )
        .await
    };
    let runs = format!("{API}/runs");
    let unauthorized = (StatusCode::UNAUTHORIZED, Some(ErrorCode::Unauthorized));
    assert_eq!(
        ask(&runs, "172.17.0.1:8890", &bearer).await,
        (StatusCode::OK, None)
    );
    assert_eq!(
        ask(&runs, "coracle.internal", &bearer).await,
        (StatusCode::OK, None)
    );
    assert_eq!(
        ask(&runs, "localhost", &bearer).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        ask(&runs, "172.17.0.1:8890", "Bearer guess").await,
        unauthorized
    );
    assert_eq!(ask("/healthz", "172.17.0.1:8890", "").await, unauthorized);
    let secrets = format!("{API}/secrets");
    assert_eq!(
        ask(&secrets, "172.17.0.1:8890", &bearer).await.0,
        StatusCode::NOT_FOUND,
        "not the steps' business"
    );

    place.workbench().cancel(run.to_string()).await.unwrap();
    place.finished(run).await;
    assert_eq!(
        ask(&runs, "172.17.0.1:8890", &bearer).await,
        unauthorized,
        "the run is over"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_comes_in_with_its_token_as_long_as_it_is_there() {
    let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
    let place = Place::new(move |workload| {
        // The test may be over.
        let _ = started.send(workload.environment.clone());
        Act::succeed().until_released()
    })
    .await;
    let pods = "/api/v1/namespaces/default/pods";
    let pod = serde_json::json!({
        "metadata": { "name": "asks" },
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{
                "name": "main",
                "image": "a",
                "env": [{ "name": "KF_PIPELINES_ENDPOINT", "value": "http://elsewhere" }],
            }],
        },
    });
    let send = async |method: Method, path: &str, body: Body| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        place.send(request.body(body).unwrap()).await
    };
    let made = send(Method::POST, pods, Body::from(pod.to_string())).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let variables = tokio::time::timeout(LIMIT, starts.recv());
    let variables = variables.await.unwrap().expect("the container starts");
    assert!(variables[API_URL].starts_with("http://127.0.0.1:"));
    assert_eq!(variables["KF_PIPELINES_ENDPOINT"], "http://elsewhere");
    let bearer = format!("Bearer {}", variables[API_TOKEN]);
    let door = Visitors::Steps {
        bound: "172.17.0.1:8890".parse().unwrap(),
        names: Vec::new(),
    };
    let runs = format!("{API}/runs");
    let headers = [("host", "172.17.0.1"), ("authorization", bearer.as_str())];
    let answer = ask(&place, &door, &runs, &headers).await;
    assert_eq!(answer, (StatusCode::OK, None));
    let path = format!("{pods}/asks");
    let deleted = send(Method::DELETE, &path, Body::empty()).await;
    assert_eq!(deleted.status(), StatusCode::OK);
    let gone = async {
        while send(Method::GET, &path, Body::empty()).await.status() != StatusCode::NOT_FOUND {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, gone).await.expect("it goes");
    let answer = ask(&place, &door, &runs, &headers).await;
    let unauthorized = (StatusCode::UNAUTHORIZED, Some(ErrorCode::Unauthorized));
    assert_eq!(answer, unauthorized, "the pod is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_front_door_is_served_until_the_workbench_ends() {
    let mut place = Place::new(|_| Act::succeed()).await;
    coracle_http::serve(&mut place.running);
    let address = place.running.url().replace("http://", "");
    let ask = async |host: &str| {
        let mut connection = tokio::net::TcpStream::connect(&address).await.unwrap();
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tokio::time::timeout(LIMIT, connection.read_to_string(&mut answer))
            .await
            .unwrap()
            .unwrap();
        answer.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(ask(&address).await, "HTTP/1.1 200 OK");
    assert_eq!(ask("foreign.example").await, "HTTP/1.1 403 Forbidden");
    let Place {
        running,
        root: _root,
        ..
    } = place;
    running.shutdown(LIMIT).await;
    assert!(tokio::net::TcpStream::connect(&address).await.is_err());
}
