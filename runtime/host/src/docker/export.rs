//! Images that leave this machine: which are nowhere else, and what one is made of, as the engine writes it.

use std::time::Duration;

use coracle_model::ImageRef;
use futures_util::{StreamExt, stream};
use tokio::time::timeout;

use super::client::DockerEngine;
use super::error::{Fault, translate};
use crate::engine::{EngineError, ImageArchive};

/// How long the engine may be silent: it writes all layers to its disk before it sends the first.
const SILENCE_LIMIT: Duration = Duration::from_secs(600);

/// How long a registry may take to say whether it has an image.
const REGISTRY_LIMIT: Duration = Duration::from_secs(20);

impl DockerEngine {
    /// Whether the engine has an image that it cannot find at its registry. The engine's own users are not asked for.
    pub(super) async fn has_alone(&self, image: &ImageRef) -> Result<bool, EngineError> {
        let name = image.with_tag();
        if self.find_image(&name).await?.is_none() {
            return Ok(false);
        }
        // A registry on this machine is none to others, whatever it has.
        if is_of_this_machine(&name) {
            return Ok(true);
        }
        let asked = timeout(
            REGISTRY_LIMIT,
            self.docker.inspect_registry_image(&name, None),
        );
        Ok(!matches!(asked.await, Ok(Ok(_))))
    }

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

/// Whether the registry that an image names is this machine.
fn is_of_this_machine(name: &str) -> bool {
    let registry = name.split_once('/').map_or("", |(first, _)| first);
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_this_machine_are_told_from_others() {
        for here in ["localhost/a:1", "localhost:5000/a", "127.0.0.1:5000/a/b:1"] {
            assert!(is_of_this_machine(here), "{here}");
        }
        for there in ["localhost:1", "a/b:1", "10.0.0.1:5000/a:1", "r.example/a"] {
            assert!(!is_of_this_machine(there), "{there}");
        }
    }
}
