//! Points in time: how long ago on a terminal, RFC 3339 everywhere else.

use jiff::Timestamp;

/// How times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Seen from this moment: `3m ago`.
    Ago(Timestamp),
    /// In full: `2025-11-23T10:00:00Z`.
    Exact,
}

impl When {
    /// The time as it is written; a dash for none.
    pub(crate) fn show(self, time: Option<Timestamp>) -> String {
        let Some(time) = time else {
            return "-".to_owned();
        };
        match self {
            Self::Ago(now) => ago(now.duration_since(time).as_secs()),
            Self::Exact => format!("{time:.0}"),
        }
    }
}

fn ago(seconds: i64) -> String {
    match seconds {
        ..1 => "now".to_owned(),
        1..60 => format!("{seconds}s ago"),
        60..3600 => format!("{}m ago", seconds / 60),
        3600..86_400 => format!("{}h ago", seconds / 3600),
        86_400.. => format!("{}d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seen_from_now_or_in_full() {
        let now: Timestamp = "2025-11-23T10:00:00.123456Z".parse().unwrap();
        let before =
            |seconds: i64| Some(Timestamp::from_second(now.as_second() - seconds).unwrap());
        let shown = [-5, 0, 59, 60, 3599, 7200, 3 * 86_400]
            .map(|seconds| When::Ago(now).show(before(seconds)));
        assert_eq!(
            shown,
            [
                "now", "now", "59s ago", "1m ago", "59m ago", "2h ago", "3d ago"
            ]
        );
        assert_eq!(When::Exact.show(Some(now)), "2025-11-23T10:00:00Z");
        assert_eq!(When::Exact.show(None), "-");
    }
}
