//! Whether the server is there, and who may do what: everybody everything.

use axum::Json;
use coracle_app::VERSION;
use serde::Serialize;

use super::fault::Fault;
use super::query::Query;
use super::write::Empty;

/// The answer to `healthz`, in which nothing is left out.
#[derive(Serialize)]
pub(super) struct Health {
    commit_sha: &'static str,
    tag_name: &'static str,
    multi_user: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pipeline_store: Option<&'static str>,
}

pub(super) async fn health() -> Json<Health> {
    Json(Health {
        commit_sha: "unknown",
        tag_name: VERSION,
        multi_user: false,
        pipeline_store: Some("database"),
    })
}

/// The same for clients of the API before this one.
pub(super) async fn health_v1() -> Json<Health> {
    let Json(health) = health().await;
    Json(Health {
        pipeline_store: None,
        ..health
    })
}

/// Asked by TensorBoard viewers and the like. There is one user, so all that is asked is checked for its form.
pub(super) async fn authorize(query: Query) -> Result<Empty, Fault> {
    let refused =
        |problem: &str| Err(Fault::invalid(problem).wrap("Authorize request is not valid"));
    query.constant("resources", &["UNASSIGNED_RESOURCES", "VIEWERS"])?;
    query.constant("verb", &["UNASSIGNED_VERB", "CREATE", "GET", "DELETE"])?;
    if query.text("namespace")?.is_empty() {
        return refused("Namespace is empty. Please specify a valid namespace");
    }
    if matches!(
        query.text("resources")?.as_str(),
        "" | "UNASSIGNED_RESOURCES" | "0"
    ) {
        return refused("Resources not specified. Please specify a valid resources");
    }
    if matches!(query.text("verb")?.as_str(), "" | "UNASSIGNED_VERB" | "0") {
        return refused("Verb not specified. Please specify a valid verb");
    }
    Ok(Empty)
}
