//! What a job says about pods that fail: `podFailurePolicy`.

use coracle_objects::{Object, ObjectExt as _};
use serde_json::Value;

/// A rule that a failed pod matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MatchingRule<'job> {
    /// `FailJob`, `FailIndex`, `Ignore` or `Count`.
    pub(super) action: &'job str,
    /// What was found.
    pub(super) message: String,
}

/// The first rule that a failed pod matches: it decides.
pub(super) fn matching_rule<'job>(job: &'job Object, pod: &Object) -> Option<MatchingRule<'job>> {
    let rules = job.list_at(&["spec", "podFailurePolicy", "rules"]);
    rules.iter().enumerate().find_map(|(number, rule)| {
        let action = rule["action"].as_str()?;
        let whose = format!("pod {}/{}", pod.namespace(), pod.name());
        let found = match matching_container(rule, pod) {
            Some((container, code)) => {
                format!("Container {container} for {whose} failed with exit code {code}")
            }
            None => {
                let condition = matching_condition(rule, pod)?;
                format!(
                    "Pod {}/{} has condition {condition}",
                    pod.namespace(),
                    pod.name()
                )
            }
        };
        let message = format!("{found} matching {action} rule at index {number}");
        Some(MatchingRule { action, message })
    })
}

/// The container of a failed pod that a rule on exit codes is about, with its code.
fn matching_container<'pod>(rule: &Value, pod: &'pod Object) -> Option<(&'pod str, i64)> {
    let wanted = rule.get("onExitCodes")?;
    let values: Vec<i64> = wanted["values"]
        .as_array()?
        .iter()
        .filter_map(Value::as_i64)
        .collect();
    let lists = ["containerStatuses", "initContainerStatuses"];
    let statuses = lists
        .into_iter()
        .flat_map(|list| pod.list_at(&["status", list]));
    statuses
        .filter_map(|status| {
            let ended = status.get("state")?.get("terminated")?;
            Some((
                status.get("name")?.as_str()?,
                ended.get("exitCode")?.as_i64()?,
            ))
        })
        .find(|(name, code)| {
            let named = wanted["containerName"].as_str();
            let is_listed = values.contains(code);
            let fits = is_listed != (wanted["operator"] == "NotIn");
            named.is_none_or(|named| named == *name) && *code != 0 && fits
        })
}

/// The condition of a failed pod that a rule on conditions is about.
fn matching_condition<'job>(rule: &'job Value, pod: &Object) -> Option<&'job str> {
    let conditions = pod.list_at(&["status", "conditions"]);
    let wanted = rule.get("onPodConditions")?.as_array()?.iter();
    wanted
        .filter(|wanted| {
            let status = wanted["status"].as_str().unwrap_or("True");
            conditions
                .iter()
                .any(|found| found["type"] == wanted["type"] && found["status"] == status)
        })
        .find_map(|wanted| wanted["type"].as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Object {
        value.as_object().cloned().unwrap()
    }

    fn judged(rules: &Value, code: i64) -> Option<(String, String)> {
        let job = object(&json!({ "spec": { "podFailurePolicy": { "rules": rules } } }));
        let pod = object(&json!({
            "metadata": { "name": "p", "namespace": "n" },
            "status": {
                "conditions": [{ "type": "DisruptionTarget", "status": "True" }],
                "containerStatuses": [
                    { "name": "main", "state": { "terminated": { "exitCode": code } } },
                    { "name": "side", "state": { "terminated": { "exitCode": 0 } } },
                ],
            },
        }));
        matching_rule(&job, &pod).map(|found| (found.action.to_owned(), found.message))
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rules = json!([
            { "action": "Ignore", "onExitCodes": { "containerName": "side", "operator": "In", "values": [42] } },
            { "action": "FailJob", "onExitCodes": { "operator": "In", "values": [42] } },
            { "action": "Count", "onExitCodes": { "operator": "NotIn", "values": [1] } },
            { "action": "FailIndex", "onPodConditions": [{ "type": "DisruptionTarget", "status": "True" }] },
        ]);
        let action = |code| judged(&rules, code).unwrap();
        assert_eq!(
            action(42),
            (
                "FailJob".to_owned(),
                "Container main for pod n/p failed with exit code 42 matching FailJob rule at index 1"
                    .to_owned()
            )
        );
        assert_eq!(action(7).0, "Count");
        assert_eq!(
            action(1).1,
            "Pod n/p has condition DisruptionTarget matching FailIndex rule at index 3"
        );
        assert_eq!(judged(&json!([]), 42), None);
    }
}
