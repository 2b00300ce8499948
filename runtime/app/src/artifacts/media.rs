//! What kind of file something is, by its type, its name and its first bytes. Pure.

/// Bytes at the beginning of a file that are looked at.
pub(super) const HEAD: usize = 8 * 1024;

/// Of how many bytes of a text one may be no character of one.
const ODD_BYTES: usize = 20;

/// First bytes that only files of one kind have.
const MAGIC: [(&[u8], &str); 9] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"\x93NUMPY", "application/octet-stream"),
    (b"\x80\x04\x95", "application/octet-stream"),
];

/// Endings of names, with what such files are when they are texts.
const TEXT_ENDINGS: [(&str, &str); 20] = [
    ("html", HTML),
    ("htm", HTML),
    ("xhtml", "application/xhtml+xml"),
    ("svg", SVG),
    ("xml", "application/xml"),
    ("xsl", "application/xml"),
    ("md", MARKDOWN),
    ("markdown", MARKDOWN),
    ("csv", CSV),
    ("tsv", TSV),
    ("jsonl", JSON_LINES),
    ("ndjson", JSON_LINES),
    ("json", "application/json"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("txt", TEXT),
    ("log", TEXT),
    ("py", TEXT),
    ("ipynb", "application/json"),
    ("css", "text/css; charset=utf-8"),
];

/// Endings of names, with what such files are when they are not.
const BINARY_ENDINGS: [(&str, &str); 6] = [
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("ogg", "audio/ogg"),
    ("tar", "application/x-tar"),
];

pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const MARKDOWN: &str = "text/markdown; charset=utf-8";
pub(super) const CSV: &str = "text/csv; charset=utf-8";
pub(super) const TSV: &str = "text/tab-separated-values; charset=utf-8";
pub(super) const JSON_LINES: &str = "application/x-ndjson";
pub(super) const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";
const BINARY: &str = "application/octet-stream";

/// The media type of a file. The type of an artifact tells only of the artifact itself, not of files in it.
pub(super) fn media_type(schema_title: Option<&str>, name: &str, head: &[u8]) -> &'static str {
    if let Some(found) = by_bytes(head) {
        return found;
    }
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase())
        .unwrap_or_default();
    let by_ending = |known: &[(&str, &'static str)]| {
        known
            .iter()
            .find(|(name, _)| *name == ending)
            .map(|(_, media_type)| *media_type)
    };
    if !is_text(head) {
        return by_ending(&BINARY_ENDINGS).unwrap_or(BINARY);
    }
    match schema_title {
        Some("system.HTML") => HTML,
        Some("system.Markdown") => MARKDOWN,
        Some(_) | None => by_ending(&TEXT_ENDINGS).unwrap_or_else(|| by_beginning(head)),
    }
}

/// Whether a browser that shows such a file runs what is in it.
pub(super) fn is_active(media_type: &str) -> bool {
    media_type == HTML || media_type == SVG || media_type.ends_with("xml")
}

/// Whether bytes are a text: UTF-8 but for a few bytes, and no zero among them.
pub(super) fn is_text(head: &[u8]) -> bool {
    if head.contains(&0) {
        return false;
    }
    let odd: usize = head
        .utf8_chunks()
        .map(|chunk| {
            let control = |c: &char| c.is_control() && !"\t\n\r\x0b\x0c\x1b".contains(*c);
            chunk.invalid().len() + chunk.valid().chars().filter(control).count()
        })
        .sum();
    odd * ODD_BYTES <= head.len()
}

fn by_bytes(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    MAGIC
        .iter()
        .find(|(bytes, _)| head.starts_with(bytes))
        .map(|(_, media_type)| *media_type)
}

fn by_beginning(head: &[u8]) -> &'static str {
    let beginning = head.trim_ascii_start();
    let begins = |word: &str| {
        beginning
            .get(..word.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
    };
    if begins("<!doctype html") || begins("<html") {
        HTML
    } else if begins("<svg") {
        SVG
    } else {
        TEXT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        let check = |title: Option<&str>, name: &str, head: &[u8], expected: &str| {
            assert_eq!(media_type(title, name, head), expected, "{name} {head:?}");
        };
        check(None, "data", b"a,b\n1,2\n", TEXT);
        check(None, "data.CSV", b"a,b\n1,2\n", CSV);
        check(
            Some("system.Dataset"),
            "notes.md",
            b"# Title \xc3\xa4",
            MARKDOWN,
        );
        check(Some("system.HTML"), "page", b"<p>", HTML);
        check(None, "page", b" <!DOCTYPE html>", HTML);
        check(None, "drawing", b"<svg xmlns=", SVG);
        check(None, "x.html", b"\x89PNG\r\n\x1a\nrest", "image/png");
        check(Some("system.HTML"), "page", b"\x00\x01", BINARY);
        check(None, "clip.mp4", b"\x00\x00\x00\x18ftyp", "video/mp4");
        check(None, "empty", b"", TEXT);
    }

    #[test]
    fn what_could_run_is_known() {
        for media_type in [HTML, SVG, "application/xhtml+xml", "application/xml"] {
            assert!(is_active(media_type), "{media_type}");
        }
        for (_, media_type) in TEXT_ENDINGS.iter().chain(&BINARY_ENDINGS).chain(
            MAGIC
                .map(|(_, media_type)| ("", media_type))
                .iter()
                .as_slice(),
        ) {
            let runs = ["html", "svg", "xml"]
                .iter()
                .any(|word| media_type.contains(word));
            assert_eq!(is_active(media_type), runs, "{media_type}");
        }
    }

    #[test]
    fn a_text_may_have_a_few_odd_bytes() {
        assert!(is_text("Grüße\n\x1b[1mbold".as_bytes()));
        assert!(is_text(
            &[b"mostly latin text, which is old: ".as_slice(), b"\xfc"].concat()
        ));
        assert!(!is_text(&[0xff, 0xfe, 0x41, 0x42]));
        assert!(!is_text(b"text\0with a zero"));
    }
}
