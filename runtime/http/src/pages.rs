//! The pages people see: what `ui/` was built to, as part of the program.
//!
//! Addresses within them stand behind a `#`, so the server knows one page and its files. A browser may run and show
//! nothing but what comes from here.

use std::io::Read;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use coracle_app::Workbench;
use flate2::read::GzDecoder;

/// A file of the pages.
struct Page {
    name: &'static str,
    /// Whether the content is compressed with gzip.
    is_compressed: bool,
    content: &'static [u8],
}

static PAGES: &[Page] = &include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// What the pages may do. Styles stand in elements, where the graph and its libraries put places and sizes.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
    font-src 'self'; connect-src 'self'; frame-src 'self' blob:; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// The names of built files change with their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

const WITHOUT: &str =
    "This build of Coracle has no pages. `make ui` builds them; then build the program again.\n";

pub(crate) fn routes() -> Router<Workbench> {
    Router::new()
        .route(
            "/",
            get(|headers: HeaderMap| async move { send("index.html", &headers) }),
        )
        .route(
            "/favicon.svg",
            get(|headers: HeaderMap| async move { send("favicon.svg", &headers) }),
        )
        .route(
            "/first.js",
            get(|headers: HeaderMap| async move { send("first.js", &headers) }),
        )
        .route("/assets/{file}", get(asset))
}

async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    send(&format!("assets/{file}"), &headers)
}

fn send(name: &str, asked: &HeaderMap) -> Response {
    let Some(page) = PAGES.iter().find(|page| page.name == name) else {
        return (StatusCode::NOT_FOUND, WITHOUT).into_response();
    };
    let takes_gzip = asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"));
    let mut headers = HeaderMap::new();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, content_type(name));
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    let keep = if name.starts_with("assets/") {
        FOR_EVER
    } else {
        "no-cache"
    };
    set(header::CACHE_CONTROL, keep);
    let body = if !page.is_compressed {
        Body::from(page.content)
    } else if takes_gzip {
        set(header::CONTENT_ENCODING, "gzip");
        Body::from(page.content)
    } else {
        Body::from(decompressed(page.content))
    };
    (headers, body).into_response()
}

fn decompressed(content: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(content)
        .read_to_end(&mut plain)
        .expect("the build compressed it");
    plain
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
