//! What is in a folder, with checksums.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::digest::checksum;
use crate::entry::{Content, Entry};
use crate::error::CarryError;
use crate::{UNFINISHED, inside};

/// What is in a folder and below, by path; a folder before what is in it. Each entry goes to `take` once it is known, and what
/// `take` returns as an error ends it. Links are not followed. What goes away meanwhile is not in the list.
///
/// # Errors
/// A folder that is none or cannot be read. What cannot be read below it is [`Content::Other`].
pub fn list(
    folder: &Path,
    take: &mut impl FnMut(Entry) -> Result<(), CarryError>,
) -> Result<(), CarryError> {
    let names = names(folder).map_err(CarryError::read("."))?;
    below(folder, ("", Checksums::Made), names, take)
}

/// What is in a folder, without reading a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Files and links.
    pub files: u64,
    /// The bytes of files.
    pub bytes: u64,
    /// The paths of what cannot be carried, with why.
    pub left_out: Vec<(String, String)>,
}

/// How much there is in a folder and below.
///
/// # Errors
/// A folder that is none or cannot be read.
pub fn survey(folder: &Path) -> Result<Survey, CarryError> {
    let mut survey = Survey::default();
    let names = names(folder).map_err(CarryError::read("."))?;
    below(folder, ("", Checksums::LeftOut), names, &mut |entry| {
        match entry.content {
            Content::File { bytes, .. } => {
                survey.files += 1;
                survey.bytes += bytes;
            }
            Content::Link { .. } => survey.files += 1,
            Content::Folder { .. } => {}
            Content::Other { why } => survey.left_out.push((entry.path, why)),
        }
        Ok(())
    })?;
    Ok(survey)
}

/// Whether files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Checksums {
    Made,
    LeftOut,
}

/// What stands at a path below a folder. None where nothing does.
///
/// # Errors
/// A path that leads out.
pub fn look(folder: &Path, path: &str) -> Result<Option<Entry>, CarryError> {
    let names = inside::names(path).ok_or_else(|| CarryError::LeadsOut(path.to_owned()))?;
    let mut place = folder.to_owned();
    for name in names {
        let goes_on = fs_err::symlink_metadata(&place).is_ok_and(|found| found.is_dir());
        if !goes_on && place != folder {
            return Ok(None);
        }
        place.push(name);
    }
    Ok(content(&place, path, Checksums::Made).map(|content| Entry {
        path: path.to_owned(),
        content,
    }))
}

fn below(
    folder: &Path,
    (prefix, checksums): (&str, Checksums),
    names: Vec<Result<String, String>>,
    take: &mut impl FnMut(Entry) -> Result<(), CarryError>,
) -> Result<(), CarryError> {
    for name in names {
        let name = match name {
            Ok(name) if prefix.is_empty() && name == UNFINISHED => continue,
            Ok(name) => name,
            Err(unreadable) => {
                let why = "its name is no text".to_owned();
                take(Entry {
                    path: format!("{prefix}{unreadable}"),
                    content: Content::Other { why },
                })?;
                continue;
            }
        };
        let (place, path) = (folder.join(&name), format!("{prefix}{name}"));
        let Some(mut content) = content(&place, &path, checksums) else {
            continue;
        };
        let mut names_below = Vec::new();
        if matches!(content, Content::Folder { .. }) {
            match self::names(&place) {
                Ok(names) => names_below = names,
                Err(error) => content = unreadable(&error),
            }
        }
        take(Entry {
            path: path.clone(),
            content,
        })?;
        below(&place, (&format!("{path}/"), checksums), names_below, take)?;
    }
    Ok(())
}

/// The names in a folder in order; those that are no text as they can be shown.
fn names(folder: &Path) -> io::Result<Vec<Result<String, String>>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let name = entry?.file_name().into_string();
        names.push(name.map_err(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn unreadable(error: &io::Error) -> Content {
    Content::Other {
        why: format!("it cannot be read: {}", error.kind()),
    }
}

fn content(place: &Path, path: &str, checksums: Checksums) -> Option<Content> {
    let content =
        fs_err::symlink_metadata(place).and_then(|found| of(place, path, &found, checksums));
    match content {
        Ok(content) => Some(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(unreadable(&error)),
    }
}

fn of(place: &Path, path: &str, found: &Metadata, checksums: Checksums) -> io::Result<Content> {
    let mode = found.permissions().mode() & 0o777;
    if found.is_dir() {
        return Ok(Content::Folder { mode });
    }
    if found.is_file() {
        let (bytes, sha256) = match checksums {
            Checksums::Made => checksum(place)?,
            Checksums::LeftOut => (found.len(), String::new()),
        };
        return Ok(Content::File {
            bytes,
            sha256,
            mode,
        });
    }
    let why = if found.is_symlink() {
        match fs_err::read_link(place)?.to_str() {
            Some(to) if inside::stays(path, to) => return Ok(Content::Link { to: to.to_owned() }),
            Some(to) => format!("it is a link that leads out, to `{to}`"),
            None => "it is a link to what is no text".to_owned(),
        }
    } else {
        "it is no file, folder or link".to_owned()
    };
    Ok(Content::Other { why })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_there_is_listed_and_what_cannot_go_over_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs_err::create_dir_all(at("b/empty")).unwrap();
        fs_err::write(at("b/ä"), "abc").unwrap();
        fs_err::create_dir(at(UNFINISHED)).unwrap();
        symlink("b/ä", at("c")).unwrap();
        symlink("/etc/passwd", at("d")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("e")).unwrap();
        let mut entries = Vec::new();
        list(folder.path(), &mut |entry| {
            entries.push(entry);
            Ok(())
        })
        .unwrap();
        let paths: Vec<_> = entries.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["b", "b/empty", "b/ä", "c", "d", "e"]);
        let Content::File { bytes, sha256, .. } = &entries[2].content else {
            panic!("{entries:?}");
        };
        // The digest of "abc" in FIPS 180-2, B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((*bytes, sha256.as_str()), (3, known));
        assert!(matches!(&entries[3].content, Content::Link { to } if to == "b/ä"));
        assert!(
            matches!(&entries[4].content, Content::Other { why } if why.contains("/etc/passwd"))
        );
        assert!(matches!(&entries[5].content, Content::Other { .. }));
        assert_eq!(
            look(folder.path(), "b/ä").unwrap().as_ref(),
            Some(&entries[2])
        );
        let survey = survey(folder.path()).unwrap();
        assert_eq!(
            (survey.files, survey.bytes, survey.left_out.len()),
            (2, 3, 2)
        );
        // A link to a folder is not gone through.
        symlink("b", at("f")).unwrap();
        assert_eq!(look(folder.path(), "f/ä").unwrap(), None);
        assert!(look(folder.path(), "../x").is_err());
    }
}
