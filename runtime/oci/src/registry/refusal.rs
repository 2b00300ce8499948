//! What an answer other than the one that was hoped for means.

use std::time::Duration;

use serde::Deserialize;
use ureq::Body;
use ureq::http::{Response, StatusCode, header};

use super::request::Registry;
use crate::error::PushError;

/// The most that is read of a refusal, in bytes, and the most that is told of it, in characters.
const LONGEST_REFUSAL: u64 = 16 << 10;
const LONGEST_TOLD: usize = 300;

/// The word of registries that make no repositories by themselves.
const NAME_UNKNOWN: &str = "NAME_UNKNOWN";

/// What a registry says beside the status.
#[derive(Deserialize)]
struct Said {
    errors: Vec<SaidOne>,
}

#[derive(Deserialize)]
struct SaidOne {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Registry<'_> {
    /// What a refusal means. `action` is what was asked for: `take a piece of sha256:…`.
    pub(super) fn refusal(&self, action: &str, answer: Response<Body>) -> PushError {
        let status = answer.status();
        let text = answer
            .into_body()
            .with_config()
            .limit(LONGEST_REFUSAL)
            .read_to_string()
            .unwrap_or_default();
        let (code, detail) = told(&text);
        let (registry, repository) = (
            self.destination.registry().to_owned(),
            self.destination.repository().to_owned(),
        );
        let who = || self.who();
        match status {
            StatusCode::UNAUTHORIZED => PushError::Unauthorized {
                registry,
                repository,
                who: who(),
                detail,
            },
            StatusCode::FORBIDDEN => PushError::Denied {
                registry,
                repository,
                who: who(),
                detail,
            },
            StatusCode::TOO_MANY_REQUESTS => PushError::TooManyRequests { registry, detail },
            StatusCode::NOT_FOUND if code == NAME_UNKNOWN => PushError::NoRepository {
                registry,
                repository,
                detail,
            },
            status => PushError::Unexpected {
                registry,
                action: action.to_owned(),
                status: status.to_string(),
                detail,
            },
        }
    }
}

/// The first code of a refusal, and what it says after a colon.
fn told(text: &str) -> (String, String) {
    let said = serde_json::from_str::<Said>(text).ok();
    let first = said.and_then(|said| said.errors.into_iter().next());
    let (code, message) = match first {
        Some(SaidOne { code, message }) => (code, message),
        None => (String::new(), text.trim().to_owned()),
    };
    let parts: Vec<_> = [code.as_str(), message.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let told: String = parts.join(": ").chars().take(LONGEST_TOLD).collect();
    let detail = match told.is_empty() {
        true => told,
        false => format!(": {told}"),
    };
    (code, detail)
}

/// Whether the same request may be taken later.
pub(super) fn may_pass(status: StatusCode) -> bool {
    let is_overload =
        status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT;
    let is_for_good = status == StatusCode::NOT_IMPLEMENTED
        || status == StatusCode::HTTP_VERSION_NOT_SUPPORTED
        || status == StatusCode::INSUFFICIENT_STORAGE;
    is_overload || (status.is_server_error() && !is_for_good)
}

/// In how long the registry wants to be asked again: seconds. A date, which it may write too, needs a clock, and is passed over.
pub(super) fn retry_after(answer: &Response<Body>) -> Option<Duration> {
    let text = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_registries_say_is_told_in_short() {
        let text = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry","detail":{"name":"a"}}]}"#;
        let expected = (
            "NAME_UNKNOWN".to_owned(),
            ": NAME_UNKNOWN: repository name not known to registry".to_owned(),
        );
        assert_eq!(told(text), expected);
        assert_eq!(told(""), (String::new(), String::new()));
        assert_eq!(told(" slow down\n").1, ": slow down");
        assert_eq!(told(r#"{"errors":[]}"#).1, r#": {"errors":[]}"#);
        assert_eq!(told(&"x".repeat(9000)).1.len(), LONGEST_TOLD + 2);
    }

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        for code in [408, 429, 500, 502, 503, 504] {
            assert!(may_pass(StatusCode::from_u16(code).unwrap()), "{code}");
        }
        for code in [400, 401, 403, 404, 416, 501, 507] {
            assert!(!may_pass(StatusCode::from_u16(code).unwrap()), "{code}");
        }
    }
}
