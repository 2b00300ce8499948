//! Macros in the parameters of runs: `[[RunUUID]]`, `[[Index]]`, and times in the two notations that KFP knows.
//!
//! | macro | becomes |
//! |---|---|
//! | `[[RunUUID]]` | the run's id |
//! | `[[Index]]` | which run of its recurring run it is, from 1 |
//! | `[[CurrentTime]]`, `[[ScheduledTime]]` | a time as `20060102150405` |
//! | `[[CurrentTime.LAYOUT]]`, `[[ScheduledTime.LAYOUT]]` | a time in a layout of Go's |
//! | `{{$.currentTime.strftime('FORMAT')}}`, `{{$.scheduledTime.strftime('FORMAT')}}` | a time in C's notation |
//!
//! Times are in UTC and whole seconds. What is no macro, and what a run does not have, stays as it is.

use coracle_model::{RunId, Timestamp};
use jiff::Zoned;
use jiff::tz::TimeZone;

/// What the macros of a run stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Macros {
    /// The run.
    pub run: RunId,
    /// When it is made.
    pub now: Timestamp,
    /// The slot that it is made for; none for one that is made for no particular time.
    pub slot: Option<Timestamp>,
    /// Which run of its recurring run it is, from 1; none for one made by hand.
    pub index: Option<u64>,
}

/// The layout of a time that has none.
const USUAL: &str = "20060102150405";

impl Macros {
    /// The text with its macros filled in.
    pub fn expand(&self, text: &str) -> String {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((start, length)) = first_macro(rest) {
            let found = &rest[start..start + length];
            expanded.push_str(&rest[..start]);
            expanded.push_str(&self.value(found).unwrap_or_else(|| found.to_owned()));
            rest = &rest[start + length..];
        }
        expanded.push_str(rest);
        expanded
    }

    fn value(&self, found: &str) -> Option<String> {
        if let Some(inner) = found.strip_prefix("{{$.") {
            let (which, format) = inner.strip_suffix("')}}")?.split_once(".strftime('")?;
            let at = match which {
                "currentTime" => self.now,
                "scheduledTime" => self.slot?,
                _ => return None,
            };
            return in_c(&utc(at), format);
        }
        let inner = found.strip_prefix("[[")?.strip_suffix("]]")?;
        let (word, layout) = inner.split_once('.').unwrap_or((inner, USUAL));
        match (word, inner == word) {
            ("RunUUID", true) => Some(self.run.to_string()),
            ("Index", true) => Some(self.index?.to_string()),
            ("CurrentTime", _) => Some(in_go(&utc(self.now), layout)),
            ("ScheduledTime", _) => Some(in_go(&utc(self.slot?), layout)),
            _ => None,
        }
    }
}

/// Where the first thing that looks like a macro begins, and how long it is.
fn first_macro(text: &str) -> Option<(usize, usize)> {
    let of = |open: &str, close: &str| {
        let mut from = 0;
        loop {
            let start = from + text[from..].find(open)?;
            let inside = start + open.len();
            let line_end = text[inside..]
                .find('\n')
                .map_or(text.len(), |end| inside + end);
            if let Some(end) = text[inside..line_end].find(close) {
                return Some((start, open.len() + end + close.len()));
            }
            from = inside;
        }
    };
    let (one, other) = (of("[[", "]]"), of("{{$.", "}}"));
    one.into_iter().chain(other).min()
}

fn utc(at: Timestamp) -> Zoned {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    whole.to_zoned(TimeZone::UTC)
}

/// A time in C's notation; none when the format has something that KFP's library does not know.
fn in_c(at: &Zoned, format: &str) -> Option<String> {
    // Short forms whose look is not the same everywhere.
    const SHORT: [(&str, &str); 5] = [
        ("%c", "%a %b %e %H:%M:%S %Y"),
        ("%v", "%e-%b-%Y"),
        ("%x", "%m/%d/%y"),
        ("%X", "%H:%M:%S"),
        ("%r", "%I:%M:%S %p"),
    ];
    let mut plain = String::new();
    let mut rest = format;
    while let Some(start) = rest.find('%') {
        let end = start + 1 + rest[start + 1..].chars().next()?.len_utf8();
        let long = SHORT.iter().find(|(short, _)| *short == &rest[start..end]);
        plain.push_str(&rest[..start]);
        plain.push_str(long.map_or(&rest[start..end], |(_, long)| long));
        rest = &rest[end..];
    }
    plain.push_str(rest);
    jiff::fmt::strtime::format(&plain, at).ok()
}

/// The parts of Go's reference time, each with what stands for it in C's notation. Where two begin alike, the longer
/// comes first.
const GO: [(&str, &str); 27] = [
    ("January", "%B"),
    ("Jan", "%b"),
    ("Monday", "%A"),
    ("Mon", "%a"),
    ("MST", "UTC"),
    ("2006", "%Y"),
    ("002", "%j"),
    ("01", "%m"),
    ("02", "%d"),
    ("03", "%I"),
    ("04", "%M"),
    ("05", "%S"),
    ("06", "%y"),
    ("15", "%H"),
    ("_2", "%e"),
    ("1", "%-m"),
    ("2", "%-d"),
    ("3", "%-I"),
    ("4", "%-M"),
    ("5", "%-S"),
    ("PM", "%p"),
    ("pm", "%P"),
    ("Z07:00", "Z"),
    ("Z0700", "Z"),
    ("-07:00", "+00:00"),
    ("-0700", "+0000"),
    ("-07", "+00"),
];

/// A time in a layout of Go's.
fn in_go(at: &Zoned, layout: &str) -> String {
    let mut written = String::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        if let Some((part, format)) = GO.iter().find(|(part, _)| rest.starts_with(part)) {
            let value = jiff::fmt::strtime::format(format, at);
            written.push_str(&value.unwrap_or_else(|_| (*part).to_owned()));
            rest = &rest[part.len()..];
        } else {
            written.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_hand() -> Macros {
        Macros {
            run: "8f4c0dbe-2a55-4c2c-9a0e-1f3f8a8f0001".parse().unwrap(),
            now: "2026-03-04T15:06:07.9Z".parse().unwrap(),
            slot: None,
            index: None,
        }
    }

    fn scheduled() -> Macros {
        Macros {
            slot: Some("2026-03-04T02:00:00Z".parse().unwrap()),
            index: Some(7),
            ..by_hand()
        }
    }

    #[test]
    fn macros_are_filled_in_where_they_stand() {
        let check = |text: &str, expected: &str| assert_eq!(scheduled().expand(text), expected);
        check(
            "run-[[RunUUID]]",
            "run-8f4c0dbe-2a55-4c2c-9a0e-1f3f8a8f0001",
        );
        check(
            "[[Index]] at [[ScheduledTime]], now [[CurrentTime]]",
            "7 at 20260304020000, now 20260304150607",
        );
        check(
            "[[ScheduledTime.2006-01-02]]/[[CurrentTime.15:04:05]]",
            "2026-03-04/15:06:07",
        );
        check("{{$.scheduledTime.strftime('%Y-%m-%d')}}", "2026-03-04");
        check(
            "{{$.currentTime.strftime('%H:%M:%S %j %%')}}",
            "15:06:07 063 %",
        );
        check(
            "[[CurrentTime.Mon Jan _2 03:04:05 PM 2006 MST Z07:00]]",
            "Wed Mar  4 03:06:07 PM 2026 UTC Z",
        );
        check(
            "[[CurrentTime.2/1/06 3.4.5 pm -0700]]",
            "4/3/26 3.6.7 pm +0000",
        );
        check(
            "{{$.scheduledTime.strftime('%x %X %r %v %s')}}",
            "03/04/26 02:00:00 02:00:00 AM  4-Mar-2026 1772589600",
        );
    }

    #[test]
    fn what_is_none_stays() {
        let check = |text: &str| assert_eq!(by_hand().expand(text), text);
        for text in [
            "",
            "plain",
            "[[",
            "[[]]",
            "[[Unknown]]",
            "[[Index]]",
            "[[ScheduledTime]]",
            "[[ScheduledTime.2006]]",
            "{{$.scheduledTime.strftime('%Y')}}",
            "{{$.pipeline_job_name}}",
            "{{$.currentTime.strftime('%Y'",
            "[[Run\nUUID]]",
            "[[RunUUID.x]]",
        ] {
            check(text);
        }
        assert_eq!(by_hand().expand("[[\n[[CurrentTime.2006]]"), "[[\n2026");
    }
}
