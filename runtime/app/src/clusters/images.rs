//! Images that only this machine has, and where they would go.

use coracle_model::ImageRef;
use coracle_oci::{Destination, PushError};

use super::sources;
use crate::error::AppError;
use crate::view::{FoundLocalImages, LocalImages, PushImage};
use crate::workbench::Workbench;

/// How much of a digest stands for a tag.
const SHORT_DIGEST: usize = 12;

impl Workbench {
    /// Which images of objects only this machine has: the engine has them, and their registry does not, or does not answer. Nothing is
    /// pushed.
    ///
    /// # Errors
    /// What cannot be read, a registry whose name is none, and an engine that does not answer.
    pub async fn local_images(&self, request: LocalImages) -> Result<FoundLocalImages, AppError> {
        // Whether the registry's name is one does not depend on there being an image.
        checked(&place(&request.registry, "image"))?;
        let engine = self.chosen().await?.engine;
        let mut images: Vec<PushImage> = Vec::new();
        for named in sources::images(&self.inner.kubernetes, &request.sources)? {
            // What is no reference is no image here either; the cluster says so.
            let Ok(image) = named.parse::<ImageRef>() else {
                continue;
            };
            if engine.is_only_here(&image).await? {
                let destination = checked(&place(&request.registry, &named))?;
                if let Some(other) = images.iter().find(|one| one.destination == destination) {
                    return Err(AppError::request(
                        format!(
                            "`{}` and `{named}` would both be `{destination}`",
                            other.image
                        ),
                        "push one of them under another name with `coracle push`, and have the object name that",
                    ));
                }
                images.push(PushImage {
                    destination,
                    image: named,
                });
            }
        }
        Ok(FoundLocalImages { images })
    }
}

fn checked(destination: &str) -> Result<String, PushError> {
    Ok(destination.parse::<Destination>()?.to_string())
}

/// Where an image goes: below the registry's prefix, under the name and tag that it has without a registry.
fn place(registry: &str, image: &str) -> String {
    let registry = registry.trim_end_matches('/');
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let name = match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => rest,
        _ => name,
    };
    let has_tag = name
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains(':'));
    match digest {
        Some(digest) if !has_tag => {
            let hex = digest.rsplit(':').next().unwrap_or_default();
            let short: String = hex.chars().take(SHORT_DIGEST).collect();
            format!("{registry}/{name}:{short}")
        }
        _ => format!("{registry}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_keeps_its_name_below_the_prefix() {
        let of = |image| checked(&place("r.example/team/", image)).unwrap();
        assert_eq!(of("model"), "r.example/team/model:latest");
        assert_eq!(of("model:1"), "r.example/team/model:1");
        assert_eq!(of("ada/model:1"), "r.example/team/ada/model:1");
        assert_eq!(of("localhost:5000/a/b:2"), "r.example/team/a/b:2");
        assert_eq!(of("localhost/b"), "r.example/team/b:latest");
        assert_eq!(of("s.example/b:2@sha256:0123"), "r.example/team/b:2");
        assert_eq!(
            of("b@sha256:0123456789abcdef"),
            "r.example/team/b:0123456789ab"
        );
        assert!(checked(&place("team", "model:1")).is_err());
        assert_eq!(
            checked(&place("localhost:5000", "m:1")).unwrap(),
            "localhost:5000/m:1"
        );
    }
}
