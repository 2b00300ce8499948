//! Query parameters as KFP's server reads them: by either spelling of their names, unknown ones passed over.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::fault::Fault;

/// The parameters of a request.
pub(super) struct Query {
    pairs: Vec<(String, String)>,
}

/// Those of an upload, of which unreadable ones are passed over and the first of a name counts.
pub(super) struct LooseQuery(Query);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LooseQuery {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let text = parts.uri.query().unwrap_or_default();
        let pairs = text
            .split('&')
            .filter_map(|pair| pair_of(pair).ok())
            .collect();
        Ok(Self(Query { pairs }))
    }
}

impl LooseQuery {
    /// The first value of a name; empty when there is none.
    pub(super) fn text(&self, name: &str) -> String {
        let mut values = self.0.values(name);
        values.next().unwrap_or_default().to_owned()
    }
}

impl Query {
    fn read(text: &str) -> Result<Self, Fault> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(pair_of);
        let pairs = pairs
            .collect::<Result<_, String>>()
            .map_err(Fault::parsing)?;
        Ok(Self { pairs })
    }

    /// A text; empty when it is left out.
    pub(super) fn text(&self, name: &str) -> Result<String, Fault> {
        Ok(self.one(name)?.unwrap_or_default().to_owned())
    }

    /// A text; none when it is left out or empty.
    pub(super) fn given(&self, name: &str) -> Result<Option<String>, Fault> {
        Ok(Some(self.text(name)?).filter(|text| !text.is_empty()))
    }

    /// A whole number of 32 bits; 0 when it is left out.
    pub(super) fn int32(&self, name: &str) -> Result<i64, Fault> {
        let Some(text) = self.one(name)? else {
            return Ok(0);
        };
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let problem = match text.parse::<i32>() {
            Ok(number) => return Ok(number.into()),
            Err(_) if is_number => "value out of range",
            Err(_) => "invalid syntax",
        };
        Err(unreadable(name, "ParseInt", text, problem))
    }

    /// A boolean; false when it is left out.
    pub(super) fn boolean(&self, name: &str) -> Result<bool, Fault> {
        match self.one(name)? {
            None | Some("0" | "f" | "F" | "false" | "False" | "FALSE") => Ok(false),
            Some("1" | "t" | "T" | "true" | "True" | "TRUE") => Ok(true),
            Some(text) => Err(unreadable(name, "ParseBool", text, "invalid syntax")),
        }
    }

    /// One of several words, or its number; the first of them when it is left out.
    pub(super) fn constant(&self, name: &str, words: &[&str]) -> Result<(), Fault> {
        let Some(text) = self.one(name)? else {
            return Ok(());
        };
        if words.contains(&text) || text.parse::<i32>().is_ok() {
            return Ok(());
        }
        Err(Fault::parsing(format!(
            "parsing field \"{name}\": {text:?} is not a valid value"
        )))
    }

    fn one(&self, name: &str) -> Result<Option<&str>, Fault> {
        let mut values = self.values(name);
        let first = values.next();
        match (first, values.next()) {
            (first, None) => Ok(first),
            (_, Some(_)) => {
                let all: Vec<&str> = self.values(name).collect();
                let all = all.join(", ");
                Err(Fault::parsing(format!(
                    "too many values for field \"{name}\": {all}"
                )))
            }
        }
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let camel =
            name.split('_')
                .enumerate()
                .map(|(place, word)| match (place, word.chars().next()) {
                    (1.., Some(first)) => {
                        format!(
                            "{}{}",
                            first.to_ascii_uppercase(),
                            &word[first.len_utf8()..]
                        )
                    }
                    (0, _) | (_, None) => word.to_owned(),
                });
        let camel: String = camel.collect();
        self.pairs
            .iter()
            .filter(move |(key, _)| key == name || *key == camel)
            .map(|(_, value)| value.as_str())
    }
}

fn unreadable(name: &str, function: &str, text: &str, problem: &str) -> Fault {
    Fault::parsing(format!(
        "parsing field \"{name}\": strconv.{function}: parsing {text:?}: {problem}"
    ))
}

fn pair_of(pair: &str) -> Result<(String, String), String> {
    if pair.contains(';') {
        return Err("invalid semicolon separator in query".to_owned());
    }
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    Ok((unescape(key)?, unescape(value)?))
}

/// Takes the escapes of a query out of a text.
pub(super) fn unescape(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = after
                    .get(..2)
                    .and_then(|digits| std::str::from_utf8(digits).ok());
                let byte = digits
                    .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                let Some(byte) = byte else {
                    let bad = String::from_utf8_lossy(&after[..after.len().min(2)]);
                    return Err(format!("invalid URL escape {:?}", format!("%{bad}")));
                };
                bytes.push(byte);
                rest = &after[2..];
            }
            other => bytes.push(*other),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<T>(answer: Result<T, Fault>) -> String {
        answer
            .err()
            .map(|fault| fault.message().to_owned())
            .unwrap_or_default()
    }

    #[test]
    fn parameters_are_read_in_either_spelling() {
        let query = Query::read("page_size=2&pageToken=a%2Bb+c&empty=&cascade=True").unwrap();
        assert_eq!(query.int32("page_size").unwrap(), 2);
        assert_eq!(query.text("page_token").unwrap(), "a+b c");
        assert_eq!(query.given("empty").unwrap(), None);
        assert!(query.boolean("cascade").unwrap());
        assert_eq!(query.int32("other").unwrap(), 0);
    }

    #[test]
    fn mistakes_are_told_as_the_gateway_tells_them() {
        let page_size = |text: &str| {
            let query = Query::read(&format!("page_size={text}"));
            told(query.and_then(|query| query.int32("page_size")))
        };
        assert_eq!(page_size("%2B1"), "");
        for text in ["abc", "", "1.5", "0x1"] {
            assert_eq!(
                page_size(text),
                format!(
                    "parsing field \"page_size\": strconv.ParseInt: parsing \"{text}\": invalid syntax"
                )
            );
        }
        assert!(page_size("99999999999").ends_with("value out of range"));
        assert_eq!(
            page_size("2&page_size=3"),
            "too many values for field \"page_size\": 2, 3"
        );
        assert_eq!(page_size("1&x=%zz"), "invalid URL escape \"%zz\"");
        assert_eq!(page_size("1;2"), "invalid semicolon separator in query");
        let query = Query::read("cascade=maybe&policy=FOO").unwrap();
        assert_eq!(
            told(query.boolean("cascade")),
            "parsing field \"cascade\": strconv.ParseBool: parsing \"maybe\": invalid syntax"
        );
        assert_eq!(
            told(query.constant("policy", &["FOREGROUND"])),
            "parsing field \"policy\": \"FOO\" is not a valid value"
        );
    }
}
