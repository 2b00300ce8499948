//! The API as an OpenAPI document, made of the routes and the types that they take and give.
//!
//! `docs/openapi.json` holds it as it is now, so that a change of the API is seen as one. What reads it may rely on
//! it: clients' types are made from it.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use coracle_app::view::{DefinitionFormat, ErrorBody, LineageDirection, LogFormat};
use utoipa::OpenApi;
use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};

use super::routes;

/// What every operation has in common.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Coracle",
        version = "1",
        description = "The workbench's own API. Every answer that is no success has an `ErrorBody`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    // What stands in no body is not found by itself.
    components(schemas(DefinitionFormat, ErrorBody, LineageDirection, LogFormat))
)]
struct Common;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let json = document().to_pretty_json();
    json.expect("the document holds only what JSON can say") + "\n"
});

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "get_openapi",
    tag = "workbench",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json"))
)]
pub(super) async fn openapi() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (headers, DOCUMENT.as_str())
}

fn document() -> utoipa::openapi::OpenApi {
    let mut document = Common::openapi();
    document.merge(routes::all().into_openapi());
    let refusal = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ErrorBody")))
        .build();
    let refusal = ResponseBuilder::new()
        .description("A refusal")
        .content("application/json", refusal)
        .build();
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            responses.insert("default".to_owned(), refusal.clone().into());
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use coracle_app::view::API_ROOT;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    /// `GET /path`, for each operation of the document.
    fn operations() -> BTreeMap<String, Option<String>> {
        let document = document();
        let mut found = BTreeMap::new();
        for (path, item) in document.paths.paths {
            for (method, operation) in [
                ("GET", item.get),
                ("PUT", item.put),
                ("POST", item.post),
                ("DELETE", item.delete),
            ] {
                if let Some(operation) = operation {
                    found.insert(format!("{method} {path}"), operation.operation_id);
                }
            }
        }
        found
    }

    #[test]
    fn the_file_is_what_the_code_gives() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        #[expect(
            clippy::disallowed_methods,
            reason = "asks for the file to be written anew"
        )]
        if std::env::var("UPDATE").is_ok() {
            fs_err::write(&path, DOCUMENT.as_str()).unwrap();
        }
        let kept = fs_err::read_to_string(path).unwrap_or_default();
        assert!(
            kept == *DOCUMENT,
            "docs/openapi.json is not what the code gives; write it anew with `UPDATE=1` and read the difference"
        );
    }

    #[test]
    fn the_table_in_the_description_has_every_operation() {
        let described: BTreeSet<String> = include_str!("mod.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! ")?.split_once(" /"))
            .filter(|(method, _)| method.trim_end().chars().all(|c| c.is_ascii_uppercase()))
            .map(|(method, rest)| {
                let path = rest.split([' ', '?']).next().unwrap_or_default();
                format!("{} {API_ROOT}/{path}", method.trim_end())
            })
            .collect();
        let operations: BTreeSet<String> = operations().into_keys().collect();
        assert_eq!(described, operations);
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        let text = DOCUMENT.as_str();
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        let schemas = &document["components"]["schemas"];
        for rest in text.split("\"#/components/schemas/").skip(1) {
            let name = rest.split('"').next().unwrap();
            assert!(!schemas[name].is_null(), "{name}");
        }
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let operations = operations();
        let names: BTreeSet<_> = operations.values().flatten().collect();
        assert_eq!(names.len(), operations.len());
    }
}
