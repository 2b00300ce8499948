//! Times, as `metav1.Time` and `metav1.MicroTime` write them.

use jiff::Timestamp;

/// A time to the second, in UTC.
///
/// # Errors
/// Go's words for a text that is no time.
pub(super) fn canonical(text: &str) -> Result<String, String> {
    let time = parse(text, "2006-01-02T15:04:05Z07:00")?;
    Ok(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A time to the microsecond, in UTC.
///
/// # Errors
/// Go's words for a text that is no time.
pub(super) fn canonical_micro(text: &str) -> Result<String, String> {
    let time = parse(text, "2006-01-02T15:04:05.000000Z07:00")?;
    Ok(time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string())
}

/// A time of RFC 3339, whose letters are capitals and whose zone is given.
pub(super) fn parse(text: &str, layout: &str) -> Result<Timestamp, String> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() >= 20 && bytes[10] == b'T' && bytes[4] == b'-' && bytes[7] == b'-';
    let zoned = text.ends_with('Z') || bytes.len() > 6 && bytes[bytes.len() - 3] == b':';
    let time = text.parse::<Timestamp>().ok().filter(|_| shaped && zoned);
    time.ok_or_else(|| {
        let (rest, wanted) = stop(text, layout);
        format!("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {wanted:?}")
    })
}

/// Where Go's reader of times stops, and what it wants there.
fn stop<'a>(text: &'a str, layout: &str) -> (&'a str, &'static str) {
    const PARTS: [(&str, usize); 11] = [
        ("2006", 4),
        ("-", 0),
        ("01", 2),
        ("-", 0),
        ("02", 2),
        ("T", 0),
        ("15", 2),
        (":", 0),
        ("04", 2),
        (":", 0),
        ("05", 2),
    ];
    let mut rest = text;
    for (part, digits) in PARTS {
        let taken = if digits == 0 {
            rest.strip_prefix(part)
        } else {
            let is_number = |head: &&str| head.bytes().all(|byte| byte.is_ascii_digit());
            rest.get(..digits)
                .filter(is_number)
                .map(|_| &rest[digits..])
        };
        match taken {
            Some(after) => rest = after,
            None => return (rest, part),
        }
    }
    if layout.contains(".000000") && !rest.starts_with('.') {
        return (rest, ".000000");
    }
    let fraction = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    (fraction, "Z07:00")
}
