//! Persistent volume claims: directories that outlive runs and that pipelines mount by name.

use std::path::Path;

use coracle_model::Timestamp;
use coracle_store::{Home, Volume as StoredVolume, VolumeClaim, Volumes};

use crate::artifacts::{Below, Content, Opened, Place, content_of, unreadable};
use crate::error::AppError;
use crate::view::{ContentQuery, FileKind, PutVolume, Volume, VolumeFile, VolumeFiles, VolumeList};
use crate::workbench::{Workbench, off_runtime};

/// The most files that one answer lists.
const MOST_FILES: usize = 10_000;

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

    /// What is in a folder of a volume claim, by name, folders first.
    ///
    /// # Errors
    /// When there is no such claim or folder, or the path leads out of it.
    pub async fn volume_files(
        &self,
        name: String,
        path: Option<String>,
    ) -> Result<VolumeFiles, AppError> {
        let home = self.home().clone();
        off_runtime(move || {
            let below = Below::read(path.as_deref())?;
            match place(&home, &name)?.open(&below)? {
                Opened::Folder(folder) => files(&folder),
                Opened::File(file) => Err(AppError::request(
                    format!("`{}` is a file", file.name),
                    "ask for its content",
                )),
            }
        })
        .await
    }

    /// The bytes of a file of a volume claim, or a folder of it as an archive.
    ///
    /// # Errors
    /// As [`Workbench::volume_files`], and for a folder that was not asked for as an archive.
    pub async fn volume_content(
        &self,
        name: String,
        query: ContentQuery,
    ) -> Result<Content, AppError> {
        let home = self.home().clone();
        off_runtime(move || {
            let below = Below::read(query.path.as_deref())?;
            content_of(place(&home, &name)?, &below, query.download, None)
        })
        .await
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

fn place(home: &Home, name: &str) -> Result<Place, AppError> {
    let missing = || AppError::NotFound {
        what: "volume claim",
        name: name.to_owned(),
        hint: "`coracle volume list` lists those there are".to_owned(),
    };
    if !Volumes::new(home).exists(name) {
        return Err(missing());
    }
    Place::below(&home.volumes(), &home.volume(name))?.ok_or_else(missing)
}

fn files(folder: &Path) -> Result<VolumeFiles, AppError> {
    let failed = |error| unreadable(folder, error);
    let mut files = Vec::new();
    let mut truncated = false;
    for entry in fs_err::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // What goes away meanwhile is not in the list; a link is what it is, and is not followed.
        let Ok(metadata) = fs_err::symlink_metadata(entry.path()) else {
            continue;
        };
        if files.len() == MOST_FILES {
            truncated = true;
            break;
        }
        files.push(VolumeFile {
            name: entry.file_name().to_string_lossy().into_owned(),
            kind: match metadata.file_type() {
                kind if kind.is_dir() => FileKind::Folder,
                kind if kind.is_file() => FileKind::File,
                _ => FileKind::Other,
            },
            size_bytes: metadata.len(),
            modified_at: metadata
                .modified()
                .ok()
                .and_then(|at| Timestamp::try_from(at).ok()),
        });
    }
    files.sort_by(|one, other| (one.kind, &one.name).cmp(&(other.kind, &other.name)));
    Ok(VolumeFiles { files, truncated })
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
