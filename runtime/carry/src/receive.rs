//! An archive's files, folders and links, each whole or not at all.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use tar::{Archive, Entry, EntryType};

use crate::error::CarryError;
use crate::{UNFINISHED, inside};

/// Permissions that are taken over; a file never runs as somebody else.
const MODE_BITS: u32 = 0o777;

/// How much came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// Files, folders and links.
    pub entries: u64,
    /// The bytes of files.
    pub bytes: u64,
}

/// Writes the files, folders and links of an archive into a folder, and has the system keep them. A file or link that stands there is
/// replaced. Each path goes to `told` when it is there. Owners are kept where this user may give files away; permissions always.
///
/// # Errors
/// What cannot be written, a path or link that leads out, something that is neither file nor link at a path, and a stream that breaks.
/// What was whole by then stays.
pub fn receive(
    folder: &Path,
    from: impl Read,
    told: &mut impl FnMut(&str) -> Result<(), CarryError>,
) -> Result<Received, CarryError> {
    let unfinished = folder.join(UNFINISHED);
    clear(&unfinished)?;
    fs_err::create_dir(&unfinished).map_err(CarryError::write(UNFINISHED))?;
    let mut into = Into {
        folder,
        beside: unfinished.join("next"),
        known: BTreeSet::new(),
    };
    let received = into.all(from, told);
    let cleared = clear(&unfinished);
    let received = received?;
    cleared?;
    keep(folder)?;
    Ok(received)
}

/// What a try that was cut off left.
fn clear(unfinished: &Path) -> Result<(), CarryError> {
    match fs_err::remove_dir_all(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(CarryError::write(UNFINISHED)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Some systems say only then that they have no room.
fn keep(folder: &Path) -> Result<(), CarryError> {
    let folder = fs_err::File::open(folder).map_err(CarryError::write("."))?;
    rustix::fs::syncfs(&folder).map_err(|error| CarryError::write(".")(error.into()))
}

struct Into<'a> {
    folder: &'a Path,
    /// Where a file is until it is whole.
    beside: PathBuf,
    /// Folders that are none but folders: nothing is written through a link.
    known: BTreeSet<PathBuf>,
}

impl Into<'_> {
    fn all(
        &mut self,
        from: impl Read,
        told: &mut impl FnMut(&str) -> Result<(), CarryError>,
    ) -> Result<Received, CarryError> {
        let mut received = Received::default();
        let mut archive = Archive::new(from);
        for entry in archive.entries().map_err(CarryError::Stream)? {
            let mut entry = entry.map_err(CarryError::Stream)?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = path.trim_end_matches('/');
            self.one(&mut entry, path)?;
            received.entries += 1;
            received.bytes += entry.size();
            told(path)?;
        }
        Ok(received)
    }

    fn one(&mut self, entry: &mut Entry<'_, impl Read>, path: &str) -> Result<(), CarryError> {
        let leads_out = || CarryError::LeadsOut(path.to_owned());
        let mut names = inside::names(path).ok_or_else(leads_out)?;
        let name = names.pop().ok_or_else(leads_out)?;
        let parent = self.make_folders(&names, path)?;
        let place = parent.join(name);
        let mode = entry.header().mode().map_err(CarryError::Stream)? & MODE_BITS;
        let owner = (entry.header().uid(), entry.header().gid());
        let owner = match owner {
            (Ok(user), Ok(group)) => u32::try_from(user).ok().zip(u32::try_from(group).ok()),
            _ => None,
        };
        match entry.header().entry_type() {
            EntryType::Directory => self.folder(&place, path, mode, owner),
            EntryType::Regular => {
                self.file(entry, path, mode)?;
                give(&self.beside, owner, path, |place, user, group| {
                    chown(place, user, group)
                })?;
                // Giving it away may have taken permissions from it.
                fs_err::set_permissions(&self.beside, Permissions::from_mode(mode))
                    .map_err(CarryError::write(path))?;
                self.move_to(&place, path)
            }
            EntryType::Symlink => {
                let to = entry.link_name_bytes().unwrap_or_default();
                let to = String::from_utf8_lossy(&to).into_owned();
                if !inside::stays(path, &to) {
                    return Err(leads_out());
                }
                symlink(to, &self.beside).map_err(CarryError::write(path))?;
                give(&self.beside, owner, path, |place, user, group| {
                    lchown(place, user, group)
                })?;
                self.move_to(&place, path)
            }
            _ => Err(CarryError::Occupied(path.to_owned())),
        }
    }

    /// The folder of these names, made where it is not there.
    fn make_folders(&mut self, names: &[&str], path: &str) -> Result<PathBuf, CarryError> {
        let mut place = self.folder.to_owned();
        for name in names {
            place.push(name);
            if self.known.contains(&place) {
                continue;
            }
            match fs_err::symlink_metadata(&place) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Err(CarryError::Occupied(path.to_owned())),
                Err(_) => fs_err::create_dir(&place).map_err(CarryError::write(path))?,
            }
            self.known.insert(place.clone());
        }
        Ok(place)
    }

    fn folder(
        &mut self,
        place: &Path,
        path: &str,
        mode: u32,
        owner: Option<(u32, u32)>,
    ) -> Result<(), CarryError> {
        match fs_err::symlink_metadata(place) {
            Ok(found) if found.is_dir() => return Ok(()),
            Ok(_) => return Err(CarryError::Occupied(path.to_owned())),
            Err(_) => fs_err::create_dir(place).map_err(CarryError::write(path))?,
        }
        give(place, owner, path, |place, user, group| {
            chown(place, user, group)
        })?;
        // What is in it has to go in.
        fs_err::set_permissions(place, Permissions::from_mode(mode | 0o700))
            .map_err(CarryError::write(path))
    }

    fn file(
        &self,
        entry: &mut Entry<'_, impl Read>,
        path: &str,
        mode: u32,
    ) -> Result<(), CarryError> {
        let mut file = fs_err::File::create(&self.beside).map_err(CarryError::write(path))?;
        let mut piece = vec![0; 128 << 10];
        let mut left = entry.size();
        loop {
            let count = entry.read(&mut piece).map_err(CarryError::Stream)?;
            if count == 0 {
                break;
            }
            left = left.saturating_sub(count as u64);
            io::Write::write_all(&mut file, &piece[..count]).map_err(CarryError::write(path))?;
        }
        // A stream that ends early reads like the end of a file.
        if left > 0 {
            return Err(CarryError::Stream(io::ErrorKind::UnexpectedEof.into()));
        }
        fs_err::set_permissions(&self.beside, Permissions::from_mode(mode))
            .map_err(CarryError::write(path))
    }

    fn move_to(&self, place: &Path, path: &str) -> Result<(), CarryError> {
        if fs_err::symlink_metadata(place).is_ok_and(|found| found.is_dir()) {
            return Err(CarryError::Occupied(path.to_owned()));
        }
        fs_err::rename(&self.beside, place).map_err(CarryError::write(path))
    }
}

/// Gives a file to whom it belongs where it comes from. Who may not give files away keeps it.
fn give(
    place: &Path,
    owner: Option<(u32, u32)>,
    path: &str,
    chown: impl FnOnce(&Path, Option<u32>, Option<u32>) -> io::Result<()>,
) -> Result<(), CarryError> {
    let Some((user, group)) = owner else {
        return Ok(());
    };
    let found = fs_err::symlink_metadata(place).map_err(CarryError::write(path))?;
    if (found.uid(), found.gid()) == (user, group) {
        return Ok(());
    }
    match chown(place, Some(user), Some(group)) {
        // Some shares know no owners, and some belong to others than the one who mounts them.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::InvalidInput
            ) =>
        {
            Ok(())
        }
        other => other.map_err(CarryError::write(path)),
    }
}
