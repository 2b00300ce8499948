//! Tasks of a DAG.

use std::collections::BTreeSet;
use std::time::Duration;

use coracle_model::{ComponentName, TaskName};

use super::mention::{Mentioned, Scribe};
use super::{input, loops};
use crate::pipeline::ir::{CachingOptions, RetryPolicy, Task, TriggerStrategy};
use crate::pipeline::message::{Field, Message, Shape};

const TASK: Shape = Shape {
    name: "PipelineTaskSpec",
    fields: &[
        "taskInfo",
        "inputs",
        "dependentTasks",
        "cachingOptions",
        "componentRef",
        "triggerPolicy",
        "artifactIterator",
        "parameterIterator",
        "retryPolicy",
        "iteratorPolicy",
    ],
    oneofs: &[&["parameterIterator", "artifactIterator"]],
};

const TASK_INFO: Shape = Shape {
    name: "PipelineTaskInfo",
    fields: &["name"],
    oneofs: &[],
};
const INPUTS: Shape = Shape {
    name: "TaskInputsSpec",
    fields: &["parameters", "artifacts"],
    oneofs: &[],
};
const CACHING: Shape = Shape {
    name: "CachingOptions",
    fields: &["enableCache", "cacheKey"],
    oneofs: &[],
};
const COMPONENT_REF: Shape = Shape {
    name: "ComponentRef",
    fields: &["name"],
    oneofs: &[],
};
const TRIGGER: Shape = Shape {
    name: "TriggerPolicy",
    fields: &["condition", "strategy"],
    oneofs: &[],
};

const RETRY: Shape = Shape {
    name: "RetryPolicy",
    fields: &[
        "maxRetryCount",
        "backoffDuration",
        "backoffFactor",
        "backoffMaxDuration",
    ],
    oneofs: &[],
};

const STRATEGIES: [&str; 3] = [
    "TRIGGER_STRATEGY_UNSPECIFIED",
    "ALL_UPSTREAM_TASKS_SUCCEEDED",
    "ALL_UPSTREAM_TASKS_COMPLETED",
];

/// What each wait is multiplied by when the file does not say.
const DEFAULT_FACTOR: f64 = 2.0;
/// The longest wait when the file does not say.
const DEFAULT_MAX_BACKOFF: Duration = Duration::from_secs(3600);
/// The longest duration that the JSON form of protobuf knows, some ten thousand years.
const MAX_SECONDS: u64 = 315_576_000_000;

/// Reads a task and notes the names it uses.
pub(super) fn lower(field: Field<'_>, scribe: &mut Scribe) -> Task {
    let message = field.message(&TASK);
    let name = message
        .get("taskInfo")
        .and_then(|info| info.message(&TASK_INFO).filled("name"));
    let inputs = message.get("inputs").map(|inputs| inputs.message(&INPUTS));
    let trigger = message
        .get("triggerPolicy")
        .map(|trigger| trigger.message(&TRIGGER));
    Task {
        display_name: name.unwrap_or_else(|| field.name.to_owned()),
        component: component(field, &message, scribe),
        parameters: entries(inputs.as_ref(), "parameters")
            .map(|field| (field.name.to_owned(), input::parameter(field, scribe)))
            .collect(),
        artifacts: entries(inputs.as_ref(), "artifacts")
            .map(|field| (field.name.to_owned(), input::artifact(field, scribe)))
            .collect(),
        after: after(&message, scribe),
        caching: message
            .get("cachingOptions")
            .map(caching)
            .unwrap_or_default(),
        condition: trigger
            .as_ref()
            .and_then(|trigger| trigger.filled("condition")),
        trigger: trigger.as_ref().map(strategy).unwrap_or_default(),
        iterator: loops::lower(&message),
        retry: message.get("retryPolicy").map(retry),
    }
}

fn entries<'a>(
    inputs: Option<&Message<'a>>,
    name: &'static str,
) -> impl Iterator<Item = Field<'a>> + use<'a> {
    inputs
        .map(|inputs| inputs.entries(name))
        .into_iter()
        .flatten()
}

fn component(task: Field<'_>, message: &Message<'_>, scribe: &mut Scribe) -> ComponentName {
    let reference = message
        .get("componentRef")
        .and_then(|field| field.message(&COMPONENT_REF).get("name"));
    let Some(reference) = reference.filter(|reference| !reference.text().is_empty()) else {
        task.problems().error(
            task.key_place,
            "missing-component",
            format!(
                "component ref name is empty for task name=\"{}\"",
                task.name
            ),
            "set `componentRef.name` to a key of `components`",
        );
        return ComponentName::from("");
    };
    let name = ComponentName::from(reference.text());
    scribe.note(reference.place(), Mentioned::Component(name.clone()));
    name
}

fn after(message: &Message<'_>, scribe: &mut Scribe) -> BTreeSet<TaskName> {
    message
        .items("dependentTasks")
        .map(|field| {
            let task = TaskName::from(field.text());
            scribe.note(field.place(), Mentioned::Task(task.clone()));
            task
        })
        .collect()
}

fn caching(field: Field<'_>) -> CachingOptions {
    let message = field.message(&CACHING);
    CachingOptions {
        enabled: message.flag("enableCache"),
        key: message.filled("cacheKey"),
    }
}

fn strategy(trigger: &Message<'_>) -> TriggerStrategy {
    match trigger
        .get("strategy")
        .and_then(|field| field.choice(&STRATEGIES))
    {
        Some("ALL_UPSTREAM_TASKS_COMPLETED") => TriggerStrategy::AllUpstreamTasksCompleted,
        _ => TriggerStrategy::AllUpstreamTasksSucceeded,
    }
}

fn retry(field: Field<'_>) -> RetryPolicy {
    let message = field.message(&RETRY);
    let factor = message.get("backoffFactor").map_or(0.0, Field::number);
    RetryPolicy {
        max_retries: message.get("maxRetryCount").map_or(0, retries),
        backoff: message
            .get("backoffDuration")
            .map_or(Duration::ZERO, duration),
        factor: if factor == 0.0 {
            DEFAULT_FACTOR
        } else {
            factor
        },
        max_backoff: message
            .get("backoffMaxDuration")
            .map_or(DEFAULT_MAX_BACKOFF, duration),
    }
}

fn retries(field: Field<'_>) -> u32 {
    let count = field.whole();
    u32::try_from(count)
        .ok()
        .filter(|count| *count <= i32::MAX as u32)
        .unwrap_or_else(|| {
            field.error(
                "out-of-range",
                format!("`{}` cannot be {count}", field.name),
                "use a number from 0 up",
            );
            0
        })
}

fn duration(field: Field<'_>) -> Duration {
    parse_duration(field.text()).unwrap_or_else(|| {
        let message = format!("`{}` is no duration: `{}`", field.name, field.text());
        field.error(
            "wrong-type",
            message,
            "write seconds with an `s` behind, such as `30s` or `0.5s`",
        );
        Duration::ZERO
    })
}

/// Seconds with up to nine decimals and an `s` behind.
fn parse_duration(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole)
        || !digits(fraction)
        || fraction.len() > 9
        || (whole.is_empty() && fraction.is_empty())
    {
        return None;
    }
    let seconds = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let nanoseconds = format!("{fraction:0<9}").parse().ok()?;
    (seconds <= MAX_SECONDS).then(|| Duration::new(seconds, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_with_a_suffix() {
        assert_eq!(parse_duration("0s"), Some(Duration::ZERO));
        assert_eq!(parse_duration("3600s"), Some(Duration::from_secs(3600)));
        assert_eq!(parse_duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(parse_duration(".25s"), Some(Duration::from_millis(250)));
        assert_eq!(
            parse_duration("0.000000001s"),
            Some(Duration::from_nanos(1))
        );
        for bad in [
            "",
            "s",
            ".s",
            "5",
            "5m",
            "-5s",
            "1e3s",
            "0.0000000001s",
            "99999999999999999999s",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad:?}");
        }
    }
}
