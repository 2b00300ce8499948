//! How answers are written: fields with nothing in them are left out, times are whole seconds.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use coracle_model::Timestamp;
use serde::Serialize;

/// A message as JSON.
pub(super) struct Message<T>(pub(super) T);

/// A message without fields.
pub(super) struct Empty;

impl<T: Serialize> IntoResponse for Message<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl IntoResponse for Empty {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], "{}").into_response()
    }
}

/// A time, in whole seconds.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time that may not have come yet, which is written as the beginning of 1970.
pub(super) fn time_or_epoch(at: Option<Timestamp>) -> String {
    time(at.unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Whether a field has nothing in it.
pub(super) trait IsEmpty {
    fn is_empty(&self) -> bool;
}

/// For `skip_serializing_if`.
pub(super) fn is_empty<T: IsEmpty>(value: &T) -> bool {
    value.is_empty()
}

impl IsEmpty for String {
    fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }
}

impl IsEmpty for bool {
    fn is_empty(&self) -> bool {
        !self
    }
}

impl IsEmpty for u64 {
    fn is_empty(&self) -> bool {
        *self == 0
    }
}

impl<T> IsEmpty for Vec<T> {
    fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

impl<T> IsEmpty for Option<T> {
    fn is_empty(&self) -> bool {
        self.is_none()
    }
}

impl<K, V> IsEmpty for std::collections::BTreeMap<K, V> {
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
