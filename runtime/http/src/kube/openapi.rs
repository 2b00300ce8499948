//! The types of the kinds as OpenAPI 3 documents, one a group and version: kubectl checks and explains with them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use coracle_apiserver::ApiServer;
use coracle_objects::schema;
use coracle_objects::{GroupVersion, kind};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::answer::json_answer;
use super::server;

/// How kubectl asks for the older form.
const PROTOBUF_V2: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

/// How it is answered: the name above is none that a header may have.
const ANSWERED_V2: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// The documents that were asked for so far: each takes some milliseconds to write.
#[derive(Debug, Clone, Default)]
pub(super) struct Documents {
    written: Arc<Mutex<BTreeMap<GroupVersion, Arc<Document>>>>,
}

#[derive(Debug)]
struct Document {
    body: Value,
    /// Changes with the document: clients keep it under this name.
    hash: String,
}

impl Documents {
    /// `/openapi/v3`: where each document is.
    pub(super) fn index(&self, api: &ApiServer) -> Response {
        let mut paths = Map::new();
        for served in kind::group_versions() {
            let path = path_of(served);
            let url = format!("/openapi/v3/{path}?hash={}", self.of(api, served).hash);
            paths.insert(path, json!({ "serverRelativeURL": url }));
        }
        json_answer(StatusCode::OK, &json!({ "paths": paths }))
    }

    /// `/openapi/v3/apis/batch/v1`: one of them.
    pub(super) fn one(&self, api: &ApiServer, path: &str) -> Response {
        let served = kind::group_versions()
            .into_iter()
            .find(|served| path_of(*served) == path.trim_matches('/'));
        match served {
            Some(served) => json_answer(StatusCode::OK, &self.of(api, served).body),
            None => server::no_path(),
        }
    }

    fn of(&self, api: &ApiServer, served: GroupVersion) -> Arc<Document> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let document = written
            .entry(served)
            .or_insert_with(|| Arc::new(Document::write(api, served)));
        Arc::clone(document)
    }
}

impl Document {
    fn write(api: &ApiServer, served: GroupVersion) -> Self {
        let types: Vec<_> = kind::resources()
            .iter()
            .copied()
            .filter(|resource| resource.is_served(served.group, served.version))
            .map(|resource| (resource, api.object_type(resource, served.version)))
            .collect();
        let types: Vec<_> = types
            .iter()
            .map(|(resource, object_type)| (*resource, &**object_type))
            .collect();
        let body = schema::document(&types);
        let hash = hex::encode_upper(Sha256::digest(body.to_string()));
        Self { body, hash }
    }
}

/// The path of a document below `/openapi/v3`.
fn path_of(served: GroupVersion) -> String {
    if served.group.is_empty() {
        format!("api/{}", served.version)
    } else {
        format!("apis/{served}")
    }
}

/// `/openapi/v2`: the older form, which describes nothing here: a client that asks for it checks nothing by itself.
pub(super) fn older(headers: &HeaderMap) -> Response {
    const TITLE: &str = "Coracle";
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    if !accept.contains(PROTOBUF_V2) {
        let info = json!({ "title": TITLE, "version": env!("CARGO_PKG_VERSION") });
        let body = json!({ "swagger": "2.0", "info": info, "paths": {}, "definitions": {} });
        return json_answer(StatusCode::OK, &body);
    }
    // Document { 1: swagger, 2: info { 1: title, 2: version } }, each a field of bytes with its length before it.
    let field = |number: u8, bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).expect("these texts are short");
        [&[number << 3 | 2, length], bytes].concat()
    };
    let info = [
        field(1, TITLE.as_bytes()),
        field(2, env!("CARGO_PKG_VERSION").as_bytes()),
    ];
    let document = [field(1, b"2.0"), field(2, &info.concat())].concat();
    let kind = [(header::CONTENT_TYPE, ANSWERED_V2)];
    (StatusCode::OK, kind, document).into_response()
}
