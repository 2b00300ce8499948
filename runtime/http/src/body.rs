//! Bodies and queries of requests, refused in the form of every other refusal.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use coracle_app::view::ErrorCode;
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;

use crate::error::Refusal;

/// A JSON body.
pub(crate) struct Sent<T>(pub(crate) T);

/// The bytes of a table: more than other bodies may have.
pub(crate) struct SentTable(pub(crate) Bytes);

/// The largest table: some million rows of some ten numbers.
const LARGEST_TABLE: usize = 64 << 20;

/// A query.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        // A page of another site can send a form unasked, but not this.
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        if kind.split(';').next().map(str::trim) != Some("application/json") {
            return Err(Refusal::request(
                "the body is not JSON",
                "send it with `Content-Type: application/json`",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| {
                if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    too_large("send a smaller file")
                } else {
                    ended_early()
                }
            })?;
        let read = serde_json::from_slice(&bytes);
        read.map(Self).map_err(|error| {
            Refusal::request(
                format!("the body cannot be read: {error}"),
                "see the documentation of this route",
            )
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for SentTable {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let read = to_bytes(request.into_body(), LARGEST_TABLE).await;
        read.map(Self).map_err(|error| {
            if error.into_inner().is::<LengthLimitError>() {
                too_large("send a part of it: some ten thousand rows tell as much")
            } else {
                ended_early()
            }
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let read = Query::try_from_uri(&parts.uri);
        read.map(|Query(query)| Self(query)).map_err(|rejection| {
            Refusal::request(
                format!("the query cannot be read: {}", rejection.body_text()),
                "see the documentation of this route",
            )
        })
    }
}

fn too_large(hint: &str) -> Refusal {
    Refusal::new(
        ErrorCode::TooLarge,
        "the body is larger than is taken",
        hint,
    )
}

fn ended_early() -> Refusal {
    Refusal::request("the body ended too early", "send it again")
}
