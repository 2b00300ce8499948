//! Who a pod's images are pulled as: the credentials in its pull secrets, matched to an image as a kubelet matches them.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coracle_model::{ImageRef, RegistryUser};
use serde::Deserialize;

/// The registry of images that name none.
const DEFAULT_REGISTRY: &str = "docker.io";

/// The name by which Docker's client knows that registry.
const DEFAULT_INDEX: &str = "index.docker.io";

/// A secret that a pod's images may be pulled with.
#[derive(Clone, PartialEq, Eq)]
pub enum PullSecret {
    /// The content of Docker's `config.json`.
    DockerConfigJson(Vec<u8>),
    /// The content of its older `.dockercfg`.
    DockerCfg(Vec<u8>),
}

impl fmt::Debug for PullSecret {
    /// Without the content, which is secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::DockerConfigJson(_) => "DockerConfigJson",
            Self::DockerCfg(_) => "DockerCfg",
        })
    }
}

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    /// Both, in base 64, with a colon between them.
    #[serde(default)]
    auth: String,
}

/// Those to ask for an image as, the most specific first; nobody when no secret is about its registry. What cannot be read
/// is passed over.
pub(super) fn users_for(image: &ImageRef, secrets: &[PullSecret]) -> Vec<RegistryUser> {
    let mut places: Vec<(String, RegistryUser)> = secrets.iter().flat_map(entries).collect();
    // Longer paths sort behind their beginnings. Those of one place stay in the order of the secrets.
    places.sort_by(|(one, _), (other, _)| other.cmp(one));
    let repository = repository(image);
    let of = |wanted: &dyn Fn(&str) -> bool| -> Vec<RegistryUser> {
        let matching = places.iter().filter(|(place, _)| wanted(place));
        matching.map(|(_, user)| user.clone()).collect()
    };
    let found = of(&|place| covers(place, &repository));
    let is_default = repository.starts_with(&format!("{DEFAULT_REGISTRY}/"));
    if found.is_empty() && is_default {
        return of(&|place| place == DEFAULT_INDEX);
    }
    found
}

/// The entries of a secret by their places: a host, with a path maybe.
fn entries(secret: &PullSecret) -> Vec<(String, RegistryUser)> {
    let entries = match secret {
        PullSecret::DockerConfigJson(content) => {
            serde_json::from_slice(content).map(|config: ConfigJson| config.auths)
        }
        PullSecret::DockerCfg(content) => serde_json::from_slice(content),
    };
    let entries: BTreeMap<String, Entry> = entries.unwrap_or_default();
    let user = |(place, entry): (String, Entry)| Some((place_of(&place), entry.user()?));
    entries.into_iter().filter_map(user).collect()
}

impl Entry {
    fn user(self) -> Option<RegistryUser> {
        if self.auth.is_empty() {
            return Some(RegistryUser {
                name: self.username,
                password: self.password,
            });
        }
        let bytes = STANDARD.decode(&self.auth).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (name, password) = text.split_once(':')?;
        Some(RegistryUser {
            name: name.to_owned(),
            // Some writers leave NULs at the end.
            password: password.trim_end_matches('\0').to_owned(),
        })
    }
}

/// A place without its scheme, and without the path that only says which version of the registry's API is meant.
fn place_of(written: &str) -> String {
    let place = ["https://", "http://"]
        .iter()
        .find_map(|scheme| written.strip_prefix(scheme))
        .unwrap_or(written);
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    let path = ["v1/", "v2/"]
        .iter()
        .find_map(|version| path.strip_prefix(version))
        .unwrap_or(path);
    match path {
        "" => host.to_owned(),
        path => format!("{host}/{path}"),
    }
}

/// Whether an entry at a place is about a repository. Each part of the host may have `*`s, which stand for no dot.
fn covers(place: &str, repository: &str) -> bool {
    let split = |text: &'_ str| -> (String, String) {
        let (host, path) = text.split_once('/').unwrap_or((text, ""));
        (host.to_owned(), path.to_owned())
    };
    let ((host, path), (wanted_host, wanted_path)) = (split(place), split(repository));
    let (parts, wanted): (Vec<&str>, Vec<&str>) =
        (host.split('.').collect(), wanted_host.split('.').collect());
    parts.len() == wanted.len()
        && parts
            .iter()
            .zip(&wanted)
            .all(|(part, text)| matches(part, text))
        && wanted_path.starts_with(&path)
}

/// Whether a text is one that a pattern stands for.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((begin, rest)) => text.strip_prefix(begin).is_some_and(|text| {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| matches(rest, &text[at..]))
        }),
    }
}

/// The image's registry and path, without its tag and digest: `docker.io/library/python`.
fn repository(image: &ImageRef) -> String {
    let name = image.as_str().split('@').next().unwrap_or_default();
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        Some(_) | None => name,
    };
    match name.split_once('/') {
        None => format!("{DEFAULT_REGISTRY}/library/{name}"),
        Some((host, path)) if host == DEFAULT_INDEX => format!("{DEFAULT_REGISTRY}/{path}"),
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => name.to_owned(),
        Some(_) => format!("{DEFAULT_REGISTRY}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places, each with a user of its own name.
    fn secret(places: &[&str]) -> PullSecret {
        let entry =
            |place: &&str| format!("{place:?}: {{\"username\": {place:?}, \"password\": \"p\"}}");
        let entries: Vec<String> = places.iter().map(entry).collect();
        PullSecret::DockerConfigJson(format!("{{\"auths\": {{{}}}}}", entries.join(", ")).into())
    }

    fn names(image: &str, secrets: &[PullSecret]) -> Vec<String> {
        let users = users_for(&image.parse().unwrap(), secrets);
        users.into_iter().map(|user| user.name).collect()
    }

    #[test]
    fn the_most_specific_place_comes_first() {
        let secrets = [secret(&[
            "quay.io",
            "quay.io/team",
            "quay.io/team/app",
            "ghcr.io",
        ])];
        assert_eq!(
            names("quay.io/team/app:1", &secrets),
            ["quay.io/team/app", "quay.io/team", "quay.io"]
        );
        assert_eq!(names("quay.io/other/app", &secrets), ["quay.io"]);
        assert_eq!(names("gcr.io/team/app", &secrets), [""; 0]);
    }

    #[test]
    fn schemes_and_versions_of_the_api_say_nothing() {
        for place in [
            "https://quay.io",
            "http://quay.io/v1/",
            "quay.io/v2/",
            "quay.io/",
        ] {
            assert_eq!(
                names("quay.io/team/app@sha256:00", &[secret(&[place])]),
                [place]
            );
        }
    }

    #[test]
    fn ports_are_part_of_a_place() {
        let secrets = [secret(&["localhost:5000", "localhost"])];
        assert_eq!(names("localhost:5000/app:1", &secrets), ["localhost:5000"]);
        assert_eq!(names("localhost/app:1", &secrets), ["localhost"]);
        assert_eq!(names("localhost:5001/app", &secrets), [""; 0]);
    }

    #[test]
    fn stars_stand_for_parts_of_a_host() {
        let secrets = [secret(&["*.dkr.ecr.*.amazonaws.com"])];
        let image = "1234.dkr.ecr.eu-west-1.amazonaws.com/app";
        assert_eq!(names(image, &secrets).len(), 1);
        assert_eq!(names("1234.dkr.amazonaws.com/app", &secrets).len(), 0);
        assert_eq!(names("a.b.quay.io/app", &[secret(&["*.quay.io"])]).len(), 0);
        assert_eq!(names("ab.quay.io/app", &[secret(&["a*.quay.io"])]).len(), 1);
    }

    #[test]
    fn images_that_name_no_registry_are_docker_hubs() {
        let hub = [secret(&["https://index.docker.io/v1/"])];
        for image in [
            "python:3.11",
            "team/app",
            "docker.io/team/app",
            "index.docker.io/team/app",
        ] {
            assert_eq!(names(image, &hub).len(), 1, "{image}");
        }
        assert_eq!(names("quay.io/team/app", &hub).len(), 0);
        let both = [hub[0].clone(), secret(&["docker.io/team"])];
        assert_eq!(names("team/app", &both), ["docker.io/team"]);
    }

    #[test]
    fn both_forms_are_read_and_secrets_keep_their_order() {
        let auth = STANDARD.encode("ada:pass:word");
        let old = PullSecret::DockerCfg(format!(r#"{{"quay.io": {{"auth": "{auth}"}}}}"#).into());
        let users = users_for(
            &"quay.io/app".parse().unwrap(),
            &[old, secret(&["quay.io"])],
        );
        assert_eq!(users[0].name, "ada");
        assert_eq!(users[0].password, "pass:word");
        assert_eq!(users[1].name, "quay.io");
        assert!(!format!("{users:?}").contains("pass"));
    }

    #[test]
    fn what_cannot_be_read_is_passed_over() {
        let broken = [
            PullSecret::DockerConfigJson(b"hush".to_vec()),
            PullSecret::DockerCfg(br#"{"quay.io": {"auth": "?"}}"#.to_vec()),
            secret(&["quay.io"]),
        ];
        assert_eq!(names("quay.io/app", &broken), ["quay.io"]);
    }
}
