//! Files, folders and links as an archive.

use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use tar::{Builder, EntryType, Header};

use crate::error::CarryError;
use crate::inside;

/// Writes what stands at paths below a folder as an archive (tar, with the long names of GNU), in their order.
///
/// # Errors
/// A path that leads out or is none, what cannot be read or becomes shorter meanwhile, and a stream that breaks.
pub fn send<'a>(
    folder: &Path,
    paths: impl IntoIterator<Item = &'a str>,
    out: impl Write,
) -> Result<(), CarryError> {
    let mut archive = Builder::new(out);
    for path in paths {
        let unsafe_path = || CarryError::LeadsOut(path.to_owned());
        inside::names(path).ok_or_else(unsafe_path)?;
        append(&mut archive, &folder.join(path), path)?;
    }
    let mut out = archive.into_inner().map_err(CarryError::Stream)?;
    out.flush().map_err(CarryError::Stream)
}

fn append(archive: &mut Builder<impl Write>, place: &Path, path: &str) -> Result<(), CarryError> {
    let found = fs_err::symlink_metadata(place).map_err(CarryError::read(path))?;
    let mut header = Header::new_gnu();
    header.set_mode(found.permissions().mode() & 0o777);
    header.set_uid(found.uid().into());
    header.set_gid(found.gid().into());
    header.set_mtime(u64::try_from(found.mtime()).unwrap_or_default());
    header.set_size(0);
    if found.is_symlink() {
        let to = fs_err::read_link(place).map_err(CarryError::read(path))?;
        header.set_entry_type(EntryType::Symlink);
        return archive
            .append_link(&mut header, path, to)
            .map_err(CarryError::Stream);
    }
    if found.is_dir() {
        header.set_entry_type(EntryType::Directory);
        return archive
            .append_data(&mut header, path, io::empty())
            .map_err(CarryError::Stream);
    }
    let file = fs_err::File::open(place).map_err(CarryError::read(path))?;
    let bytes = file.metadata().map_err(CarryError::read(path))?.len();
    header.set_entry_type(EntryType::Regular);
    header.set_size(bytes);
    let mut content = Whole {
        file,
        left: bytes,
        was_cut: false,
    };
    let sent = archive.append_data(&mut header, path, &mut content);
    match sent {
        Err(_) if content.was_cut => Err(CarryError::Changed(path.to_owned())),
        other => other.map_err(CarryError::Stream),
    }
}

/// A file of a length that was told before: what it grew by is left out, and what it lost is an error.
struct Whole {
    file: fs_err::File,
    left: u64,
    was_cut: bool,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = buffer.len().min(most);
        if most == 0 {
            return Ok(0);
        }
        let count = self.file.read(&mut buffer[..most])?;
        if count == 0 {
            self.was_cut = true;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}
