//! The names that Kubernetes gives to secrets, config maps, their keys and volume claims.

/// A text that cannot name a secret, a config map or a volume claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a name; use up to 253 of `a-z`, `0-9`, `-` and `.`, with a letter or digit at the beginning, at the end and beside each `.`"
)]
pub struct NameError(String);

/// A text that cannot be a key in a secret or config map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a key; use up to 253 of `A-Z`, `a-z`, `0-9`, `-`, `_` and `.`, not `.` and not beginning with `..`"
)]
pub struct KeyError(String);

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

/// Checks a key, which becomes the name of a file when it is mounted.
pub(crate) fn check_key(key: &str) -> Result<(), KeyError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let leads_out = key == "." || key.starts_with("..");
    let usable =
        !key.is_empty() && key.len() <= LENGTH_LIMIT && !leads_out && key.chars().all(allowed);
    if usable {
        Ok(())
    } else {
        Err(KeyError(key.to_owned()))
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

    #[test]
    fn keys_are_file_names() {
        for key in ["a", "A.b_c-9", ".hidden", "_", "..."] {
            assert_eq!(check_key(key).is_ok(), !key.starts_with(".."), "{key}");
        }
        for key in ["", ".", "..", "..a", "a/b", "a b", "ä", &"a".repeat(254)] {
            assert!(check_key(key).is_err(), "{key}");
        }
    }
}
