//! Persistent volume claims: directories that outlive runs and that pipelines mount by name.

use coracle_store::{Volume as StoredVolume, VolumeClaim};

use crate::error::AppError;
use crate::view::{PutVolume, Volume, VolumeList};
use crate::workbench::{Workbench, off_runtime};

impl Workbench {
    /// The volume claims, by name, with what is in them.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub async fn volume_list(&self) -> Result<VolumeList, AppError> {
        let volumes = self.volumes();
        let listed = off_runtime(move || Ok(volumes.list()?)).await?;
        Ok(VolumeList {
            volumes: listed.into_iter().map(present).collect(),
        })
    }

    /// Makes a volume claim; an equal one that is there stays as it is.
    ///
    /// # Errors
    /// A name that Kubernetes does not take, another claim of that name, and a disk that cannot be written.
    pub async fn create_volume(&self, name: String, request: PutVolume) -> Result<(), AppError> {
        let volumes = self.volumes();
        let claim = VolumeClaim {
            size: request.size,
            access_modes: request.access_modes,
            storage_class: None,
        };
        off_runtime(move || Ok(volumes.create(&name, &claim).map(drop)?)).await
    }

    /// Removes a volume claim with everything in it.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn remove_volume(&self, name: String) -> Result<(), AppError> {
        let volumes = self.volumes();
        let removed = off_runtime({
            let name = name.clone();
            move || Ok(volumes.delete(&name)?)
        });
        if removed.await? {
            return Ok(());
        }
        let hint = "`coracle volume list` lists those there are".to_owned();
        Err(AppError::NotFound {
            what: "volume claim",
            name,
            hint,
        })
    }
}

fn present(volume: StoredVolume) -> Volume {
    Volume {
        name: volume.name,
        size: volume.claim.size,
        access_modes: volume.claim.access_modes,
        path: volume.path,
        bytes: volume.bytes,
    }
}
