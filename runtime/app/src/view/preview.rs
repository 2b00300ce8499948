//! What to show of an artifact.

use std::collections::BTreeMap;

use coracle_model::{ArtifactId, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{API_ROOT, ArtifactFiles};

/// `GET /artifacts/{id}/preview`: what to show of an artifact, or of a file in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ArtifactPreview {
    /// A text.
    Text {
        /// Its first 64 KiB; what is not UTF-8 is replaced.
        text: String,
        /// Whether there is more.
        truncated: bool,
        /// Its media type.
        media_type: String,
    },
    /// A table: CSV, TSV, or a JSON object on each line.
    Table {
        /// The columns' names; counted from 1 where the table has none.
        columns: Vec<String>,
        /// The first 100 rows, with a cell for each column; null where there is none.
        rows: Vec<Vec<Value>>,
        /// Whether there is more.
        truncated: bool,
    },
    /// A picture.
    Image {
        /// Where its bytes are.
        url: String,
        /// Its media type.
        media_type: String,
        /// Its width in pixels, where its first bytes tell.
        width: Option<u32>,
        /// Its height in pixels, where its first bytes tell.
        height: Option<u32>,
    },
    /// A page, which is sent so that its scripts reach neither the workbench nor the network.
    Html {
        /// Where the page is, to be shown in a frame.
        url: String,
    },
    /// A text in Markdown.
    Markdown {
        /// Its first 64 KiB.
        text: String,
        /// Whether there is more.
        truncated: bool,
    },
    /// Metrics, which stand in the artifact's metadata.
    Metrics {
        /// Which: `system.Metrics`, `system.ClassificationMetrics` or `system.SlicedClassificationMetrics`.
        schema_title: String,
        /// What its maker said.
        metadata: BTreeMap<String, Value>,
    },
    /// A folder.
    Folder {
        /// Its first 1000 files.
        listing: ArtifactFiles,
    },
    /// Anything else.
    Binary {
        /// Where its bytes are.
        url: String,
        /// Its media type.
        media_type: String,
        /// Bytes in it.
        size_bytes: u64,
    },
}

/// Where the bytes of an artifact, or of a file in it, are asked for.
pub fn content_url(id: ArtifactId, path: &str) -> String {
    let content = format!("{API_ROOT}/artifacts/{id}/content");
    if path.is_empty() {
        return content;
    }
    path.bytes()
        .fold(format!("{content}?path="), |mut url, byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
                url.push(char::from(byte));
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
            url
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped() {
        let url = |path: &str| content_url(ArtifactId(7), path);
        assert_eq!(url(""), "/apis/coracle/v1/artifacts/7/content");
        assert_eq!(
            url("a b/ü&c.txt"),
            "/apis/coracle/v1/artifacts/7/content?path=a%20b/%C3%BC%26c.txt"
        );
    }
}
