//! Building images, with the builder that every engine has had from the beginning.

use std::collections::HashMap;
use std::time::Duration;

use bollard::query_parameters::BuildImageOptionsBuilder;
use coracle_model::ImageRef;
use futures_util::StreamExt;

use super::client::DockerEngine;
use super::error::{Fault, message, translate};
use super::transcript::Transcript;
use crate::clock::Clock;
use crate::engine::{BuildFile, BuildFileKind, EngineError, ImageBuild};
use crate::log::Stream;

/// How long a builder may say nothing before it counts as hung: it says nothing while it fetches a base.
const SILENCE_LIMIT: Duration = Duration::from_secs(900);

/// The file that says how.
const DOCKERFILE: &str = "Dockerfile";

impl DockerEngine {
    pub(super) async fn build(&self, request: &ImageBuild) -> Result<(), EngineError> {
        self.builds
            .run(request.name.as_str(), self.build_alone(request))
            .await
    }

    async fn build_alone(&self, request: &ImageBuild) -> Result<(), EngineError> {
        let name = request.name.as_str();
        if self.find_image(name).await?.is_some() {
            return Ok(());
        }
        let context = archive(&request.files).map_err(|error| {
            EngineError::of_file(format!("pack what `{name}` is built from"), &error)
        })?;
        let variables: HashMap<_, _> = request.environment.clone().into_iter().collect();
        let options = BuildImageOptionsBuilder::new()
            .dockerfile(DOCKERFILE)
            .t(name)
            .buildargs(&variables)
            .rm(true)
            .forcerm(true)
            .build();
        let mut log = Transcript::begin(&request.log)?;
        let context = bollard::body_full(context.into());
        let mut progress = self.docker.build_image(options, None, Some(context));
        let failed = loop {
            match tokio::time::timeout(SILENCE_LIMIT, progress.next()).await {
                Ok(Some(Ok(said))) => {
                    let text = said.stream.or(said.status).unwrap_or_default();
                    log.add(self.clock.now(), Stream::Stdout, text.as_bytes())?;
                }
                Ok(Some(Err(fault))) => break Some(fault),
                Ok(None) => break None,
                Err(_) => {
                    let error = format!("the builder said nothing for {SILENCE_LIMIT:?}");
                    break Some(Fault::DockerStreamError { error });
                }
            }
        };
        let said = log.finish()?;
        match failed {
            None => Ok(()),
            Some(fault) => Err(build_failure(&request.name, &fault, &said)),
        }
    }
}

/// What the engine says is the instruction that failed; why stands in the output before.
fn build_failure(image: &ImageRef, fault: &Fault, said: &str) -> EngineError {
    match translate(format!("build `{image}`"), fault) {
        EngineError::Refused { .. } => EngineError::BuildFailed {
            image: image.to_string(),
            message: format!("{}\n{said}", message(fault)).trim_end().to_owned(),
        },
        error => error,
    }
}

fn archive(files: &[BuildFile]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(file.content.len() as u64);
        header.set_mode(match file.kind {
            BuildFileKind::Text => 0o644,
            BuildFileKind::Program => 0o755,
        });
        archive.append_data(&mut header, file.name, file.content.as_bytes())?;
    }
    archive.into_inner()
}
