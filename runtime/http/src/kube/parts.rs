//! The parts of pods that are no objects: logs, and connections into them.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use coracle_app::session::{self, AttachRequest, ExecRequest, Only, TerminalSize};
use coracle_app::{PodLogOptions, Workbench};
use coracle_gateway::remote::{
    self, CommandQuery, Dial, Exit, Output, Refusal, Session, Source, Upgrade,
};
use coracle_gateway::{BoxIo, remote::Streams};
use coracle_model::Timestamp;
use coracle_objects::{Reason, Resource, Status, kind};
use futures_util::StreamExt as _;

use super::answer::Refused;
use super::objects::method_not_allowed;
use super::path::Target;
use super::query::Query;

/// The terminal of a client that has not said yet how large its own is.
const FIRST_SIZE: TerminalSize = TerminalSize {
    columns: 80,
    rows: 24,
};

/// A pod, as a path names it.
#[derive(Debug, Clone)]
struct Pod {
    namespace: String,
    name: String,
}

/// Whether a part is one of these.
pub(super) fn is_connection(resource: &Resource, part: &str) -> bool {
    std::ptr::eq(resource, kind::pods())
        && matches!(part, "log" | "exec" | "attach" | "portforward")
}

/// Answers a request about such a part.
pub(super) async fn answer(
    workbench: &Workbench,
    target: Target,
    request: Request,
) -> Result<Response, Refused> {
    let pod = Pod {
        namespace: target.namespace.unwrap_or_default(),
        name: target.name.unwrap_or_default(),
    };
    match target.subresource.as_deref() {
        Some("log") => log(workbench, &pod, &Query::of(request.uri())).await,
        Some("exec") => command(workbench, pod, request, true).await,
        Some("attach") => command(workbench, pod, request, false).await,
        Some("portforward") => forward(workbench, pod, request).await,
        _ => Err(method_not_allowed().into()),
    }
}

async fn log(workbench: &Workbench, pod: &Pod, query: &Query) -> Result<Response, Refused> {
    let options = log_options(query, workbench.kubernetes().now())?;
    let bytes = workbench
        .pod_log(&pod.namespace, &pod.name, options)
        .await?;
    let Some(bytes) = bytes else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let mut response = Response::new(Body::from_stream(bytes));
    let kind = HeaderValue::from_static("text/plain");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

fn log_options(query: &Query, now: Timestamp) -> Result<PodLogOptions, Status> {
    let number = |name: &str| -> Result<Option<u64>, Status> {
        let Some(text) = query.get(name) else {
            return Ok(None);
        };
        let number = text.parse().map_err(|_| {
            Status::bad_request(format!(
                "strconv.ParseInt: parsing {text:?}: invalid syntax"
            ))
        })?;
        Ok(Some(number))
    };
    let since_seconds = number("sinceSeconds")?;
    let since = match (since_seconds, query.get("sinceTime")) {
        (Some(seconds), _) => {
            let begin = now.as_second().saturating_sub(seconds.cast_signed());
            Timestamp::from_second(begin).ok()
        }
        (None, Some(time)) => Some(time.parse().map_err(|_| {
            Status::bad_request(format!("unable to decode sinceTime {time:?} as a time"))
        })?),
        (None, None) => None,
    };
    let only = match query.get("stream") {
        Some("Stdout") => Only::Stream(session::Stream::Stdout),
        Some("Stderr") => Only::Stream(session::Stream::Stderr),
        _ => Only::Both,
    };
    let size =
        |number: Option<u64>| number.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    Ok(PodLogOptions {
        container: query.get("container").map(str::to_owned),
        follow: query.is_on("follow"),
        previous: query.is_on("previous"),
        timestamps: query.is_on("timestamps"),
        tail_lines: size(number("tailLines")?),
        since,
        limit_bytes: size(number("limitBytes")?),
        only,
    })
}

async fn command(
    workbench: &Workbench,
    pod: Pod,
    mut request: Request,
    starts: bool,
) -> Result<Response, Refused> {
    let query =
        CommandQuery::read(request.uri().query().unwrap_or_default()).map_err(of_refusal)?;
    let workbench_of_task = workbench.clone();
    let streams = query.streams;
    // What is wrong is told before the connection is changed, where that can be known.
    workbench.pod_is_running(&pod.namespace, &pod.name, query.container.as_deref())?;
    let start = async move {
        let session = if starts {
            let request = exec_request(&query);
            workbench_of_task
                .pod_exec(
                    &pod.namespace,
                    &pod.name,
                    query.container.as_deref(),
                    &request,
                )
                .await
        } else {
            let request = AttachRequest {
                stdin: query.streams.stdin,
                terminal: query.streams.tty.then_some(FIRST_SIZE),
            };
            workbench_of_task
                .pod_attach(
                    &pod.namespace,
                    &pod.name,
                    query.container.as_deref(),
                    &request,
                )
                .await
        };
        session
            .map(|session| conduct(session, streams))
            .map_err(|status| Exit::Failed(status.message))
    };
    let upgrade = remote::command(&mut request, streams, start).map_err(of_refusal)?;
    Ok(go_on(workbench, upgrade))
}

fn exec_request(query: &CommandQuery) -> ExecRequest {
    ExecRequest {
        command: query.command.clone(),
        stdin: query.streams.stdin,
        terminal: query.streams.tty.then_some(FIRST_SIZE),
        ..ExecRequest::default()
    }
}

/// An engine's session as the gateway takes it.
fn conduct(joined: session::Session, streams: Streams) -> Session {
    let session::Session {
        input,
        output,
        control,
    } = joined;
    let control: Arc<dyn session::SessionControl> = Arc::from(control);
    let resizer = Arc::clone(&control);
    let output = output.map(|piece| {
        let piece = piece.map_err(io::Error::other)?;
        Ok(Output {
            source: match piece.stream {
                session::Stream::Stdout => Source::Stdout,
                session::Stream::Stderr => Source::Stderr,
            },
            bytes: piece.bytes,
        })
    });
    Session {
        stdin: input,
        output: output.boxed(),
        resize: streams.tty.then(|| {
            let resize: remote::Resize = Box::new(move |size| {
                let control = Arc::clone(&resizer);
                Box::pin(async move {
                    let size = TerminalSize {
                        columns: size.width,
                        rows: size.height,
                    };
                    if let Err(error) = control.resize(size).await {
                        tracing::debug!(%error, "a terminal keeps its size");
                    }
                })
            });
            resize
        }),
        exit: Box::pin(async move {
            match control.wait().await {
                Ok(code) => Exit::Code(u8::try_from(code).unwrap_or(u8::MAX)),
                Err(error) => Exit::Failed(error.to_string()),
            }
        }),
    }
}

async fn forward(
    workbench: &Workbench,
    pod: Pod,
    mut request: Request,
) -> Result<Response, Refused> {
    workbench.pod_is_placed(&pod.namespace, &pod.name)?;
    let dial = Arc::new(Ports {
        workbench: workbench.clone(),
        pod,
    });
    let upgrade = remote::forward(&mut request, dial).map_err(of_refusal)?;
    Ok(go_on(workbench, upgrade))
}

/// The ports of a pod.
struct Ports {
    workbench: Workbench,
    pod: Pod,
}

#[async_trait]
impl Dial for Ports {
    fn pod(&self) -> &str {
        &self.pod.name
    }

    async fn dial(&self, port: u16) -> io::Result<BoxIo> {
        let connection = self
            .workbench
            .pod_connect(&self.pod.namespace, &self.pod.name, port)
            .await
            .map_err(io::Error::other)?;
        Ok(Box::new(connection))
    }
}

/// Answers with the upgrade, and lets the connection go on by itself until the workbench ends.
fn go_on(workbench: &Workbench, upgrade: Upgrade) -> Response {
    workbench.go_on(upgrade.task);
    upgrade.response.map(Body::new)
}

fn of_refusal(refusal: Refusal) -> Refused {
    let reason = match refusal.status {
        StatusCode::BAD_REQUEST => Reason::BadRequest,
        StatusCode::FORBIDDEN => Reason::Forbidden,
        _ => Reason::Unknown,
    };
    let mut status = Status::new(reason, refusal.message);
    status.code = refusal.status.as_u16();
    Refused(status)
}
