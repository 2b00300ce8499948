//! What a request to a model server is called: by its client, its server, the log, and whoever is told of it.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// By which clients and servers name a request.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of an event that is a request.
const EVENT_ID: HeaderName = HeaderName::from_static("ce-id");

/// The longest name that is taken from a client.
const LONGEST: usize = 128;

/// What a request is called: as its client says, or anew.
pub(super) fn id_of(headers: &HeaderMap) -> HeaderValue {
    let given = [EVENT_ID, REQUEST_ID].into_iter().find_map(|name| {
        let id = headers.get(name)?;
        let is_fine = (1..=LONGEST).contains(&id.len()) && id.to_str().is_ok();
        is_fine.then(|| id.clone())
    });
    given.unwrap_or_else(|| {
        let id = Uuid::new_v4().to_string();
        HeaderValue::try_from(id).expect("a uuid has letters, digits and dashes")
    })
}

/// The name as text.
pub(super) fn text_of(id: &HeaderValue) -> String {
    String::from_utf8_lossy(id.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(headers: &[(HeaderName, &'static str)]) -> String {
        let headers = headers.iter().cloned();
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
        text_of(&id_of(&headers.collect()))
    }

    #[test]
    fn a_client_names_its_request() {
        assert_eq!(id(&[(REQUEST_ID, "mine")]), "mine");
        assert_eq!(id(&[(REQUEST_ID, "mine"), (EVENT_ID, "event")]), "event");
        assert_eq!(id(&[(EVENT_ID, ""), (REQUEST_ID, "mine")]), "mine");
    }

    #[test]
    fn one_that_has_no_name_gets_one() {
        let made = id(&[]);
        assert!(Uuid::try_parse(&made).is_ok(), "{made}");
        assert_ne!(id(&[]), made);
        const LONG: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
            0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef!";
        assert_ne!(id(&[(REQUEST_ID, LONG)]), LONG);
    }
}
