//! Archives: the one text that counts, read into memory with a bound on what unpacking may yield.
//!
//! KFP's rule decides which entry counts: `pipeline.yaml` where there is one, otherwise the first entry, which
//! must be YAML.

use std::io::{Cursor, Read};

use coracle_model::Diagnostic;
use zip::ZipArchive;

use super::problems::Problems;
use super::source::{MAX_BYTES, is_yaml_name, too_large};

/// The name that is looked for first.
const PREFERRED: &str = "pipeline.yaml";

/// The definition's bytes in a zip file.
pub(super) fn from_zip(bytes: &[u8], problems: &Problems) -> Result<Vec<u8>, Diagnostic> {
    let kind = "zip file";
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(kind, &error))?;
    if archive.is_empty() {
        return Err(refused(kind, "Empty zip file").with_help("compile the pipeline again"));
    }
    let index = archive.index_for_name(PREFERRED).unwrap_or(0);
    let chosen = archive.name_for_index(index).unwrap_or_default();
    report_climbing(kind, archive.file_names(), chosen, problems);
    let entry = archive
        .by_index(index)
        .map_err(|error| broken(kind, &error))?;
    expect_yaml(kind, entry.name())?;
    if entry.is_dir() || entry.is_symlink() {
        return Err(not_a_file(kind, entry.name()));
    }
    read_bounded(entry).map_err(|error| error.into_diagnostic(kind))
}

/// The definition's bytes in a gzipped tar file.
pub(super) fn from_tar_gz(bytes: &[u8], problems: &Problems) -> Result<Vec<u8>, Diagnostic> {
    let kind = "tarball file";
    let mut archive = tar::Archive::new(Bounded {
        inner: flate2::read::GzDecoder::new(bytes),
        left: 2 * MAX_BYTES,
    });
    let entries = archive.entries().map_err(|error| broken(kind, &error))?;
    let mut chosen = None;
    let mut climbing = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| broken(kind, &error))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        climbing.extend(climbs(&name).then(|| name.clone()));
        let preferred = name == PREFERRED;
        if preferred || chosen.is_none() {
            chosen = Some((tar_content(entry, &name), name));
        }
        if preferred {
            break;
        }
    }
    let Some((content, name)) = chosen else {
        return Err(refused(kind, "Empty tarball").with_help("compile the pipeline again"));
    };
    report_climbing(kind, climbing.iter().map(String::as_str), &name, problems);
    content
}

fn tar_content<R: Read>(entry: tar::Entry<'_, R>, name: &str) -> Result<Vec<u8>, Diagnostic> {
    let kind = "tarball file";
    expect_yaml(kind, name)?;
    if !entry.header().entry_type().is_file() {
        return Err(not_a_file(kind, name));
    }
    read_bounded(entry).map_err(|error| error.into_diagnostic(kind))
}

/// A reader that fails, rather than ends, when it has given all it may.
struct Bounded<R> {
    inner: R,
    left: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count).ok_or_else(|| {
            std::io::Error::other(format!(
                "it unpacks to more than {} MiB",
                (2 * MAX_BYTES) >> 20
            ))
        })?;
        Ok(count)
    }
}

enum Unpacking {
    TooLarge,
    Broken(std::io::Error),
}

impl Unpacking {
    fn into_diagnostic(self, kind: &str) -> Diagnostic {
        match self {
            Self::TooLarge => too_large(),
            Self::Broken(error) => broken(kind, &error),
        }
    }
}

fn read_bounded(entry: impl Read) -> Result<Vec<u8>, Unpacking> {
    let mut content = Vec::new();
    entry
        .take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut content)
        .map_err(Unpacking::Broken)?;
    if content.len() > MAX_BYTES {
        Err(Unpacking::TooLarge)
    } else {
        Ok(content)
    }
}

/// Whether a name leads out of the folder an archive is unpacked in. Here nothing is unpacked, but whoever
/// unpacks the same file elsewhere would be hurt, and no compiler writes such a name.
fn climbs(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    name.starts_with(['/', '\\']) || drive || name.split(['/', '\\']).any(|part| part == "..")
}

fn expect_yaml(kind: &str, name: &str) -> Result<(), Diagnostic> {
    if is_yaml_name(name) {
        return Ok(());
    }
    Err(refused(
        kind,
        &format!("Expecting a pipeline.yaml file inside the {kind}. Got: {name}"),
    )
    .with_help("put the definition into the archive as `pipeline.yaml`"))
}

/// Reports entries that lead out of the folder an archive is unpacked in. Of the one that is read, only the content
/// counts here; any other has no business in an archive of a definition.
fn report_climbing<'a>(
    kind: &str,
    names: impl Iterator<Item = &'a str>,
    chosen: &str,
    problems: &Problems,
) {
    let mut climbing: Vec<&str> = names.filter(|name| climbs(name)).collect();
    climbing.sort_by_key(|name| *name == chosen);
    let Some(name) = climbing.first() else {
        return;
    };
    let code = if *name == chosen {
        "climbing-definition"
    } else {
        "climbing-archive"
    };
    let message = format!(
        "Error extracting pipeline from the {kind}. the entry `{name}` leads out of the archive"
    );
    let help = "pack the definition again as `pipeline.yaml`, without any folder";
    problems.report(Diagnostic::error(code, message).with_help(help));
}

fn not_a_file(kind: &str, name: &str) -> Diagnostic {
    refused(
        kind,
        &format!("the entry `{name}` is a link or a folder, not a file"),
    )
    .with_help("pack the file itself, not a link to it")
}

fn broken(kind: &str, error: &dyn std::error::Error) -> Diagnostic {
    refused(kind, &format!("Not a valid {kind}: {error}"))
        .with_help("pack it again, or pass the YAML itself")
}

fn refused(kind: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        "bad-archive",
        format!("Error extracting pipeline from the {kind}. {why}"),
    )
}
