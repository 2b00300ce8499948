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
    /// Just six digits have to be there.
    const LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";
    let time = parse(text, LAYOUT)?;
    let fraction = text.get(19..).unwrap_or_default();
    let digits = fraction.strip_prefix('.').map(|rest| {
        rest.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len())
    });
    if let None | Some(0..6) = digits {
        return Err(cannot_parse(text, LAYOUT, fraction, ".000000"));
    }
    if digits > Some(6) {
        return Err(cannot_parse(text, LAYOUT, &fraction[7..], "Z07:00"));
    }
    Ok(time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string())
}

/// A time of RFC 3339, whose letters are capitals and whose zone is given.
pub(super) fn parse(text: &str, layout: &str) -> Result<Timestamp, String> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() >= 20 && bytes[10] == b'T' && bytes[4] == b'-' && bytes[7] == b'-';
    let zoned = text.ends_with('Z') || bytes.len() > 6 && bytes[bytes.len() - 3] == b':';
    let time = text.parse::<Timestamp>().ok().filter(|_| shaped && zoned);
    time.ok_or_else(|| match out_of_range(text) {
        Some(part) => format!("parsing time {text:?}: {part} out of range"),
        None => {
            let (rest, wanted) = stop(text, layout);
            cannot_parse(text, layout, rest, wanted)
        }
    })
}

fn cannot_parse(text: &str, layout: &str, rest: &str, wanted: &str) -> String {
    format!("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {wanted:?}")
}

/// The first part of a time, well formed as far as the seconds, that is too large or too small.
fn out_of_range(text: &str) -> Option<&'static str> {
    const PARTS: [(&str, usize, u32, u32); 5] = [
        ("month", 5, 1, 12),
        ("day", 8, 1, 31),
        ("hour", 11, 0, 23),
        ("minute", 14, 0, 59),
        ("second", 17, 0, 59),
    ];
    let number = |start: usize| text.get(start..start + 2)?.parse::<u32>().ok();
    for (name, start, least, most) in PARTS {
        if !(least..=most).contains(&number(start)?) {
            return Some(name);
        }
    }
    text.get(..10)?
        .parse::<jiff::civil::Date>()
        .is_err()
        .then_some("day")
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
