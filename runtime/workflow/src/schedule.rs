//! A workflow that a schedule starts again and again: Argo's `CronWorkflow`.
//!
//! Kubeflow Pipelines reads schedules as `robfig/cron` 1.2 does, with seconds first; Argo reads them as version 3 of that library
//! does, without. What both take for the same goes over.

use coracle_model::{Recurrence, Schedule};
use serde_json::{Value, json};

use crate::report::{Parity, Report};

/// The longest name of a `CronWorkflow`, to which Argo adds the second of each start; five letters of it are the cluster's.
const LONGEST: usize = 52 - "-12345".len();

/// The workflow as a `CronWorkflow`, and what of its rhythm is not portable.
pub(crate) fn scheduled(workflow: &Value, recurrence: &Recurrence, report: &mut Report) -> Value {
    let schedule = schedule(&recurrence.schedule, report);
    if recurrence.catch_up {
        let reason =
            "a cluster makes up for one missed slot at most; ask for none to be made up for";
        report.refuse("recurrence: catch up", reason);
    }
    if recurrence.max_concurrency != 1 {
        let reason = "a cluster has one run of a schedule open at a time, or does not count them";
        report.refuse("recurrence: concurrency", reason);
    }
    let skipped = "a slot that comes while a run is open is left out; Kubeflow Pipelines starts it when that has ended";
    report.add(Parity::Translated, "recurrence: concurrency", skipped);
    let kept = "the cluster removes all but the last three workflows that succeeded and the last one that failed; their files stay on the volume that runs share";
    report.add(Parity::ClusterOnly, "recurrence", kept);
    let metadata = &workflow["metadata"];
    let name = metadata["generateName"].as_str().unwrap_or_default();
    let name: String = name.trim_end_matches('-').chars().take(LONGEST).collect();
    json!({
        "apiVersion": workflow["apiVersion"],
        "kind": "CronWorkflow",
        "metadata": {
            "generateName": format!("{}-", name.trim_end_matches('-')),
            "labels": metadata["labels"],
        },
        "spec": {
            "schedules": [schedule],
            "timezone": "UTC",
            "concurrencyPolicy": "Forbid",
            "workflowMetadata": {"labels": metadata["labels"], "annotations": metadata["annotations"]},
            "workflowSpec": workflow["spec"],
        },
    })
}

/// The schedule in Argo's words. The expression was read as Kubeflow Pipelines reads it before.
fn schedule(schedule: &Schedule, report: &mut Report) -> String {
    let text = match schedule {
        Schedule::Periodic(seconds) => return format!("@every {seconds}s"),
        Schedule::Once => {
            report.refuse("recurrence", "it is one moment, and not again and again");
            return String::new();
        }
        Schedule::Cron(text) if text.starts_with('@') => return text.clone(),
        Schedule::Cron(text) => text,
    };
    let mut refuse = |reason| report.refuse(format!("recurrence: {text}"), reason);
    let mut fields = text.split_whitespace();
    if fields.next() != Some("0") {
        refuse("a cluster's schedules have no seconds; let the first field be 0");
    }
    let mut fields: Vec<&str> = fields.collect();
    if fields.len() == 4 {
        fields.push("*");
    }
    if let [_, _, day_of_month, _, day_of_week] = fields.as_slice()
        && [(day_of_month, day_of_week), (day_of_week, day_of_month)]
            .iter()
            .any(|(steps, other)| is_in_steps(steps) && !is_open(other))
    {
        refuse(
            "the cluster reads steps of all days together with other days otherwise; list the days",
        );
    }
    fields.join(" ")
}

/// Whether a field goes through all days in steps: it restricts nothing to version 1 of the library, and something to version 3.
fn is_in_steps(field: &str) -> bool {
    let mut parts = field.split(',');
    parts.any(|part| is_open(part) && part.contains('/'))
}

fn is_open(field: &str) -> bool {
    field.starts_with(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (String, usize) {
        let mut report = Report::default();
        let said = schedule(&Schedule::Cron(text.to_owned()), &mut report);
        (said, report.into_findings().len())
    }

    #[test]
    fn schedules_go_over_without_their_seconds() {
        assert_eq!(of("0 */5 * * * *"), ("*/5 * * * *".to_owned(), 0));
        assert_eq!(of("0 30 6 1 jan"), ("30 6 1 jan *".to_owned(), 0));
        assert_eq!(of("@daily"), ("@daily".to_owned(), 0));
        let mut report = Report::default();
        let every = schedule(&Schedule::Periodic(90), &mut report);
        assert_eq!(every, "@every 90s");
    }

    #[test]
    fn what_the_two_read_otherwise_is_refused() {
        for text in ["* * * * * *", "30 * * * * *", "0,30 * * * * *"] {
            assert_eq!(of(text).1, 1, "{text}");
        }
        for text in ["0 0 0 */2 * mon", "0 0 0 1 * ?/3", "0 0 0 1-5,*/7 * 0"] {
            assert_eq!(of(text).1, 1, "{text}");
        }
        for text in ["0 0 0 */2 * *", "0 0 0 1 * mon", "0 */2 */2 1 */2 mon"] {
            assert_eq!(of(text).1, 0, "{text}");
        }
    }
}
