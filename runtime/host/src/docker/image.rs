//! What image references stand for, and pulling.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use bollard::models::ImageInspect;
use bollard::query_parameters::CreateImageOptionsBuilder;
use coracle_model::{ImageDigest, ImageRef, RegistryUser};
use futures_util::{Stream, StreamExt};
use sha2::{Digest as _, Sha256};

use super::client::DockerEngine;
use super::error::{Fault, ask, is_missing, message, refusal, translate};
use super::ports::exposed;
use crate::engine::{EngineError, ExposedPort, ImageAnswer, ImageConfig, PullPolicy};

/// How long a pull may go without any progress before it counts as hung.
const PULL_SILENCE_LIMIT: Duration = Duration::from_secs(600);

impl DockerEngine {
    pub(super) async fn resolve(
        &self,
        image: &ImageRef,
        policy: PullPolicy,
    ) -> Result<ImageAnswer, EngineError> {
        let name = image.with_tag();
        let local = self.find_image(&name).await?;
        match (policy, local) {
            (PullPolicy::IfNotPresent | PullPolicy::Never, Some(local)) => {
                answer(local, image, None)
            }
            (PullPolicy::Never, None) => Err(EngineError::ImageNotFound {
                image: image.to_string(),
                message: "its pull policy is `Never`".to_owned(),
            }),
            (PullPolicy::IfNotPresent, None) => {
                self.pull(image).await?;
                self.pulled(image).await
            }
            (PullPolicy::Always, local) => match (self.pull(image).await, local) {
                (Ok(()), _) => self.pulled(image).await,
                (Err(error), Some(local)) if !matches!(error, EngineError::Unavailable { .. }) => {
                    let notice = format!(
                        "`{image}` could not be refreshed, the image on this machine was used: {error}"
                    );
                    answer(local, image, Some(notice))
                }
                (Err(error), _) => Err(error),
            },
        }
    }

    /// The image by this name or id, when the engine has it.
    pub(super) async fn find_image(&self, name: &str) -> Result<Option<ImageInspect>, EngineError> {
        match ask(self.docker.inspect_image(name)).await {
            Ok(found) => Ok(Some(found)),
            Err(fault) if is_missing(&fault) => Ok(None),
            Err(fault) => Err(refusal(format!("look at the image `{name}`"))(fault)),
        }
    }

    async fn pulled(&self, image: &ImageRef) -> Result<ImageAnswer, EngineError> {
        let found = self.find_image(&image.with_tag()).await?;
        let found = found.ok_or_else(|| EngineError::ImageNotFound {
            image: image.to_string(),
            message: "it was pulled and is gone again".to_owned(),
        })?;
        answer(found, image, None)
    }

    pub(super) async fn pull_as(
        &self,
        image: &ImageRef,
        user: &RegistryUser,
    ) -> Result<ImageAnswer, EngineError> {
        // What another user is told may differ, so that only equal users share a pull.
        let password = hex::encode(Sha256::digest(&user.password));
        let key = format!("{} as {} {password}", image.with_tag(), user.name);
        let credentials = DockerCredentials {
            username: Some(user.name.clone()),
            password: Some(user.password.clone()),
            ..Default::default()
        };
        if !arrives(&credentials) {
            return Err(EngineError::ImageNotFound {
                image: image.to_string(),
                message: format!(
                    "the password of `{}` has characters that do not reach the engine; use one of letters and digits",
                    user.name
                ),
            });
        }
        let pull = self.pull_with(image, Some(credentials));
        self.pulls.run(&key, pull).await?;
        self.pulled(image).await
    }

    async fn pull(&self, image: &ImageRef) -> Result<(), EngineError> {
        let pull = self.pull_with(image, None);
        self.pulls.run(&image.with_tag(), pull).await
    }

    async fn pull_with(
        &self,
        image: &ImageRef,
        credentials: Option<DockerCredentials>,
    ) -> Result<(), EngineError> {
        let name = image.with_tag();
        let options = CreateImageOptionsBuilder::new().from_image(&name).build();
        let progress = self.docker.create_image(Some(options), None, credentials);
        drain(progress, PULL_SILENCE_LIMIT)
            .await
            .map_err(|fault| pull_failure(image, &fault))
    }
}

/// Whether an engine can read credentials: it expects another alphabet of base 64 than bollard writes, and passes over what
/// it cannot read as if nobody had been named.
fn arrives(credentials: &DockerCredentials) -> bool {
    let written = serde_json::to_vec(credentials).map(|json| STANDARD.encode(json));
    written.is_ok_and(|written| !written.contains(['+', '/']))
}

/// Awaits the end of a pull for as long as it makes progress.
async fn drain<T>(
    progress: impl Stream<Item = Result<T, Fault>>,
    silence_limit: Duration,
) -> Result<(), Fault> {
    let mut progress = std::pin::pin!(progress);
    loop {
        match tokio::time::timeout(silence_limit, progress.next()).await {
            Ok(Some(Ok(_))) => {}
            Ok(Some(Err(fault))) => return Err(fault),
            Ok(None) => return Ok(()),
            Err(_) => {
                let error = format!("the pull made no progress for {silence_limit:?}");
                return Err(Fault::DockerStreamError { error });
            }
        }
    }
}

/// Everything that a registry or the engine says about a pull means that the image is not to be had, but for a
/// full disk and a broken connection to the engine.
fn pull_failure(image: &ImageRef, fault: &Fault) -> EngineError {
    match translate(format!("pull `{image}`"), fault) {
        EngineError::Refused { .. } => EngineError::ImageNotFound {
            image: image.to_string(),
            message: message(fault),
        },
        error => error,
    }
}

fn answer(
    found: ImageInspect,
    image: &ImageRef,
    notice: Option<String>,
) -> Result<ImageAnswer, EngineError> {
    let id = found.id.ok_or_else(|| EngineError::Refused {
        action: format!("look at the image `{image}`"),
        message: "the engine told no id".to_owned(),
    })?;
    Ok(ImageAnswer {
        digest: ImageDigest::from(id),
        notice,
        config: config(found.config.unwrap_or_default()),
    })
}

fn config(said: bollard::models::ImageConfig) -> ImageConfig {
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let port = |key: &String| exposed(key).map(|(port, protocol)| ExposedPort { port, protocol });
    let mut exposed_ports: Vec<ExposedPort> = said
        .exposed_ports
        .iter()
        .flatten()
        .filter_map(port)
        .collect();
    exposed_ports.sort();
    let variable = |text: String| {
        let (name, value) = text.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    ImageConfig {
        user: some(said.user),
        exposed_ports,
        working_dir: some(said.working_dir),
        entrypoint: said.entrypoint.unwrap_or_default(),
        cmd: said.cmd.unwrap_or_default(),
        env: said
            .env
            .into_iter()
            .flatten()
            .filter_map(variable)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;
    use crate::engine::Protocol;

    #[test]
    fn an_image_says_how_it_is_run() {
        let said = bollard::models::ImageConfig {
            user: Some(String::new()),
            exposed_ports: Some(["80/udp", "443/tcp", "80/tcp"].map(str::to_owned).into()),
            env: Some(vec!["A=b=c".to_owned(), "PATH".to_owned()]),
            cmd: Some(vec!["sh".to_owned()]),
            ..Default::default()
        };
        let config = config(said);
        let ports = [
            (80, Protocol::Tcp),
            (80, Protocol::Udp),
            (443, Protocol::Tcp),
        ];
        assert_eq!(
            config.exposed_ports,
            ports.map(|(port, protocol)| ExposedPort { port, protocol })
        );
        assert_eq!((config.user, config.cmd), (None, vec!["sh".to_owned()]));
        assert_eq!(config.env, [("A".to_owned(), "b=c".to_owned())].into());
    }

    #[test]
    fn credentials_that_an_engine_cannot_read_are_known() {
        let with = |password: &str| DockerCredentials {
            username: Some("ada".to_owned()),
            password: Some(password.to_owned()),
            ..Default::default()
        };
        assert!(arrives(&with("dckr_pat_Ab-9+/=!")));
        // One of three in a row meets the place in which it matters.
        for password in ["~~~", "???", ">>>"] {
            assert!(!arrives(&with(password)), "{password}");
        }
    }

    #[tokio::test]
    async fn a_pull_ends_when_it_makes_no_progress() {
        let limit = Duration::from_millis(50);
        // Longer in all than the limit, and never silent for as long.
        let slow = stream::iter(0..20).then(|step| async move {
            tokio::time::sleep(limit / 10).await;
            Ok::<_, Fault>(step)
        });
        assert!(drain(slow, limit).await.is_ok());
        let hung = stream::once(async { Ok::<_, Fault>(0) }).chain(stream::pending());
        let fault = drain(hung, limit).await.unwrap_err();
        assert_eq!(message(&fault), "the pull made no progress for 50ms");
    }
}
