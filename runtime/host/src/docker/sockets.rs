//! Where an engine may listen, in the order in which users expect it to be looked for.
//!
//! Looks at files only; [`super::connect`] asks who answers.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// What decides which engine is used. Everything comes in as a value; nothing here reads the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerSettings {
    /// The address the user named, by a flag or by `DOCKER_HOST`. When there is one, no other is tried.
    pub docker_host: Option<String>,
    /// Docker's configuration directory with its contexts; `.docker` in the home directory when none is named.
    pub context_dir: Option<PathBuf>,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// The user's runtime directory, `XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
    /// The value of the label [`super::OWNER`] on everything that belongs to this workbench home.
    pub owner: String,
    /// The user and group who run the workbench and to whom files are given back.
    pub uid_gid: Option<(u32, u32)>,
}

/// A place where an engine may listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Why it is tried: `DOCKER_HOST`, `context `colima``, `rootless Docker`.
    pub(super) origin: String,
    /// Its address: `unix:///var/run/docker.sock`, `tcp://host:2375`.
    pub(super) address: String,
}

impl Candidate {
    fn new(origin: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            address: address.into(),
        }
    }

    fn socket(origin: &str, path: &Path) -> Self {
        Self::new(origin, format!("unix://{}", path.display()))
    }
}

/// The places to try, first to last.
pub(super) fn candidates(settings: &DockerSettings) -> Vec<Candidate> {
    if let Some(address) = &settings.docker_host {
        return vec![Candidate::new("the address that was asked for", address)];
    }
    let mut places = Vec::new();
    places.extend(context(settings));
    places.push(Candidate::new("Docker", "unix:///var/run/docker.sock"));
    if let Some(home) = &settings.home {
        places.push(Candidate::socket(
            "Docker Desktop",
            &home.join(".docker/run/docker.sock"),
        ));
        places.push(Candidate::socket(
            "Docker Desktop",
            &home.join(".docker/desktop/docker.sock"),
        ));
        places.push(Candidate::socket(
            "Colima",
            &home.join(".colima/default/docker.sock"),
        ));
    }
    if let Some(directory) = &settings.runtime_dir {
        places.push(Candidate::socket(
            "rootless Docker",
            &directory.join("docker.sock"),
        ));
        places.push(Candidate::socket(
            "rootless Podman",
            &directory.join("podman/podman.sock"),
        ));
    }
    places.push(Candidate::new("Podman", "unix:///run/podman/podman.sock"));
    let mut seen = std::collections::BTreeSet::new();
    places.retain(|place| seen.insert(place.address.clone()));
    places
}

#[derive(Deserialize)]
struct ConfigFile {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

#[derive(Deserialize)]
struct ContextFile {
    #[serde(rename = "Endpoints")]
    endpoints: ContextEndpoints,
}

#[derive(Deserialize)]
struct ContextEndpoints {
    docker: ContextEndpoint,
}

#[derive(Deserialize)]
struct ContextEndpoint {
    #[serde(rename = "Host")]
    host: String,
}

/// The address of the context that the user's `docker` command uses; none for the default context.
fn context(settings: &DockerSettings) -> Option<Candidate> {
    let in_home = || Some(settings.home.as_ref()?.join(".docker"));
    let directory = settings.context_dir.clone().or_else(in_home)?;
    let config: ConfigFile = read_json(&directory.join("config.json"))?;
    let name = config
        .current_context
        .filter(|name| !name.is_empty() && name != "default")?;
    // Docker files a context under the digest of its name.
    let folder = hex::encode(Sha256::digest(name.as_bytes()));
    let context: ContextFile = read_json(
        &directory
            .join("contexts/meta")
            .join(folder)
            .join("meta.json"),
    )?;
    Some(Candidate::new(
        format!("context `{name}`"),
        context.endpoints.docker.host,
    ))
}

/// A file of Docker's own; one that is missing or not readable is as good as none, as it is to `docker`.
fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    let text = fs_err::read(path).ok()?;
    serde_json::from_slice(&text)
        .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "passed over"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(home: &Path) -> DockerSettings {
        DockerSettings {
            docker_host: None,
            context_dir: None,
            home: Some(home.to_owned()),
            runtime_dir: Some("/run/user/1000".into()),
            owner: "test".to_owned(),
            uid_gid: None,
        }
    }

    fn addresses(settings: &DockerSettings) -> Vec<String> {
        candidates(settings)
            .into_iter()
            .map(|candidate| candidate.address)
            .collect()
    }

    #[test]
    fn a_named_address_stands_alone() {
        let named = DockerSettings {
            docker_host: Some("tcp://far:2375".to_owned()),
            ..settings(Path::new("/home/a"))
        };
        assert_eq!(addresses(&named), ["tcp://far:2375"]);
    }

    #[test]
    fn places_are_tried_in_the_documented_order() {
        let home = tempfile::tempdir().unwrap();
        let at_home = |rest: &str| format!("unix://{}/{rest}", home.path().display());
        let expected = [
            "unix:///var/run/docker.sock".to_owned(),
            at_home(".docker/run/docker.sock"),
            at_home(".docker/desktop/docker.sock"),
            at_home(".colima/default/docker.sock"),
            "unix:///run/user/1000/docker.sock".to_owned(),
            "unix:///run/user/1000/podman/podman.sock".to_owned(),
            "unix:///run/podman/podman.sock".to_owned(),
        ];
        assert_eq!(addresses(&settings(home.path())), expected);
    }

    #[test]
    fn the_current_context_comes_first() {
        let home = tempfile::tempdir().unwrap();
        let docker = home.path().join(".docker");
        let folder = docker
            .join("contexts/meta")
            .join(hex::encode(Sha256::digest("colima")));
        fs_err::create_dir_all(&folder).unwrap();
        fs_err::write(
            docker.join("config.json"),
            r#"{"auths":{},"currentContext":"colima"}"#,
        )
        .unwrap();
        let meta = r#"{"Name":"colima","Endpoints":{"docker":{"Host":"unix:///c.sock","SkipTLSVerify":false}}}"#;
        fs_err::write(folder.join("meta.json"), meta).unwrap();
        let first = candidates(&settings(home.path())).remove(0);
        assert_eq!(first, Candidate::new("context `colima`", "unix:///c.sock"));
        fs_err::write(
            docker.join("config.json"),
            r#"{"currentContext":"default"}"#,
        )
        .unwrap();
        assert_eq!(
            addresses(&settings(home.path()))[0],
            "unix:///var/run/docker.sock"
        );
    }
}
