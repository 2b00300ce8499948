//! The API server.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use coracle_gateway::BoxIo;
use coracle_gateway::remote::{self, CommandQuery, Dial, Refusal, Upgrade};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::process::{Sizes, start};

/// The pod's name.
pub(crate) const POD: &str = "x";
/// The requests that say what there is.
const ANSWERS: [(&str, &str); 5] = [
    (
        "/version",
        r#"{"major":"1","minor":"33","gitVersion":"v1.33.0"}"#,
    ),
    ("/api", r#"{"kind":"APIVersions","versions":["v1"]}"#),
    (
        "/apis",
        r#"{"kind":"APIGroupList","apiVersion":"v1","groups":[]}"#,
    ),
    (
        "/api/v1",
        r#"{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list"]}]}"#,
    ),
    (
        "/api/v1/namespaces/default/pods/x",
        r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x","namespace":"default"},"spec":{"containers":[{"name":"main","image":"none","stdin":true,"tty":false}]},"status":{"phase":"Running","containerStatuses":[{"name":"main","ready":true,"state":{"running":{}}}]}}"#,
    ),
];

/// A server that runs until it is dropped.
pub(crate) struct Api {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Sizes that clients' terminals had.
    pub(crate) sizes: Sizes,
    upgrades: Upgrades,
    _tasks: JoinSet<()>,
}

/// What clients asked to be upgraded to.
type Upgrades = Arc<Mutex<Vec<String>>>;

struct Ports;

#[async_trait]
impl Dial for Ports {
    fn pod(&self) -> &str {
        POD
    }

    async fn dial(&self, port: u16) -> io::Result<BoxIo> {
        let connection = TcpStream::connect(("127.0.0.1", port)).await?;
        connection.set_nodelay(true)?;
        Ok(Box::new(connection))
    }
}

impl Api {
    /// Begins to serve.
    pub(crate) async fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sizes = Sizes::default();
        let mut tasks = JoinSet::new();
        let upgrades = Upgrades::default();
        tasks.spawn(accept(listener, sizes.clone(), upgrades.clone()));
        Self {
            address,
            sizes,
            upgrades,
            _tasks: tasks,
        }
    }

    /// What clients asked to be upgraded to since this was asked last.
    pub(crate) fn take_upgrades(&self) -> Vec<String> {
        std::mem::take(&mut *self.upgrades.lock().unwrap())
    }
}

async fn accept(listener: TcpListener, sizes: Sizes, upgrades: Upgrades) {
    let mut tasks = JoinSet::new();
    loop {
        let (connection, _) = listener.accept().await.unwrap();
        connection.set_nodelay(true).unwrap();
        let (sizes, upgrades) = (sizes.clone(), upgrades.clone());
        tasks.spawn(async move {
            let upgraded = Arc::new(Mutex::new(JoinSet::new()));
            let service = service_fn(|request: Request<Incoming>| {
                if let Some(upgrade) = request.headers().get(http::header::UPGRADE) {
                    let upgrade = upgrade.to_str().unwrap().to_owned();
                    upgrades.lock().unwrap().push(upgrade);
                }
                let answer = answer(request, sizes.clone());
                let upgraded = upgraded.clone();
                async move {
                    let response = match answer {
                        Answer::Plain(response) => response,
                        Answer::Upgrade(Upgrade { response, task }) => {
                            upgraded.lock().unwrap().spawn(task);
                            response.map(BodyExt::boxed)
                        }
                    };
                    Ok::<_, Infallible>(response)
                }
            });
            let serving = http1::Builder::new().serve_connection(TokioIo::new(connection), service);
            let _ = serving.with_upgrades().await;
            let mut upgraded = std::mem::take(&mut *upgraded.lock().unwrap());
            while upgraded.join_next().await.is_some() {}
        });
    }
}

enum Answer {
    Plain(Response<BoxBody<Bytes, Infallible>>),
    Upgrade(Upgrade),
}

fn answer(mut request: Request<Incoming>, sizes: Sizes) -> Answer {
    let path = request.uri().path().to_owned();
    let asked = match path.strip_prefix("/api/v1/namespaces/default/pods/x/") {
        Some("exec") => command(&mut request, sizes, None),
        Some("attach") => command(
            &mut request,
            sizes,
            Some(
                ["sh", "-c", "echo attached; cat"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
        ),
        Some("portforward") => remote::forward(&mut request, Arc::new(Ports)),
        Some(_) | None => return Answer::Plain(plain(&path)),
    };
    match asked {
        Ok(upgrade) => Answer::Upgrade(upgrade),
        Err(refusal) => {
            let text = format!(
                r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":{:?},"code":{}}}"#,
                refusal.message,
                refusal.status.as_u16()
            );
            let mut response = json(text);
            *response.status_mut() = refusal.status;
            Answer::Plain(response)
        }
    }
}

fn command(
    request: &mut Request<Incoming>,
    sizes: Sizes,
    attached: Option<Vec<String>>,
) -> Result<Upgrade, Refusal> {
    let query = CommandQuery::read(request.uri().query().unwrap_or_default())?;
    let command = attached.unwrap_or(query.command);
    remote::command(request, query.streams, start(command, sizes))
}

fn plain(path: &str) -> Response<BoxBody<Bytes, Infallible>> {
    match ANSWERS.iter().find(|(known, _)| *known == path) {
        Some((_, answer)) => json((*answer).to_owned()),
        None => {
            let mut response = json(r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}"#.to_owned());
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    }
}

fn json(text: String) -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = Response::new(Full::from(text).boxed());
    let json = http::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, json);
    response
}
