//! Requests to an API server, with bounded tries.

use std::collections::HashMap;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER, WARNING};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time;

use super::FIELD_MANAGER;
use super::refusal::{Refusal, RefusalKind};
use crate::error::innermost;
use crate::key::ObjectKey;

/// An answer within this time, or the connection counts as lost. API servers give up on a request after 60 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(70);

/// A try that was lost after so long is the last: who waited for a server that hangs is told, and not kept waiting as long again.
const HUNG_AFTER: Duration = Duration::from_secs(20);

/// How long a server may ask to wait (`Retry-After`) and be obeyed.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How often and how soon a request is sent again that was lost, or that the server had no room for (429, 5xx).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Tries in all, the first one included.
    pub tries: u32,
    /// Until the second try; each wait is twice the one before, unless the server says how long.
    pub first_wait: Duration,
}

impl Retries {
    /// Four tries within some four seconds: long enough for a server that restarts behind a load balancer.
    pub const USUAL: Self = Self {
        tries: 4,
        first_wait: Duration::from_millis(500),
    };

    fn wait(self, tried: u32) -> Duration {
        self.first_wait * 2_u32.saturating_pow(tried.saturating_sub(1))
    }
}

/// Why a request had no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The server said no.
    #[error(transparent)]
    Refused(Refusal),
    /// There was no answer, however often it was tried.
    #[error("the cluster was lost: {0}")]
    Lost(String),
}

impl RequestError {
    /// Whether there is no such object.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(
            self,
            Self::Refused(Refusal {
                code: Some(404),
                ..
            })
        )
    }

    pub(crate) fn has_code(&self, code: u16) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == Some(code))
    }
}

/// A request's answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) value: Value,
    /// What the server warned of, in its own words.
    pub(super) warnings: Vec<String>,
}

/// Whether fields of others are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conflicts {
    Refuse,
    TakeOver,
}

/// Whether the server writes down what it makes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    Persist,
    DryRun,
}

/// A kind as a cluster serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ServedKind {
    plural: String,
    namespaced: bool,
}

/// A cluster's API.
pub struct Cluster {
    client: Client,
    retries: Retries,
    kinds: Mutex<HashMap<(String, String), ServedKind>>,
}

impl Cluster {
    /// A cluster that a client leads to.
    pub fn new(client: Client, retries: Retries) -> Self {
        Self {
            client,
            retries,
            kinds: Mutex::new(HashMap::new()),
        }
    }

    /// The object as it is there. None where it is not.
    pub(crate) async fn get(&self, key: &ObjectKey) -> Result<Option<Value>, RequestError> {
        let path = self.path(key).await?;
        match self.send(Method::GET, &path, None).await {
            Ok(answer) => Ok(Some(answer.value)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The objects of a list.
    pub(crate) async fn list(&self, path: &str) -> Result<Vec<Value>, RequestError> {
        let mut answer = self.send(Method::GET, path, None).await?;
        match answer.value["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }

    /// Server-side apply.
    pub(super) async fn apply(
        &self,
        key: &ObjectKey,
        object: &Value,
        conflicts: Conflicts,
        write: Write,
    ) -> Result<Answer, RequestError> {
        let force = conflicts == Conflicts::TakeOver;
        let dry_run = match write {
            Write::Persist => "",
            Write::DryRun => "&dryRun=All",
        };
        let path = format!(
            "{}?fieldManager={FIELD_MANAGER}&force={force}&fieldValidation=Warn{dry_run}",
            self.path(key).await?
        );
        let body = Some(("application/apply-patch+yaml", object));
        let sent = self.send(Method::PATCH, &path, body).await;
        match sent {
            Err(RequestError::Refused(refusal)) if key.is_secret() => {
                Err(RequestError::Refused(refusal.without_values_of(object)))
            }
            other => other,
        }
    }

    /// A merge patch (RFC 7386).
    pub(crate) async fn merge(
        &self,
        key: &ObjectKey,
        patch: &Value,
    ) -> Result<Answer, RequestError> {
        let path = format!("{}?fieldManager={FIELD_MANAGER}", self.path(key).await?);
        let body = Some(("application/merge-patch+json", patch));
        self.send(Method::PATCH, &path, body).await
    }

    /// Removes the object of this uid and no other, and what it owns in the background.
    pub(crate) async fn delete(&self, key: &ObjectKey, uid: &str) -> Result<(), RequestError> {
        let path = self.path(key).await?;
        let options = json!({
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid},
        });
        let body = Some(("application/json", &options));
        self.send(Method::DELETE, &path, body).await.map(drop)
    }

    /// Creates an object, or replaces the one of its `resourceVersion`.
    pub(crate) async fn write(
        &self,
        key: &ObjectKey,
        object: &Value,
    ) -> Result<Answer, RequestError> {
        let path = self.path(key).await?;
        let body = Some(("application/json", object));
        let versioned = object.pointer("/metadata/resourceVersion").is_some();
        let (method, path) = match path.rsplit_once('/') {
            Some((collection, _)) if !versioned => (Method::POST, collection.to_owned()),
            _ => (Method::PUT, path),
        };
        let path = format!("{path}?fieldManager={FIELD_MANAGER}");
        self.send(method, &path, body).await
    }

    /// Whether objects of a kind are in namespaces. An error where the cluster does not serve it.
    pub(crate) async fn is_namespaced(&self, key: &ObjectKey) -> Result<bool, RequestError> {
        Ok(self.served(&key.api_version, &key.kind).await?.namespaced)
    }

    async fn path(&self, key: &ObjectKey) -> Result<String, RequestError> {
        let served = self.served(&key.api_version, &key.kind).await?;
        let within = match &key.namespace {
            Some(namespace) if served.namespaced => format!("/namespaces/{namespace}"),
            _ => String::new(),
        };
        Ok(format!(
            "{}{within}/{}/{}",
            root(&key.api_version),
            served.plural,
            key.name
        ))
    }

    async fn served(&self, api_version: &str, kind: &str) -> Result<ServedKind, RequestError> {
        let wanted = (api_version.to_owned(), kind.to_owned());
        if let Some(served) = self.kinds.lock().await.get(&wanted) {
            return Ok(served.clone());
        }
        let list = match self.send(Method::GET, &root(api_version), None).await {
            Ok(answer) => answer.value,
            Err(error) if error.is_missing() => Value::Null,
            Err(error) => return Err(error),
        };
        let resources = list["resources"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let main = |resource: &&Value| {
            resource["kind"] == kind
                && resource["name"]
                    .as_str()
                    .is_some_and(|name| !name.contains('/'))
        };
        let Some(found) = resources.iter().find(main) else {
            return Err(RequestError::Refused(
                self.kind_missing(api_version, kind).await,
            ));
        };
        let served = ServedKind {
            plural: found["name"].as_str().unwrap_or_default().to_owned(),
            namespaced: found["namespaced"] == true,
        };
        self.kinds.lock().await.insert(wanted, served.clone());
        Ok(served)
    }

    async fn kind_missing(&self, api_version: &str, kind: &str) -> Refusal {
        let others = match api_version.split_once('/') {
            Some((group, _)) => self.versions(group).await,
            None => Vec::new(),
        };
        let there = if others.is_empty() {
            String::new()
        } else {
            format!("; of this group it has {}", others.join(", "))
        };
        Refusal::own(
            RefusalKind::KindMissing,
            format!("the cluster does not serve `{kind}` of `{api_version}`{there}"),
        )
    }

    async fn versions(&self, group: &str) -> Vec<String> {
        let Ok(answer) = self
            .send(Method::GET, &format!("/apis/{group}"), None)
            .await
        else {
            return Vec::new();
        };
        let versions = answer.value["versions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        versions
            .iter()
            .filter_map(|version| version["groupVersion"].as_str().map(str::to_owned))
            .collect()
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Answer, RequestError> {
        let mut tried = 1;
        loop {
            let begun = time::Instant::now();
            let (error, wait) = match self.send_once(&method, path, body).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let hung = matches!(error, RequestError::Lost(_)) && begun.elapsed() >= HUNG_AFTER;
            let Some(wait) = wait.filter(|_| tried < self.retries.tries && !hung) else {
                return Err(error);
            };
            time::sleep(
                wait.unwrap_or_else(|| self.retries.wait(tried))
                    .min(LONGEST_WAIT),
            )
            .await;
            tried += 1;
        }
    }

    /// One try. What failed comes with whether it may be tried again, and after which wait, if the server named one.
    async fn send_once(
        &self,
        method: &Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Answer, (RequestError, Option<Option<Duration>>)> {
        let lost = |reason: String| (RequestError::Lost(reason), Some(None));
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(ACCEPT, "application/json");
        if let Some((content_type, _)) = body {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let bytes = body
            .map(|(_, value)| json_for_yaml(value).into_bytes())
            .unwrap_or_default();
        let request = request.body(Body::from(bytes)).map_err(|error| {
            let refusal = Refusal::own(
                RefusalKind::Invalid,
                format!("`{path}` is no address: {error}"),
            );
            (RequestError::Refused(refusal), None)
        })?;
        let answered = time::timeout(ANSWER_WITHIN, async {
            let response = self
                .client
                .send(request)
                .await
                .map_err(|error| innermost(&error))?;
            let (head, body) = response.into_parts();
            let bytes = body
                .collect()
                .await
                .map_err(|error| innermost(&error))?
                .to_bytes();
            Ok::<_, String>((head, bytes))
        });
        let (head, bytes) = match answered.await {
            Err(_) => return Err(lost("it did not answer in time".to_owned())),
            Ok(Err(reason)) => return Err(lost(reason)),
            Ok(Ok(answer)) => answer,
        };
        let code = head.status.as_u16();
        if !head.status.is_success() {
            let again = (code == 429 || code >= 500).then(|| retry_after(&head.headers));
            return Err((
                RequestError::Refused(Refusal::of_answer(code, &bytes)),
                again,
            ));
        }
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| lost(format!("its answer is no JSON: {error}")))?;
        Ok(Answer {
            value,
            warnings: warnings(&head.headers),
        })
    }
}

/// JSON that readers of YAML take for the same: servers read what is applied as YAML, to which some characters are
/// ends of lines or forbidden. In JSON they stand in texts alone, where an escape means the same.
fn json_for_yaml(value: &Value) -> String {
    let mut text = String::new();
    for character in value.to_string().chars() {
        let special = matches!(
            character,
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        );
        if special {
            text.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            text.push(character);
        }
    }
    text
}

fn root(api_version: &str) -> String {
    if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// The texts of `299 - "text"` (RFC 7234, 5.5).
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let text = |header: &http::HeaderValue| {
        let header = String::from_utf8_lossy(header.as_bytes()).into_owned();
        let quoted = header
            .split_once('"')
            .and_then(|(_, rest)| rest.rsplit_once('"'));
        quoted.map_or(header.clone(), |(text, _)| {
            text.replace("\\\"", "\"").replace("\\\\", "\\")
        })
    };
    headers.get_all(WARNING).iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_lines_in_yaml_is_escaped() {
        let value = json!({"a": "x\u{2028}\u{7f}ä"});
        assert_eq!(json_for_yaml(&value), r#"{"a":"x\u2028\u007fä"}"#);
        let read: Value = serde_json::from_str(&json_for_yaml(&value)).unwrap();
        assert_eq!(read, value);
    }

    #[test]
    fn waits_double() {
        let waits: Vec<_> = (1..4)
            .map(|tried| Retries::USUAL.wait(tried).as_millis())
            .collect();
        assert_eq!(waits, [500, 1000, 2000]);
    }

    #[test]
    fn warnings_are_told_without_their_code() {
        let mut headers = HeaderMap::new();
        headers.append(
            WARNING,
            r#"299 - "unknown field \"spec.a\"""#.parse().unwrap(),
        );
        headers.append(WARNING, r#"299 - "v1beta1 is deprecated""#.parse().unwrap());
        assert_eq!(
            warnings(&headers),
            [r#"unknown field "spec.a""#, "v1beta1 is deprecated"]
        );
    }
}
