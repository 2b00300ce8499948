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
        if let Stopped::Refused(message) = changes(api, what, collection, version, source).await? {
            return Ok(message);
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
        let mut lines = Lines::default();
        loop {
            match content.next(SILENCE).await {
                Next::Piece(piece) => {
                    for line in lines.push(&piece) {
                        match change(&line) {
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
    use serde_json::json;

    use super::*;

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
