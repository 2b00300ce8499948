//! What is done before a model server is asked, as KServe's agent does it before each server: requests and responses are logged, and
//! requests for predictions are put together.
//!
//! ```text
//!   request ─► ask_server ─► Logged ─┬──────────────► ask_part ─► pods, or a model in this process
//!                                    └─► Batches ───────┘
//! ```

use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use coracle_app::{Batcher, Logger, ModelServer, ModelServerStage};
use coracle_gateway::proxy::is_grpc;

use super::account::Account;
use super::batch::Asked;
use super::batcher::Share;
use super::event::{EVENT_TYPES, Part};
use super::front::{Failure, Front, is_upgrade};
use super::logger::Logged;
use super::recording::{Recording, Unkept};
use super::replay::Replayed;
use super::request::own_request;
use super::request_id::{REQUEST_ID, id_of};
use super::sinks::IsEvent;

/// The header with the type of an event.
const EVENT_TYPE: &str = "ce-type";

/// The longest request that is put together with others, and the longest answer of a batch.
const LONGEST: usize = 64 << 20;

impl Front {
    /// What a model server answers, by the part that is asked.
    pub(super) async fn ask_server(
        &self,
        namespace: &str,
        name: &str,
        path: &str,
        mut request: Request,
    ) -> Response {
        // From here on all call it so: the servers, the log, and whoever is told.
        let id = id_of(request.headers());
        request.headers_mut().insert(REQUEST_ID, id.clone());
        let asked = (namespace, name, path);
        let answered = match self.server(asked) {
            Ok(server) => self.ask(asked, server, request).await,
            Err(failure) => Err(failure),
        };
        let mut response = answered.unwrap_or_else(|failure| failure.response());
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }

    fn server(&self, (namespace, name, path): (&str, &str, &str)) -> Result<ModelServer, Failure> {
        let server = self.workbench().model_server(namespace, name, path);
        server.ok_or_else(|| Failure {
            code: StatusCode::NOT_FOUND,
            said: format!("there is no model server `{name}` in the namespace `{namespace}`"),
        })
    }

    async fn ask(
        &self,
        asked: (&str, &str, &str),
        server: ModelServer,
        request: Request,
    ) -> Result<Response, Failure> {
        let (namespace, name, _) = asked;
        let (logged, request) = match logger(&server, &request) {
            Some(logger) => {
                let part = Part {
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                    component: server.part.as_str(),
                };
                let begun = Logged::begin(self, part, logger, request).await;
                let (logged, request) = begun.map_err(|error| Failure::broken_off(&error))?;
                (Some(logged), request)
            }
            None => (None, request),
        };
        let response = match batcher(&server, &request) {
            Some(batcher) => self.ask_with_others(asked, server, batcher, request).await,
            None => self.ask_part(asked, server, request).await,
        };
        Ok(match logged {
            Some(logged) => logged.answered(response?),
            None => response?,
        })
    }

    /// Asks in a batch. That is what is counted as at work; who waits for it is counted as answered.
    async fn ask_with_others(
        &self,
        asked: (&str, &str, &str),
        server: ModelServer,
        batcher: Batcher,
        request: Request,
    ) -> Result<Response, Failure> {
        let (namespace, name, _) = asked;
        // Half of the time is for the model.
        let latency = batcher.latency.min(server.timeout / 2);
        let batcher = Batcher { latency, ..batcher };
        let recording = Recording::begin(self.workbench(), asked, &request, server.kept);
        let mut account = self.accounts().open(namespace, name, None, recording);
        let share = self.share(asked, batcher, request, &mut account);
        let answered = match tokio::time::timeout(server.timeout, share).await {
            Ok(share) => share.map(|said| Json(said).into_response()),
            Err(_) => Err(Failure::too_late(name, server.timeout)),
        };
        account.close(answered)
    }

    async fn share(
        &self,
        (namespace, name, path): (&str, &str, &str),
        batcher: Batcher,
        request: Request,
        account: &mut Account,
    ) -> Share {
        let uri = request.uri().clone();
        let body = to_bytes(request.into_body(), LONGEST).await;
        let body = body.map_err(|error| Failure::broken_off(&error))?;
        account.sent(&body);
        let instances = Asked::read(&body).map_err(|said| Failure {
            code: StatusCode::BAD_REQUEST,
            said: said.to_owned(),
        })?;
        let front = self.clone();
        let server = [namespace, name, path].map(str::to_owned);
        let same = uri.clone();
        let ask = move |body| async move {
            let [namespace, name, path] = &server;
            let asked = (namespace.as_str(), name.as_str(), path.as_str());
            let server = front.server(asked)?;
            let mut request = own_request(same, body);
            request.extensions_mut().insert(Unkept);
            let answered = front.ask_part(asked, server, request).await?;
            let (parts, body) = answered.into_parts();
            let body = to_bytes(body, LONGEST).await.map_err(|error| Failure {
                code: StatusCode::BAD_GATEWAY,
                said: format!("`{name}`: {error}"),
            })?;
            Ok((parts.status, body))
        };
        self.batches().join(uri, instances, batcher, ask).await
    }
}

/// Whom a request is to be told to, unless it was told before or is itself what somebody is told.
fn logger<'a>(server: &'a ModelServer, request: &Request) -> Option<&'a Logger> {
    let kind = request.headers().get(EVENT_TYPE);
    let is_event = request.extensions().get::<IsEvent>().is_some()
        || kind.is_some_and(|kind| kind.as_bytes().starts_with(EVENT_TYPES.as_bytes()));
    server
        .logger
        .as_ref()
        .filter(|_| !is_event && !is_replayed(request) && has_one_answer(server, request))
}

/// How a request is put together with others, if it asks for predictions by the first protocol.
fn batcher(server: &ModelServer, request: &Request) -> Option<Batcher> {
    let asks_for_predictions = request.uri().path().ends_with(":predict");
    server.batcher.filter(|_| {
        asks_for_predictions && !is_replayed(request) && has_one_answer(server, request)
    })
}

/// Whether it was asked before, and is asked of one server now to see what that says.
fn is_replayed(request: &Request) -> bool {
    request.extensions().get::<Replayed>().is_some()
}

/// Whether somebody will answer, and with a body: not with a stream of messages, nor by becoming something else.
fn has_one_answer(server: &ModelServer, request: &Request) -> bool {
    !matches!(server.stage, ModelServerStage::NotReady(_))
        && !is_grpc(request)
        && !is_upgrade(request.headers())
}
