//! Image references, digests, and who asks a registry.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a container image as a definition writes it, checked to be usable as one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageRef(Arc<str>);

/// Why a text is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageRefError {
    /// The text is empty.
    #[error("the image is empty")]
    Empty,
    /// A character stands in it that no reference has.
    #[error("`{0}` is not an image reference")]
    Malformed(String),
}

impl ImageRef {
    /// The reference as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The reference with `:latest` added when it has neither tag nor digest.
    pub fn with_tag(&self) -> String {
        let name = self.0.rsplit('/').next().unwrap_or_default();
        if self.0.contains('@') || name.contains(':') {
            self.0.to_string()
        } else {
            format!("{}:latest", self.0)
        }
    }
}

impl TryFrom<String> for ImageRef {
    type Error = ImageRefError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for ImageRef {
    type Err = ImageRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ImageRefError::Empty);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "./_-:@+".contains(c);
        let plausible =
            text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(allowed);
        if plausible {
            Ok(Self(text.into()))
        } else {
            Err(ImageRefError::Malformed(text.to_owned()))
        }
    }
}

impl From<ImageRef> for String {
    fn from(image: ImageRef) -> Self {
        image.0.to_string()
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Who asks a registry for an image.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryUser {
    /// The name.
    pub name: String,
    /// The password, or a token in its place.
    pub password: String,
}

impl fmt::Debug for RegistryUser {
    /// Without the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("RegistryUser")
            .field(&self.name)
            .finish()
    }
}

/// What an image reference stood for when it was looked at: the engine's content id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageDigest(Arc<str>);

impl ImageDigest {
    /// The digest, such as `sha256:4bc4…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ImageDigest {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for ImageDigest {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for ImageDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_checked_and_tagged() {
        let tagged = |text: &str| text.parse::<ImageRef>().unwrap().with_tag();
        assert_eq!(tagged("alpine"), "alpine:latest");
        assert_eq!(tagged("localhost:5000/a/b"), "localhost:5000/a/b:latest");
        assert_eq!(tagged("python:3.11"), "python:3.11");
        assert_eq!("".parse::<ImageRef>(), Err(ImageRefError::Empty));
        assert!("two words".parse::<ImageRef>().is_err());
        assert!("{{$.inputs.parameters['x']}}".parse::<ImageRef>().is_err());
    }
}
