//! Secrets and config maps: keeping, listing and removing them. Their values are never given out.

use coracle_store::ConfigKind;

use crate::error::AppError;
use crate::view::{Config, ConfigList, PutConfig};
use crate::workbench::{Workbench, off_runtime};

impl Workbench {
    /// The secrets or config maps, by name, with their keys.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub async fn configs_of(&self, kind: ConfigKind) -> Result<ConfigList, AppError> {
        let configs = self.configs();
        let listings = off_runtime(move || Ok(configs.list(kind)?)).await?;
        let items = listings.into_iter().map(|listing| Config {
            name: listing.name,
            keys: listing.keys,
        });
        Ok(ConfigList {
            items: items.collect(),
        })
    }

    /// Keeps a secret or config map; what had this name is replaced as a whole.
    ///
    /// # Errors
    /// A name, a key or a size that Kubernetes does not take, and a disk that cannot be written.
    pub async fn put_config(
        &self,
        kind: ConfigKind,
        name: String,
        request: PutConfig,
    ) -> Result<(), AppError> {
        let configs = self.configs();
        let data = request
            .data
            .into_iter()
            .map(|(key, value)| (key, value.0))
            .collect();
        off_runtime(move || Ok(configs.put(kind, &name, &data)?)).await
    }

    /// Removes a secret or config map.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn remove_config(&self, kind: ConfigKind, name: String) -> Result<(), AppError> {
        let configs = self.configs();
        let removed = off_runtime({
            let name = name.clone();
            move || Ok(configs.delete(kind, &name)?)
        });
        if removed.await? {
            return Ok(());
        }
        let (what, command) = match kind {
            ConfigKind::Secret => ("secret", "coracle secret list"),
            ConfigKind::ConfigMap => ("config map", "coracle config-map list"),
        };
        Err(AppError::NotFound {
            what,
            name,
            hint: format!("`{command}` lists those there are"),
        })
    }
}
