//! Names: what they may be, and how they are generated.

/// The letters of generated suffixes: no vowels, so that no words appear, and nothing that looks alike.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The length of a generated suffix.
const SUFFIX: usize = 5;

/// The longest prefix that is kept of `generateName`.
const LONGEST_PREFIX: usize = 63 - SUFFIX;

/// The longest label of RFC 1123.
const LONGEST_LABEL: usize = 63;

/// The longest subdomain of RFC 1123.
const LONGEST_SUBDOMAIN: usize = 253;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
    and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NAME_PART: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
    alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
    '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex \
    used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// A name made of `metadata.generateName` and five letters, one for each random number.
pub fn generated_name(prefix: &str, random: [u32; SUFFIX]) -> String {
    let mut end = prefix.len().min(LONGEST_PREFIX);
    while !prefix.is_char_boundary(end) {
        end -= 1;
    }
    let letters = random
        .iter()
        .map(|number| char::from(LETTERS[*number as usize % LETTERS.len()]));
    prefix[..end].chars().chain(letters).collect()
}

/// A name of most kinds: RFC 1123 labels with dots between, at most 253 bytes.
///
/// # Errors
/// What is wrong with it.
pub fn check_dns_subdomain(name: &str) -> Result<(), String> {
    check_length(name, LONGEST_SUBDOMAIN)?;
    let fits = name
        .split('.')
        .all(|label| is_label(label, is_lower_or_digit));
    fits.then_some(()).ok_or_else(|| SUBDOMAIN.to_owned())
}

/// A label's key, or the name of a finalizer: a name, with a subdomain and a slash before it or not.
///
/// # Errors
/// All that is wrong with it.
pub fn check_qualified_name(name: &str) -> Result<(), Vec<String>> {
    let mut faults = Vec::new();
    let parts: Vec<_> = name.split('/').collect();
    let own = match parts.as_slice() {
        [own] => *own,
        [prefix, own] => {
            if prefix.is_empty() {
                faults.push("prefix part must be non-empty".to_owned());
            } else if let Err(fault) = check_dns_subdomain(prefix) {
                faults.push(format!("prefix part {fault}"));
            }
            *own
        }
        _ => {
            return Err(vec![format!(
                "a qualified name {NAME_PART} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )]);
        }
    };
    if own.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if let Err(fault) = check_length(own, LONGEST_LABEL) {
        faults.push(format!("name part {fault}"));
    }
    if !is_name_part(own) {
        faults.push(format!("name part {NAME_PART}"));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

/// A label's value.
///
/// # Errors
/// All that is wrong with it.
pub fn check_label_value(value: &str) -> Result<(), Vec<String>> {
    let mut faults: Vec<_> = check_length(value, LONGEST_LABEL)
        .err()
        .into_iter()
        .collect();
    if !value.is_empty() && !is_name_part(value) {
        faults.push(LABEL_VALUE.to_owned());
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

fn check_length(text: &str, most: usize) -> Result<(), String> {
    if text.len() > most {
        return Err(format!("must be no more than {most} characters"));
    }
    Ok(())
}

fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_label(text: &str, begins: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    let inner = |byte: &u8| is_lower_or_digit(*byte) || *byte == b'-';
    begins(*first) && is_lower_or_digit(*last) && bytes.iter().all(inner)
}

fn is_name_part(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() && bytes.iter().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_as_kubernetes_checks_them() {
        for name in ["a", "a-b.c1", "1"] {
            assert_eq!(check_dns_subdomain(name), Ok(()), "{name}");
        }
        for name in ["", "-a", "a-", "a..b", "A", "a_b", "a/b", &"a".repeat(254)] {
            assert!(check_dns_subdomain(name).is_err(), "{name}");
        }
        assert!(check_qualified_name("example.com/A_b.c").is_ok());
        assert_eq!(check_qualified_name("").unwrap_err().len(), 2);
        assert!(check_label_value("").is_ok());
        assert!(check_label_value("-").is_err());
    }

    #[test]
    fn generated_names_are_no_longer_than_a_label() {
        assert_eq!(generated_name("run-", [0, 1, 27, 28, 26]), "run-bcbc9");
        assert_eq!(generated_name(&"x".repeat(300), [0; 5]).len(), 63);
    }
}
