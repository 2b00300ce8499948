//! How often and how soon is asked again. These need no cluster: a service in this process answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coracle_cluster::objects::{
    Cluster, DeployError, Deployment, DeploymentName, RecordError, RequestError, Retries,
};
use http::{Request, Response};
use kube::Client;
use kube::client::Body;
use tokio::time::Instant;
use tower::{BoxError, service_fn};

/// What hangs: no answer ever comes.
const HANGS: Option<(u16, Option<&'static str>)> = Some((0, None));

/// Answers in turn, the last one again and again: a status, and what `Retry-After` says. None is a lost connection.
type Script = Vec<Option<(u16, Option<&'static str>)>>;

/// How long a look at the record took, how often something was asked, and what came of it.
async fn look(script: Script) -> (Duration, usize, Result<bool, DeployError>) {
    let asked = Arc::new(Mutex::new(0));
    let answers = Arc::new(Mutex::new(VecDeque::from(script)));
    let count = Arc::clone(&asked);
    let service = service_fn(move |request: Request<Body>| {
        let answer = if request.uri().path() == "/api/v1" {
            Some((200, None))
        } else {
            *count.lock().unwrap() += 1;
            let mut answers = answers.lock().unwrap();
            if answers.len() > 1 {
                answers.pop_front().unwrap()
            } else {
                answers[0]
            }
        };
        async move {
            let Some((status, after)) = answer else {
                return Err(BoxError::from(std::io::Error::from(
                    std::io::ErrorKind::ConnectionReset,
                )));
            };
            if answer == HANGS {
                std::future::pending::<()>().await;
            }
            let mut response = Response::builder().status(status);
            if let Some(after) = after {
                response = response.header("Retry-After", after);
            }
            let kinds = r#"{"resources": [{"name": "configmaps", "kind": "ConfigMap", "namespaced": true}]}"#;
            Ok(response.body(Body::from(kinds.as_bytes().to_vec()))?)
        }
    });
    let cluster = Cluster::new(Client::new(service, "default"), Retries::USUAL);
    let deployment = Deployment {
        cluster: &cluster,
        name: DeploymentName::try_from("x".to_owned()).unwrap(),
        namespace: "n".to_owned(),
    };
    let begun = Instant::now();
    let found = deployment
        .inventory()
        .await
        .map(|inventory| inventory.is_some());
    let asked = *asked.lock().unwrap();
    (begun.elapsed(), asked, found)
}

fn waited(took: Duration, expected: Duration) -> bool {
    took >= expected && took < expected + Duration::from_millis(100)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_how_long_is_obeyed() {
    let (took, asked, found) = look(vec![Some((429, Some("7"))), Some((404, None))]).await;
    assert_eq!((asked, found), (2, Ok(false)));
    assert!(waited(took, Duration::from_secs(7)), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_an_hour_is_not() {
    let (took, _, found) = look(vec![Some((503, Some("3600"))), Some((404, None))]).await;
    assert_eq!(found, Ok(false));
    assert!(waited(took, Duration::from_secs(30)), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_tried_four_times_with_longer_waits() {
    let (took, asked, found) = look(vec![None]).await;
    assert_eq!(asked, 4);
    assert!(
        waited(took, Duration::from_millis(500 + 1000 + 2000)),
        "{took:?}"
    );
    let Err(DeployError::Record(RecordError::Request { source, .. })) = found else {
        panic!("{found:?}")
    };
    assert!(matches!(source, RequestError::Lost(_)), "{source:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_for_good_is_asked_once() {
    let (took, asked, found) = look(vec![Some((403, None))]).await;
    assert_eq!((asked, found.is_err()), (1, true));
    assert!(waited(took, Duration::ZERO), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_not_waited_for_again() {
    let (took, asked, found) = look(vec![HANGS]).await;
    assert_eq!((asked, found.is_err()), (1, true));
    assert!(waited(took, Duration::from_secs(70)), "{took:?}");
}
