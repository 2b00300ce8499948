//! What an image is made of, as the engine writes it.

use std::time::Duration;

use coracle_model::ImageRef;
use futures_util::{StreamExt, stream};
use tokio::time::timeout;

use super::client::DockerEngine;
use super::error::{Fault, translate};
use crate::engine::{EngineError, ImageArchive};

/// How long the engine may be silent: it writes all layers to its disk before it sends the first.
const SILENCE_LIMIT: Duration = Duration::from_secs(600);

impl DockerEngine {
    pub(super) async fn export(&self, image: &ImageRef) -> Result<ImageArchive, EngineError> {
        let name = image.with_tag();
        if self.find_image(&name).await?.is_none() {
            return Err(EngineError::ImageNotFound {
                image: image.to_string(),
                message: "a push pulls nothing".to_owned(),
            });
        }
        let action = format!("read the image `{name}`");
        let pieces = self.docker.export_image(&name).boxed();
        let archive = stream::unfold(Some(pieces), move |pieces| {
            let action = action.clone();
            async move {
                let mut pieces = pieces?;
                let piece = timeout(SILENCE_LIMIT, pieces.next()).await;
                match piece.unwrap_or(Some(Err(Fault::RequestTimeoutError)))? {
                    Ok(piece) => Some((Ok(piece), Some(pieces))),
                    Err(fault) => Some((Err(translate(action, &fault)), None)),
                }
            }
        });
        Ok(archive.boxed())
    }
}
