//! The formats of texts that a custom kind's schema may ask for.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{bytes, time};

/// Whether a text is of a format; a format that nobody knows lets every text pass, as the API server does.
pub(super) fn is_of(text: &str, format: &str) -> bool {
    match format {
        "date-time" => is_date_time(text),
        "date" => is_date(text),
        "byte" => bytes::canonical(text).is_ok(),
        "uuid" => is_uuid(text),
        "uuid3" => is_uuid(text) && version_of(text) == Some('3'),
        "uuid4" => is_uuid(text) && version_of(text) == Some('4'),
        "uuid5" => is_uuid(text) && version_of(text) == Some('5'),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_cidr(text),
        "mac" => is_mac(text),
        "email" => is_email(text),
        "hostname" => is_hostname(text),
        "uri" => is_uri(text),
        "duration" => is_duration(text),
        _ => true,
    }
}

fn is_date_time(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    time::parse(&text, "2006-01-02T15:04:05Z07:00").is_ok()
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// 32 hexadecimal digits, with or without the hyphens.
fn is_uuid(text: &str) -> bool {
    let digits: Vec<_> = text.split('-').collect();
    let hex = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths: Vec<_> = digits.iter().map(|part| part.len()).collect();
    digits.iter().all(hex) && (lengths == [8, 4, 4, 4, 12] || lengths == [32])
}

fn version_of(uuid: &str) -> Option<char> {
    uuid.chars().filter(|c| *c != '-').nth(12)
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let most = if address.parse::<Ipv4Addr>().is_ok() {
        32
    } else if address.parse::<Ipv6Addr>().is_ok() {
        128
    } else {
        return false;
    };
    length.parse::<u8>().is_ok_and(|length| length <= most)
}

fn is_mac(text: &str) -> bool {
    let separator = if text.contains(':') { ':' } else { '-' };
    let parts: Vec<_> = text.split(separator).collect();
    let hex = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    matches!(parts.len(), 6 | 8 | 20) && parts.iter().all(hex)
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    !local.is_empty() && !local.contains(char::is_whitespace) && is_hostname(domain)
}

fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    text.len() <= 255 && text.strip_suffix('.').unwrap_or(text).split('.').all(label)
}

/// A scheme with something behind it, or an absolute path.
fn is_uri(text: &str) -> bool {
    if text.contains([' ', '\t', '\n']) {
        return false;
    }
    let scheme = text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    scheme || text.starts_with('/')
}

/// Go's durations, `1h30m`, and words such as `3 weeks`.
fn is_duration(text: &str) -> bool {
    const UNITS: [&str; 29] = [
        "ns",
        "nano",
        "nanos",
        "nanosecond",
        "nanoseconds",
        "us",
        "µs",
        "micro",
        "micros",
        "ms",
        "milli",
        "millis",
        "s",
        "sec",
        "secs",
        "second",
        "seconds",
        "m",
        "min",
        "mins",
        "minute",
        "h",
        "hr",
        "hour",
        "hours",
        "d",
        "days",
        "w",
        "weeks",
    ];
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text).trim();
    if rest == "0" {
        return true;
    }
    let mut found = false;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let after = rest[digits..].trim_start();
        let letters = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        if digits == 0 || !UNITS.contains(&&after[..letters]) {
            return false;
        }
        rest = after[letters..].trim_start();
        found = true;
    }
    found
}
