//! A file's bytes to the text of a definition: which format it is, archives unpacked in memory, sizes bounded.
//!
//! The name's ending decides first and the leading bytes after it, as on a cluster. Nothing is written to disk.

use coracle_model::{Diagnostic, Span};

use super::archive;
use super::problems::Problems;

/// The most bytes a definition may have, packed or unpacked; the limit of the KFP API server.
pub const MAX_BYTES: usize = 32 << 20;

/// The text of the definition in a file. An archive that would do harm elsewhere is a problem, but can be read.
pub(super) fn text(
    bytes: &[u8],
    file_name: &str,
    problems: &Problems,
) -> Result<String, Diagnostic> {
    if bytes.len() > MAX_BYTES {
        return Err(too_large());
    }
    if bytes.is_empty() {
        return Err(empty());
    }
    let inner = match format(bytes, file_name)? {
        Format::Text => return decode(bytes),
        Format::Zip => archive::from_zip(bytes, problems)?,
        Format::TarGz => archive::from_tar_gz(bytes, problems)?,
    };
    if inner.is_empty() {
        Err(empty())
    } else {
        decode(&inner)
    }
}

/// Why a file is refused for its size.
pub(super) fn too_large() -> Diagnostic {
    Diagnostic::error(
        "file-too-large",
        format!("the definition is larger than {} MiB", MAX_BYTES >> 20),
    )
    .with_help(
        "a definition holds no data: pass large values as artifacts, or install code as a package",
    )
}

/// Whether a name is that of a YAML file.
pub(super) fn is_yaml_name(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

enum Format {
    Text,
    Zip,
    TarGz,
}

fn format(bytes: &[u8], file_name: &str) -> Result<Format, Diagnostic> {
    let archive = archive_format(bytes);
    if is_yaml_name(file_name) || file_name.ends_with(".json") {
        return match archive {
            None => Ok(Format::Text),
            Some((_, ending)) => Err(Diagnostic::error(
                "wrong-ending",
                format!("`{file_name}` holds an archive, but its name says text"),
            )
            .with_help(format!("rename the file so that it ends in `{ending}`"))),
        };
    }
    archive.map(|(format, _)| format).ok_or_else(|| {
        Diagnostic::error(
            "unknown-format",
            "Unexpected pipeline file format. Support .zip, .tar.gz, .json or YAML",
        )
        .with_help(format!(
            "`{file_name}` should be what `kfp dsl compile --output pipeline.yaml` writes"
        ))
    })
}

fn archive_format(bytes: &[u8]) -> Option<(Format, &'static str)> {
    match bytes {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Some((Format::Zip, ".zip")),
        [0x1f, 0x8b, ..] => Some((Format::TarGz, ".tar.gz")),
        _ => None,
    }
}

fn decode(bytes: &[u8]) -> Result<String, Diagnostic> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()),
        Err(error) => Err(not_utf8(bytes, error.valid_up_to())),
    }
}

fn not_utf8(bytes: &[u8], valid: usize) -> Diagnostic {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let help = if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        "the file is UTF-16; save it as UTF-8"
    } else {
        "save the file as UTF-8, or check that it is a pipeline at all"
    };
    Diagnostic::error(
        "not-utf8",
        format!("the text is not UTF-8: byte {valid} makes no character"),
    )
    .at(Some(Span { line, column }))
    .with_help(help)
}

fn empty() -> Diagnostic {
    Diagnostic::error("empty-file", "the file is empty").with_help("compile the pipeline again")
}
