//! Notebooks that nobody uses are stopped, as Kubeflow's controller does it: by annotations that say when somebody last
//! used one, and the annotation that stops it.

use std::time::Duration;

use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _, meta};
use serde_json::Value;

use super::notebook::STOPPED;

/// When a notebook was last used.
pub const LAST_ACTIVITY: &str = "notebooks.kubeflow.org/last-activity";

/// When that was last looked at.
pub const LAST_CHECK: &str = "notebooks.kubeflow.org/last_activity_check_timestamp";

/// The word of a kernel that does nothing.
const IDLE: &str = "idle";

/// When notebooks are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Culling {
    /// How long nobody has to use one.
    pub idle: Duration,
    /// How often that is looked at.
    pub period: Duration,
}

/// What a server says of its kernels and terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// A kernel is at work.
    Now,
    /// Nothing is at work; something was last used then.
    Until(Timestamp),
    /// It says nothing, or has neither.
    Unknown,
}

/// An annotation, with its value or without one.
pub type Mark = (&'static str, Option<String>);

impl Activity {
    /// Reads the answers to `/api/kernels` and `/api/terminals`; what is no such answer says nothing.
    pub fn read(kernels: &[u8], terminals: &[u8]) -> Self {
        let list = |text| serde_json::from_slice::<Vec<Value>>(text).unwrap_or_default();
        let (kernels, terminals) = (list(kernels), list(terminals));
        if kernels
            .iter()
            .any(|kernel| kernel["execution_state"] != IDLE)
        {
            return Self::Now;
        }
        let times = kernels.iter().chain(&terminals);
        let newest = times
            .filter_map(|used| used["last_activity"].as_str()?.parse().ok())
            .max();
        newest.map_or(Self::Unknown, Self::Until)
    }
}

/// Whether the server of a notebook is to be asked.
pub fn is_due(notebook: &Object, culling: Culling, now: Timestamp) -> bool {
    let checked = time(notebook, LAST_CHECK);
    checked.is_none_or(|checked| has_passed(checked, culling.period, now))
}

/// What is to be noted on a notebook whose server runs and was asked.
pub fn note(notebook: &Object, activity: Activity, culling: Culling, now: Timestamp) -> Vec<Mark> {
    let noted = time(notebook, LAST_ACTIVITY);
    let last = match (activity, noted) {
        (Activity::Now, _) | (Activity::Unknown, None) => now,
        (Activity::Unknown, Some(noted)) => noted,
        // One that has just begun counts from its beginning.
        (Activity::Until(used), noted) => used.max(noted.unwrap_or(now)),
    };
    let mut marks = vec![
        (LAST_ACTIVITY, Some(meta::time(last))),
        (LAST_CHECK, Some(meta::time(now))),
    ];
    if has_passed(last, culling.idle, now) {
        marks.push((STOPPED, Some(meta::time(now))));
    }
    marks
}

/// What is to be noted on a notebook whose server does not run.
pub fn forget() -> Vec<Mark> {
    vec![(LAST_ACTIVITY, None), (LAST_CHECK, None)]
}

fn time(notebook: &Object, annotation: &str) -> Option<Timestamp> {
    notebook.annotation(annotation)?.parse().ok()
}

fn has_passed(since: Timestamp, wait: Duration, now: Timestamp) -> bool {
    let passed = Duration::try_from(now.duration_since(since));
    passed.is_ok_and(|passed| passed >= wait)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CULLING: Culling = Culling {
        idle: Duration::from_secs(600),
        period: Duration::from_secs(60),
    };

    fn at(clock: &str) -> Timestamp {
        format!("2026-05-01T{clock}Z").parse().unwrap()
    }

    fn notebook(last: Option<&str>, check: Option<&str>) -> Object {
        let mut annotations = serde_json::Map::new();
        for (name, clock) in [(LAST_ACTIVITY, last), (LAST_CHECK, check)] {
            let value = clock.map(|clock| meta::time(at(clock)).into());
            annotations.extend(value.map(|value: Value| (name.to_owned(), value)));
        }
        let object = json!({ "metadata": { "name": "a", "annotations": annotations } });
        object.as_object().unwrap().clone()
    }

    fn last(marks: &[Mark]) -> &str {
        marks[0].1.as_deref().unwrap()
    }

    fn stops(marks: &[Mark]) -> bool {
        marks.iter().any(|(name, _)| *name == STOPPED)
    }

    #[test]
    fn it_is_asked_once_a_period() {
        assert!(is_due(&notebook(None, None), CULLING, at("10:00:00")));
        let checked = notebook(None, Some("10:00:00"));
        assert!(!is_due(&checked, CULLING, at("10:00:59")));
        assert!(is_due(&checked, CULLING, at("10:01:00")));
    }

    #[test]
    fn answers_are_read() {
        let kernel = |state: &str, clock: &str| {
            let used = format!("2026-05-01T{clock}.250000Z");
            json!({ "id": "k", "execution_state": state, "last_activity": used })
        };
        let read = |kernels: Value, terminals: Value| {
            Activity::read(
                kernels.to_string().as_bytes(),
                terminals.to_string().as_bytes(),
            )
        };
        let idle = kernel(IDLE, "10:00:00");
        let busy = kernel("busy", "09:00:00");
        assert_eq!(read(json!([idle, busy]), json!([])), Activity::Now);
        assert_eq!(read(json!([]), json!([])), Activity::Unknown);
        let terminals = json!([{ "name": "1", "last_activity": "2026-05-01T10:05:00Z" }]);
        assert_eq!(
            read(json!([idle]), terminals),
            Activity::Until(at("10:05:00"))
        );
        assert_eq!(Activity::read(b"<html>", b""), Activity::Unknown);
    }

    #[test]
    fn one_that_nobody_uses_is_stopped() {
        let now = at("10:20:00");
        let marks = note(&notebook(None, None), Activity::Unknown, CULLING, now);
        assert_eq!(last(&marks), "2026-05-01T10:20:00Z");
        assert!(!stops(&marks));
        let known = notebook(Some("10:10:00"), Some("10:19:00"));
        // A server that does not answer was not used.
        let marks = note(&known, Activity::Unknown, CULLING, now);
        assert!(stops(&marks) && last(&marks) == "2026-05-01T10:10:00Z");
        assert!(!stops(&note(&known, Activity::Now, CULLING, now)));
        let used = Activity::Until(at("10:10:01"));
        assert!(!stops(&note(&known, used, CULLING, now)));
        let long_ago = Activity::Until(at("08:00:00"));
        assert!(stops(&note(&known, long_ago, CULLING, now)));
        // Kernels that its home remembers from another day do not stop one that has just begun.
        assert!(!stops(&note(&notebook(None, None), long_ago, CULLING, now)));
    }
}
