//! From a workload to what its supervisor is told.

use std::path::PathBuf;
use std::sync::Arc;

use coracle_model::{EnvironmentKey, ImageRef};

use super::command::{Sight, resolve};
use super::engine::ProcessEngine;
use super::environments::EnvironmentPlace;
use super::launch::Launch;
use super::place::Place;
use super::python::Interpreter;
use crate::engine::{EngineError, Workload, WorkloadImage};

impl ProcessEngine {
    pub(super) async fn launch(
        &self,
        workload: &Workload,
        place: &Place,
    ) -> Result<Launch, EngineError> {
        let (interpreter, prepared) =
            match (self.environment_of(&workload.image).await?, &workload.image) {
                (Some(key), _) => {
                    let (interpreter, prepared) = self.prepared(&key).await?;
                    (Some(interpreter), Some(prepared))
                }
                (None, WorkloadImage::Plain { image, .. }) => {
                    (self.interpreters.for_image(image).await, None)
                }
                (None, WorkloadImage::Prepared(_)) => (None, None),
            };
        let (settings, workload, place) = (self.settings.clone(), workload.clone(), place.clone());
        let resolving = tokio::task::spawn_blocking(move || {
            let sight = interpreter.as_deref().map(|interpreter| Sight {
                interpreter,
                prepared: prepared.as_deref(),
            });
            resolve(&settings, &workload, &place, sight)
        });
        resolving.await.map_err(|error| {
            EngineError::of_file("start a workload", &std::io::Error::other(error))
        })?
    }

    /// The interpreter and the directory of a prepared environment.
    async fn prepared(
        &self,
        key: &EnvironmentKey,
    ) -> Result<(Arc<Interpreter>, PathBuf), EngineError> {
        let failed = |message| EngineError::Refused {
            action: format!("use the environment `{key}`"),
            message,
        };
        let place = EnvironmentPlace::of(&self.settings.root, key)?;
        let layer = place
            .layer()
            .map_err(|error| EngineError::of_file("find an environment", &error))?;
        let layer =
            layer.ok_or_else(|| failed("it is not prepared; run the step again".to_owned()))?;
        let image: ImageRef = layer
            .base
            .parse()
            .map_err(|error| failed(format!("{error}")))?;
        Ok((self.python(&image).await?, place.virtual_environment()))
    }

    pub(super) async fn python(&self, image: &ImageRef) -> Result<Arc<Interpreter>, EngineError> {
        self.interpreters
            .for_image(image)
            .await
            .ok_or_else(|| EngineError::InstallFailed {
                base: image.to_string(),
                message: "there is no Python on this machine; install `python3` and `python3-venv`"
                    .to_owned(),
            })
    }
}
