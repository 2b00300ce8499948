//! How long ago something was, as kubectl writes it.

use coracle_model::Timestamp;

use crate::object::{Object, ObjectExt};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// A span of seconds with one or two units: `45s`, `5m3s`, `2d`. The longer it is the less of it is told.
pub fn human_duration(seconds: i64) -> String {
    let two = |span: i64, unit: i64, name: &str, small: i64, small_name: &str| {
        let rest = span % unit / small;
        match rest {
            0 => format!("{}{name}", span / unit),
            rest => format!("{}{name}{rest}{small_name}", span / unit),
        }
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        _ if seconds < 2 * MINUTE => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => two(seconds, MINUTE, "m", 1, "s"),
        _ if seconds < 3 * HOUR => format!("{}m", seconds / MINUTE),
        _ if seconds < 8 * HOUR => two(seconds, HOUR, "h", MINUTE, "m"),
        _ if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 8 * DAY => two(seconds, DAY, "d", HOUR, "h"),
        _ if seconds < 2 * YEAR => format!("{}d", seconds / DAY),
        _ if seconds < 8 * YEAR => two(seconds, YEAR, "y", DAY, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}

/// How long ago a time was; `<unknown>` for none.
pub(super) fn since(time: Option<Timestamp>, now: Timestamp) -> String {
    time.map_or_else(
        || "<unknown>".to_owned(),
        |time| human_duration(between(time, now)),
    )
}

/// How old an object is.
pub(super) fn age(object: &Object, now: Timestamp) -> String {
    since(object.created_at(), now)
}

/// The whole seconds from one time to another.
pub(super) fn between(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

/// The time written in a field; none when it is no time.
pub(super) fn time_at(object: &Object, path: &[&str]) -> Option<Timestamp> {
    object.text_at(path).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_one_or_two_units() {
        let spans = [
            (-5, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (303, "5m3s"),
            (600, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + 61, "3h1m"),
            (8 * HOUR + 61, "8h"),
            (47 * HOUR, "47h"),
            (2 * DAY, "2d"),
            (2 * DAY + 5 * HOUR, "2d5h"),
            (8 * DAY + 5 * HOUR, "8d"),
            (729 * DAY, "729d"),
            (2 * YEAR + 3 * DAY, "2y3d"),
            (9 * YEAR + 3 * DAY, "9y"),
        ];
        for (seconds, words) in spans {
            assert_eq!(human_duration(seconds), words, "{seconds} seconds");
        }
    }
}
