//! How far a log was read, so that reading goes on there without a gap and without a line that came before.
//!
//! A server gives lines from a time on, which it heeds to the second, and lines of one moment are many. So what came since
//! somewhat before the last line is remembered, and what of it comes again is left out, as often as it came.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use jiff::Timestamp;

use super::lines::Part;

/// How much a line may be older than one before it: the two streams of a container are written side by side.
const BESIDE_SECONDS: i64 = 1;

/// A line, or a part of one, is known by its line's time and what it says; the number is how often it came.
type Seen = BTreeMap<(Timestamp, u64), u32>;

/// How far a log was read.
#[derive(Debug, Default)]
pub(super) struct LogPlace {
    newest: Option<Timestamp>,
    recent: Seen,
    again: Seen,
    /// The time of the line whose parts come.
    within: Option<Timestamp>,
}

impl LogPlace {
    /// The time from which to read on, a whole second; none from the beginning. What comes from now on may have come before.
    pub(super) fn go_on(&mut self) -> Option<Timestamp> {
        self.again.clone_from(&self.recent);
        self.newest.map(from)
    }

    /// Takes a line, or the next part of one, as the server gives it with its time. None where it came before.
    pub(super) fn take(&mut self, part: &Part) -> Option<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let timed = match part.number {
            0 => timed(&part.bytes),
            // The time stands before the first part alone.
            _ => self.within.map(|at| (at, &part.bytes[..])),
        };
        self.within = timed.map(|(at, _)| at);
        // What the server itself says of a log bears no time.
        let Some((at, said)) = timed else {
            return Some(text(&part.bytes));
        };
        let mut hasher = DefaultHasher::new();
        (part.number, said).hash(&mut hasher);
        let key = (at, hasher.finish());
        if let Some(left) = self.again.get_mut(&key).filter(|left| **left > 0) {
            *left -= 1;
            return None;
        }
        *self.recent.entry(key).or_default() += 1;
        if self.newest.is_none_or(|newest| newest < at) {
            self.newest = Some(at);
            self.recent = self.recent.split_off(&(from(at), 0));
        }
        Some(text(said))
    }
}

/// From when to read on where a line of this time was the newest.
fn from(newest: Timestamp) -> Timestamp {
    let second = Timestamp::from_second(newest.as_second()).unwrap_or(newest);
    let earlier = jiff::SignedDuration::from_secs(BESIDE_SECONDS);
    second.checked_sub(earlier).unwrap_or(second)
}

fn timed(line: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (time, said) = match line.iter().position(|byte| *byte == b' ') {
        Some(space) => (&line[..space], &line[space + 1..]),
        None => (line, &[][..]),
    };
    let at = std::str::from_utf8(time).ok()?.parse().ok()?;
    Some((at, said))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(nanoseconds: u64) -> Timestamp {
        let since = 1_700_000_000_000_000_000 + i128::from(nanoseconds);
        Timestamp::from_nanosecond(since).unwrap()
    }

    fn whole(text: &str) -> Part {
        Part {
            bytes: text.as_bytes().to_vec(),
            number: 0,
        }
    }

    fn line(nanoseconds: u64, text: &str) -> Part {
        whole(&format!("{} {text}", time(nanoseconds)))
    }

    #[test]
    fn equal_lines_of_one_moment_are_told_as_often_as_they_were_written() {
        let mut place = LogPlace::default();
        assert_eq!(place.go_on(), None);
        for _ in 0..2 {
            assert_eq!(place.take(&line(5, "same")), Some("same".to_owned()));
        }
        place.go_on();
        assert_eq!(place.take(&line(5, "same")), None);
        assert_eq!(place.take(&line(5, "same")), None);
        assert_eq!(place.take(&line(5, "same")), Some("same".to_owned()));
    }

    #[test]
    fn what_has_no_time_is_told_as_it_is() {
        let mut place = LogPlace::default();
        let said = "unable to retrieve container logs";
        assert_eq!(place.take(&whole(said)), Some(said.to_owned()));
        assert_eq!(place.take(&line(1, "")), Some(String::new()));
        assert_eq!(place.take(&line(2, "a b")), Some("a b".to_owned()));
    }

    #[test]
    fn parts_of_a_line_that_come_again_are_left_out_and_those_behind_them_are_told() {
        let part = |text: &str, number| Part {
            number,
            ..whole(text)
        };
        let mut place = LogPlace::default();
        assert_eq!(place.take(&line(5, "same")), Some("same".to_owned()));
        assert_eq!(place.take(&part("same", 1)), Some("same".to_owned()));
        place.go_on();
        assert_eq!(place.take(&line(5, "same")), None);
        assert_eq!(place.take(&part("same", 1)), None);
        assert_eq!(place.take(&part("same", 2)), Some("same".to_owned()));
        // So is what bears no time.
        assert_eq!(
            place.take(&whole("of the server")),
            Some("of the server".to_owned())
        );
        assert_eq!(place.take(&part("more", 1)), Some("more".to_owned()));
    }

    #[test]
    fn the_time_is_asked_for_in_whole_seconds_and_lies_before() {
        let mut place = LogPlace::default();
        place.take(&line(7_900_000_000, "x"));
        let since = place.go_on().unwrap();
        assert_eq!(since, time(6_000_000_000));
        assert_eq!(since.to_string(), "2023-11-14T22:13:26Z");
    }

    proptest! {
        /// A log whose times go backwards by no more than a second, read with breaks anywhere by a server that gives whole seconds.
        #[test]
        fn every_line_is_told_once_and_in_order(
            steps in prop::collection::vec((0_u64..700_000_000, 0_u64..400_000_000, 0_u8..3), 1..80),
            cuts in prop::collection::vec(0_usize..80, 0..6),
        ) {
            let mut clock = 2_000_000_000;
            let log: Vec<_> = steps.iter().map(|(step, back, text)| {
                clock += step;
                (time(clock - back), line(clock - back, &text.to_string()), text.to_string())
            }).collect();
            let mut place = LogPlace::default();
            let mut told = Vec::new();
            let mut ends: Vec<_> = cuts.into_iter().map(|cut| cut.min(log.len())).collect();
            ends.push(log.len());
            ends.sort_unstable();
            for end in ends {
                let since = place.go_on();
                for (at, line, _) in &log[..end] {
                    if since.is_none_or(|since| *at >= since) {
                        told.extend(place.take(line));
                    }
                }
            }
            let expected: Vec<_> = log.into_iter().map(|(_, _, text)| text).collect();
            prop_assert_eq!(told, expected);
        }
    }
}
