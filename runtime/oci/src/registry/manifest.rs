//! The manifest at a registry: what a tag stands for.

use ureq::http::{Method, StatusCode};

use super::request::{Ask, Registry};
use crate::digest::Digest;
use crate::error::PushError;
use crate::manifest::Image;

/// How registries say which digest they gave to a manifest.
const DIGEST: &str = "docker-content-digest";

impl Registry<'_> {
    /// Has the tag stand for an image whose layers and config are there; its digest at the registry.
    ///
    /// # Errors
    /// When the registry refuses, cannot be reached, or took down something else.
    pub(crate) fn name(&self, image: &Image) -> Result<Digest, PushError> {
        let tag = self.destination.tag();
        let action = format!("have `{tag}` stand for the image");
        let url = self.url(&format!("manifests/{tag}"));
        let ask = Ask::new(Method::PUT, url, action.as_str())
            .header("content-type", image.media_type.as_str())
            .bytes(image.manifest.clone());
        let answer = self.send(&ask)?;
        if answer.status() != StatusCode::CREATED {
            return Err(self.refusal(&action, answer));
        }
        let digest = Digest::of(&image.manifest);
        let said = answer
            .headers()
            .get(DIGEST)
            .and_then(|said| said.to_str().ok());
        match said {
            Some(said) if said != digest.as_str() => Err(PushError::Unexpected {
                registry: self.destination.registry().to_owned(),
                action,
                status: format!("with the digest `{said}` instead of `{digest}`"),
                detail: String::new(),
            }),
            Some(_) | None => Ok(digest),
        }
    }
}
