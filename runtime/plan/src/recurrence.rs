//! When a recurring run is due: the rules of KFP's controller, with time as a value.
//!
//! ```text
//!   last slot, else start, else when it was made ──► the next slot of the rhythm
//!       catching up:  every slot, one after the other, however late
//!       otherwise:    only the latest of those that were missed
//! ```

use coracle_model::{RecurringRun, Schedule, Timestamp};
use coracle_spec::cron::Cron;
use jiff::SignedDuration;

/// When a recurring run is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Not any more, or not at all.
    Never,
    /// Later.
    At(Timestamp),
    /// It is due.
    Now {
        /// The slot it is due for, which may long be over.
        slot: Timestamp,
        /// The first of the slots before that are passed over, since they are not made up for.
        passed_over_from: Option<Timestamp>,
    },
}

/// When a recurring run is due next, whether or not it is switched on and has room for another run.
pub fn due(run: &RecurringRun, now: Timestamp) -> Due {
    let now = whole_second(now);
    let Some(next) = next_slot(run) else {
        return Due::Never;
    };
    if next > now {
        return Due::At(next);
    }
    let slot = if run.catch_up {
        next
    } else {
        latest_slot(run, next, now)
    };
    Due::Now {
        slot,
        passed_over_from: (slot != next).then_some(next),
    }
}

/// The first slot that was not run yet. One that falls exactly on the start is not one: KFP counts from it.
fn next_slot(run: &RecurringRun) -> Option<Timestamp> {
    let trigger = &run.trigger;
    let start = trigger.start.map(whole_second);
    let made = whole_second(run.created_at);
    let last = run.progress.last_slot.or(start).unwrap_or(made);
    let next = match &trigger.schedule {
        Schedule::Cron(text) => cron(text)?.next_after(start.map_or(last, |start| start.max(last))),
        Schedule::Periodic(seconds) => match start.filter(|start| *start > last) {
            Some(start) => Some(start),
            None => last.checked_add(interval(*seconds)).ok(),
        },
        Schedule::Once => run.progress.last_slot.is_none().then_some(made),
    };
    next.filter(|next| trigger.end.is_none_or(|end| *next <= end))
}

/// The latest slot of those that are over by now, of which `first` is the earliest.
fn latest_slot(run: &RecurringRun, first: Timestamp, now: Timestamp) -> Timestamp {
    let bound = run.trigger.end.map_or(now, |end| end.min(now));
    match &run.trigger.schedule {
        Schedule::Cron(text) => {
            let latest = cron(text).and_then(|cron| latest_before(&cron, first, bound));
            latest.unwrap_or(first)
        }
        // What was missed of a rhythm without a calendar begins anew with the run that is due now.
        Schedule::Periodic(seconds) => match first.checked_add(interval(*seconds)) {
            Ok(second) if second <= now => whole_second(bound),
            Ok(_) | Err(_) => first,
        },
        Schedule::Once => first,
    }
}

/// The latest moment of a rhythm after `first` and not after `bound`. It is looked for in ever longer spans before the
/// bound, so that a year of missed seconds is not gone through second by second.
fn latest_before(cron: &Cron, first: Timestamp, bound: Timestamp) -> Option<Timestamp> {
    const SPANS_S: [i64; 5] = [60, 3600, 86_400, 32 * 86_400, 366 * 86_400];
    let spans = SPANS_S.map(|seconds| bound.checked_sub(SignedDuration::from_secs(seconds)).ok());
    let beginnings = spans.into_iter().flatten().map(|from| from.max(first));
    let found = beginnings
        .chain([first])
        .find_map(|from| cron.next_after(from).filter(|found| *found <= bound));
    let mut latest = found?;
    while let Some(next) = cron.next_after(latest).filter(|next| *next <= bound) {
        latest = next;
    }
    Some(latest)
}

/// One that cannot be read was refused when it was given, and never comes.
fn cron(text: &str) -> Option<Cron> {
    text.parse().ok()
}

fn interval(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds.max(1)).unwrap_or(i64::MAX))
}

fn whole_second(at: Timestamp) -> Timestamp {
    at - SignedDuration::from_nanos(at.as_nanosecond().rem_euclid(1_000_000_000) as i64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use coracle_model::{ExperimentId, PipelineId, Progress, RecurringRunId, RunSource, Trigger};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn run(schedule: Schedule, catch_up: bool) -> RecurringRun {
        RecurringRun {
            id: RecurringRunId::random(),
            display_name: "nightly".to_owned(),
            description: String::new(),
            experiment: ExperimentId::random(),
            source: RunSource::Latest(PipelineId::random()),
            parameters: BTreeMap::new(),
            pipeline_root: None,
            service_account: None,
            trigger: Trigger {
                schedule,
                start: None,
                end: None,
            },
            max_concurrency: 1,
            catch_up,
            enabled: true,
            created_at: at("2026-03-01T10:00:00.7Z"),
            updated_at: at("2026-03-01T10:00:00Z"),
            progress: Progress::default(),
        }
    }

    fn daily(catch_up: bool) -> RecurringRun {
        run(Schedule::Cron("0 0 2 * * *".to_owned()), catch_up)
    }

    fn hourly(catch_up: bool) -> RecurringRun {
        run(Schedule::Periodic(3600), catch_up)
    }

    fn now_for(slot: &str) -> Due {
        Due::Now {
            slot: at(slot),
            passed_over_from: None,
        }
    }

    /// The slots that are run when somebody looks at each of these times and runs all that is due.
    fn slots(mut run: RecurringRun, looks: &[&str]) -> Vec<String> {
        let mut slots = Vec::new();
        for look in looks {
            while let Due::Now { slot, .. } = due(&run, at(look)) {
                slots.push(slot.to_string());
                run.progress.last_slot = Some(slot);
            }
        }
        slots
    }

    #[test]
    fn a_slot_is_due_from_its_second_on() {
        let run = daily(true);
        let slot = at("2026-03-02T02:00:00Z");
        assert_eq!(due(&run, at("2026-03-02T01:59:59.9Z")), Due::At(slot));
        assert_eq!(due(&run, slot), now_for("2026-03-02T02:00:00Z"));
        let periodic = hourly(true);
        assert_eq!(
            due(&periodic, at("2026-03-01T10:59:59Z")),
            Due::At(at("2026-03-01T11:00:00Z"))
        );
        assert_eq!(
            due(&periodic, at("2026-03-01T11:00:00Z")),
            now_for("2026-03-01T11:00:00Z")
        );
    }

    #[test]
    fn a_laptop_that_slept_makes_up_for_every_slot_or_only_for_the_latest() {
        let woken = ["2026-03-05T08:00:00Z"];
        assert_eq!(
            slots(daily(true), &woken),
            [
                "2026-03-02T02:00:00Z",
                "2026-03-03T02:00:00Z",
                "2026-03-04T02:00:00Z",
                "2026-03-05T02:00:00Z"
            ]
        );
        assert_eq!(slots(daily(false), &woken), ["2026-03-05T02:00:00Z"]);
        let Due::Now {
            passed_over_from, ..
        } = due(&daily(false), at(woken[0]))
        else {
            panic!("it is due");
        };
        assert_eq!(passed_over_from, Some(at("2026-03-02T02:00:00Z")));

        let woken = [
            "2026-03-01T13:30:00Z",
            "2026-03-01T14:29:59Z",
            "2026-03-01T14:30:00Z",
        ];
        assert_eq!(
            slots(hourly(true), &woken),
            [
                "2026-03-01T11:00:00Z",
                "2026-03-01T12:00:00Z",
                "2026-03-01T13:00:00Z",
                "2026-03-01T14:00:00Z"
            ]
        );
        // Without a calendar, the rhythm goes on from when it was made up for.
        assert_eq!(
            slots(hourly(false), &woken),
            ["2026-03-01T13:30:00Z", "2026-03-01T14:30:00Z"]
        );
    }

    #[test]
    fn it_begins_after_its_start_and_ends_with_its_end() {
        let mut windowed = daily(true);
        windowed.trigger.start = Some(at("2026-03-10T02:00:00Z"));
        windowed.trigger.end = Some(at("2026-03-12T02:00:00Z"));
        let much_later = ["2027-01-01T00:00:00Z"];
        assert_eq!(
            slots(windowed.clone(), &much_later),
            ["2026-03-11T02:00:00Z", "2026-03-12T02:00:00Z"]
        );
        windowed.catch_up = false;
        assert_eq!(
            slots(windowed.clone(), &much_later),
            ["2026-03-12T02:00:00Z"]
        );
        windowed.progress.last_slot = windowed.trigger.end;
        assert_eq!(due(&windowed, at(much_later[0])), Due::Never);

        let mut periodic = hourly(false);
        periodic.trigger.end = Some(at("2026-03-01T12:30:00Z"));
        assert_eq!(slots(periodic, &much_later), ["2026-03-01T12:30:00Z"]);
    }

    #[test]
    fn what_has_no_rhythm_runs_once() {
        let once = run(Schedule::Once, true);
        assert_eq!(
            slots(once, &["2026-03-05T08:00:00Z"; 3]),
            ["2026-03-01T10:00:00Z"]
        );
    }

    #[test]
    fn an_expression_that_never_comes_is_never_due() {
        let run = run(Schedule::Cron("0 0 0 30 2 *".to_owned()), true);
        assert_eq!(due(&run, at("2030-01-01T00:00:00Z")), Due::Never);
    }

    /// Four years of looks at odd times: every slot once, in order, and only the latest of those between two looks when
    /// nothing is made up for.
    #[test]
    fn years_pass_in_a_second() {
        const LOOKS: i64 = 2000;
        let looks: Vec<String> = (0..LOOKS)
            .map(|look| {
                (at("2026-03-01T10:00:00Z") + SignedDuration::from_secs(look * 63_113)).to_string()
            })
            .collect();
        let looks: Vec<&str> = looks.iter().map(String::as_str).collect();
        let all = slots(daily(true), &looks);
        let days = (LOOKS - 1) * 63_113 / 86_400;
        assert!(
            all.len() as i64 - days <= 1 && all.len() as i64 >= days,
            "{}",
            all.len()
        );
        assert!(all.is_sorted());
        let latest = slots(daily(false), &looks);
        assert!(latest.iter().all(|slot| all.contains(slot)) && latest.is_sorted());

        let every_second = run(Schedule::Cron("* * * * * *".to_owned()), false);
        assert_eq!(
            slots(every_second, &["2036-03-01T10:00:00Z"]),
            ["2036-03-01T10:00:00Z"]
        );
    }
}
