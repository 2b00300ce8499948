//! Cron expressions as KFP reads them: those of Go's `robfig/cron` 1.2, which begin with seconds.
//!
//! `SECOND MINUTE HOUR DAY-OF-MONTH MONTH [DAY-OF-WEEK]`, in UTC, with Sunday as 0; or a word such as `@daily`; or
//! `@every 1h30m`. Where both days are restricted, either is enough. The messages are that library's own, since
//! KFP's API hands them to whoever wrote the expression.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

/// How many years ahead a moment is looked for: an expression such as the 30th of February never has one.
const HORIZON_YEARS: i16 = 5;

/// A cron expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    rhythm: Rhythm,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rhythm {
    /// So long after each other.
    Every(SignedDuration),
    /// At what the fields say.
    Fields(Box<Fields>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Fields {
    second: Field,
    minute: Field,
    hour: Field,
    day_of_month: Field,
    month: Field,
    day_of_week: Field,
}

/// The values that one field allows, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    bits: u64,
    /// Whether it says `*` or `?`, so that it restricts nothing.
    open: bool,
}

/// What a field may say.
struct Bounds {
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

/// Why a text is no cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CronError(String);

const SECOND: Bounds = Bounds::numbers(0, 59);
const MINUTE: Bounds = Bounds::numbers(0, 59);
const HOUR: Bounds = Bounds::numbers(0, 23);
const DAY_OF_MONTH: Bounds = Bounds::numbers(1, 31);
const MONTH: Bounds = Bounds {
    least: 1,
    most: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
const DAY_OF_WEEK: Bounds = Bounds {
    least: 0,
    most: 6,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

impl std::str::FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        if text.is_empty() {
            return Err(CronError("Empty spec string".to_owned()));
        }
        let rhythm = if text.starts_with('@') {
            word(text)?
        } else {
            Rhythm::Fields(Box::new(Fields::read(text)?))
        };
        Ok(Self { rhythm })
    }
}

impl Cron {
    /// The first moment after `after`, in whole seconds; none within five years.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.rhythm {
            Rhythm::Every(pause) => {
                let whole = Timestamp::from_second(after.as_second()).ok()?;
                whole.checked_add(*pause).ok()
            }
            Rhythm::Fields(fields) => fields.next_after(after),
        }
    }
}

impl Fields {
    fn read(text: &str) -> Result<Self, CronError> {
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [second, minute, hour, day_of_month, month, rest @ ..] = parts.as_slice() else {
            return Err(wrong_count(parts.len(), text));
        };
        let day_of_week = match rest {
            [] => "*",
            [day] => day,
            [..] => return Err(wrong_count(parts.len(), text)),
        };
        Ok(Self {
            second: Field::read(second, &SECOND)?,
            minute: Field::read(minute, &MINUTE)?,
            hour: Field::read(hour, &HOUR)?,
            day_of_month: Field::read(day_of_month, &DAY_OF_MONTH)?,
            month: Field::read(month, &MONTH)?,
            day_of_week: Field::read(day_of_week, &DAY_OF_WEEK)?,
        })
    }

    /// Goes from the coarsest field to the finest: one that does not fit moves to its next value, with all finer ones
    /// at their first.
    fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let next = Timestamp::from_second(after.as_second().checked_add(1)?).ok()?;
        let mut at = next.to_zoned(TimeZone::UTC).datetime();
        let horizon = at.year().checked_add(HORIZON_YEARS)?;
        loop {
            if at.year() > horizon {
                return None;
            }
            if !self.month.allows(at.month()) {
                at = start_of_day(
                    at.first_of_month()
                        .checked_add(Span::new().months(1))
                        .ok()?,
                )?;
            } else if !self.allows_day(at) {
                at = start_of_day(at.checked_add(Span::new().days(1)).ok()?)?;
            } else if let Some(hour) = self
                .hour
                .first_from(at.hour())
                .filter(|hour| *hour != at.hour())
            {
                at = at.with().hour(hour).minute(0).second(0).build().ok()?;
            } else if !self.hour.allows(at.hour()) {
                at = start_of_day(at.checked_add(Span::new().days(1)).ok()?)?;
            } else if !self.minute.allows(at.minute()) {
                let on = Span::new().minutes(1);
                at = at.with().second(0).build().ok()?.checked_add(on).ok()?;
            } else if !self.second.allows(at.second()) {
                at = at.checked_add(Span::new().seconds(1)).ok()?;
            } else {
                return Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp());
            }
        }
    }

    fn allows_day(&self, at: DateTime) -> bool {
        let of_month = self.day_of_month.allows(at.day());
        let of_week = self
            .day_of_week
            .allows(at.weekday().to_sunday_zero_offset());
        if self.day_of_month.open || self.day_of_week.open {
            of_month && of_week
        } else {
            of_month || of_week
        }
    }
}

fn start_of_day(at: DateTime) -> Option<DateTime> {
    at.with().hour(0).minute(0).second(0).build().ok()
}

impl Bounds {
    const fn numbers(least: u32, most: u32) -> Self {
        Self {
            least,
            most,
            names: &[],
        }
    }

    /// A number, or a name that stands for one.
    fn value(&self, text: &str) -> Result<u32, CronError> {
        let name = text.to_ascii_lowercase();
        match self
            .names
            .iter()
            .zip(self.least..)
            .find(|(known, _)| **known == name)
        {
            Some((_, value)) => Ok(value),
            None => number(text),
        }
    }
}

impl Field {
    fn read(text: &str, bounds: &Bounds) -> Result<Self, CronError> {
        let mut field = Self {
            bits: 0,
            open: false,
        };
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (bits, open) = range(part, bounds)?;
            field.bits |= bits;
            field.open |= open;
        }
        Ok(field)
    }

    fn allows(self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| self.bits >> value & 1 == 1)
    }

    /// The first value that is allowed and not less than this.
    fn first_from(self, value: i8) -> Option<i8> {
        let from = u32::try_from(value).ok()?;
        let left = self.bits.checked_shr(from).filter(|left| *left != 0)?;
        i8::try_from(from + left.trailing_zeros()).ok()
    }
}

/// `*`, `N`, `N-M`, each with `/STEP` where wanted: the values, a bit each, and whether it restricts nothing.
fn range(text: &str, bounds: &Bounds) -> Result<(u64, bool), CronError> {
    let fail = |message: String| Err(CronError(message));
    let (span, step) = match text.split('/').collect::<Vec<_>>().as_slice() {
        [span] => (*span, None),
        [span, step] => (*span, Some(*step)),
        _ => return fail(format!("Too many slashes: {text}")),
    };
    let ends: Vec<&str> = span.split('-').collect();
    let open = ends[0] == "*" || ends[0] == "?";
    let (first, mut last) = match ends.as_slice() {
        _ if open => (bounds.least, bounds.most),
        [one] => {
            let value = bounds.value(one)?;
            (value, value)
        }
        [first, last] => (bounds.value(first)?, bounds.value(last)?),
        _ => return fail(format!("Too many hyphens: {text}")),
    };
    let every = match step {
        None => 1,
        Some(step) => {
            // From one value in steps means: to the end.
            if ends.len() == 1 {
                last = bounds.most;
            }
            number(step)?
        }
    };
    let Bounds { least, most, .. } = bounds;
    if first < *least {
        return fail(format!(
            "Beginning of range ({first}) below minimum ({least}): {text}"
        ));
    }
    if last > *most {
        return fail(format!(
            "End of range ({last}) above maximum ({most}): {text}"
        ));
    }
    if first > last {
        return fail(format!(
            "Beginning of range ({first}) beyond end of range ({last}): {text}"
        ));
    }
    if every == 0 {
        return fail(format!("Step of range should be a positive number: {text}"));
    }
    let bits = (first..=last)
        .step_by(every as usize)
        .fold(0, |bits, value| bits | 1 << value);
    Ok((bits, open))
}

fn number(text: &str) -> Result<u32, CronError> {
    let parsed: Result<i64, _> = text.parse();
    match parsed {
        Ok(number) if number < 0 => Err(CronError(format!(
            "Negative number ({number}) not allowed: {text}"
        ))),
        Ok(number) => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
        Err(_) => Err(CronError(format!(
            "Failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax"
        ))),
    }
}

fn wrong_count(count: usize, text: &str) -> CronError {
    CronError(format!("Expected 5 to 6 fields, found {count}: {text}"))
}

fn word(text: &str) -> Result<Rhythm, CronError> {
    let fields = match text {
        "@yearly" | "@annually" => "0 0 0 1 1 *",
        "@monthly" => "0 0 0 1 * *",
        "@weekly" => "0 0 0 * * 0",
        "@daily" | "@midnight" => "0 0 0 * * *",
        "@hourly" => "0 0 * * * *",
        _ => {
            let Some(pause) = text.strip_prefix("@every ") else {
                return Err(CronError(format!("Unrecognized descriptor: {text}")));
            };
            let nanoseconds = go_duration(pause).ok_or_else(|| {
                CronError(format!(
                    "Failed to parse duration {text}: time: invalid duration \"{pause}\""
                ))
            })?;
            // Whole seconds, and one at least.
            let seconds = (nanoseconds / 1_000_000_000).max(1);
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            return Ok(Rhythm::Every(SignedDuration::from_secs(seconds)));
        }
    };
    Ok(Rhythm::Fields(Box::new(Fields::read(fields)?)))
}

/// A duration as Go writes it, `1h30m` or `1.5s`, in nanoseconds.
fn go_duration(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total: i128 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (amount, after) = rest.split_at(end);
        let unit_end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        let unit: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        total = total.checked_add(scaled(amount, unit)?)?;
        rest = next;
    }
    Some(sign * total)
}

/// A decimal number of units.
fn scaled(amount: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            text.parse::<i128>().ok()
        }
    };
    let places = u32::try_from(fraction.len()).ok()?;
    let fraction = digits(fraction)?.checked_mul(unit)? / 10_i128.checked_pow(places)?;
    digits(whole)?.checked_mul(unit)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cron(text: &str) -> Cron {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// The moments after a time, each found from the one before.
    fn moments(text: &str, after: &str, count: usize) -> Vec<String> {
        let cron = cron(text);
        let mut at: Timestamp = after.parse().unwrap();
        let mut found = Vec::new();
        for _ in 0..count {
            at = cron.next_after(at).unwrap();
            found.push(at.to_string());
        }
        found
    }

    fn check(text: &str, after: &str, expected: &[&str]) {
        assert_eq!(moments(text, after, expected.len()), expected, "{text}");
    }

    #[test]
    fn fields_begin_with_seconds() {
        let after = "2026-03-01T00:00:00Z";
        check(
            "0 0 2 * * *",
            after,
            &["2026-03-01T02:00:00Z", "2026-03-02T02:00:00Z"],
        );
        // Five fields lack the day of the week, not the seconds: two minutes past every hour.
        check(
            "0 2 * * *",
            after,
            &["2026-03-01T00:02:00Z", "2026-03-01T01:02:00Z"],
        );
        check(
            "*/20 * * * * *",
            after,
            &[
                "2026-03-01T00:00:20Z",
                "2026-03-01T00:00:40Z",
                "2026-03-01T00:01:00Z",
            ],
        );
        check(
            "30 15,45 9-10 * * *",
            after,
            &[
                "2026-03-01T09:15:30Z",
                "2026-03-01T09:45:30Z",
                "2026-03-01T10:15:30Z",
                "2026-03-01T10:45:30Z",
                "2026-03-02T09:15:30Z",
            ],
        );
        check(
            "0 50/5 23 * * *",
            after,
            &[
                "2026-03-01T23:50:00Z",
                "2026-03-01T23:55:00Z",
                "2026-03-02T23:50:00Z",
            ],
        );
    }

    #[test]
    fn sunday_is_zero_and_either_day_is_enough_where_both_are_said() {
        // 2026-03-01 is a Sunday.
        let after = "2026-03-01T12:00:00Z";
        check(
            "0 0 9 ? * 2-6",
            after,
            &["2026-03-03T09:00:00Z", "2026-03-04T09:00:00Z"],
        );
        check("0 0 9 ? * SUN", after, &["2026-03-08T09:00:00Z"]);
        check(
            "0 0 0 13 * 5",
            after,
            &[
                "2026-03-06T00:00:00Z",
                "2026-03-13T00:00:00Z",
                "2026-03-20T00:00:00Z",
            ],
        );
        check(
            "0 0 0 13 * *",
            after,
            &["2026-03-13T00:00:00Z", "2026-04-13T00:00:00Z"],
        );
    }

    #[test]
    fn months_of_all_lengths_and_leap_years_are_passed_over() {
        check(
            "0 0 0 31 * *",
            "2026-01-31T00:00:00Z",
            &["2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"],
        );
        check(
            "0 0 0 29 feb *",
            "2026-01-01T00:00:00Z",
            &["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"],
        );
        check(
            "59 59 23 31 12 *",
            "2026-12-31T23:59:58.5Z",
            &["2026-12-31T23:59:59Z", "2027-12-31T23:59:59Z"],
        );
        let never = cron("0 0 0 30 2 *").next_after("2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(never, None);
    }

    #[test]
    fn words_stand_for_expressions() {
        let after = "2026-03-04T05:06:07Z";
        check("@hourly", after, &["2026-03-04T06:00:00Z"]);
        check("@daily", after, &["2026-03-05T00:00:00Z"]);
        check("@midnight", after, &["2026-03-05T00:00:00Z"]);
        check("@weekly", after, &["2026-03-08T00:00:00Z"]);
        check("@monthly", after, &["2026-04-01T00:00:00Z"]);
        check("@yearly", after, &["2027-01-01T00:00:00Z"]);
        check(
            "@every 1h30m",
            after,
            &["2026-03-04T06:36:07Z", "2026-03-04T08:06:07Z"],
        );
        check(
            "@every 1.5s",
            "2026-03-04T05:06:07.9Z",
            &["2026-03-04T05:06:08Z"],
        );
        check("@every 10ms", after, &["2026-03-04T05:06:08Z"]);
    }

    #[test]
    fn what_is_no_expression_is_named_in_the_words_of_the_library() {
        let refused = |text: &str, message: &str| {
            assert_eq!(
                text.parse::<Cron>().unwrap_err().to_string(),
                message,
                "{text}"
            );
        };
        refused("", "Empty spec string");
        refused("whenever", "Expected 5 to 6 fields, found 1: whenever");
        refused(
            "0 0 0 0 0 0 0",
            "Expected 5 to 6 fields, found 7: 0 0 0 0 0 0 0",
        );
        refused("60 * * * * *", "End of range (60) above maximum (59): 60");
        refused("* * * 0 * *", "Beginning of range (0) below minimum (1): 0");
        refused("* * * * * 7", "End of range (7) above maximum (6): 7");
        refused(
            "* * 9-5 * * *",
            "Beginning of range (9) beyond end of range (5): 9-5",
        );
        refused(
            "*/0 * * * * *",
            "Step of range should be a positive number: */0",
        );
        refused("1-2-3 * * * * *", "Too many hyphens: 1-2-3");
        refused("1/2/3 * * * * *", "Too many slashes: 1/2/3");
        refused("@fortnightly", "Unrecognized descriptor: @fortnightly");
        for text in [
            "x * * * * *",
            "@every",
            "@every soon",
            "@every 1",
            "* * * * FOO *",
        ] {
            assert!(text.parse::<Cron>().is_err(), "{text}");
        }
    }
}
