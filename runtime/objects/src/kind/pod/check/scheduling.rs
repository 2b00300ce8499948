//! Where a pod may run.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::super::place::{Faults, Place};
use super::super::super::words;
use super::spec::{check_optional_word, check_word};

/// What is wrong with labels.
pub(super) fn check_labels(labels: &Place<'_>, faults: &mut Faults) {
    for (key, value) in labels.entries() {
        let said = words::check_qualified_name(key);
        faults.extend(
            said.into_iter()
                .map(|detail| labels.invalid_as(key, detail)),
        );
        let said = words::check_label_value(value.text());
        faults.extend(
            said.into_iter()
                .map(|detail| labels.invalid_as(value.text(), detail)),
        );
    }
}

/// What is wrong with a label selector.
pub(in super::super::super) fn check_label_selector(selector: &Place<'_>, faults: &mut Faults) {
    check_labels(&selector.field("matchLabels"), faults);
    for term in selector.field("matchExpressions").items() {
        let values = term.field("values");
        let operator = term.field("operator");
        match operator.text() {
            "In" | "NotIn" if values.is_empty() => {
                faults
                    .push(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                faults.push(values.forbidden(
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                ));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => faults.push(operator.invalid_text("not a valid selector operator")),
        }
        term.field("key").check(words::check_qualified_name, faults);
        for value in values.items() {
            value.check(words::check_label_value, faults);
        }
    }
}

/// What is wrong with `tolerations`.
pub(in super::super) fn check_tolerations(tolerations: &Place<'_>, faults: &mut Faults) {
    for toleration in tolerations.items() {
        let field = |name: &str| toleration.field(name);
        let (key, operator, value, effect) = (
            field("key"),
            field("operator"),
            field("value"),
            field("effect"),
        );
        if !key.is_empty() {
            key.check(words::check_qualified_name, faults);
        }
        if key.is_empty() && operator.text() != "Exists" {
            faults.push(operator.invalid_text(
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            ));
        }
        if field("tolerationSeconds").is_set() && effect.text() != "NoExecute" {
            faults.push(
                effect.invalid_text("effect must be 'NoExecute' when `tolerationSeconds` is set"),
            );
        }
        match operator.text() {
            "" | "Equal" => {
                let said = words::check_label_value(value.text());
                if !said.is_empty() {
                    faults.push(operator.invalid_as(value.text(), said.join("; ")));
                }
            }
            "Exists" if !value.is_empty() => {
                faults.push(operator.invalid_as(
                    value.text(),
                    "value must be empty when `operator` is 'Exists'",
                ));
            }
            "Exists" => {}
            _ => faults.push(operator.not_supported(&["Equal", "Exists"])),
        }
        if !effect.is_empty() {
            check_word(
                &effect,
                &["NoSchedule", "PreferNoSchedule", "NoExecute"],
                faults,
            );
        }
    }
}

/// What is wrong with `readinessGates` and `schedulingGates`.
pub(super) fn check_gates(spec: &Place<'_>, faults: &mut Faults) {
    for gate in spec.field("readinessGates").items() {
        gate.field("conditionType")
            .check(words::check_qualified_name, faults);
    }
    let mut seen = BTreeSet::new();
    for gate in spec.field("schedulingGates").items() {
        let name = gate.field("name");
        let said = words::check_qualified_name(name.text());
        faults.extend(
            said.into_iter()
                .map(|detail| gate.invalid_as(name.text(), detail)),
        );
        if !seen.insert(name.text()) {
            faults.push(Place::at(gate.path().clone(), Some(name.value())).duplicate());
        }
    }
}

/// What is wrong with `topologySpreadConstraints`.
pub(super) fn check_spread(constraints: &Place<'_>, faults: &mut Faults) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for constraint in constraints.items() {
        let skew = constraint.field("maxSkew");
        if skew.number().unwrap_or(0) <= 0 {
            faults.push(skew.invalid_as(skew.number().unwrap_or(0), "must be greater than zero"));
        }
        let key = constraint.field("topologyKey");
        if key.is_empty() {
            faults.push(key.required("can not be empty"));
        }
        let otherwise = constraint.field("whenUnsatisfiable");
        let ways = ["DoNotSchedule", "ScheduleAnyway"];
        if !ways.contains(&otherwise.text()) {
            faults.push(otherwise.not_supported(&ways));
        }
        let pair = (key.text(), otherwise.text());
        if let Some(first) = seen.iter().position(|other| *other == pair) {
            let path = constraints.path().index(first);
            let path = path.field("{topologyKey, whenUnsatisfiable}");
            let pair = Value::from(format!("{{{}, {}}}", pair.0, pair.1));
            faults.push(Place::at(path, Some(&pair)).duplicate());
        }
        seen.push(pair);
        let fewest = constraint.field("minDomains");
        if fewest.number().is_some_and(|number| number <= 0) {
            faults.push(fewest.invalid("must be greater than zero"));
        }
        if fewest.is_set() && otherwise.text() != "DoNotSchedule" {
            faults.push(fewest.invalid(format!(
                "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}",
                otherwise.text()
            )));
        }
        for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            check_optional_word(&constraint.field(field), &["Honor", "Ignore"], faults);
        }
        let keys = constraint.field("matchLabelKeys");
        if !keys.is_empty() && !constraint.field("labelSelector").is_set() {
            faults.push(keys.forbidden("must not be specified when labelSelector is not set"));
        } else {
            for key in keys.items() {
                key.check(words::check_qualified_name, faults);
            }
        }
        check_label_selector(&constraint.field("labelSelector"), faults);
    }
}
