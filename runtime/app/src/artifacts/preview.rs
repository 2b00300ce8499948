//! What to show of an artifact without loading all of it.
//!
//! ```text
//! artifact ──► metrics? its metadata
//!          └─► opened ──► folder: its files
//!                     └─► file ──► first bytes ──► media type ──► picture, page, table, text, or none of them
//! ```

use std::io::{self, Read};

use coracle_model::{Artifact, ArtifactId};
use coracle_store::Home;

use super::files::list;
use super::list::stored;
use super::media::{self, CSV, HEAD, HTML, JSON_LINES, MARKDOWN, TSV};
use super::picture::dimensions;
use super::place::{Below, OpenFile, Opened, Place, unreadable};
use super::rows::{self, Form};
use crate::error::AppError;
use crate::view::{ArtifactPreview, PathQuery, content_url};
use crate::workbench::Workbench;

/// Bytes of a text that are shown.
const TEXT_BYTES: usize = 64 * 1024;

/// Bytes of a table that are read for its first rows, and of a picture for its size.
const READ_BYTES: u64 = 1024 * 1024;

/// Files of a folder that are shown.
const FILES: usize = 1000;

impl Workbench {
    /// What to show of an artifact, or of a file in it.
    ///
    /// # Errors
    /// When there is no such artifact or file, and a path that leads out of the artifact.
    pub async fn artifact_preview(
        &self,
        id: ArtifactId,
        query: PathQuery,
    ) -> Result<ArtifactPreview, AppError> {
        let home = self.home().clone();
        self.ask_store(move |store| {
            let below = Below::read(query.path.as_deref())?;
            preview(&home, id, &stored(store, id)?.artifact, &below)
        })
        .await
    }
}

fn preview(
    home: &Home,
    id: ArtifactId,
    artifact: &Artifact,
    below: &Below,
) -> Result<ArtifactPreview, AppError> {
    let title = artifact.artifact_type.schema_title.as_str();
    // What metrics say stands in their metadata; their file is empty as a rule.
    if below.is_all() && is_metrics(title) {
        return Ok(ArtifactPreview::Metrics {
            schema_title: title.to_owned(),
            metadata: artifact.metadata.clone(),
        });
    }
    let place = Place::of(home, artifact)?;
    match place.open(below)? {
        Opened::Folder(folder) => Ok(ArtifactPreview::Folder {
            listing: list(&place, &folder, below, FILES)?.into(),
        }),
        Opened::File(file) => {
            let title = below.is_all().then_some(title);
            let path = below.as_path().to_str().unwrap_or_default();
            let (name, size) = (file.name.clone(), file.size);
            let beginning = read(file).map_err(|error| unreadable(below.as_path(), error))?;
            Ok(show(title, &name, size, &beginning, content_url(id, path)))
        }
    }
}

fn is_metrics(schema_title: &str) -> bool {
    [
        "system.Metrics",
        "system.ClassificationMetrics",
        "system.SlicedClassificationMetrics",
    ]
    .contains(&schema_title)
}

fn read(file: OpenFile) -> io::Result<Vec<u8>> {
    let mut beginning = Vec::new();
    file.file.take(READ_BYTES).read_to_end(&mut beginning)?;
    Ok(beginning)
}

/// What to show of a file, by its beginning. Pure.
fn show(
    title: Option<&str>,
    name: &str,
    size: u64,
    beginning: &[u8],
    url: String,
) -> ArtifactPreview {
    let head = &beginning[..beginning.len().min(HEAD)];
    let media_type = media::media_type(title, name, head).to_owned();
    if media_type.starts_with("image/") {
        let (width, height) = dimensions(beginning).unzip();
        return ArtifactPreview::Image {
            url,
            media_type,
            width,
            height,
        };
    }
    if !media::is_text(head) || media_type == "application/pdf" {
        return ArtifactPreview::Binary {
            url,
            media_type,
            size_bytes: size,
        };
    }
    let cut = (beginning.len() as u64) < size;
    if let Some(table) = table(title, &media_type, beginning, cut) {
        return table;
    }
    let (text, truncated) = text(beginning, cut);
    match media_type.as_str() {
        HTML => ArtifactPreview::Html { url },
        MARKDOWN => ArtifactPreview::Markdown { text, truncated },
        _ => ArtifactPreview::Text {
            text,
            truncated,
            media_type,
        },
    }
}

fn table(
    title: Option<&str>,
    media_type: &str,
    beginning: &[u8],
    cut: bool,
) -> Option<ArtifactPreview> {
    let text = String::from_utf8_lossy(beginning);
    let form = match media_type {
        CSV => Form::Separated(','),
        TSV => Form::Separated('\t'),
        JSON_LINES => Form::JsonLines,
        // KFP names a dataset's file after the output, without an ending.
        _ if title == Some("system.Dataset") => rows::guess(&text)?,
        _ => return None,
    };
    let rows = rows::read(form, &text, cut)?;
    Some(ArtifactPreview::Table {
        columns: rows.columns,
        rows: rows.rows,
        truncated: rows.truncated,
    })
}

/// The beginning of a text, cut between two characters, and whether there is more.
fn text(beginning: &[u8], cut: bool) -> (String, bool) {
    let shown = &beginning[..beginning.len().min(TEXT_BYTES)];
    let truncated = cut || shown.len() < beginning.len();
    let whole = match std::str::from_utf8(shown) {
        // The last character was cut in two.
        Err(error) if truncated && error.error_len().is_none() => &shown[..error.valid_up_to()],
        Ok(_) | Err(_) => shown,
    };
    (String::from_utf8_lossy(whole).into_owned(), truncated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(title: &str, name: &str, bytes: &[u8]) -> serde_json::Value {
        let size = bytes.len() as u64;
        serde_json::to_value(show(Some(title), name, size, bytes, "URL".to_owned())).unwrap()
    }

    #[test]
    fn each_kind_is_shown_in_its_own_way() {
        let kind = |title: &str, name: &str, bytes: &[u8]| {
            shown(title, name, bytes)["type"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(kind("system.HTML", "page", b"<p>hi"), "html");
        assert_eq!(kind("system.Markdown", "notes", b"# hi"), "markdown");
        assert_eq!(kind("system.Dataset", "data", b"a,b\n1,2\n"), "table");
        assert_eq!(kind("system.Artifact", "data", b"a,b\n1,2\n"), "text");
        assert_eq!(kind("system.Artifact", "data.tsv", b"a\tb\n"), "table");
        assert_eq!(kind("system.Artifact", "broken.jsonl", b"{\n"), "text");
        assert_eq!(kind("system.Model", "model", b"\x80\x04\x95\x00"), "binary");
        assert_eq!(kind("system.Artifact", "paper", b"%PDF-1.7"), "binary");
        assert_eq!(kind("system.Artifact", "log.txt", b""), "text");
        assert_eq!(kind("system.Artifact", "x.svg", b"<svg>"), "image");
    }

    #[test]
    fn a_picture_tells_its_size() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0";
        let expected = serde_json::json!({
            "type": "image", "url": "URL", "media_type": "image/png", "width": 640, "height": 480
        });
        assert_eq!(shown("system.Artifact", "plot", png), expected);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "ä".repeat(TEXT_BYTES);
        // One byte before puts a character across the bound.
        let (text, truncated) = text(format!("x{long}").as_bytes(), false);
        assert!(truncated && !text.contains('\u{fffd}'));
        assert_eq!(text.len(), TEXT_BYTES - 1);
    }

    #[test]
    fn odd_bytes_are_replaced() {
        let (text, truncated) = text(b"a\xff\xc3", false);
        assert_eq!((text.as_str(), truncated), ("a\u{fffd}\u{fffd}", false));
    }
}
