//! Clients for a context, with bounded waits and a few tries.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use kube::client::retry::RetryPolicy;
use kube::client::{Body, ClientBuilder};
use kube::config::{Cluster, ExecConfig};
use kube::{Client, Config};
use tokio::sync::Mutex;
use tower::BoxError;
use tower::buffer::BufferLayer;
use tower::filter::AsyncFilterLayer;
use tower::retry::RetryLayer;
use tower::timeout::TimeoutLayer;

use super::plugin::{self, Credential};
use super::target::Target;
use super::{check, proxy};
use crate::error::ClusterError;
use crate::finding::Finding;

/// How long a connection may take until it stands: a cluster at the other end of the world with one packet lost.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// How many requests may wait for the client at once.
const WAITING: usize = 256;

/// How soon a request is sent again that the server had no room for (429, 503, 504): the first wait, and the longest.
const AGAIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// How often, usually.
const USUALLY: u32 = 3;

/// How long a token that was read from a file counts, as in client-go.
const FILE_COUNTS: Duration = Duration::from_secs(60);

/// How long an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until an answer begins, with all tries.
    pub answer: Duration,
    /// Between two parts of an answer.
    pub silence: Option<Duration>,
    /// How often a request is sent again that the server had no room for.
    pub again: u32,
}

impl Patience {
    /// For requests that are answered at once.
    pub const REQUESTS: Self = Self {
        answer: Duration::from_secs(30),
        silence: Some(Duration::from_secs(30)),
        again: USUALLY,
    };
    /// For requests that whoever asks sends again himself.
    pub const ONCE: Self = Self {
        again: 0,
        ..Self::REQUESTS
    };
    /// For logs and watches that are followed, which may be silent for as long as they like.
    pub const STREAMS: Self = Self {
        answer: Duration::from_secs(30),
        silence: None,
        again: USUALLY,
    };
}

/// A client for a context. Nothing was asked of the cluster yet.
#[derive(Clone)]
pub struct Connection {
    /// The client.
    pub client: Client,
    /// The context.
    pub context: String,
    /// Its namespace.
    pub namespace: String,
    /// The address of the API server.
    pub server: String,
}

impl Connection {
    /// What an error of the client means.
    pub fn explain(&self, error: &kube::Error) -> ClusterError {
        ClusterError::of_client(&self.server, error)
    }
}

impl Target {
    /// Makes a client. A credential plugin is run; the cluster is not asked.
    ///
    /// # Errors
    /// A plugin that gives no credentials, and certificates or addresses that cannot be used.
    pub async fn connect(&self, patience: Patience) -> Result<Connection, ClusterError> {
        let broken = |message: String| self.broken(message);
        let server = check::server_address(self.server()).map_err(broken)?;
        let mut config = Config::new(server.clone());
        config.default_namespace.clone_from(&self.namespace);
        config.root_cert = check::authority(&self.cluster).map_err(broken)?;
        config.accept_invalid_certs = self.cluster.insecure_skip_tls_verify == Some(true);
        config.tls_server_name = self
            .cluster
            .tls_server_name
            .clone()
            .filter(|name| !name.is_empty());
        let own_proxy = self.cluster.proxy_url.as_deref();
        config.proxy_url = proxy::for_server(&server, own_proxy, &self.surroundings)
            .map_err(|error| broken(error.to_string()))?;
        config.connect_timeout = Some(CONNECT_WITHIN);
        config.read_timeout = patience.silence;
        config.reset_reader_on_write = true;
        // Its own tries go on for hours.
        config.default_retry = false;
        config.auth_info = self.user.clone();
        // Its files are read with the line's end, and its plugins may ask questions.
        let exec = config.auth_info.exec.take();
        let file = config.auth_info.token_file.take().map(PathBuf::from);
        let has_other =
            config.auth_info.token.is_some() || config.auth_info.auth_provider.is_some();
        let bearer = match (file, exec) {
            (Some(path), _) => Bearer::File { path, read: None },
            (None, Some(exec)) if !has_other => {
                let given = plugin::run(&exec, &self.cluster).await?;
                if let Some((certificate, key)) = &given.certificate {
                    config.auth_info.client_certificate_data =
                        Some(BASE64_STANDARD.encode(certificate));
                    config.auth_info.client_key_data = Some(BASE64_STANDARD.encode(key).into());
                }
                let cluster = Box::new(self.cluster.clone());
                Bearer::Plugin {
                    exec: Box::new(exec),
                    cluster,
                    given,
                }
            }
            (None, _) => Bearer::None,
        };
        let client = client(config, bearer, patience).map_err(|error| broken(error.to_string()))?;
        Ok(Connection {
            client,
            context: self.context.clone(),
            namespace: self.namespace.clone(),
            server: self.server().to_owned(),
        })
    }

    fn broken(&self, message: String) -> ClusterError {
        let subject = format!("context {}", self.context);
        ClusterError::ContextBroken {
            context: self.context.clone(),
            problems: vec![Finding::error("context-unusable", subject, message)],
        }
    }
}

/// The client's layers, the last of which sees a request first.
fn client(config: Config, bearer: Bearer, patience: Patience) -> Result<Client, kube::Error> {
    let bearer = Arc::new(Mutex::new(bearer));
    let authorize = move |request: Request<Body>| {
        let bearer = Arc::clone(&bearer);
        async move { authorize(&bearer, request).await }
    };
    let (least, most) = AGAIN;
    let again = RetryPolicy::new(least, most, patience.again, true)
        .expect("the least wait is shorter than the longest");
    let builder = ClientBuilder::try_from(config)?
        .with_layer(&BufferLayer::new(WAITING))
        .with_layer(&AsyncFilterLayer::new(authorize))
        .with_layer(&RetryLayer::new(again))
        .with_layer(&TimeoutLayer::new(patience.answer));
    Ok(builder.build())
}

/// A token that does not last as long as a client.
enum Bearer {
    /// There is none; what else the user has is the client's own matter.
    None,
    /// The last token that was read, and when.
    File {
        path: PathBuf,
        read: Option<(String, Instant)>,
    },
    /// What the plugin gave last.
    Plugin {
        exec: Box<ExecConfig>,
        cluster: Box<Cluster>,
        given: Credential,
    },
}

async fn authorize(
    bearer: &Mutex<Bearer>,
    mut request: Request<Body>,
) -> Result<Request<Body>, BoxError> {
    let token = bearer.lock().await.token().await?;
    if let Some(token) = token {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    Ok(request)
}

impl Bearer {
    async fn token(&mut self) -> Result<Option<String>, BoxError> {
        match self {
            Self::None => Ok(None),
            Self::File { path, read } => {
                let counts = read
                    .as_ref()
                    .is_some_and(|(_, at)| at.elapsed() < FILE_COUNTS);
                if !counts {
                    match fs_err::read_to_string(&*path) {
                        Ok(text) => *read = Some((text.trim().to_owned(), Instant::now())),
                        // What was read last counts on: files of tokens may be removed once they were read.
                        Err(_) if read.is_some() => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(read.as_ref().map(|(token, _)| token.clone()))
            }
            Self::Plugin {
                exec,
                cluster,
                given,
            } => {
                if !given.is_fresh() {
                    *given = plugin::run(exec, cluster).await?;
                }
                Ok(given.token.clone())
            }
        }
    }
}
