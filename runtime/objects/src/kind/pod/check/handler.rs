//! What is done to a container to hear how it is, and when it starts and stops.

use serde_json::Value;

use super::super::super::place::{Faults, Place};
use super::super::super::words;
use super::spec::check_word;

/// What a probe is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probe {
    /// Whether it has to be started again.
    Liveness,
    /// Whether it can be asked things.
    Readiness,
    /// Whether it has started.
    Startup,
}

/// What is wrong with a probe.
pub(super) fn check_probe(probe: &Place<'_>, kind: Probe, faults: &mut Faults) {
    if !probe.is_set() {
        return;
    }
    check_handler(probe, None, faults);
    let counts = [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ];
    for field in counts {
        probe.field(field).check_not_negative(faults);
    }
    let grace = probe.field("terminationGracePeriodSeconds");
    if grace.number().is_some_and(|number| number <= 0) {
        faults.push(grace.invalid("must be greater than 0"));
    }
    let successes = probe.field("successThreshold");
    match kind {
        Probe::Readiness if grace.is_set() => {
            faults.push(grace.invalid("must not be set for readinessProbes"));
        }
        Probe::Readiness => {}
        Probe::Liveness | Probe::Startup if successes.number() != Some(1) => {
            faults.push(successes.invalid("must be 1"));
        }
        Probe::Liveness | Probe::Startup => {}
    }
}

/// What is wrong with `lifecycle`.
pub(super) fn check_lifecycle(lifecycle: &Place<'_>, grace: Option<i64>, faults: &mut Faults) {
    for field in ["postStart", "preStop"] {
        let hook = lifecycle.field(field);
        if hook.is_set() {
            check_handler(&hook, Some(grace.unwrap_or(0)), faults);
        }
    }
}

/// Exactly one of the ways. `grace` is how long a container has to stop, for hooks, which may also sleep.
fn check_handler(handler: &Place<'_>, grace: Option<i64>, faults: &mut Faults) {
    let fields = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
    let given: Vec<_> = fields
        .into_iter()
        .map(|field| (field, handler.field(field)))
        .filter(|(_, place)| place.is_set())
        .collect();
    if given.is_empty() {
        faults.push(handler.required("must specify a handler type"));
    }
    for (index, (field, place)) in given.iter().enumerate() {
        if index > 0 {
            faults.push(place.forbidden("may not specify more than 1 handler type"));
            continue;
        }
        match *field {
            "exec" if place.field("command").is_empty() => {
                faults.push(place.field("command").required(""));
            }
            "exec" => {}
            "httpGet" => check_get(place, faults),
            "sleep" => check_sleep(place, grace.unwrap_or(0), faults),
            _ => check_port(&place.field("port"), faults),
        }
    }
}

fn check_get(get: &Place<'_>, faults: &mut Faults) {
    let path = get.field("path");
    if path.is_empty() {
        faults.push(path.required(""));
    }
    check_port(&get.field("port"), faults);
    check_word(&get.field("scheme"), &["HTTP", "HTTPS"], faults);
    let headers = get.field("httpHeaders");
    for header in headers.items() {
        let name = header.field("name").text();
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || !name.bytes().all(known) {
            faults.push(headers.invalid_as(
                name,
                "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used \
                 for validation is '[-A-Za-z0-9]+')",
            ));
        }
    }
}

fn check_sleep(sleep: &Place<'_>, grace: i64, faults: &mut Faults) {
    let seconds = sleep.field("seconds");
    let number = seconds.number().unwrap_or(0);
    if number < 0 || number > grace {
        let why =
            format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        faults.push(sleep.invalid_as(number, why));
    }
}

/// A port by number or by name.
fn check_port(port: &Place<'_>, faults: &mut Faults) {
    match port.value() {
        Value::String(name) => {
            let said = words::check_port_name(name);
            faults.extend(said.into_iter().map(|detail| port.invalid(detail)));
        }
        value => {
            let number = value.as_i64().unwrap_or(0);
            let said = words::check_port(number);
            faults.extend(
                said.into_iter()
                    .map(|detail| port.invalid_as(number, detail)),
            );
        }
    }
}
