//! One request to a part of a model server, and its answer.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version, header, request};
use axum::response::Response;
use coracle_app::{ModelPod, ModelServer, ModelServerStage, Workbench};
use coracle_gateway::proxy::{ForwardError, KeptWhileOpen, PathRewrite, Proxy, is_grpc};
use coracle_objects::{ObjectExt as _, kind};
use serde_json::json;

use super::account::{Account, Accounts};
use super::batcher::Batches;
use super::embedded;
use super::graph::Graph;
use super::recording::Recording;
use super::replay::Replayed;
use super::sinks::{IsEvent, Sinks};
use super::turns::Turns;
use crate::pod_connector::{PodConnector, proxy, route, spawn};

/// The longest body that is kept, to be sent again to another pod where the first one goes away.
const LONGEST_KEPT: usize = 8 * 1024 * 1024;

/// How many pods a request is sent to before it is given up.
const MOST_TRIES: usize = 4;

/// How soon a server that is not ready may be asked again, in seconds.
const ASK_AGAIN: &str = "1";

/// What stands before the servers.
#[derive(Clone)]
pub(crate) struct Front {
    workbench: Workbench,
    proxy: Proxy,
    turns: Turns,
    accounts: Accounts,
    batches: Batches,
    sinks: Sinks,
}

/// A request that may have to be sent several times.
enum Outgoing {
    /// It can be.
    Kept(Box<request::Parts>, Bytes),
    /// It cannot: its body is long, or it becomes something else than a request.
    Once(Option<Request>),
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) code: StatusCode,
    pub(super) said: String,
}

impl Front {
    pub(crate) fn new(workbench: Workbench) -> Self {
        let accounts = Accounts::new(workbench.clone());
        Self {
            proxy: proxy(&workbench),
            turns: Turns::default(),
            batches: Batches::new(spawn(&workbench)),
            sinks: Sinks::new(accounts.clone()),
            accounts,
            workbench,
        }
    }

    pub(super) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(super) fn turns(&self) -> &Turns {
        &self.turns
    }

    pub(super) fn batches(&self) -> &Batches {
        &self.batches
    }

    pub(super) fn sinks(&self) -> &Sinks {
        &self.sinks
    }

    pub(super) fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    pub(super) fn workbench(&self) -> &Workbench {
        &self.workbench
    }

    /// What a model server or a graph of them answers.
    pub(super) async fn answer(
        &self,
        namespace: &str,
        name: &str,
        path: &str,
        request: Request,
    ) -> Response {
        let event = request.extensions().get::<IsEvent>().copied();
        if let Some(spec) = self.workbench.inference_graph(namespace, name)
            && let Some(graph) = Graph::new(self, (namespace, name), &spec, event)
        {
            return graph.answer(request).await;
        }
        self.ask_server(namespace, name, path, request).await
    }

    /// What a part of a model server answers: its pods, or the model in this process.
    pub(super) async fn ask_part(
        &self,
        (namespace, name, path): (&str, &str, &str),
        server: ModelServer,
        mut request: Request,
    ) -> Result<Response, Failure> {
        let counted = Arc::new(self.workbench.model_request(namespace, name));
        if is_upgrade(request.headers()) {
            let kept = KeptWhileOpen(counted.clone());
            request.extensions_mut().insert(kept);
        }
        let recording = Recording::begin(
            &self.workbench,
            (namespace, name, path),
            &request,
            server.kept,
        );
        // What is kept is to be read; and nothing is gained by packing what comes from the next container.
        if recording.as_ref().is_some_and(Recording::has_bodies) {
            request.headers_mut().remove(header::ACCEPT_ENCODING);
        }
        let mut account = self
            .accounts
            .open(namespace, name, Some(counted), recording);
        let limit = server.timeout;
        let asked = (namespace, name, path);
        let answered = self.pass_on(asked, server, request, &mut account);
        let answered = match tokio::time::timeout(limit, answered).await {
            Ok(answered) => answered,
            Err(_) => Err(Failure::too_late(name, limit)),
        };
        account.close(answered)
    }

    async fn pass_on(
        &self,
        (namespace, name, path): (&str, &str, &str),
        first: ModelServer,
        request: Request,
        account: &mut Account,
    ) -> Result<Response, Failure> {
        let place = self.turns.next(namespace, name);
        let replayed = request.extensions().get::<Replayed>().cloned();
        let only = replayed.and_then(|replayed| replayed.revision);
        let mut outgoing = Outgoing::read(request).await?;
        match &mut outgoing {
            Outgoing::Kept(_, body) => account.sent(body),
            Outgoing::Once(request) => {
                *request = request.take().map(|request| {
                    if is_upgrade(request.headers()) {
                        request
                    } else {
                        account.watch(request)
                    }
                });
            }
        }
        let mut tried = Vec::new();
        let mut failure = None;
        let mut server = Some(first);
        while tried.len() < MOST_TRIES {
            let found = match server.take() {
                Some(known) if known.stage != ModelServerStage::Asleep => Some(known),
                _ => self.awake(namespace, name, path).await?,
            };
            let Some(found) = found else { break };
            let revisions = match found.stage {
                ModelServerStage::Embedded(server) => {
                    if let Some(only) = &only {
                        failure.get_or_insert_with(|| no_revision(name, only));
                        break;
                    }
                    let Some(request) = outgoing.next() else {
                        break;
                    };
                    let request = below(namespace, name, request);
                    return Ok(embedded::answer(server, request).await);
                }
                ModelServerStage::Ready(mut revisions) => {
                    if let Some(only) = &only {
                        revisions.retain(|revision| revision.name == *only);
                        failure = failure
                            .or_else(|| revisions.is_empty().then(|| no_revision(name, only)));
                    }
                    revisions
                }
                ModelServerStage::NotReady(why) => {
                    failure.get_or_insert_with(|| not_ready(name, &why));
                    break;
                }
                ModelServerStage::Asleep => {
                    failure.get_or_insert_with(|| not_ready(name, "it did not wake up in time"));
                    break;
                }
            };
            let taken = self
                .turns
                .take(place, &revisions, found.concurrency, &tried)
                .await;
            let Some(at_work) = taken else { break };
            let Some(request) = outgoing.next() else {
                break;
            };
            let pod = at_work.pod.clone();
            account.goes_to(at_work);
            let error = match self.send(namespace, name, &pod, request).await {
                Ok(response) => return Ok(response.map(Body::new)),
                Err(error) => error,
            };
            tracing::debug!(%error, model = name, pod = pod.name, "a request was not answered");
            let may_go_elsewhere = match &error {
                ForwardError::Connect { .. } | ForwardError::ConnectTimeout { .. } => true,
                // What a server that was told to go has not finished is asked again; what makes servers fall is not.
                ForwardError::Exchange { .. } => self.is_going(&pod),
                ForwardError::Switched { .. } | ForwardError::Path { .. } => false,
            };
            failure = Some(failed(name, &error));
            if !may_go_elsewhere {
                break;
            }
            tried.push(pod.uid);
        }
        Err(failure.unwrap_or_else(|| not_ready(name, "none of its pods can be asked")))
    }

    async fn awake(
        &self,
        namespace: &str,
        name: &str,
        path: &str,
    ) -> Result<Option<ModelServer>, Failure> {
        let woken = self
            .workbench
            .awake_model_server(namespace, name, path)
            .await;
        woken.map_err(|error| not_ready(name, &error.to_string()))
    }

    async fn send(
        &self,
        namespace: &str,
        name: &str,
        pod: &ModelPod,
        request: Request,
    ) -> Result<Response<coracle_gateway::proxy::Body>, ForwardError> {
        let at = (pod.namespace.as_str(), pod.name.as_str(), pod.uid.as_str());
        let port = if is_grpc(&request) {
            pod.grpc_port
        } else {
            pod.port
        };
        let connector = PodConnector::new(&self.workbench, at, port);
        let route = route(prefix(namespace, name), HeaderMap::new());
        self.proxy.forward(request, &connector, &route).await
    }

    /// Whether a pod is gone or about to go.
    fn is_going(&self, pod: &ModelPod) -> bool {
        let found = self
            .workbench
            .kubernetes()
            .find(kind::pods(), &pod.namespace, &pod.name);
        found.is_none_or(|found| found.body.uid() != pod.uid || found.body.is_being_deleted())
    }
}

impl Failure {
    pub(super) fn too_late(name: &str, limit: Duration) -> Self {
        Self {
            code: StatusCode::GATEWAY_TIMEOUT,
            said: format!("`{name}` did not answer within {} s", limit.as_secs()),
        }
    }

    pub(super) fn broken_off(error: &impl Display) -> Self {
        Self {
            code: StatusCode::BAD_REQUEST,
            said: format!("the body of the request broke off: {error}"),
        }
    }

    /// What is said then, as servers of models say it.
    pub(super) fn text(&self) -> String {
        json!({ "error": self.said }).to_string()
    }

    /// What is answered then. What may be over soon says when to ask again.
    pub(super) fn response(&self) -> Response {
        let mut response = embedded::refusal(self.code, &self.said);
        if self.code == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = HeaderValue::from_static(ASK_AGAIN);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

impl Outgoing {
    /// Reads a request whose body is known to be short.
    async fn read(request: Request) -> Result<Self, Failure> {
        let headers = request.headers();
        let length = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        // In HTTP/2 a body of any length may follow.
        let has_none =
            !headers.contains_key(header::TRANSFER_ENCODING) && request.version() < Version::HTTP_2;
        let is_short = length.map_or(has_none, |length| length <= LONGEST_KEPT);
        if !is_short || is_upgrade(headers) {
            return Ok(Self::Once(Some(request)));
        }
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, LONGEST_KEPT)
            .await
            .map_err(|error| Failure::broken_off(&error))?;
        Ok(Self::Kept(Box::new(parts), body))
    }

    /// The request, once more; none where that cannot be.
    fn next(&mut self) -> Option<Request> {
        match self {
            Self::Once(request) => request.take(),
            Self::Kept(parts, body) => {
                let mut request = Request::new(Body::from(body.clone()));
                *request.method_mut() = parts.method.clone();
                *request.uri_mut() = parts.uri.clone();
                *request.version_mut() = parts.version;
                *request.headers_mut() = parts.headers.clone();
                Some(request)
            }
        }
    }
}

/// Whether a request asks for a connection that is no longer one of HTTP. Every client that would rather speak HTTP/2 asks for that.
pub(super) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .is_some_and(|to| !to.as_bytes().eq_ignore_ascii_case(b"h2c"))
}

/// What leads to a server, and is not its own.
fn prefix(namespace: &str, name: &str) -> PathRewrite {
    PathRewrite::Prefix {
        from: format!("/serving/{namespace}/{name}/"),
        to: "/".to_owned(),
    }
}

/// A request as a server in this process sees it.
fn below(namespace: &str, name: &str, mut request: Request) -> Request {
    if let Ok(path) = prefix(namespace, name).apply(request.uri()) {
        *request.uri_mut() = path.into();
    }
    request
}

fn failed(name: &str, error: &ForwardError) -> Failure {
    match error {
        ForwardError::Connect { .. } => not_ready(name, "its server takes no connection"),
        _ => Failure {
            code: error.status(),
            said: format!("`{name}`: {error}"),
        },
    }
}

fn no_revision(name: &str, revision: &str) -> Failure {
    not_ready(
        name,
        &format!("it has no revision `{revision}` that answers"),
    )
}

fn not_ready(name: &str, why: &str) -> Failure {
    Failure {
        code: StatusCode::SERVICE_UNAVAILABLE,
        said: format!("`{name}` is not ready: {why}"),
    }
}
