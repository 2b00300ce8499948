//! From the text of an id to the id: whole, and written as ids are.

use std::fmt::Display;
use std::str::FromStr;

use crate::error::AppError;

/// The id that a text is; nothing has an id of any other text.
pub(crate) fn exact<T: FromStr + Display>(what: &'static str, text: &str) -> Result<T, AppError> {
    text.parse()
        .ok()
        .filter(|id: &T| id.to_string() == text)
        .ok_or_else(|| AppError::not_found(what, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use coracle_model::RunId;

    #[test]
    fn other_spellings_of_an_id_are_none() {
        let id = RunId::random().to_string();
        assert_eq!(exact::<RunId>("run", &id).unwrap().to_string(), id);
        for text in [
            "",
            "nope",
            &id[..8],
            &id.replace('-', ""),
            &id.to_uppercase(),
            &format!("{{{id}}}"),
        ] {
            exact::<RunId>("run", text).unwrap_err();
        }
    }
}
