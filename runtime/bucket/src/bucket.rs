//! A bucket that requests are sent to.

use std::time::Duration;

use rusty_s3::{Credentials, UrlStyle};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::access::{Access, Trusted};
use crate::error::BucketError;

/// How long a server may take to be reached, and to begin its answer.
const BEGIN: Duration = Duration::from_secs(20);

/// How long the body of one request may take, either way: a part of 16 MiB at 30 KiB a second.
const BODY: Duration = Duration::from_secs(600);

/// A bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(crate) access: Access,
    pub(crate) signed: rusty_s3::Bucket,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) agent: Agent,
}

impl Bucket {
    /// A bucket, which is not asked for anything yet.
    ///
    /// # Errors
    /// [`BucketError::Address`].
    pub fn new(access: Access) -> Result<Self, BucketError> {
        let wrong = |reason: String| BucketError::Address {
            endpoint: access.endpoint.clone(),
            reason,
        };
        let endpoint = access
            .endpoint
            .parse()
            .map_err(|error| wrong(format!("{error}")))?;
        let style = match access.is_in_path {
            true => UrlStyle::Path,
            false => UrlStyle::VirtualHost,
        };
        let signed = rusty_s3::Bucket::new(
            endpoint,
            style,
            access.bucket.clone(),
            access.region.clone(),
        )
        .map_err(|error| wrong(error.to_string()))?;
        let credentials = (!access.key_id.is_empty()).then(|| match &access.token {
            Some(token) => Credentials::new_with_token(&access.key_id, &access.secret, token),
            None => Credentials::new(&access.key_id, &access.secret),
        });
        let agent = agent(roots(&access.trusted).map_err(wrong)?);
        Ok(Self {
            signed,
            credentials,
            agent,
            access,
        })
    }

    /// How an object is named everywhere: `s3://BUCKET/KEY`.
    pub fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.access.bucket)
    }

    /// The key of what is named by [`Bucket::uri`]; none for what is elsewhere.
    pub fn key_of<'a>(&self, uri: &'a str) -> Option<&'a str> {
        let below = uri
            .strip_prefix("s3://")?
            .strip_prefix(&self.access.bucket)?;
        below.strip_prefix('/').filter(|key| !key.is_empty())
    }
}

fn roots(trusted: &Trusted) -> Result<RootCerts, String> {
    let pem = match trusted {
        Trusted::Machine => return Ok(RootCerts::PlatformVerifier),
        Trusted::Public => return Ok(RootCerts::WebPki),
        Trusted::These(pem) => pem,
    };
    let items: Result<Vec<_>, _> = parse_pem(pem.as_bytes()).collect();
    let items = items.map_err(|error| format!("its certificates cannot be read: {error}"))?;
    let certificates: Vec<Certificate<'static>> = items
        .into_iter()
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    match certificates.is_empty() {
        true => Err("its certificates are none in PEM".to_owned()),
        false => Ok(RootCerts::new_with_certs(&certificates)),
    }
}

fn agent(roots: RootCerts) -> Agent {
    let tls = TlsConfig::builder().root_certs(roots).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_connect(Some(BEGIN))
        .timeout_recv_response(Some(BEGIN))
        .timeout_send_body(Some(BODY))
        .timeout_recv_body(Some(BODY))
        .http_status_as_error(false)
        .build();
    Agent::new_with_config(config)
}
