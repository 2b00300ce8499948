//! What somebody may do: everything, for whoever is let in at the door may.

use axum::http::StatusCode;
use axum::response::Response;
use coracle_apiserver::ApiServer;
use coracle_objects::decode::Body;
use coracle_objects::{ObjectExt as _, Resource};
use serde_json::json;

use super::answer::Refused;
use super::objects::Asked;

/// Whether objects of a resource are questions, which are answered and not stored.
pub(super) fn is_one(resource: &Resource) -> bool {
    resource.group == "authorization.k8s.io"
}

/// Answers a review of what its sender may do.
pub(super) fn answer(api: &ApiServer, asked: &Asked, body: Body<'_>) -> Result<Response, Refused> {
    let options = asked
        .query
        .write_options("CreateOptions", asked.user_agent.as_deref())?;
    let resource = asked.target.resource;
    let mut review = api.read(&asked.place(), body, &options)?;
    let status = match resource.kind {
        "SelfSubjectAccessReview" => json!({ "allowed": true }),
        _ => {
            let all = json!(["*"]);
            json!({
                "resourceRules": [{ "verbs": all, "apiGroups": all, "resources": all }],
                "nonResourceRules": [{ "verbs": all, "nonResourceURLs": all }],
                "incomplete": false,
            })
        }
    };
    review.insert("status".to_owned(), status);
    review.metadata_mut();
    Ok(asked.shape.one(StatusCode::CREATED, &review, resource))
}
