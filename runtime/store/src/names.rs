//! The names that Kubernetes gives to volume claims, secrets and config maps.

/// A text that cannot name a volume claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a name; use up to 253 of `a-z`, `0-9`, `-` and `.`, with a letter or digit at the beginning, at the end and beside each `.`"
)]
pub struct NameError(String);

/// The most characters of a DNS subdomain; it also fits the 255 bytes of a file's name.
const LENGTH_LIMIT: usize = 253;

/// Checks a DNS-1123 subdomain, the form of most Kubernetes names.
pub(crate) fn check_name(name: &str) -> Result<(), NameError> {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label = |label: &str| {
        label.starts_with(alphanumeric)
            && label.ends_with(alphanumeric)
            && label.chars().all(|c| alphanumeric(c) || c == '-')
    };
    let usable = name.len() <= LENGTH_LIMIT && name.split('.').all(label);
    if usable {
        Ok(())
    } else {
        Err(NameError(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_subdomains() {
        for name in ["a", "my-secret", "a.b-c.9", "0", &"a".repeat(253)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in [
            "",
            "-a",
            "a-",
            "A",
            "a_b",
            "a..b",
            ".a",
            "a.",
            "a/b",
            "..",
            "a.-b",
            "ä",
            &"a".repeat(254),
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
