//! Prepared environments: those there are, and removing them.

use coracle_host::EnvironmentLayer;

use crate::error::AppError;
use crate::view::{Environment, EnvironmentList};
use crate::workbench::Workbench;

impl Workbench {
    /// The prepared environments that are kept, newest first.
    ///
    /// # Errors
    /// When no engine answers.
    pub async fn environments(&self) -> Result<EnvironmentList, AppError> {
        let mut layers = self.chosen().await?.engine.environments().await?;
        layers.sort_by(|one, other| {
            other
                .created_at
                .cmp(&one.created_at)
                .then_with(|| one.key.cmp(&other.key))
        });
        Ok(EnvironmentList {
            environments: layers.into_iter().map(present).collect(),
        })
    }

    /// Removes a prepared environment, by its key or a unique beginning of it.
    ///
    /// # Errors
    /// When there is no such environment, no engine answers, or a step uses it.
    pub async fn remove_environment(&self, key: &str) -> Result<(), AppError> {
        let engine = self.chosen().await?.engine;
        let layers = engine.environments().await?;
        let layer = find(&layers, key)?;
        Ok(engine.remove_environment(&layer.key).await?)
    }
}

fn find<'a>(layers: &'a [EnvironmentLayer], name: &str) -> Result<&'a EnvironmentLayer, AppError> {
    let matching = layers
        .iter()
        .filter(|layer| !name.is_empty() && layer.key.as_str().starts_with(name));
    let found: Vec<&EnvironmentLayer> = matching.collect();
    match found.as_slice() {
        [] => Err(AppError::NotFound {
            what: "environment",
            name: name.to_owned(),
            hint: "`coracle env list` lists those there are".to_owned(),
        }),
        [layer] => Ok(layer),
        [..] => Err(AppError::Ambiguous {
            what: "environment",
            name: name.to_owned(),
            candidates: found
                .iter()
                .map(|layer| layer.key.to_string())
                .take(5)
                .collect(),
        }),
    }
}

fn present(layer: EnvironmentLayer) -> Environment {
    Environment {
        key: layer.key,
        base: layer.base,
        install: layer.install,
        created_at: layer.created_at,
        size_bytes: layer.size_bytes,
    }
}
