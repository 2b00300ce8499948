//! A collection is watched: all that it has, and then each change, over any break.

use std::time::Duration;

use serde_json::Value;
use tokio::time;

use super::lines::Lines;
use super::requests::{Api, Failure, Next};
use super::source::{Heard, Seen, Source, Unheard, Watched};

/// How long the server lets a watch go on.
const GOES_ON_SECONDS: &str = "300";

/// Servers send a bookmark each minute; a watch that says nothing for longer has lost its other end.
const SILENCE: Duration = Duration::from_secs(100);

/// An object of etcd's has 1.5 MiB by default, and some more as JSON.
const LONGEST: usize = 16 << 20;

/// What a line of a watch says.
#[derive(Debug, PartialEq)]
enum Change {
    /// Something changed; the version to go on from.
    Seen(Seen, String),
    /// Nothing changed up to a version.
    Bookmark(String),
    /// The version from which it was to go on is no longer known, or the watch cannot go on: all is asked for anew.
    Lost,
}

/// Why a watch of changes ended.
enum Stopped {
    /// All is asked for anew.
    Outdated,
    Refused(String),
}

/// Where objects are.
pub(super) struct Collection {
    pub(super) path: String,
    /// Which of them: the name of a query parameter, and its value.
    pub(super) selector: Option<(&'static str, String)>,
}

impl Collection {
    /// The address with a query.
    fn address(&self, more: &[(&str, &str)]) -> String {
        let selector = self.selector.as_ref();
        let query: Vec<_> = selector
            .map(|(name, value)| (*name, value.as_str()))
            .into_iter()
            .chain(more.iter().copied())
            .collect();
        // Texts alone can always be said.
        let query = serde_urlencoded::to_string(&query).unwrap_or_default();
        format!("{}?{query}", self.path)
    }

    /// All that there is, with the version from which to go on.
    pub(super) async fn list(&self, api: &Api) -> Result<(Vec<Value>, String), Failure> {
        let mut list = api.get(&self.address(&[])).await?;
        let version = list["metadata"]["resourceVersion"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let items = match list["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        };
        Ok((items, version))
    }
}

/// Watches until it is refused or nobody listens.
pub(super) async fn watch(api: &Api, what: Watched, collection: Collection, mut source: Source) {
    let watched = go_on(api, what, &collection, &mut source).await;
    if let Ok(refusal) = watched {
        // Where nobody listens any more there is nobody to tell.
        let _ = source.tell(Heard::Refused(what, refusal)).await;
    }
}

async fn go_on(
    api: &Api,
    what: Watched,
    collection: &Collection,
    source: &mut Source,
) -> Result<String, Unheard> {
    loop {
        let (items, version) = match collection.list(api).await {
            Ok(listed) => listed,
            Err(Failure::Lost(reason)) => {
                source.broken(reason).await?;
                continue;
            }
            Err(Failure::Refused { message, .. }) => return Ok(message),
            Err(Failure::Missing | Failure::Outdated) => {
                return Ok(format!("the cluster does not serve `{}`", collection.path));
            }
        };
        source.mended().await?;
        source.tell(Heard::Seen(what, Seen::All(items))).await?;
        match changes(api, what, collection, version, source).await? {
            Stopped::Refused(message) => return Ok(message),
            // A server that says so each time is not asked without a pause.
            Stopped::Outdated => source.moment().await,
        }
    }
}

/// Tells each change after a version, over any break.
async fn changes(
    api: &Api,
    what: Watched,
    collection: &Collection,
    mut version: String,
    source: &mut Source,
) -> Result<Stopped, Unheard> {
    loop {
        let address = collection.address(&[
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", GOES_ON_SECONDS),
            ("resourceVersion", &version),
        ]);
        let opened = time::timeout(SILENCE, api.open(&address)).await;
        let mut content = match opened {
            Ok(Ok(content)) => content,
            Ok(Err(Failure::Outdated | Failure::Missing)) => return Ok(Stopped::Outdated),
            Ok(Err(Failure::Refused { message, .. })) => return Ok(Stopped::Refused(message)),
            Ok(Err(Failure::Lost(reason))) => {
                source.broken(reason).await?;
                continue;
            }
            Err(_) => {
                source
                    .broken("the cluster did not answer in time".to_owned())
                    .await?;
                continue;
            }
        };
        source.mended().await?;
        let mut lines = Lines::up_to(LONGEST);
        loop {
            match content.next(SILENCE).await {
                Next::Piece(piece) => {
                    for line in lines.push(&piece) {
                        match change(&line.bytes) {
                            Change::Lost => return Ok(Stopped::Outdated),
                            Change::Bookmark(seen) => version = seen,
                            Change::Seen(seen, at) => {
                                version = at;
                                source.tell(Heard::Seen(what, seen)).await?;
                            }
                        }
                    }
                }
                Next::End | Next::Silent => {
                    source.moment().await;
                    break;
                }
                Next::Broken(reason) => {
                    source.broken(reason).await?;
                    break;
                }
            }
        }
    }
}

/// What a line of a watch says. What is none, or only a part of one, is asked for anew.
fn change(line: &[u8]) -> Change {
    let Ok(mut event) = serde_json::from_slice::<Value>(line) else {
        return Change::Lost;
    };
    let object = event["object"].take();
    let Some(version) = object["metadata"]["resourceVersion"]
        .as_str()
        .map(str::to_owned)
    else {
        return Change::Lost;
    };
    match event["type"].as_str().unwrap_or_default() {
        "ADDED" | "MODIFIED" => Change::Seen(Seen::One(object), version),
        "DELETED" => Change::Seen(Seen::Gone(object), version),
        "BOOKMARK" => Change::Bookmark(version),
        _ => Change::Lost,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use http::{Request, Response, StatusCode};
    use kube::Client;
    use kube::client::Body;
    use serde_json::json;
    use tokio::sync::mpsc;
    use tower::{BoxError, service_fn};

    use super::*;
    use crate::contexts::Connection;

    /// What a server answers to which query.
    type Script = VecDeque<(&'static str, u16, String)>;

    fn server(script: Script) -> Api {
        let script = Arc::new(Mutex::new(script));
        let service = service_fn(move |request: Request<Body>| {
            let (expected, status, body) = script.lock().unwrap().pop_front().unwrap();
            let query = request.uri().query().unwrap_or_default().to_owned();
            async move {
                assert!(query.ends_with(expected), "{query} instead of {expected}");
                let response = Response::builder().status(StatusCode::from_u16(status).unwrap());
                Ok::<_, BoxError>(response.body(Body::from(body.into_bytes())).unwrap())
            }
        });
        Api::new(&Connection {
            client: Client::new(service, "default"),
            context: "c".to_owned(),
            namespace: "default".to_owned(),
            server: "https://c".to_owned(),
        })
    }

    fn pod(name: &str, version: &str) -> Value {
        json!({"metadata": {"name": name, "resourceVersion": version}})
    }

    fn list(version: &str, items: &[Value]) -> String {
        json!({"metadata": {"resourceVersion": version}, "items": items}).to_string()
    }

    fn event(kind: &str, object: &Value) -> String {
        format!("{}\n", json!({"type": kind, "object": object}))
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_goes_on_from_what_was_seen_last_and_lists_anew_where_that_is_too_old() {
        let half = event("MODIFIED", &pod("a", "3"));
        let expired = json!({"kind": "Status", "code": 410, "reason": "Expired", "metadata": {}});
        let api = server(VecDeque::from([
            ("", 200, list("1", &[pod("a", "1")])),
            (
                "resourceVersion=1",
                200,
                event("MODIFIED", &pod("a", "2")) + &half[..20],
            ),
            ("resourceVersion=2", 503, "busy".to_owned()),
            (
                "resourceVersion=2",
                200,
                half + &event("BOOKMARK", &pod("", "5")),
            ),
            ("resourceVersion=5", 200, event("ERROR", &expired)),
            ("", 200, list("9", &[])),
            ("resourceVersion=9", 410, String::new()),
            ("", 200, list("10", &[pod("b", "10")])),
            (
                "resourceVersion=10",
                403,
                json!({"message": "no longer"}).to_string(),
            ),
        ]));
        let (center, mut heard) = mpsc::channel(16);
        let collection = Collection {
            path: "/pods".to_owned(),
            selector: None,
        };
        watch(&api, Watched::Pods, collection, Source::new(7, center)).await;
        let mut told = Vec::new();
        while let Some(heard) = heard.recv().await {
            told.push(match heard {
                Heard::Seen(_, seen) => format!("{seen:?}"),
                Heard::Broken(source, reason) => format!("{source} {reason}"),
                Heard::Mended(source) => format!("{source} mended"),
                Heard::Refused(_, message) => message,
            });
        }
        let seen = |seen: Seen| format!("{seen:?}");
        let expected = [
            seen(Seen::All(vec![pod("a", "1")])),
            seen(Seen::One(pod("a", "2"))),
            "7 HTTP 503 busy".to_owned(),
            "7 mended".to_owned(),
            seen(Seen::One(pod("a", "3"))),
            seen(Seen::All(Vec::new())),
            seen(Seen::All(vec![pod("b", "10")])),
            "no longer".to_owned(),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_version_that_is_no_longer_known_has_all_asked_for_anew() {
        let object = json!({"metadata": {"name": "a", "resourceVersion": "7"}});
        let of = |kind: &str, object: &Value| {
            change(
                json!({"type": kind, "object": object})
                    .to_string()
                    .as_bytes(),
            )
        };
        assert_eq!(
            of("MODIFIED", &object),
            Change::Seen(Seen::One(object.clone()), "7".to_owned())
        );
        assert_eq!(
            of("DELETED", &object),
            Change::Seen(Seen::Gone(object.clone()), "7".to_owned())
        );
        assert_eq!(of("BOOKMARK", &object), Change::Bookmark("7".to_owned()));
        let status = json!({"kind": "Status", "code": 410, "reason": "Expired", "metadata": {}});
        assert_eq!(of("ERROR", &status), Change::Lost);
        assert_eq!(change(b"{\"type\":\"ADDED\""), Change::Lost);
    }

    #[test]
    fn what_is_chosen_stands_in_the_address() {
        let collection = Collection {
            path: "/api/v1/namespaces/n/pods".to_owned(),
            selector: Some(("labelSelector", "a in (x,y)".to_owned())),
        };
        assert_eq!(
            collection.address(&[("watch", "true")]),
            "/api/v1/namespaces/n/pods?labelSelector=a+in+%28x%2Cy%29&watch=true"
        );
    }
}
