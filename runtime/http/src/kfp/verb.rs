//! The last part of a path: an id, or an id with a verb behind a colon.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::fault::Fault;

/// The id at the end of a path; empty when the path ends in a slash.
pub(super) struct Target(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Target {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(id)| id).unwrap_or_default()))
    }
}

/// The id and the verb of `{id}:{verb}`.
///
/// # Errors
/// When there is no verb, and when there is no id before it.
pub(super) fn verb(target: &str) -> Result<(&str, &str), Fault> {
    match target.rsplit_once(':') {
        None => Err(Fault::no_method()),
        Some(("", _)) => Err(Fault::no_path()),
        Some(parts) => Ok(parts),
    }
}
