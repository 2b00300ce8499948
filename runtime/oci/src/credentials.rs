//! As whom a registry is asked: what `docker login` keeps, in `config.json` or with a program that the file names.
//!
//! ```text
//!  credHelpers[REGISTRY] ─► credsStore ─► auths[REGISTRY]        the first that is there is asked, and no other
//! ```
//!
//! Docker's own client looks so, at the same names. Secrets are in no message and in no debug output.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::destination::Destination;
use crate::error::PushError;

/// How long a program may take to give credentials: it may ask its user to unlock something.
const PROGRAM_LIMIT: Duration = Duration::from_secs(60);

/// The most that is read of what it says.
const LONGEST_ANSWER: u64 = 1 << 20;

/// The name by which programs say that the secret is an identity token.
const TOKEN_USER: &str = "<token>";

/// What programs say when they have nothing for a registry; they end with a failure then.
const NOT_FOUND: &str = "credentials not found";

/// The folder with Docker's `config.json`; none where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DockerConfig {
    folder: Option<PathBuf>,
}

/// As whom a registry is asked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Login {
    /// By name and password.
    Password { name: String, password: String },
    /// By a token that stands for them, where tokens are given out.
    IdentityToken(String),
}

impl Login {
    /// Whom it is, where that is known.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Password { name, .. } => Some(name),
            Self::IdentityToken(_) => None,
        }
    }
}

/// Without what is secret.
impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Login").field(&self.name()).finish()
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct File {
    auths: BTreeMap<String, Entry>,
    creds_store: String,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    /// `name:password` in base 64.
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
}

/// What a program answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

impl DockerConfig {
    /// The one in a folder, which need not exist.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: Some(folder.to_owned()),
        }
    }

    /// As whom a registry is asked; none where nothing is kept for it.
    ///
    /// # Errors
    /// [`PushError::Credentials`] when the file or the program that it names cannot be used.
    pub(crate) fn login(&self, to: &Destination) -> Result<Option<Login>, PushError> {
        let failed = |reason: String| PushError::Credentials {
            registry: to.registry().to_owned(),
            reason,
        };
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let path = folder.join("config.json");
        let text = match fs_err::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        // What the parser says could quote what is secret: where it is has to do.
        let file: File = serde_json::from_slice(&text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            failed(format!("`{}` cannot be read at {place}", path.display()))
        })?;
        let key = to.credentials_key();
        let helper = file.cred_helpers.get(key).or(Some(&file.creds_store));
        match helper.filter(|name| !name.is_empty()) {
            Some(name) => ask(name, key).map_err(failed),
            None => file.login(key).map_err(failed),
        }
    }
}

impl File {
    fn login(&self, key: &str) -> Result<Option<Login>, String> {
        // Older clients kept them under URLs.
        let same = |name: &str| name == key || host_of(name) == host_of(key);
        let exact = self.auths.get(key);
        let found = exact.or_else(|| {
            self.auths
                .iter()
                .find(|(name, _)| same(name))
                .map(|(_, entry)| entry)
        });
        let Some(entry) = found else { return Ok(None) };
        if !entry.identitytoken.is_empty() {
            return Ok(Some(Login::IdentityToken(entry.identitytoken.clone())));
        }
        if !entry.username.is_empty() {
            return Ok(Some(Login::Password {
                name: entry.username.clone(),
                password: entry.password.clone(),
            }));
        }
        if entry.auth.is_empty() {
            return Ok(None);
        }
        let decoded = STANDARD
            .decode(entry.auth.trim_end_matches('\0').as_bytes())
            .ok();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
        let (name, password) =
            pair.ok_or("its `auth` in `config.json` is no `name:password` in base 64")?;
        Ok(Some(Login::Password {
            name: name.to_owned(),
            password: password.trim_end_matches('\0').to_owned(),
        }))
    }
}

/// The host of a URL, or what has no scheme as it is up to a path.
fn host_of(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

/// Asks `docker-credential-NAME`, in the words of Docker's protocol for such programs.
fn ask(name: &str, key: &str) -> Result<Option<Login>, String> {
    let program = format!("docker-credential-{name}");
    let failed = |error: io::Error| format!("`{program}`: {error}");
    #[expect(
        clippy::disallowed_methods,
        reason = "a program of the user's own for credentials is no step that an engine runs"
    )]
    let mut command = std::process::Command::new(&program);
    let command = command
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read what it is asked says so by how it ends.
        let _ = stdin.write_all(key.as_bytes());
    }
    let (status, said) = finish(child).map_err(failed)?;
    if !status.success() {
        let said = String::from_utf8_lossy(&said);
        if said.contains(NOT_FOUND) {
            return Ok(None);
        }
        return Err(format!("`{program}` failed ({status}): {}", said.trim()));
    }
    let answer: Answer = serde_json::from_slice(&said)
        .map_err(|_| format!("`{program}` answered something that is no credentials"))?;
    Ok(match answer {
        Answer { secret, .. } if secret.is_empty() => None,
        Answer { username, secret } if username == TOKEN_USER => Some(Login::IdentityToken(secret)),
        Answer { username, secret } => Some(Login::Password {
            name: username,
            password: secret,
        }),
    })
}

/// Waits for a program's end, and kills one that takes too long.
fn finish(mut child: Child) -> io::Result<(ExitStatus, Vec<u8>)> {
    let stdout = child.stdout.take();
    let (sender, said) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = match stdout {
            Some(stdout) => stdout.take(LONGEST_ANSWER).read_to_end(&mut bytes),
            None => Ok(0),
        };
        // Nobody waits any more when it took too long.
        let _ = sender.send(read.map(|_| bytes));
    });
    match said.recv_timeout(PROGRAM_LIMIT) {
        Ok(bytes) => Ok((child.wait()?, bytes?)),
        Err(_) => {
            child.kill()?;
            child.wait()?;
            Err(io::Error::other(format!(
                "no answer within {PROGRAM_LIMIT:?}"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(file: &str, to: &str) -> Result<Option<Login>, PushError> {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("config.json"), file).unwrap();
        DockerConfig::at(folder.path()).login(&to.parse().unwrap())
    }

    fn password(name: &str, password: &str) -> Option<Login> {
        Some(Login::Password {
            name: name.to_owned(),
            password: password.to_owned(),
        })
    }

    #[test]
    fn what_docker_login_keeps_is_found() {
        // `ada:pa:ss` in base 64, as `base64` writes it.
        let file = r#"{"auths": {
            "r.io": {"auth": "YWRhOnBhOnNz"},
            "https://old.io/v1/": {"auth": "YWRhOnBhOnNz"},
            "https://index.docker.io/v1/": {"username": "bob", "password": "x"},
            "token.io": {"auth": "YWRhOg==", "identitytoken": "t"},
            "empty.io": {}
        }, "HttpHeaders": {"a": "b"}}"#;
        let found = |to: &str| login(file, to).unwrap();
        assert_eq!(found("r.io/a:1"), password("ada", "pa:ss"));
        assert_eq!(found("old.io/a:1"), password("ada", "pa:ss"));
        assert_eq!(found("docker.io/me/a:1"), password("bob", "x"));
        assert_eq!(
            found("token.io/a:1"),
            Some(Login::IdentityToken("t".to_owned()))
        );
        assert_eq!(found("empty.io/a:1"), None);
        assert_eq!(found("r.io:5000/a:1"), None);
        assert_eq!(
            DockerConfig::default()
                .login(&"r.io/a:1".parse().unwrap())
                .unwrap(),
            None
        );
    }

    #[test]
    fn nothing_secret_is_in_what_is_said() {
        let secret = "c2VjcmV0OnNlY3JldA";
        let texts = [
            format!(r#"{{"auths": {{"r.io": {{"auth": "{secret}=!"}}}}}}"#),
            format!(r#"{{"auths": {{"r.io": {{"auth": ["{secret}"]}}}}}}"#),
            format!(r#"{{"auths": {{"r.io": {{"auth": "{secret}"#),
        ];
        for text in texts {
            let error = login(&text, "r.io/a:1").unwrap_err();
            assert!(matches!(error, PushError::Credentials { .. }));
            assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
        }
        let shown = format!("{:?}", password("ada", "hidden"));
        assert!(
            shown.contains("ada") && !shown.contains("hidden"),
            "{shown}"
        );
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        for file in [
            r#"{"credsStore": "coracle-test-missing", "auths": {"r.io": {"auth": "YWRhOnBhOnNz"}}}"#,
            r#"{"credHelpers": {"r.io": "coracle-test-missing"}}"#,
        ] {
            let text = login(file, "r.io/a:1").unwrap_err().to_string();
            assert!(
                text.contains("`docker-credential-coracle-test-missing`"),
                "{text}"
            );
        }
        // One for another registry is not asked.
        let other = r#"{"credHelpers": {"s.io": "coracle-test-missing"}}"#;
        assert_eq!(login(other, "r.io/a:1").unwrap(), None);
    }
}
