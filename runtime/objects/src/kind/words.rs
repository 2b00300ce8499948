//! The forms that names have, and the sentences that refuse others.

use crate::meta;

const LABEL_FORM: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

/// What is said of a text that is no address.
pub(crate) const IP_ADDRESS: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/// A label of a domain name, at most 63 characters: `web-1`. What containers, volumes and namespaces are named by.
pub(crate) fn check_label(name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if name.len() > 63 {
        faults.push(at_most(63));
    }
    if !is_label(name) && is_subdomain(name) {
        faults.push("must not contain dots".to_owned());
    } else if !is_label(name) {
        faults.push(format!(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and \
             end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
             '{LABEL_FORM}')"
        ));
    }
    faults
}

/// The same, but no digit first: what services are named by.
pub(crate) fn check_label_1035(name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if name.len() > 63 {
        faults.push(at_most(63));
    }
    if !is_label_1035(name) {
        faults.push(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
             character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
             validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
                .to_owned(),
        );
    }
    faults
}

/// The same without a limit, as a rule of KServe's kinds has it.
pub(crate) fn is_label_1035(name: &str) -> bool {
    is_label(name) && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// Labels with dots between, at most 253 characters: what most objects are named by.
pub(crate) fn check_subdomain(name: &str) -> Vec<String> {
    meta::check_dns_subdomain(name).err().into_iter().collect()
}

/// The same, with underscores where domains of services have them.
pub(crate) fn check_search_domain(name: &str) -> Vec<String> {
    let plain = name
        .split('.')
        .map(|part| part.strip_prefix('_').unwrap_or(part));
    let plain: Vec<_> = plain.map(|part| part.replace('_', "-")).collect();
    let mut faults = Vec::new();
    if name.len() > 253 {
        faults.push(at_most(253));
    }
    if !is_subdomain(&plain.join(".")) {
        faults.push(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and \
             must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
             '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')"
                .to_owned(),
        );
    }
    faults
}

/// The one sentence about a name, for [`Strategy::check_name`](crate::Strategy::check_name).
pub(super) fn first_fault(faults: Vec<String>) -> Result<(), String> {
    faults.into_iter().next().map_or(Ok(()), Err)
}

pub(super) fn at_most(most: usize) -> String {
    format!("must be no more than {most} characters")
}

fn is_label(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|byte| word(*byte))
        && bytes.last().is_some_and(|byte| word(*byte))
        && bytes.iter().all(|byte| word(*byte) || *byte == b'-')
}

fn is_subdomain(name: &str) -> bool {
    name.split('.').all(is_label)
}

/// A name with an optional domain before it: `app`, `example.com/app`. What labels and resources are named by.
pub(crate) fn check_qualified_name(name: &str) -> Vec<String> {
    meta::check_qualified_name(name).err().unwrap_or_default()
}

/// The value of a label: empty, or at most 63 letters, digits, `-`, `_` and `.`.
pub(crate) fn check_label_value(value: &str) -> Vec<String> {
    meta::check_label_value(value).err().unwrap_or_default()
}

/// The key of a secret or config map, or a file's name made from one.
pub(crate) fn check_config_key(key: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if key.len() > 253 {
        faults.push(at_most(253));
    }
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if key.is_empty() || !key.bytes().all(known) {
        faults.push(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
             'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
                .to_owned(),
        );
    }
    match key {
        "." => faults.push("must not be '.'".to_owned()),
        ".." => faults.push("must not be '..'".to_owned()),
        _ if key.starts_with("..") => faults.push("must not start with '..'".to_owned()),
        _ => {}
    }
    faults
}

/// The name of an environment variable: any printable characters but `=`.
pub(crate) fn check_variable(name: &str) -> Vec<String> {
    let printable = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'=';
    if name.is_empty() || !name.bytes().all(printable) {
        return vec![
            "a valid environment variable name must consist only of printable ASCII characters other than '='"
                .to_owned(),
        ];
    }
    Vec::new()
}

/// The name of a port: at most 15 lower case letters, digits and single dashes, with a letter.
pub(crate) fn check_port_name(name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if name.len() > 15 {
        faults.push("must be no more than 15 characters".to_owned());
    }
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !name.bytes().all(known) || name.is_empty() {
        faults.push(
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned(),
        );
    }
    if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        faults.push("must contain at least one letter (a-z)".to_owned());
    }
    if name.contains("--") {
        faults.push("must not contain consecutive hyphens".to_owned());
    }
    if name.starts_with('-') || name.ends_with('-') {
        faults.push("must not begin or end with a hyphen".to_owned());
    }
    faults
}

/// Whether it is the name of a setting of the kernel: labels with dots or slashes between, underscores within.
pub(crate) fn is_sysctl(name: &str) -> bool {
    let plain = name.replace('/', ".");
    let fits = |part: &str| !part.starts_with('_') && is_label(&part.replace('_', "-"));
    name.len() <= 253 && plain.split('.').all(fits)
}

/// The number of a port.
pub(crate) fn check_port(number: i64) -> Vec<String> {
    if (1..=65535).contains(&number) {
        Vec::new()
    } else {
        vec!["must be between 1 and 65535, inclusive".to_owned()]
    }
}

/// A path of the file system that does not lead out of its folder.
pub(crate) fn leads_out(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

/// A domain with a path: `example.com/controller`.
pub(crate) fn check_domain_path(text: &str) -> Vec<String> {
    let Some((domain, path)) = text
        .split_once('/')
        .filter(|(domain, path)| !domain.is_empty() && !path.is_empty())
    else {
        return vec!["must be a domain-prefixed path (such as \"acme.io/foo\")".to_owned()];
    };
    let mut faults = check_subdomain(domain);
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:/".contains(&byte);
    if !path.bytes().all(known) {
        faults.push("Invalid path".to_owned());
    }
    faults
}
