//! Prepared environments: an install text run once on an image, and the result kept as another image.
//!
//! The installer runs as an extra process in a container that does nothing else. Its variables, which may hold
//! the password of a package index, are that process' alone: what a container itself is created with would be
//! written into the image. The container ends as soon as nobody holds its standard input, so that an
//! installation that is given up, or whose workbench is killed, ends by itself.

use std::collections::HashMap;
use std::time::Duration;

use bollard::container::{AttachContainerResults, LogOutput};
use bollard::exec::StartExecResults;
use bollard::models::{ContainerConfig, ContainerCreateBody, ExecConfig, HostConfig, ImageInspect};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CommitContainerOptionsBuilder, ListContainersOptionsBuilder,
    ListImagesOptionsBuilder, RemoveImageOptionsBuilder, StartContainerOptions,
};
use bytes::Bytes;
use coracle_model::{EnvironmentKey, Timestamp};
use futures_util::StreamExt;

use super::about::Maker;
use super::client::DockerEngine;
use super::error::{ask, is_missing, refusal, unavailable, within};
use super::labels;
use super::network::{self, NETWORK};
use super::transcript::Transcript;
use super::workload::{Running, environment_list};
use crate::clock::Clock;
use crate::engine::{
    ENVIRONMENT_REPOSITORY, EngineError, EnvironmentLayer, EnvironmentRequest, environment_image,
    environment_tag,
};
use crate::log::Stream;

/// How long the engine may take to write an environment down, which may be gigabytes.
const COMMIT_LIMIT: Duration = Duration::from_secs(1800);
/// How often the engine is asked whether an installer whose output is over has ended.
const EXIT_CHECKS: u32 = 500;
/// How long between two of those.
const EXIT_CHECK_EVERY: Duration = Duration::from_millis(20);

impl DockerEngine {
    pub(super) async fn prepare(
        &self,
        request: &EnvironmentRequest,
    ) -> Result<EnvironmentLayer, EngineError> {
        self.installs
            .run(request.key.as_str(), self.prepare_alone(request))
            .await
    }

    async fn prepare_alone(
        &self,
        request: &EnvironmentRequest,
    ) -> Result<EnvironmentLayer, EngineError> {
        if let Some(layer) = self.find_environment(&request.key).await? {
            return Ok(layer);
        }
        self.swept.get_or_try_init(|| self.sweep()).await?;
        let base = self
            .find_image(request.base_digest.as_str())
            .await?
            .ok_or_else(|| EngineError::ImageNotFound {
                image: request.base.to_string(),
                message: format!("`{}` was removed", request.base_digest),
            })?;
        let name = format!("coracle-install-{}", environment_tag(&request.key));
        self.discard(&name).await?;
        let prepared = self.install_and_commit(&name, request, base).await;
        let discarded = self.discard(&name).await;
        prepared?;
        discarded?;
        self.find_environment(&request.key)
            .await?
            .ok_or_else(|| EngineError::Refused {
                action: format!("prepare the environment on `{}`", request.base),
                message: "it was kept and is gone again".to_owned(),
            })
    }

    async fn install_and_commit(
        &self,
        name: &str,
        request: &EnvironmentRequest,
        base: ImageInspect,
    ) -> Result<(), EngineError> {
        let action = || format!("prepare the environment on `{}`", request.base);
        network::ensure(self).await?;
        let kept = kept_config(request, base, self.clock.now());
        self.create(name, self.installer(request, &kept))
            .await
            .map_err(refusal(action()))?;
        let options = AttachContainerOptionsBuilder::new()
            .stdin(true)
            .stream(true)
            .build();
        let attached = ask(self.docker.attach_container(name, Some(options)));
        // Held to the end: the container lives as long as its standard input.
        let AttachContainerResults {
            input: _lifeline,
            output: _silent,
        } = attached.await.map_err(refusal(action()))?;
        ask(self
            .docker
            .start_container(name, None::<StartContainerOptions>))
        .await
        .map_err(refusal(action()))?;
        self.install(name, request).await?;
        let options = CommitContainerOptionsBuilder::new()
            .container(name)
            .repo(ENVIRONMENT_REPOSITORY)
            .tag(environment_tag(&request.key))
            .pause(false);
        // Podman passes the configuration over: there, labels come from the container.
        let options = match self.engine.maker {
            Maker::Docker => options.build(),
            Maker::Podman => options.changes(&instructions(&kept)).build(),
        };
        let commit = self.docker.commit_container(options, kept);
        within(COMMIT_LIMIT, commit)
            .await
            .map_err(refusal(action()))?;
        Ok(())
    }

    /// Runs the install text in the container and writes down what it says.
    async fn install(&self, name: &str, request: &EnvironmentRequest) -> Result<(), EngineError> {
        let action = || format!("prepare the environment on `{}`", request.base);
        let process = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            env: Some(environment_list(&request.environment)),
            cmd: Some(["sh", "-c", &request.install].map(str::to_owned).into()),
            ..Default::default()
        };
        let process = ask(self.docker.create_exec(name, process))
            .await
            .map_err(refusal(action()))?;
        let running = ask(self.docker.start_exec(&process.id, None))
            .await
            .map_err(refusal(action()))?;
        let mut log = Transcript::begin(&request.log)?;
        if let StartExecResults::Attached {
            mut output,
            input: _,
        } = running
        {
            while let Some(piece) = output.next().await {
                let (stream, bytes) = said(piece.map_err(refusal(action()))?);
                log.add(self.clock.now(), stream, &bytes)?;
            }
        }
        let shown = log.finish()?;
        match self.exit_code(&process.id).await? {
            0 => Ok(()),
            code => Err(EngineError::InstallFailed {
                base: request.base.to_string(),
                message: format!("the installer ended with exit code {code}: {shown}"),
            }),
        }
    }

    async fn exit_code(&self, process: &str) -> Result<i64, EngineError> {
        for _ in 0..EXIT_CHECKS {
            let found = ask(self.docker.inspect_exec(process))
                .await
                .map_err(refusal("look at the installer"))?;
            if let (Some(code), Some(false)) = (found.exit_code, found.running) {
                return Ok(code);
            }
            tokio::time::sleep(EXIT_CHECK_EVERY).await;
        }
        Err(unavailable(
            "an installer's output is over and the engine does not say how it ended",
        ))
    }

    /// A container that waits for its standard input to end.
    fn installer(
        &self,
        request: &EnvironmentRequest,
        kept: &ContainerConfig,
    ) -> ContainerCreateBody {
        let labels = kept.labels.clone().unwrap_or_default();
        ContainerCreateBody {
            image: Some(request.base_digest.as_str().to_owned()),
            entrypoint: Some(["sh", "-c", "read -r _"].map(str::to_owned).into()),
            attach_stdin: Some(true),
            open_stdin: Some(true),
            stdin_once: Some(true),
            // Where steps are: an installer finds names as they do.
            host_config: Some(HostConfig {
                network_mode: Some(NETWORK.to_owned()),
                ..Default::default()
            }),
            labels: Some(labels::of_container(
                &self.settings.owner,
                labels::INSTALLER,
                &labels.into_iter().collect(),
            )),
            ..Default::default()
        }
    }

    /// Removes the installers that an earlier workbench left behind.
    async fn sweep(&self) -> Result<(), EngineError> {
        let mut filters = labels::filter(labels::OWNER, &self.settings.owner);
        filters.entry("label".to_owned()).or_default().push(format!(
            "{}={}",
            labels::KIND,
            labels::INSTALLER
        ));
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filters)
            .build();
        let left = ask(self.docker.list_containers(Some(options)))
            .await
            .map_err(refusal("list containers"))?;
        for id in left.into_iter().filter_map(|container| container.id) {
            self.discard(&id).await?;
        }
        Ok(())
    }

    /// Ends and removes a container that is nobody's workload.
    pub(super) async fn discard(&self, name: &str) -> Result<(), EngineError> {
        self.take_away(name, Running::IsEnded)
            .await
            .map_err(refusal(format!("remove `{name}`")))
    }

    async fn find_environment(
        &self,
        key: &EnvironmentKey,
    ) -> Result<Option<EnvironmentLayer>, EngineError> {
        let Some(found) = self.find_image(environment_image(key).as_str()).await? else {
            return Ok(None);
        };
        let size = found.size.unwrap_or(0);
        let labels = found
            .config
            .and_then(|config| config.labels)
            .unwrap_or_default();
        Ok(layer(&labels, size).filter(|layer| layer.key == *key))
    }

    pub(super) async fn list_environments(&self) -> Result<Vec<EnvironmentLayer>, EngineError> {
        let filters = HashMap::from([("label", vec![labels::ENVIRONMENT_KEY])]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        let found = ask(self.docker.list_images(Some(options)))
            .await
            .map_err(refusal("list images"))?;
        let mut layers: Vec<EnvironmentLayer> = found
            .into_iter()
            .filter_map(|image| layer(&image.labels, image.size))
            .collect();
        layers.sort_by(|a, b| (a.created_at, &a.key).cmp(&(b.created_at, &b.key)));
        Ok(layers)
    }

    pub(super) async fn drop_environment(&self, key: &EnvironmentKey) -> Result<(), EngineError> {
        // Without pruning: what the environment stands on is the user's.
        let options = RemoveImageOptionsBuilder::new().noprune(true).build();
        match ask(self
            .docker
            .remove_image(environment_image(key).as_str(), Some(options), None))
        .await
        {
            Ok(_) => Ok(()),
            Err(fault) if is_missing(&fault) => Ok(()),
            Err(fault) => Err(refusal(format!("remove the environment `{key}`"))(fault)),
        }
    }
}

fn said(output: LogOutput) -> (Stream, Bytes) {
    match output {
        LogOutput::StdErr { message } => (Stream::Stderr, message),
        LogOutput::StdOut { message }
        | LogOutput::StdIn { message }
        | LogOutput::Console { message } => (Stream::Stdout, message),
    }
}

/// The configuration of the image that is kept: the base's, and the labels that make it an environment.
///
/// The engine fills in what is missing here from the container, whose entry point was another.
fn kept_config(
    request: &EnvironmentRequest,
    base: ImageInspect,
    created_at: Timestamp,
) -> ContainerConfig {
    let config = base.config.unwrap_or_default();
    let own = [
        (labels::ENVIRONMENT_KEY, request.key.to_string()),
        (labels::ENVIRONMENT_BASE, request.base.to_string()),
        (
            labels::ENVIRONMENT_BASE_BYTES,
            base.size.unwrap_or(0).to_string(),
        ),
        (labels::ENVIRONMENT_INSTALL, request.install.clone()),
        (labels::ENVIRONMENT_CREATED, created_at.to_string()),
        // The container's would say that whatever runs from the image is an installer of this workbench.
        (labels::OWNER, String::new()),
        (labels::KIND, String::new()),
    ];
    let mut labels = config.labels.unwrap_or_default();
    labels.extend(own.map(|(name, value)| (name.to_owned(), value)));
    ContainerConfig {
        user: config.user,
        exposed_ports: config.exposed_ports,
        env: config.env,
        cmd: config.cmd,
        healthcheck: config.healthcheck,
        volumes: config.volumes,
        working_dir: config.working_dir,
        entrypoint: Some(config.entrypoint.unwrap_or_default()),
        on_build: config.on_build,
        labels: Some(labels),
        stop_signal: config.stop_signal,
        shell: config.shell,
        // Of the container, not of the image.
        open_stdin: Some(false),
        ..Default::default()
    }
}

/// How a container of the image that is kept is started, as instructions of a Dockerfile.
fn instructions(config: &ContainerConfig) -> String {
    let words = |words: &Option<Vec<String>>| {
        let words = words.as_deref().unwrap_or_default();
        serde_json::to_string(words).expect("words are texts")
    };
    let user = config.user.as_deref().filter(|user| !user.is_empty());
    let mut lines = vec![
        format!("ENTRYPOINT {}", words(&config.entrypoint)),
        format!("CMD {}", words(&config.cmd)),
    ];
    lines.extend(user.map(|user| format!("USER {user}")));
    lines.join("\n")
}

/// An image's labels as an environment; none when it is no environment.
fn layer(labels: &HashMap<String, String>, size: i64) -> Option<EnvironmentLayer> {
    let text = |label| labels.get(label).map(String::as_str);
    let base_bytes: u64 = text(labels::ENVIRONMENT_BASE_BYTES)?.parse().ok()?;
    Some(EnvironmentLayer {
        key: text(labels::ENVIRONMENT_KEY)?.into(),
        base: text(labels::ENVIRONMENT_BASE)?.to_owned(),
        install: text(labels::ENVIRONMENT_INSTALL)?.to_owned(),
        created_at: text(labels::ENVIRONMENT_CREATED)?.parse().ok()?,
        size_bytes: u64::try_from(size).unwrap_or(0).saturating_sub(base_bytes),
    })
}
