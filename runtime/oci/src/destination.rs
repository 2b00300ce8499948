//! Where an image is pushed to: a registry, a repository there, and a tag.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The tag where none is named.
const USUAL_TAG: &str = "latest";

/// Docker's own registry as people name it, and the host that speaks for it.
const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";

/// Under which key Docker keeps the credentials of its own registry.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// The longest tag, and the longest name of a repository, as registries take them.
const LONGEST_TAG: usize = 128;
const LONGEST_REPOSITORY: usize = 255;

/// Where an image is pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    registry: String,
    repository: String,
    tag: String,
}

/// Why a text is no place to push to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// No registry stands before the name.
    #[error(
        "`{0}` names no registry; write REGISTRY/NAME:TAG, as in `registry.example/team/model:1`"
    )]
    NoRegistry(String),
    /// The name is none that a repository can have.
    #[error(
        "`{0}` is no name of a repository: parts of lower-case letters, digits and `.`, `_`, `-` within, with `/` between them"
    )]
    Repository(String),
    /// The tag is none.
    #[error(
        "`{0}` is no tag: up to {LONGEST_TAG} letters, digits, `_`, `.` and `-`, the first of which is none of the last two"
    )]
    Tag(String),
    /// A digest, which the image has by itself.
    #[error("`{0}` ends with a digest, which follows from the image; name a tag")]
    WithDigest(String),
}

impl Destination {
    /// The registry as it was named: `registry.example`, `localhost:5000`, `docker.io`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository: `team/model`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The host that is asked, with its port when it has one.
    pub(crate) fn host(&self) -> &str {
        match self.registry.as_str() {
            DOCKER_HUB => DOCKER_HUB_HOST,
            registry => registry,
        }
    }

    /// Under which key Docker keeps the credentials for it.
    pub(crate) fn credentials_key(&self) -> &str {
        match self.registry.as_str() {
            DOCKER_HUB => DOCKER_HUB_KEY,
            registry => registry,
        }
    }
}

/// Whether a host, with its port or without, is this machine itself: only there is plain HTTP spoken.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost"
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let whole = || text.to_owned();
        if text.contains('@') {
            return Err(DestinationError::WithDigest(whole()));
        }
        // As Docker tells a registry from the first part of a name.
        let is_registry = |first: &str| first.contains(['.', ':']) || first == "localhost";
        let (registry, rest) = text
            .split_once('/')
            .filter(|(first, _)| is_registry(first) && is_host(first))
            .ok_or_else(|| DestinationError::NoRegistry(whole()))?;
        let (repository, tag) = rest.rsplit_once(':').unwrap_or((rest, USUAL_TAG));
        let registry = match registry {
            "index.docker.io" | DOCKER_HUB_HOST => DOCKER_HUB,
            registry => registry,
        };
        let repository = match registry {
            DOCKER_HUB if !repository.contains('/') => format!("library/{repository}"),
            _ => repository.to_owned(),
        };
        if !is_repository(&repository) {
            return Err(DestinationError::Repository(repository));
        }
        if !is_tag(tag) {
            return Err(DestinationError::Tag(tag.to_owned()));
        }
        Ok(Self {
            registry: registry.to_owned(),
            repository,
            tag: tag.to_owned(),
        })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}/{}:{}",
            self.registry, self.repository, self.tag
        )
    }
}

fn is_host(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    text.chars().all(allowed) && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
}

/// By the distribution specification: `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, and such parts with `/` between them.
fn is_repository(text: &str) -> bool {
    text.len() <= LONGEST_REPOSITORY && text.split('/').all(is_part)
}

fn is_part(part: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_separator =
        |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    part.starts_with(is_word) && part.ends_with(is_word) && part.split(is_word).all(is_separator)
}

/// By the distribution specification: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
fn is_tag(text: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let allowed = |c: char| is_first(c) || c == '.' || c == '-';
    text.len() <= LONGEST_TAG && text.starts_with(is_first) && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String, String) {
        let destination: Destination = text.parse().unwrap();
        let Destination {
            registry,
            repository,
            tag,
        } = destination;
        (registry, repository, tag)
    }

    #[test]
    fn a_registry_a_repository_and_a_tag_are_told_apart() {
        let parts =
            |one: &str, two: &str, three: &str| (one.to_owned(), two.to_owned(), three.to_owned());
        assert_eq!(
            read("localhost:5000/a/b_c:1.0"),
            parts("localhost:5000", "a/b_c", "1.0")
        );
        assert_eq!(
            read("ghcr.io/team/model"),
            parts("ghcr.io", "team/model", "latest")
        );
        assert_eq!(read("[::1]:5000/a:x"), parts("[::1]:5000", "a", "x"));
        assert_eq!(
            read("docker.io/thing:1"),
            parts("docker.io", "library/thing", "1")
        );
        assert_eq!(
            read("index.docker.io/me/thing:1"),
            parts("docker.io", "me/thing", "1")
        );
        let hub: Destination = "docker.io/me/a:1".parse().unwrap();
        assert_eq!(
            (hub.host(), hub.credentials_key()),
            ("registry-1.docker.io", DOCKER_HUB_KEY)
        );
        assert_eq!(hub.to_string(), "docker.io/me/a:1");
    }

    #[test]
    fn what_cannot_be_pushed_to_is_refused_by_what_is_wrong_with_it() {
        let error = |text: &str| text.parse::<Destination>().unwrap_err();
        for text in ["model", "team/model:1", "", "-a.b/c", "a b.c/d"] {
            assert!(
                matches!(error(text), DestinationError::NoRegistry(_)),
                "{text}"
            );
        }
        for text in [
            "r.io/",
            "r.io/A",
            "r.io/a//b",
            "r.io/-a",
            "r.io/a-",
            "r.io/a..b",
            "r.io/a___b",
            "r.io/a._b",
        ] {
            assert!(
                matches!(error(text), DestinationError::Repository(_)),
                "{text}"
            );
        }
        for text in ["r.io/a:", "r.io/a:-x", "r.io/a:a/b", "r.io/a:ü"] {
            let error = error(text);
            assert!(
                matches!(
                    error,
                    DestinationError::Tag(_) | DestinationError::Repository(_)
                ),
                "{text}"
            );
        }
        assert!(matches!(
            error("r.io/a@sha256:0"),
            DestinationError::WithDigest(_)
        ));
        assert!("r.io/a--b/c__d:x".parse::<Destination>().is_ok());
    }

    #[test]
    fn only_this_machine_is_spoken_to_without_tls() {
        for here in [
            "localhost",
            "localhost:5000",
            "127.0.0.1:1",
            "127.8.8.8",
            "[::1]:5000",
        ] {
            assert!(is_loopback(here), "{here}");
        }
        for elsewhere in [
            "registry:5000",
            "10.0.0.1:5000",
            "localhost.example",
            "[2001:db8::1]:1",
        ] {
            assert!(!is_loopback(elsewhere), "{elsewhere}");
        }
    }
}
