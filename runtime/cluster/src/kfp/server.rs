//! The way to a server, and one request on it.

use std::time::Duration;

use http::{HeaderValue, Method, Request, Response, header};
use kube::client::Body;
use kube::{Client, Config};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::KfpError;
use super::message::{ExperimentList, Health};
use crate::contexts::Connection;
use crate::error::ClusterError;

/// Where the API begins.
const API: &str = "/apis/v2beta1";

/// Where a cluster's API server passes requests on to its `ml-pipeline`.
const PROXY: &str = "/api/v1/namespaces/kubeflow/services/ml-pipeline:8888/proxy";

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a server may say nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// The type of most bodies.
const JSON: &str = "application/json";

/// A server of Kubeflow Pipelines that answered as one.
#[derive(Clone)]
pub struct KfpServer {
    client: Client,
    /// What stands before the API's own path.
    prefix: &'static str,
    token: Option<HeaderValue>,
    /// Where it is, for messages.
    name: String,
    namespace: Option<String>,
}

impl KfpServer {
    /// The server at a URL.
    ///
    /// # Errors
    /// No address, no answer, an answer of something else, and credentials that are not accepted.
    pub async fn at(
        url: &str,
        token: Option<&str>,
        namespace: Option<String>,
    ) -> Result<Self, KfpError> {
        let refused = |reason: &str| KfpError::Address {
            address: url.to_owned(),
            reason: reason.to_owned(),
        };
        let address: http::Uri = url
            .trim_end_matches('/')
            .parse()
            .map_err(|error: http::uri::InvalidUri| refused(&error.to_string()))?;
        if !matches!(address.scheme_str(), Some("http" | "https")) {
            return Err(refused("it does not begin with `http://` or `https://`"));
        }
        // It would be kept and shown with the address.
        if address
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err(KfpError::Address {
                address: "(with a password)".to_owned(),
                reason: "it holds a user's name or password; give a token instead".to_owned(),
            });
        }
        let bearer = |token: &str| HeaderValue::from_str(&format!("Bearer {}", token.trim()));
        let mut token = token
            .map(bearer)
            .transpose()
            .map_err(|_| refused("the token has characters that no token has"))?;
        if let Some(token) = &mut token {
            token.set_sensitive(true);
        }
        let mut server = Self {
            client: client(Config::new(address))
                .map_err(|error| ClusterError::of_client(url, &error))?,
            prefix: "",
            token,
            name: url.to_owned(),
            namespace,
        };
        server.recognise().await?;
        Ok(server)
    }

    /// The server of a cluster, through its API server; or beside that, as another workbench has it.
    ///
    /// # Errors
    /// As [`KfpServer::at`].
    pub async fn through(
        connection: Connection,
        namespace: Option<String>,
    ) -> Result<Self, KfpError> {
        let mut server = Self {
            client: connection.client,
            prefix: PROXY,
            token: None,
            name: connection.server,
            namespace: namespace.or(Some(connection.namespace)),
        };
        let in_cluster = match server.recognise().await {
            Ok(()) => return Ok(server),
            // Whoever may not ask, or not now, is not told whether it is there.
            Err(error @ (KfpError::Cluster(_) | KfpError::Unauthorized { .. })) => {
                return Err(error);
            }
            Err(error) => error,
        };
        server.prefix = "";
        match server.recognise().await {
            Ok(()) => Ok(server),
            Err(_) => Err(in_cluster),
        }
    }

    /// The namespace to work in; none where the server has only one.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Where it is, for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Asks something that only such a server answers, and that needs the credentials.
    async fn recognise(&mut self) -> Result<(), KfpError> {
        let missing = |error| match error {
            KfpError::Gone { server, message }
            | KfpError::Refused {
                server, message, ..
            } => KfpError::NotKfp {
                server,
                reason: message,
            },
            other => other,
        };
        let health: Health = self.get("/healthz", &[]).await.map_err(missing)?;
        if !health.multi_user {
            self.namespace = None;
        } else if self.namespace.is_none() {
            return Err(KfpError::NoNamespace {
                server: self.name.clone(),
            });
        }
        let query = [
            ("page_size", "1"),
            ("namespace", self.namespace.as_deref().unwrap_or_default()),
        ];
        let _: ExperimentList = self.get("/experiments", &query).await.map_err(missing)?;
        Ok(())
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, KfpError> {
        self.ask(Method::GET, path, query, JSON, Vec::new()).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, KfpError> {
        let body = serde_json::to_vec(body).expect("what is sent holds only what JSON can say");
        self.ask(Method::POST, path, &[], JSON, body).await
    }

    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<T, KfpError> {
        let query = serde_urlencoded::to_string(query).expect("texts are a query");
        let address = format!("{}{API}{path}?{query}", self.prefix);
        let request = self.request(method, &address, content_type, body)?;
        let (status, body) = self
            .send(request)
            .await
            .map_err(|error| ClusterError::of_client(&self.name, &error))?;
        if !status.is_success() {
            return Err(KfpError::of_answer(&self.name, status.as_u16(), &body));
        }
        serde_json::from_slice(&body).map_err(|error| KfpError::NotKfp {
            server: self.name.clone(),
            reason: error.to_string(),
        })
    }

    /// Asks for something by its whole path, and leaves the answer's body unread.
    pub(super) async fn open(&self, path: &str) -> Result<Response<Body>, KfpError> {
        let address = format!("{}{path}", self.prefix);
        let request = self.request(Method::GET, &address, JSON, Vec::new())?;
        let lost = |error| ClusterError::of_client(&self.name, &error);
        let answer = self.client.send(request).await.map_err(lost)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body = answer.into_body().collect_bytes().await.map_err(lost)?;
        Err(KfpError::of_answer(&self.name, status.as_u16(), &body))
    }

    fn request(
        &self,
        method: Method,
        address: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Request<Body>, KfpError> {
        let mut request = Request::builder()
            .method(method)
            .uri(address)
            .header(header::CONTENT_TYPE, content_type);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token);
        }
        let request = request.body(Body::from(body));
        request.map_err(|error| KfpError::Address {
            address: self.name.clone(),
            reason: error.to_string(),
        })
    }

    async fn send(
        &self,
        request: Request<Body>,
    ) -> Result<(http::StatusCode, bytes::Bytes), kube::Error> {
        let answer: Response<Body> = self.client.send(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect_bytes().await?))
    }
}

/// A client with bounded waits that tries once: what failed is asked again by whoever knows how often.
fn client(mut config: Config) -> Result<Client, kube::Error> {
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(SILENCE);
    config.write_timeout = Some(SILENCE);
    config.default_retry = false;
    Client::try_from(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_with_a_password_is_refused_without_it_being_repeated() {
        let refused = KfpServer::at("https://ada:hunter2@kfp.example", None, None).await;
        let error = refused.err().expect("it is refused");
        assert_eq!((error.code(), error.is_refusal()), ("bad-address", true));
        assert!(!error.to_string().contains("hunter2"));
    }
}
