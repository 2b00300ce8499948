//! The bytes of artifacts.
//!
//! A step may write a page with scripts in it, and the user looks at it where the workbench itself is shown. Such
//! a page is sent so that a browser gives it an origin of its own and lets nothing out of it.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use coracle_app::view::{ContentQuery, ErrorBody};
use coracle_app::{ArchiveContent, ByteStream, Content, FileContent, Workbench};
use futures_util::{StreamExt, TryStreamExt};

use super::artifacts::number;
use super::range::{Wanted, wanted};
use crate::body::Asked;
use crate::error::Refusal;

/// Scripts run, in a place where they reach neither the workbench nor the network.
const SANDBOX: &str = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; \
    style-src 'unsafe-inline' data:; img-src data: blob:; font-src data:; media-src data: blob:; worker-src blob:; \
    base-uri 'none'; form-action 'none'";

/// The bytes of an artifact or of a file in it; a folder as a tar archive.
#[utoipa::path(
    get,
    path = "/artifacts/{id}/content",
    operation_id = "get_artifact_content",
    tag = "artifacts",
    params(("id" = i64, Path, description = "The artifact's number"), ("Range" = Option<String>, Header, description = "A part of the file: `bytes=0-99`"), ContentQuery),
    responses((status = 200, description = "All of it", content_type = "application/octet-stream"), (status = 206, description = "The part that was asked for", content_type = "application/octet-stream"), (status = 416, description = "The part begins after the end of the file", body = ErrorBody))
)]
pub(super) async fn content(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Asked(query): Asked<ContentQuery>,
) -> Result<Response, Refusal> {
    let download = query.download;
    let content = workbench.artifact_content(number(&id)?, query).await?;
    Ok(send(&workbench, content, &headers, download))
}

/// A file, or the part of it that was asked for, or a folder's archive.
pub(super) fn send(
    workbench: &Workbench,
    content: Content,
    headers: &HeaderMap,
    download: bool,
) -> Response {
    match content {
        Content::File(file) => send_file(workbench, file, headers, download),
        Content::Archive(archive) => send_archive(workbench, archive),
    }
}

fn send_file(
    workbench: &Workbench,
    file: FileContent,
    headers: &HeaderMap,
    download: bool,
) -> Response {
    let size = file.size;
    let (status, start, length) = match wanted(headers, size) {
        Wanted::Whole => (StatusCode::OK, 0, size),
        Wanted::Part { start, length } => (StatusCode::PARTIAL_CONTENT, start, length),
        Wanted::Beyond => return beyond(size),
    };
    let mut described = about(file.media_type, &file.name, download);
    described.insert(header::ACCEPT_RANGES, value("bytes"));
    described.insert(header::CONTENT_LENGTH, length.into());
    if file.active {
        described.insert(header::CONTENT_SECURITY_POLICY, value(SANDBOX));
    }
    if status == StatusCode::PARTIAL_CONTENT {
        let end = start + length - 1;
        let place = format!("bytes {start}-{end}/{size}");
        described.insert(header::CONTENT_RANGE, value(&place));
    }
    let body = body(workbench, file.part(start, length));
    (status, described, body).into_response()
}

fn send_archive(workbench: &Workbench, archive: ArchiveContent) -> Response {
    let described = about("application/x-tar", &archive.name, true);
    (described, body(workbench, archive.bytes)).into_response()
}

fn body(workbench: &Workbench, bytes: ByteStream) -> Body {
    let stopping = workbench.stopping().clone().cancelled_owned();
    // The answer is under way: all that can be done is to break it off, which the reader notices.
    let bytes = bytes
        .inspect_err(|error| tracing::warn!(%error, "an artifact could not be sent to its end"));
    Body::from_stream(bytes.take_until(stopping))
}

fn about(media_type: &str, name: &str, download: bool) -> HeaderMap {
    let headers: [(HeaderName, String); 3] = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, disposition(name, download)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    headers
        .into_iter()
        .map(|(name, text)| (name, value(&text)))
        .collect()
}

/// How a file is to be treated, and its name: in plain letters, and in full for those who can read that.
fn disposition(name: &str, download: bool) -> String {
    let kind = if download { "attachment" } else { "inline" };
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && !"\"\\%".contains(c) || c == ' ' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if plain == name {
        return format!("{kind}; filename=\"{plain}\"");
    }
    let full: String = name
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

fn beyond(size: u64) -> Response {
    let mut response = Refusal::range(size).into_response();
    let place = value(&format!("bytes */{size}"));
    response.headers_mut().insert(header::CONTENT_RANGE, place);
    response
}

fn value(text: &str) -> header::HeaderValue {
    text.parse().expect("headers are made of plain letters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_to_old_and_new_browsers() {
        assert_eq!(
            disposition("a b.csv", true),
            "attachment; filename=\"a b.csv\""
        );
        assert_eq!(
            disposition("Gr\u{fc}\u{df}e\"\r\n.txt", false),
            "inline; filename=\"Gr__e___.txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%22%0D%0A.txt"
        );
    }
}
