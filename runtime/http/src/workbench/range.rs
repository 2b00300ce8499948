//! The part of a file that a request asks for. Pure.

use axum::http::{HeaderMap, header};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: no range, several, or one that cannot be read.
    Whole,
    /// A part, never empty.
    Part {
        /// Where it begins.
        start: u64,
        /// How many bytes.
        length: u64,
    },
    /// A part that begins after the end.
    Beyond,
}

/// Reads the `Range` of a request for a file of so many bytes.
pub(super) fn wanted(headers: &HeaderMap, size: u64) -> Wanted {
    let header = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    header
        .and_then(|text| read(text, size))
        .unwrap_or(Wanted::Whole)
}

fn read(text: &str, size: u64) -> Option<Wanted> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        let length = last.parse::<u64>().ok()?.min(size);
        return Some(part(size - length, length));
    }
    let start: u64 = first.parse().ok()?;
    let last = if last.is_empty() {
        u64::MAX
    } else {
        last.parse().ok()?
    };
    if last < start {
        return None;
    }
    let end = last.saturating_add(1).min(size);
    Some(part(start, end.saturating_sub(start)))
}

fn part(start: u64, length: u64) -> Wanted {
    if length == 0 {
        Wanted::Beyond
    } else {
        Wanted::Part { start, length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_ranges_are_read() {
        let check = |text: &str, expected: Wanted| {
            let headers = HeaderMap::from_iter([(header::RANGE, text.parse().unwrap())]);
            assert_eq!(wanted(&headers, 10), expected, "{text}");
        };
        let part = |start, length| Wanted::Part { start, length };
        check("bytes=0-0", part(0, 1));
        check("bytes=2-5", part(2, 4));
        check("bytes=2-", part(2, 8));
        check("bytes=2-99", part(2, 8));
        check("bytes=-3", part(7, 3));
        check("bytes=-99", part(0, 10));
        check("bytes=10-", Wanted::Beyond);
        check("bytes=-0", Wanted::Beyond);
        check("bytes=5-2", Wanted::Whole);
        check("bytes=0-1,4-5", Wanted::Whole);
        check("lines=0-1", Wanted::Whole);
        check("bytes=a-", Wanted::Whole);
        check("bytes=0-18446744073709551615", part(0, 10));
        assert_eq!(wanted(&HeaderMap::new(), 0), Wanted::Whole);
    }
}
