//! One request to a registry: as whom, tried again where that may help, and broken off when the push is.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ureq::http::{Method, Request, Response, StatusCode, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, SendBody};

use super::challenge::Challenge;
use super::patience::Patience;
use super::refusal::{may_pass, retry_after};
use crate::cancel::Cancel;
use crate::credentials::{DockerConfig, Login};
use crate::destination::{Destination, is_loopback};
use crate::error::PushError;
use crate::spool::Blob;

/// How long a server may take to be reached.
const CONNECT: Duration = Duration::from_secs(20);

/// How long it may take to begin its answer: registries look at a whole layer, and move it, before they say that they have it.
const ANSWER: Duration = Duration::from_secs(300);

/// How long the body of one request may take, either way: a piece of 16 MiB at 10 KiB a second, a whole layer at some MiB.
const BODY: Duration = Duration::from_secs(1800);

/// As what the workbench names itself.
const USER_AGENT: &str = concat!("coracle/", env!("CARGO_PKG_VERSION"));

/// A registry, as it is asked for one push.
pub(crate) struct Registry<'a> {
    pub(super) destination: &'a Destination,
    pub(super) login: Option<Login>,
    pub(super) cancel: &'a Cancel,
    agent: Agent,
    /// `https://registry.example`.
    base: String,
    /// The `Authorization` that was taken last.
    authorization: Mutex<Option<String>>,
    /// Repositories that layers are taken from, which tokens have to allow.
    sources: Mutex<BTreeSet<String>>,
}

/// What is asked for.
pub(super) struct Ask<'a> {
    method: Method,
    pub(super) url: Cow<'a, str>,
    /// In words: `take a piece of sha256:…`.
    pub(super) action: Cow<'a, str>,
    headers: Vec<(&'static str, String)>,
    content: Content<'a>,
}

/// Is told how many bytes went, and how many of the same body did so far.
type Passed<'a> = &'a dyn Fn(u64, u64);

enum Content<'a> {
    Nothing,
    Bytes(Vec<u8>),
    Section {
        blob: &'a Blob,
        from: u64,
        length: u64,
        passed: Passed<'a>,
    },
}

impl<'a> Ask<'a> {
    pub(super) fn new(
        method: Method,
        url: impl Into<Cow<'a, str>>,
        action: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self {
            method,
            url: url.into(),
            action: action.into(),
            headers: Vec::new(),
            content: Content::Nothing,
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn bytes(mut self, bytes: Vec<u8>) -> Self {
        self.content = Content::Bytes(bytes);
        self
    }

    /// With a part of a blob; `passed` is told each time that some of it went: how many bytes, and how
    /// many since its beginning. After a challenge it begins once more.
    pub(super) fn section(
        mut self,
        blob: &'a Blob,
        from: u64,
        length: u64,
        passed: Passed<'a>,
    ) -> Self {
        self.content = Content::Section {
            blob,
            from,
            length,
            passed,
        };
        self
    }
}

impl<'a> Registry<'a> {
    /// A registry that answers, and whose challenge can be answered.
    ///
    /// # Errors
    /// When it cannot be reached or does not know who asks, and when Docker's credentials for it cannot be had.
    pub(crate) fn reach(
        destination: &'a Destination,
        config: &DockerConfig,
        cancel: &'a Cancel,
    ) -> Result<Self, PushError> {
        let host = destination.host();
        let is_here = is_loopback(host);
        let scheme = if is_here { "http" } else { "https" };
        let mut registry = Self {
            destination,
            login: config.login(destination)?,
            cancel,
            agent: agent(is_here),
            base: format!("{scheme}://{host}"),
            authorization: Mutex::default(),
            sources: Mutex::default(),
        };
        let mut answer = registry.root()?;
        // What servers of TLS say to plain HTTP.
        if is_here && answer.status() == StatusCode::BAD_REQUEST {
            registry.base = format!("https://{host}");
            answer = registry.root()?;
        }
        match answer.status() {
            StatusCode::OK => Ok(registry),
            _ => Err(registry.refusal("speak the protocol of registries", answer)),
        }
    }

    fn root(&self) -> Result<Response<Body>, PushError> {
        let url = format!("{}/v2/", self.base);
        let ask = Ask::new(Method::GET, url, "say whether it is one");
        self.patiently(&ask, Patience::with_stranger(self.cancel), || {
            self.once(&ask)
        })
    }

    /// The URL of something of the repository: `blobs/sha256:…`.
    pub(super) fn url(&self, what: &str) -> String {
        format!("{}/v2/{}/{what}", self.base, self.destination.repository())
    }

    /// The URL that a `Location` stands for. One of the registry itself that lost its `s` on the way through a proxy has it back.
    pub(super) fn located(&self, location: &str) -> String {
        if location.starts_with('/') {
            return format!("{}{location}", self.base);
        }
        match (
            location.strip_prefix("http://"),
            self.base.strip_prefix("https://"),
        ) {
            (Some(rest), Some(host)) if rest.split('/').next() == Some(host) => {
                format!("https://{rest}")
            }
            _ => location.to_owned(),
        }
    }

    /// As whom the registry was asked, for messages.
    pub(super) fn who(&self) -> String {
        match &self.login {
            Some(login) => login
                .name()
                .unwrap_or("whoever the identity token stands for")
                .to_owned(),
            None => "somebody unnamed".to_owned(),
        }
    }

    pub(super) fn sources(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has tokens allow reading from another repository too.
    pub(super) fn take_from(&self, repository: &str) {
        if self.sources().insert(repository.to_owned()) {
            let mut authorization = self.authorization();
            // A password allows what it allows; a token is for what it was given out for.
            authorization.take_if(|value| value.starts_with("Bearer "));
        }
    }

    fn authorization(&self) -> MutexGuard<'_, Option<String>> {
        self.authorization
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, and asks again for a while where the connection breaks or the registry has too much to do.
    ///
    /// # Errors
    /// [`PushError::Unreachable`], [`PushError::TooManyRequests`] and the like, after several tries.
    pub(super) fn send(&self, ask: &Ask<'_>) -> Result<Response<Body>, PushError> {
        self.patiently(ask, Patience::new(self.cancel), || self.once(ask))
    }

    /// The same to whom the registry's challenges do not concern.
    pub(super) fn send_plainly(&self, ask: &Ask<'_>) -> Result<Response<Body>, PushError> {
        self.patiently(ask, Patience::new(self.cancel), || self.run(ask, None))
    }

    fn patiently(
        &self,
        ask: &Ask<'_>,
        mut patience: Patience<'_>,
        once: impl Fn() -> Result<Response<Body>, PushError>,
    ) -> Result<Response<Body>, PushError> {
        loop {
            match once() {
                Ok(answer) if may_pass(answer.status()) => {
                    patience.met();
                    let asked = retry_after(&answer);
                    patience.wait(self.refusal(&ask.action, answer), asked)?;
                }
                Err(error @ PushError::Unreachable { .. }) => patience.wait(error, None)?,
                outcome => return outcome,
            }
        }
    }

    /// Asks once; a challenge is answered, once too.
    ///
    /// # Errors
    /// [`PushError::Unreachable`] when the connection breaks.
    pub(super) fn once(&self, ask: &Ask<'_>) -> Result<Response<Body>, PushError> {
        let is_own = self.is_own(&ask.url);
        let authorization = self.authorization().clone().filter(|_| is_own);
        let answer = self.run(ask, authorization.as_deref())?;
        if answer.status() != StatusCode::UNAUTHORIZED || !is_own {
            return Ok(answer);
        }
        let headers = answer.headers().get_all(header::WWW_AUTHENTICATE);
        let challenge = Challenge::choose(headers.iter().filter_map(|value| value.to_str().ok()));
        let Some(challenge) = challenge else {
            return Ok(answer);
        };
        let Some(authorization) = self.answer(&challenge)? else {
            return Ok(answer);
        };
        *self.authorization() = Some(authorization.clone());
        self.run(ask, Some(&authorization))
    }

    /// Whether a URL is the registry's own, so that it may be told who asks: locations may lead to a store behind it.
    fn is_own(&self, url: &str) -> bool {
        let authority = |url: &str| Some(url.parse::<Uri>().ok()?.authority()?.as_str().to_owned());
        authority(url) == authority(&self.base)
    }

    fn run(&self, ask: &Ask<'_>, authorization: Option<&str>) -> Result<Response<Body>, PushError> {
        self.cancel.check()?;
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(ask.url.as_ref());
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let spool_failure = Cell::new(None);
        let (mut reader, length) = self.open(&ask.content, &spool_failure)?;
        let has_body = [Method::POST, Method::PUT, Method::PATCH].contains(&ask.method);
        let sent = if has_body {
            let body = SendBody::from_reader(&mut reader);
            let request = request.header(header::CONTENT_LENGTH, length).body(body);
            request
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request))
        } else {
            request
                .body(())
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request))
        };
        self.cancel.check()?;
        if let Some(error) = spool_failure.take() {
            return Err(PushError::Spool(error));
        }
        sent.map_err(|error| PushError::Unreachable {
            registry: self.destination.registry().to_owned(),
            source: error.into_io(),
        })
    }

    /// What is sent along, from its beginning, and how many bytes that are.
    fn open<'r>(
        &'r self,
        content: &'r Content<'_>,
        failure: &'r Cell<Option<io::Error>>,
    ) -> Result<(Box<dyn Read + 'r>, u64), PushError> {
        Ok(match content {
            Content::Nothing => (Box::new(io::empty()), 0),
            Content::Bytes(bytes) => (Box::new(bytes.as_slice()), bytes.len() as u64),
            Content::Section {
                blob,
                from,
                length,
                passed,
            } => {
                let inner = blob.section(*from, *length).map_err(PushError::Spool)?;
                let watched = Watched {
                    inner,
                    cancel: self.cancel,
                    passed,
                    so_far: 0,
                    failure,
                };
                (Box::new(watched), *length)
            }
        })
    }
}

fn agent(is_here: bool) -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .user_agent(USER_AGENT)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(ANSWER))
        .timeout_send_body(Some(BODY))
        .timeout_recv_body(Some(BODY))
        .http_status_as_error(false);
    // What is on this machine is not behind a proxy.
    let config = if is_here { config.proxy(None) } else { config };
    Agent::new_with_config(config.build())
}

/// A part of a blob that tells how far it is, and ends when the push does.
struct Watched<'a> {
    inner: Box<dyn Read + 'a>,
    cancel: &'a Cancel,
    passed: Passed<'a>,
    so_far: u64,
    failure: &'a Cell<Option<io::Error>>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        match self.inner.read(buffer) {
            Ok(count) => {
                self.so_far += count as u64;
                (self.passed)(count as u64, self.so_far);
                Ok(count)
            }
            // The caller tells it from a broken connection by this.
            Err(error) => {
                let kind = error.kind();
                self.failure.set(Some(error));
                Err(kind.into())
            }
        }
    }
}
