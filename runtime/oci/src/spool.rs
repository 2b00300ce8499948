//! Where a layer lies between the engine and the registry: a temporary file without a name, which is gone with whoever holds it.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::digest::{Digest, Hashed};
use crate::error::PushError;
use crate::gzip::{PackError, Packed, pack};

/// How much of a layer is copied at once.
const PIECE: usize = 256 << 10;

/// Bytes that go to the registry under their digest.
#[derive(Debug)]
pub(crate) struct Blob {
    /// Their digest.
    pub(crate) digest: Digest,
    /// How many they are.
    pub(crate) size: u64,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Memory(Vec<u8>),
    File(File),
}

impl Blob {
    /// Bytes that are few.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self {
            digest: Digest::of(&bytes),
            size: bytes.len() as u64,
            content: Content::Memory(bytes),
        }
    }

    /// A plain layer, packed on its way to a file in `folder`, and the digest that it has plain.
    ///
    /// # Errors
    /// When the layer ends before its `size`, or either side fails.
    pub(crate) fn packed(
        layer: impl Read,
        size: u64,
        folder: &Path,
    ) -> Result<(Self, Digest), PushError> {
        let mut file = temporary(folder)?;
        let packed = pack(layer, &mut file).map_err(|error| match error {
            PackError::Read(error) => unreadable(&error),
            PackError::Write(error) => PushError::Spool(error),
        })?;
        let Packed {
            plain,
            digest,
            size: packed_size,
            plain_size,
        } = packed;
        whole(plain_size, size)?;
        let blob = Self {
            digest,
            size: packed_size,
            content: Content::File(file),
        };
        Ok((blob, plain))
    }

    /// A layer as it is, in a file in `folder`.
    ///
    /// # Errors
    /// When the layer ends before its `size`, or either side fails.
    pub(crate) fn copied(
        mut layer: impl Read,
        size: u64,
        folder: &Path,
    ) -> Result<Self, PushError> {
        let mut file = Hashed::new(temporary(folder)?);
        let mut piece = vec![0; PIECE];
        loop {
            let count = match layer.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(&error)),
            };
            file.write_all(&piece[..count]).map_err(PushError::Spool)?;
        }
        let (file, digest, copied) = file.into_parts();
        whole(copied, size)?;
        Ok(Self {
            digest,
            size: copied,
            content: Content::File(file),
        })
    }

    /// `length` bytes from `from` on. Only one at a time is read.
    pub(crate) fn section(&self, from: u64, length: u64) -> io::Result<Box<dyn Read + '_>> {
        Ok(match &self.content {
            Content::Memory(bytes) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                Box::new(bytes.get(from..).unwrap_or_default().take(length))
            }
            Content::File(file) => {
                let mut file = file;
                file.seek(SeekFrom::Start(from))?;
                Box::new(file.take(length))
            }
        })
    }
}

fn temporary(folder: &Path) -> Result<File, PushError> {
    fs_err::create_dir_all(folder).map_err(PushError::Spool)?;
    tempfile::tempfile_in(folder).map_err(PushError::Spool)
}

fn whole(found: u64, expected: u64) -> Result<(), PushError> {
    match found == expected {
        true => Ok(()),
        false => Err(PushError::archive(format!(
            "it breaks off in a layer, after {found} of {expected} bytes"
        ))),
    }
}

fn unreadable(error: &io::Error) -> PushError {
    PushError::archive(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(blob: &Blob, from: u64, length: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut section = blob.section(from, length).unwrap();
        section.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn any_part_of_a_blob_can_be_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let copied = Blob::copied(&b"0123456789"[..], 10, folder.path()).unwrap();
        let kept = Blob::of(b"0123456789".to_vec());
        for blob in [&copied, &kept] {
            assert_eq!((blob.size, &blob.digest), (10, &Digest::of(b"0123456789")));
            assert_eq!(read(blob, 3, 4), b"3456");
            assert_eq!(read(blob, 0, 99), b"0123456789");
            assert_eq!(read(blob, 3, 1), b"3");
            assert_eq!(read(blob, 10, 1), b"");
        }
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_packed_layer_knows_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let plain = vec![7; 3000];
        let (blob, was) = Blob::packed(plain.as_slice(), 3000, folder.path()).unwrap();
        assert_eq!(was, Digest::of(&plain));
        assert_eq!(blob.digest, Digest::of(&read(&blob, 0, blob.size)));
    }

    #[test]
    fn a_layer_that_ends_early_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let error = Blob::copied(&b"012"[..], 10, folder.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the image cannot be read: it breaks off in a layer, after 3 of 10 bytes"
        );
        assert!(Blob::packed(&b"012"[..], 10, folder.path()).is_err());
    }
}
