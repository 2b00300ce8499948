//! Lists in pages: `limit` and `continue`.

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::field::{FieldError, FieldPath};
use crate::status::{Cause, Details, Reason, Status};

const ENGINE: GeneralPurpose = URL_SAFE_NO_PAD;

/// The form of tokens.
const FORM: &str = "meta.k8s.io/v1";

/// Where a list goes on, and of which version of the store it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continue {
    /// The version of the store that the first page was read at; none to go on with the newest.
    pub resource_version: Option<u64>,
    /// The key, without the resource's own prefix, after which the page begins: `name` in a list of one namespace,
    /// `namespace/name` in one of all.
    pub after: String,
}

impl Continue {
    /// The token that a client sends back.
    pub fn encode(&self) -> String {
        let version = self.resource_version.map_or(json!(-1), Value::from);
        // A key that ends in the smallest byte is the first one after.
        let start = format!("/{}\u{0}", self.after);
        ENGINE.encode(json!({"v": FORM, "rv": version, "start": start}).to_string())
    }

    /// Reads a token.
    ///
    /// # Errors
    /// 400 for one that is none.
    pub fn decode(token: &str) -> Result<Self, Status> {
        let bad = |why: &str| {
            Status::bad_request(format!(
                "invalid continue token: continue key is not valid: {why}"
            ))
        };
        let bytes = ENGINE.decode(token);
        let bytes = bytes.map_err(|_| bad("illegal base64 data at input byte 0"))?;
        let value = crate::decode::json_value(&bytes, false).map_err(|fault| bad(&fault))?;
        let Value::Object(fields) = value else {
            let kind = crate::patch::go_kind(&value);
            return Err(bad(&format!(
                "json: cannot unmarshal {kind} into Go value of type storage.continueToken"
            )));
        };
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("v") != FORM {
            return Err(bad(&format!(
                "server does not recognize this encoded version {}",
                text("v")
            )));
        }
        let resource_version = match fields.get("rv").and_then(Value::as_i64) {
            None | Some(0) => {
                return Err(bad(&format!(
                    "incorrect encoded start resourceVersion (version {FORM})"
                )));
            }
            Some(version) => u64::try_from(version).ok(),
        };
        let start = text("start");
        if start.is_empty() {
            return Err(bad(&format!("encoded start key empty (version {FORM})")));
        }
        if start.split('/').any(|part| part == "..") {
            return Err(bad(start));
        }
        let after = start.trim_start_matches('/').trim_end_matches('\u{0}');
        Ok(Self {
            resource_version,
            after: after.to_owned(),
        })
    }
}

/// Reads `limit` of the query; none for all.
///
/// # Errors
/// 400 for what is no number.
pub fn limit(word: Option<&str>) -> Result<Option<usize>, Status> {
    let Some(word) = word else {
        return Ok(None);
    };
    match word.parse::<i64>() {
        Ok(limit) => Ok(usize::try_from(limit).ok().filter(|limit| *limit > 0)),
        Err(error) => {
            let why = match error.kind() {
                std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
                    "value out of range"
                }
                _ => "invalid syntax",
            };
            Err(Status::bad_request(format!(
                "strconv.ParseInt: parsing {word:?}: {why}"
            )))
        }
    }
}

/// What a list asks of the version that it tells of: `resourceVersion` of the query.
///
/// # Errors
/// 400 for what is no number, or stands beside `continue`.
pub fn version(word: Option<&str>, continues: bool) -> Result<Option<u64>, Status> {
    match word.unwrap_or_default() {
        "" => Ok(None),
        "0" if continues => Ok(None),
        _ if continues => Err(Status::bad_request(
            "specifying resource version is not allowed when using continue",
        )),
        word => word.parse().map(Some).map_err(|_| {
            let fault = format!("strconv.ParseUint: parsing {word:?}: invalid syntax");
            let error = FieldError::invalid(FieldPath::new("resourceVersion"), word, fault);
            Status::bad_request(format!("invalid resource version: {error}"))
        }),
    }
}

/// Checks `resourceVersionMatch` of the query against the rest of it.
///
/// # Errors
/// 422 where it does not fit.
pub fn check_version_match(
    word: Option<&str>,
    version: Option<&str>,
    continues: bool,
) -> Result<(), Status> {
    let path = FieldPath::new("resourceVersionMatch");
    let version = version.unwrap_or_default();
    let error = match word.unwrap_or_default() {
        "" => return Ok(()),
        _ if continues => FieldError::forbidden(
            path,
            "resourceVersionMatch is forbidden when continue is provided",
        ),
        _ if version.is_empty() => FieldError::forbidden(
            path,
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        "Exact" if version == "0" => FieldError::forbidden(
            path,
            "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
        ),
        "Exact" | "NotOlderThan" => return Ok(()),
        other => FieldError::not_supported(path, other, &["Exact", "NotOlderThan", ""]),
    };
    Err(Status::invalid("meta.k8s.io", "ListOptions", "", &[error]))
}

/// The refusal of a version that is yet to come.
pub fn too_new(wanted: u64, current: u64) -> Status {
    let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
    Status::new(Reason::Timeout, message).with_details(Details {
        causes: vec![Cause {
            reason: "ResourceVersionTooLarge".to_owned(),
            message: "Too large resource version".to_owned(),
            field: String::new(),
        }],
        retry_after_seconds: 1,
        ..Details::default()
    })
}

/// The refusal of a token whose version is no longer kept. The caller puts `fresh`, a token that goes on with the
/// newest version, into `metadata.continue` of the answer.
pub fn expired() -> Status {
    Status::new(
        Reason::Expired,
        "The provided continue parameter is too old to display a consistent list result. You can start a new list \
         without the continue parameter, or use the continue token in this response to retrieve the remainder of the \
         results. Continuing with the provided token results in an inconsistent list - objects that were created, \
         modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_what_is_decoded() {
        let token = Continue {
            resource_version: Some(4945),
            after: "ap".to_owned(),
        };
        assert_eq!(Continue::decode(&token.encode()), Ok(token));
        // As a Kubernetes 1.34 wrote it.
        let theirs = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NDk0NSwic3RhcnQiOiIvYXBcdTAwMDAifQ";
        assert_eq!(Continue::decode(theirs).unwrap().after, "ap");
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let status = Continue::decode("nonsense").unwrap_err();
        assert_eq!(
            status.message,
            "invalid continue token: continue key is not valid: invalid character '\\u009e' looking for beginning of value"
        );
        for token in ["W10", "e30", "%%%", ""] {
            assert_eq!(Continue::decode(token).unwrap_err().code, 400, "{token}");
        }
    }

    #[test]
    fn limits_are_numbers() {
        assert_eq!(limit(Some("2")), Ok(Some(2)));
        assert_eq!(limit(Some("0")), Ok(None));
        assert_eq!(limit(Some("-1")), Ok(None));
        assert_eq!(
            limit(Some("x")).unwrap_err().message,
            "strconv.ParseInt: parsing \"x\": invalid syntax"
        );
    }
}
