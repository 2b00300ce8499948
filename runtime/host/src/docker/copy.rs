//! Copying files out of an ended workload.
//!
//! The engine hands out an archive of what stands at a path. It was written by the user's program, so it is
//! taken apart with care: nothing is written but directories, files and links, and no link leads out of the copy.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use bollard::query_parameters::DownloadFromContainerOptionsBuilder;
use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use tar::EntryType;
use tokio::sync::mpsc;

use super::client::DockerEngine;
use super::error::{Fault, file_error, is_missing, message, translate, within};
use crate::engine::{EngineError, WorkloadName};

/// How many pieces of the archive wait for the disk.
const PIECES: usize = 16;
/// Permissions that are taken over; a copy never runs as somebody else.
const MODE_BITS: u32 = 0o777;

impl DockerEngine {
    pub(super) async fn copy(
        &self,
        name: &WorkloadName,
        path: &str,
        destination: &Path,
    ) -> Result<bool, EngineError> {
        let action = format!("copy `{path}` out of `{name}`");
        let options = DownloadFromContainerOptionsBuilder::new()
            .path(path)
            .build();
        let mut pieces = self.docker.download_from_container(&name.0, Some(options));
        let first = within(super::error::REQUEST_LIMIT, async {
            pieces.next().await.transpose()
        });
        let first = match first.await {
            Ok(first) => first,
            Err(fault) if says_no_container(&fault) => {
                return Err(EngineError::Gone { name: name.clone() });
            }
            Err(fault) if is_missing(&fault) => return Ok(false),
            Err(fault) => return Err(translate(action, &fault)),
        };
        let (sender, receiver) = mpsc::channel(PIECES);
        let target = destination.to_owned();
        let unpacking = tokio::task::spawn_blocking(move || unpack(receiver, &target));
        let broken = async move {
            let mut piece = first;
            while let Some(bytes) = piece {
                // The receiver goes away when the archive is read or cannot be written: told below.
                if sender.send(bytes).await.is_err() {
                    return None;
                }
                piece = match pieces.next().await.transpose() {
                    Ok(piece) => piece,
                    Err(fault) => return Some(fault),
                };
            }
            None
        };
        let (broken, unpacked) = tokio::join!(broken, unpacking);
        if let Some(fault) = broken {
            return Err(translate(action, &fault));
        }
        unpacked
            .map_err(io::Error::other)
            .flatten()
            .map_err(|error| file_error(&action, &error))?;
        Ok(true)
    }
}

fn says_no_container(fault: &Fault) -> bool {
    is_missing(fault) && message(fault).to_lowercase().contains("no such container")
}

/// The archive as it arrives.
struct Pieces {
    receiver: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.current = piece,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

/// Writes the archive beside `destination` and then moves it there, so that a broken copy is none.
fn unpack(receiver: mpsc::Receiver<Bytes>, destination: &Path) -> io::Result<()> {
    let mut beside = destination.as_os_str().to_owned();
    beside.push(".partial");
    let beside = PathBuf::from(beside);
    remove_all(&beside)?;
    let archive = tar::Archive::new(Pieces {
        receiver,
        current: Bytes::new(),
    });
    write_entries(archive, &beside)?;
    fs_err::rename(&beside, destination)
}

fn remove_all(path: &Path) -> io::Result<()> {
    let removed = match fs_err::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs_err::remove_dir_all(path),
        Ok(_) => fs_err::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn write_entries(mut archive: tar::Archive<impl Read>, root: &Path) -> io::Result<()> {
    // Directories made here and therefore real: nothing is written through a link.
    let mut directories = BTreeSet::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let Some(inside) = inside(&entry.path()?) else {
            continue;
        };
        let known = inside == Path::new("") || directories.contains(parent(&inside));
        if !known {
            continue;
        }
        // Joining nothing would add a slash, and a file is no directory.
        let place = if inside == Path::new("") {
            root.to_owned()
        } else {
            root.join(&inside)
        };
        let mode = entry.header().mode().unwrap_or(0o644) & MODE_BITS;
        match entry.header().entry_type() {
            EntryType::Directory => {
                fs_err::create_dir(&place)?;
                // What the program made unreadable for its owner must still be copied into.
                set_mode(&place, mode | 0o700)?;
                directories.insert(inside);
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let mut file = fs_err::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .open(&place)?;
                io::copy(&mut entry, &mut file)?;
                set_mode(&place, mode | 0o600)?;
            }
            EntryType::Symlink => {
                let target = entry.link_name()?.unwrap_or_default().into_owned();
                if stays_inside(&inside, &target) {
                    fs_err::os::unix::fs::symlink(target, &place)?;
                }
            }
            EntryType::Link => {
                let target = entry.link_name()?.and_then(|target| self::inside(&target));
                if let Some(target) = target
                    .map(|target| root.join(target))
                    .filter(|t| t.is_file())
                {
                    fs_err::hard_link(target, &place)?;
                }
            }
            // Devices and sockets are no outputs.
            _ => {}
        }
    }
    if fs_err::symlink_metadata(root).is_err() {
        return Err(io::Error::other("it is a link or a device"));
    }
    Ok(())
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// An entry's path below the copied file or directory, which is the first part of every path in the archive.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut parts = path.components().filter(|part| *part != Component::CurDir);
    parts.next()?;
    parts
        .map(|part| matches!(part, Component::Normal(_)).then_some(part))
        .collect()
}

/// Whether a link at `place`, in a real directory, leads to something inside. Going up is right only at the
/// start of its target: behind a name it would go up from wherever that name leads.
fn stays_inside(place: &Path, target: &Path) -> bool {
    let ups = target
        .components()
        .take_while(|part| *part == Component::ParentDir)
        .count();
    let depth = parent(place).components().count();
    let rest = target.components().skip(ups);
    let is_root = place == Path::new("");
    !is_root
        && ups <= depth
        && rest
            .into_iter()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Item<'a> {
        Directory,
        File(&'a str),
        Symlink(&'a str),
        Hardlink(&'a str),
    }

    fn archive(items: &[(&str, Item<'_>)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, item) in items {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o4755);
            let (kind, content, link) = match item {
                Item::Directory => (EntryType::Directory, "", None),
                Item::File(content) => (EntryType::Regular, *content, None),
                Item::Symlink(target) => (EntryType::Symlink, "", Some(target)),
                Item::Hardlink(target) => (EntryType::Link, "", Some(target)),
            };
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            if let Some(target) = link {
                header.set_link_name_literal(target).unwrap();
            }
            // Written as it is, which `set_path` would refuse.
            header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            archive.append(&header, content.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap()
    }

    fn write(items: &[(&str, Item<'_>)], root: &Path) -> io::Result<()> {
        write_entries(tar::Archive::new(archive(items).as_slice()), root)
    }

    #[test]
    fn directories_files_and_links_inside_are_copied() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("copy");
        let items = [
            ("out", Item::Directory),
            ("out/sub", Item::Directory),
            ("out/sub/file", Item::File("text")),
            ("out/sub/up", Item::Symlink("../sub/file")),
            ("out/same", Item::Hardlink("out/sub/file")),
        ];
        write(&items, &root).unwrap();
        assert_eq!(fs_err::read_to_string(root.join("sub/up")).unwrap(), "text");
        assert_eq!(fs_err::read_to_string(root.join("same")).unwrap(), "text");
        let mode = fs_err::metadata(root.join("sub/file"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o755);
    }

    #[test]
    fn a_single_file_is_copied_under_the_new_name() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("copy");
        write(&[("model.bin", Item::File("text"))], &root).unwrap();
        assert_eq!(fs_err::read_to_string(root).unwrap(), "text");
    }

    #[test]
    fn nothing_leads_or_is_written_out_of_the_copy() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("copy");
        let items = [
            ("out", Item::Directory),
            ("out/q", Item::Directory),
            ("out/absolute", Item::Symlink("/etc/passwd")),
            ("out/q/up", Item::Symlink("..")),
            ("out/q/over", Item::Symlink("up/..")),
            ("out/above", Item::Symlink("../x")),
            ("out/q/up/through", Item::File("x")),
            ("out/../beside", Item::File("x")),
            ("out/missing/file", Item::File("x")),
            ("out/hard", Item::Hardlink("out/../../etc/passwd")),
        ];
        write(&items, &root).unwrap();
        let names = |path: &Path| {
            let entries = fs_err::read_dir(path).unwrap();
            entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(directory.path()), ["copy"]);
        assert_eq!(names(&root), ["q"]);
        assert_eq!(names(&root.join("q")), ["up"]);
    }

    #[test]
    fn a_link_at_the_path_itself_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("copy");
        assert!(write(&[("out", Item::Symlink("/etc"))], &root).is_err());
    }
}
