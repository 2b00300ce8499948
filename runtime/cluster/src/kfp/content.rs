//! The bytes of an artifact, from servers that give them.
//!
//! Another workbench sends them piece by piece by its own API; Kubeflow Pipelines' own gives what Argo stored, as a whole.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use coracle_model::RunId;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::header;
use http_body_util::BodyExt as _;
use serde::Deserialize;

use super::error::KfpError;
use super::server::KfpServer;
use crate::error::ClusterError;

/// What an answer with a folder is.
const ARCHIVE: &str = "application/x-tar";

/// The bytes of an artifact.
pub struct ArtifactBytes {
    /// Whether they are a folder, as a tar archive whose names begin with the folder's own.
    pub is_folder: bool,
    /// How many there are, where that is said.
    pub size: Option<u64>,
    /// They.
    pub pieces: BoxStream<'static, Result<Bytes, KfpError>>,
}

/// What a server has of an artifact.
pub enum ArtifactContent {
    /// Its bytes.
    Bytes(ArtifactBytes),
    /// Its maker wrote none.
    Empty,
    /// None any more, or none that it would give, and why.
    Withheld(&'static str),
}

/// Which artifact.
#[derive(Debug, Clone, Copy)]
pub struct ArtifactAt<'a> {
    /// The run.
    pub run: RunId,
    /// The server's id of the task that made it.
    pub task: &'a str,
    /// The name of the output.
    pub key: &'a str,
    /// The server's id of the artifact.
    pub id: &'a str,
    /// Whether the output has no other.
    pub is_only: bool,
}

/// An artifact as another workbench tells of it.
#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    size_bytes: Option<u64>,
    #[serde(default)]
    discarded_at: Option<String>,
}

#[derive(Deserialize)]
struct Data {
    data: String,
}

impl KfpServer {
    /// The bytes of an artifact.
    ///
    /// # Errors
    /// What the server said.
    pub async fn artifact_content(&self, at: ArtifactAt<'_>) -> Result<ArtifactContent, KfpError> {
        let own = format!("/apis/coracle/v1/artifacts/{}", at.id);
        match self.open(&format!("{own}/content?download=true")).await {
            Ok(answer) => {
                let bytes = streamed(self.name().to_owned(), answer);
                return Ok(ArtifactContent::Bytes(bytes));
            }
            Err(error) if is_not_there(&error) => {}
            Err(error) => return Err(error),
        }
        match self.detail(&own).await? {
            Some(detail) if detail.discarded_at.is_some() => {
                return Ok(ArtifactContent::Withheld("its bytes were deleted there"));
            }
            Some(Detail {
                path: Some(_),
                size_bytes: None,
                ..
            }) => return Ok(ArtifactContent::Empty),
            Some(_) => {
                let why = "the server does not keep its bytes itself, or does not send them";
                return Ok(ArtifactContent::Withheld(why));
            }
            None => {}
        }
        self.read_whole(at).await
    }

    /// What another workbench says of an artifact; none where the server is none.
    async fn detail(&self, path: &str) -> Result<Option<Detail>, KfpError> {
        let answer = match self.open(path).await {
            Ok(answer) => answer,
            Err(error) if is_not_there(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let bytes = answer.into_body().collect_bytes().await;
        let bytes = bytes.map_err(|error| ClusterError::of_client(self.name(), &error))?;
        Ok(serde_json::from_slice(&bytes).ok())
    }

    /// An artifact as Kubeflow Pipelines' own server gives it.
    async fn read_whole(&self, at: ArtifactAt<'_>) -> Result<ArtifactContent, KfpError> {
        let withheld = ArtifactContent::Withheld("the server's API does not give its bytes");
        // It has no name for one of several.
        if !at.is_only {
            return Ok(withheld);
        }
        let path = format!(
            "/runs/{}/nodes/{}/artifacts/{}:read",
            at.run, at.task, at.key
        );
        let read: Data = match self.get(&path, &[]).await {
            Ok(read) => read,
            Err(KfpError::Gone { .. } | KfpError::Refused { .. }) => return Ok(withheld),
            Err(error) => return Err(error),
        };
        let bytes = BASE64_STANDARD.decode(&read.data);
        let bytes = bytes.map_err(|error| KfpError::NotKfp {
            server: self.name().to_owned(),
            reason: format!("an artifact is no base64: {error}"),
        })?;
        Ok(ArtifactContent::Bytes(ArtifactBytes {
            is_folder: false,
            size: Some(bytes.len() as u64),
            pieces: stream::iter([Ok(Bytes::from(bytes))]).boxed(),
        }))
    }
}

/// Whether a server said that it does not have what was asked for, or knows no such question; a fault of its own may pass.
fn is_not_there(error: &KfpError) -> bool {
    match error {
        KfpError::Gone { .. } => true,
        KfpError::Refused { status, .. } => *status < 500 || *status == 501,
        _ => false,
    }
}

fn streamed(server: String, answer: http::Response<kube::client::Body>) -> ArtifactBytes {
    let text = |name| answer.headers().get(name)?.to_str().ok();
    let size = text(header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
    // Of a file any part can be asked for, of a folder's archive none: a file may be an archive by itself.
    let is_file = text(header::ACCEPT_RANGES).is_some();
    let is_folder = !is_file && text(header::CONTENT_TYPE) == Some(ARCHIVE);
    let broken = move |error: kube::Error| ClusterError::of_client(&server, &error).into();
    let pieces = answer.into_body().into_data_stream().map_err(broken);
    ArtifactBytes {
        is_folder,
        size,
        pieces: pieces.boxed(),
    }
}
