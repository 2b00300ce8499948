//! What an engine writes of an image: a tar of layers and documents, in whatever order.
//!
//! ```text
//!  Docker up to 24    VERSION, ID/layer.tar (or a link to another's), CONFIG.json, manifest.json
//!  Docker from 25 on  blobs/sha256/DIGEST for all of it, index.json, manifest.json, oci-layout
//!  Podman             DIGEST.tar, ID/layer.tar as a link to it, DIGEST.json, manifest.json
//! ```
//!
//! What a file is has to be seen from its first bytes: the manifest, which says it, comes last.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Component, Path};

use tar::EntryType;

use crate::error::PushError;

/// The largest document, in bytes. Registries take manifests of 4 MiB, and configs are smaller than layers by far.
const LARGEST_DOCUMENT: u64 = 32 << 20;

/// All documents of an archive together: what the memory of a push does not grow beyond.
const LARGEST_DOCUMENTS: u64 = 64 << 20;

/// How many of its first bytes tell what a file is: one header of a tar.
const HEAD: usize = 512;

/// How a layer is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// A tar.
    Plain,
    /// A tar in gzip.
    Gzip,
    /// A tar in Zstandard.
    Zstd,
}

/// What an archive has beside layers.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    /// Files by their paths.
    files: BTreeMap<String, Vec<u8>>,
    /// Links by their paths, and the paths that they lead to.
    links: BTreeMap<String, String>,
}

impl Documents {
    /// A file.
    pub(crate) fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// All files, by their paths.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Where a path leads in the end; itself where it is no link.
    pub(crate) fn follow<'a>(&'a self, path: &'a str) -> &'a str {
        let mut place = path;
        // A link to itself leads nowhere, and no chain is longer than there are links.
        for _ in 0..=self.links.len() {
            match self.links.get(place) {
                Some(next) => place = next,
                None => break,
            }
        }
        place
    }
}

/// Reads an archive to its end. Each layer goes to `layer` as it comes, with its path, its packing and its size in bytes.
///
/// # Errors
/// When it cannot be read, is no tar or has documents of no end; and what `layer` fails with.
pub(crate) fn read(
    archive: impl Read,
    mut layer: impl FnMut(&str, Packing, u64, &mut dyn Read) -> Result<(), PushError>,
) -> Result<Documents, PushError> {
    let unreadable = |error: io::Error| PushError::archive(error.to_string());
    let mut documents = Documents::default();
    let mut room = LARGEST_DOCUMENTS;
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let Some(path) = normal(&entry.path().map_err(unreadable)?) else {
            continue;
        };
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {}
            kind @ (EntryType::Symlink | EntryType::Link) => {
                let target = entry.link_name().map_err(unreadable)?.unwrap_or_default();
                let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
                let target = match kind {
                    EntryType::Symlink => normal(&folder.join(target)),
                    _ => normal(&target),
                };
                documents.links.extend(target.map(|target| (path, target)));
                continue;
            }
            _ => continue,
        }
        let size = entry.size();
        let mut head = Vec::with_capacity(HEAD);
        let mut beginning = entry.by_ref().take(HEAD as u64);
        beginning.read_to_end(&mut head).map_err(unreadable)?;
        if let Some(packing) = packing(&head, size) {
            layer(&path, packing, size, &mut head.chain(entry))?;
            continue;
        }
        room = room
            .checked_sub(size)
            .filter(|_| size <= LARGEST_DOCUMENT)
            .ok_or_else(|| PushError::archive(format!("`{path}` is neither a layer nor small")))?;
        entry.read_to_end(&mut head).map_err(unreadable)?;
        if head.len() as u64 != size {
            return Err(PushError::archive(format!("it breaks off in `{path}`")));
        }
        documents.files.insert(path, head);
    }
    Ok(documents)
}

/// How a layer that begins so is packed; none for what is no layer.
fn packing(head: &[u8], size: u64) -> Option<Packing> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    if head.starts_with(&GZIP) {
        return Some(Packing::Gzip);
    }
    if head.starts_with(&ZSTD) {
        return Some(Packing::Zstd);
    }
    let is_tar = head.get(257..262) == Some(b"ustar");
    // Tars of the seventh Unix have no mark of their own, and empty ones are zeros: whole blocks of something other than JSON.
    let is_old = head.len() == HEAD
        && size.is_multiple_of(512)
        && !head.starts_with(b"{")
        && !head.starts_with(b"[");
    (is_tar || is_old).then_some(Packing::Plain)
}

/// A path without `.` and `..`; none for one that leads out of the archive, or is no text.
fn normal(path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A tar of files.
    pub(crate) fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, content) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    /// An archive of files, and of links that are written with their targets.
    fn archive(files: &[(&str, &[u8])], links: &[(EntryType, &str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (kind, path, target) in links {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_size(0);
            builder.append_link(&mut header, path, target).unwrap();
        }
        for (path, content) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, path, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    type Seen = Vec<(String, Packing, Vec<u8>)>;

    fn look(archive: &[u8]) -> Result<(Documents, Seen), PushError> {
        let mut seen = Vec::new();
        let documents = read(archive, |path, packing, size, layer| {
            let mut bytes = Vec::new();
            layer.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes.len() as u64, size);
            seen.push((path.to_owned(), packing, bytes));
            Ok(())
        })?;
        Ok((documents, seen))
    }

    #[test]
    fn layers_are_told_from_documents_by_their_first_bytes() {
        // The first file of a layer may be named as JSON begins.
        let plain = tar_of(&[("{\"a", &[1; 3000])]);
        let empty = [0; 1024];
        let gzip = [&[0x1f, 0x8b, 8][..], &[0; 2000]].concat();
        let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0];
        let json = format!("{{\"a\":\"{}\"}}", "x".repeat(505));
        assert_eq!(json.len(), 513);
        let files: [(&str, &[u8]); 7] = [
            ("a/VERSION", b"1.0"),
            ("a/layer.tar", &plain),
            ("b/layer.tar", &empty),
            ("blobs/sha256/c", &gzip),
            ("blobs/sha256/d", &zstd),
            ("./e.json", json.as_bytes()),
            ("manifest.json", &json.as_bytes()[..512]),
        ];
        let (documents, layers) = look(&archive(&files, &[])).unwrap();
        let expected = [
            ("a/layer.tar", Packing::Plain, plain.clone()),
            ("b/layer.tar", Packing::Plain, empty.to_vec()),
            ("blobs/sha256/c", Packing::Gzip, gzip.clone()),
            ("blobs/sha256/d", Packing::Zstd, zstd.to_vec()),
        ];
        let expected = expected.map(|(path, packing, bytes)| (path.to_owned(), packing, bytes));
        assert_eq!(layers, expected);
        let names: Vec<_> = documents.iter().map(|(path, _)| path).collect();
        assert_eq!(names, ["a/VERSION", "e.json", "manifest.json"]);
        assert_eq!(documents.get("e.json"), Some(json.as_bytes()));
    }

    #[test]
    fn links_are_followed_within_the_archive() {
        let links = [
            (EntryType::Symlink, "b/layer.tar", "../a/layer.tar"),
            (EntryType::Symlink, "c/layer.tar", "../b/layer.tar"),
            (EntryType::Link, "d/layer.tar", "a/layer.tar"),
            (EntryType::Symlink, "e/layer.tar", "../../etc/passwd"),
            (EntryType::Symlink, "f/layer.tar", "layer.tar"),
        ];
        let (documents, _) = look(&archive(&[("x", b"{}")], &links)).unwrap();
        for name in ["a", "b", "c", "d"] {
            assert_eq!(
                documents.follow(&format!("{name}/layer.tar")),
                "a/layer.tar"
            );
        }
        for stays in ["e/layer.tar", "f/layer.tar"] {
            assert_eq!(documents.follow(stays), stays);
        }
    }

    #[test]
    fn what_is_no_archive_or_half_of_one_is_an_error() {
        assert!(look(b"{\"message\": \"no such image\"}").is_err());
        let whole = archive(&[("manifest.json", &[b' '; 700])], &[]);
        let error = look(&whole[..1000]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the image cannot be read: it breaks off in `manifest.json`"
        );
        assert!(look(&whole[..100]).is_err());
    }
}
