//! Page tokens: opaque to clients, and nothing in them is believed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coracle_model::{ListPlace, Predicate, Sort};
use serde::{Deserialize, Serialize};

use crate::kfp::fault::Fault;
use crate::kfp::json::first_value;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Token {
    /// What is listed.
    pub(super) list: String,
    /// The order.
    pub(super) sort: Sort,
    /// What the items have to fit.
    pub(super) predicates: Vec<Predicate>,
    /// The last item of the page before.
    pub(super) after: Option<ListPlace>,
}

impl Token {
    pub(super) fn write(&self) -> String {
        let json = serde_json::to_vec(self).expect("a token has only texts and numbers");
        STANDARD.encode(json)
    }

    /// Reads a token; none when it says nothing, as `{}` does.
    pub(super) fn read(text: &str) -> Result<Option<Self>, Fault> {
        let unfit = |cause: String| Fault::invalid_because("Invalid page token", cause);
        let json = STANDARD.decode(text).map_err(|error| {
            let place = match error {
                base64::DecodeError::InvalidByte(place, _)
                | base64::DecodeError::InvalidLastSymbol(place, _) => place,
                base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => {
                    text.len()
                }
            };
            unfit(format!("illegal base64 data at input byte {place}"))
        })?;
        match first_value(&json).map_err(unfit)? {
            None => Err(unfit("EOF".to_owned())),
            Some(b"null" | b"{}") => Ok(None),
            Some(value) => serde_json::from_slice(value)
                .map(Some)
                .map_err(|error| unfit(error.to_string())),
        }
    }
}
