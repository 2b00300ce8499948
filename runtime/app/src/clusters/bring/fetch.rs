//! The bytes of artifacts come here, each beside the others in a folder of its own, and are looked at before anything is kept.

use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use coracle_cluster::kfp::{ArtifactAt, ArtifactBytes, ArtifactContent, KfpError, KfpServer};
use coracle_model::RunId;
use coracle_store::StoreError;
use fs_err as fs;
use futures_util::TryStreamExt as _;
use tokio_util::io::{StreamReader, SyncIoBridge};

use super::convert::Made;
use crate::error::AppError;
use crate::workbench::off_runtime;

/// An archive ends with so many zeros.
const END_OF_ARCHIVE: usize = 1024;

/// What came of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fetched {
    /// It lies here, to be put in its place.
    Here(PathBuf),
    /// Its maker wrote nothing.
    Empty,
    /// The server does not have it, and why.
    Missing(String),
}

/// The bytes of an artifact, from a server of Kubeflow Pipelines.
///
/// # Errors
/// What the server said, and a disk that is full.
pub(super) async fn from_kfp(
    server: &KfpServer,
    run: RunId,
    made: &Made,
    into: PathBuf,
) -> Result<Fetched, AppError> {
    let Some((task, id)) = &made.there else {
        let why = "the server does not say by which id it knows it";
        return Ok(Fetched::Missing(why.to_owned()));
    };
    let at = ArtifactAt {
        run,
        task,
        key: &made.key,
        id,
        is_only: made.is_only,
    };
    match server.artifact_content(at).await? {
        ArtifactContent::Bytes(bytes) => {
            keep(bytes, into.clone()).await?;
            Ok(Fetched::Here(into))
        }
        ArtifactContent::Empty => Ok(Fetched::Empty),
        ArtifactContent::Withheld(why) => Ok(Fetched::Missing(why.to_owned())),
    }
}

async fn keep(bytes: ArtifactBytes, into: PathBuf) -> Result<(), AppError> {
    let ArtifactBytes {
        is_folder,
        size,
        pieces,
    } = bytes;
    let reader = SyncIoBridge::new(StreamReader::new(pieces.map_err(io::Error::other)));
    off_runtime(move || {
        let kept = match is_folder {
            true => unpack(reader, &into),
            false => copy(reader, size, &into),
        };
        kept.map_err(|error| explained(error, &into))
    })
    .await
}

/// What failed was either the server or the disk.
fn explained(error: io::Error, path: &Path) -> AppError {
    match told(&error) {
        Some(told) => AppError::Kfp(told),
        None => StoreError::disk("keep an artifact in", path, error).into(),
    }
}

/// What the server said, below whatever read it.
fn told(error: &io::Error) -> Option<KfpError> {
    let inner = error.get_ref()?;
    if let Some(told) = inner.downcast_ref() {
        return Some(KfpError::clone(told));
    }
    let below: &(dyn std::error::Error + 'static) = inner;
    told(below.source()?.downcast_ref()?)
}

fn copy(mut reader: impl Read, size: Option<u64>, into: &Path) -> io::Result<()> {
    let mut file = fs::File::create(into)?;
    let copied = io::copy(&mut reader, &mut file)?;
    match size {
        Some(size) if size != copied => {
            Err(io::Error::other(format!("{copied} of {size} bytes came")))
        }
        Some(_) | None => Ok(()),
    }
}

/// Unpacks a folder whose own name every name begins with. Only files and folders are taken, and nothing leads out of it.
fn unpack(reader: impl Read, into: &Path) -> io::Result<()> {
    fs::create_dir(into)?;
    let mut archive = tar::Archive::new(Ending { reader, zeros: 0 });
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let mut parts = path.components();
        parts.next();
        let below = parts.as_path();
        let is_below = below
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        let kind = entry.header().entry_type();
        if !is_below || !(kind.is_dir() || kind.is_file()) {
            let words = format!("`{}` in a folder is no file of it", path.display());
            return Err(io::Error::other(words));
        }
        let place = into.join(below);
        if kind.is_dir() {
            fs::create_dir_all(&place)?;
            continue;
        }
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = fs::File::create(&place)?;
        io::copy(&mut entry, &mut file)?;
    }
    let mut ending = archive.into_inner();
    io::copy(&mut ending, &mut io::sink())?;
    match ending.zeros >= END_OF_ARCHIVE {
        true => Ok(()),
        false => Err(io::Error::other("a folder did not come to its end")),
    }
}

/// Counts the zeros at the end of what is read.
struct Ending<R> {
    reader: R,
    zeros: usize,
}

impl<R: Read> Read for Ending<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        let read = &buffer[..length];
        let last = read.iter().rposition(|byte| *byte != 0);
        self.zeros = match last {
            Some(place) => length - place - 1,
            None => self.zeros + length,
        };
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(names: &[&str]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for name in names {
            let mut header = tar::Header::new_gnu();
            header.set_size(2);
            header.set_mode(0o644);
            // As a server that means no good would write it.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, b"ab".as_slice()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn a_folder_comes_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let bytes = archive(&["model/a", "model/deep/b"]);
        let into = root.path().join("1");
        unpack(bytes.as_slice(), &into).unwrap();
        assert_eq!(fs::read_to_string(into.join("deep/b")).unwrap(), "ab");
        for cut in [bytes.len() - 1024, bytes.len() - 600, 512, 513, 1024] {
            let into = root.path().join(cut.to_string());
            assert!(unpack(&bytes[..cut], &into).is_err(), "{cut}");
        }
    }

    #[test]
    fn nothing_leads_out_of_a_folder() {
        let root = tempfile::tempdir().unwrap();
        for name in ["model/../../out", "model/a/../../../out"] {
            let into = root.path().join("in");
            let refused = unpack(archive(&[name]).as_slice(), &into).unwrap_err();
            assert!(refused.to_string().contains("no file of it"), "{refused}");
            fs::remove_dir_all(&into).unwrap();
        }
        assert!(!root.path().join("out").exists());
    }

    #[test]
    fn a_file_of_another_size_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let into = root.path().join("file");
        assert!(copy(b"abc".as_slice(), Some(4), &into).is_err());
        copy(b"abc".as_slice(), Some(3), &into).unwrap();
    }
}
