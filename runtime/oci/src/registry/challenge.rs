//! What a registry wants to know before it answers: the `WWW-Authenticate` of RFC 9110, as Docker's registries use it.

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A name and a password with each request.
    Basic,
    /// A token, which is had elsewhere.
    Bearer {
        /// The URL where tokens are given out.
        realm: String,
        /// For whom it has to be.
        service: Option<String>,
        /// What it has to allow: `repository:team/model:pull,push`, several with spaces between them.
        scope: Option<String>,
    },
}

impl Challenge {
    /// The one of several that is answered best: by a token, where both are offered.
    pub(super) fn choose<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut basic = None;
        for challenge in headers
            .flat_map(split)
            .filter_map(|(scheme, rest)| read(scheme, &rest))
        {
            match challenge {
                Self::Bearer { .. } => return Some(challenge),
                Self::Basic => basic = Some(challenge),
            }
        }
        basic
    }
}

/// The parameters of a challenge.
type Parameters = Vec<(String, String)>;

fn read(scheme: &str, parameters: &Parameters) -> Option<Challenge> {
    let find = |name: &str| {
        let found = parameters
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(found.1.clone())
    };
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then_some(())?;
    Some(Challenge::Bearer {
        realm: find("realm")?,
        service: find("service"),
        scope: find("scope"),
    })
}

/// The challenges of one header: a scheme, then parameters with commas between them. A word that no `=` follows begins the next.
fn split(header: &str) -> Vec<(&str, Parameters)> {
    let mut challenges: Vec<(&str, Parameters)> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        let end = rest.find(['=', ' ', '\t', ',']).unwrap_or(rest.len());
        if end == 0 {
            return challenges;
        }
        let (word, behind) = rest.split_at(end);
        let Some(value) = behind.trim_start().strip_prefix('=') else {
            challenges.push((word, Vec::new()));
            rest = behind;
            continue;
        };
        let (value, behind) = take_value(value.trim_start());
        if let Some((_, parameters)) = challenges.last_mut() {
            parameters.push((word.to_owned(), value));
        }
        rest = behind;
    }
}

/// A word, or a text in quotes, in which a backslash stands before a quote.
fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[place + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            character => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(headers: &[&str]) -> Option<Challenge> {
        Challenge::choose(headers.iter().copied())
    }

    #[test]
    fn what_registries_ask_is_understood() {
        // As the specification of Docker's tokens has it.
        let header = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:samalba/my-app:pull,push""#;
        let expected = Challenge::Bearer {
            realm: "https://auth.docker.io/token".to_owned(),
            service: Some("registry.docker.io".to_owned()),
            scope: Some("repository:samalba/my-app:pull,push".to_owned()),
        };
        assert_eq!(choose(&[header]), Some(expected));
        assert_eq!(
            choose(&[r#"Basic realm="basic-realm""#]),
            Some(Challenge::Basic)
        );
        assert_eq!(choose(&["basic"]), Some(Challenge::Basic));
    }

    #[test]
    fn a_token_goes_before_a_password_and_unknown_schemes_are_passed_over() {
        let token = Challenge::Bearer {
            realm: r#"a"b"#.to_owned(),
            service: None,
            scope: None,
        };
        let both = r#"Negotiate abc==, Basic realm="x, y" , bearer Realm = "a\"b""#;
        assert_eq!(choose(&[both]), Some(token.clone()));
        assert_eq!(
            choose(&["Basic realm=x", r#"Bearer realm="a\"b""#]),
            Some(token)
        );
        assert_eq!(
            choose(&[
                "Negotiate",
                "Bearer service=x",
                "",
                ",,",
                "=",
                "\"",
                "a=\"\\"
            ]),
            None
        );
    }
}
