//! Containers: those of the pod, and those that run before them.

use std::collections::BTreeSet;

use super::super::super::place::{Faults, Place};
use super::super::super::words;
use super::handler::{self, Probe};
use super::spec::check_word;
use super::volume::Volumes;
use super::{environment, mount, port, resources, security};

/// What is wrong with any of the containers of a `spec`.
pub(super) fn check_all(spec: &Place<'_>, volumes: &Volumes<'_>, faults: &mut Faults) {
    let grace = spec.field("terminationGracePeriodSeconds").number();
    let containers = spec.field("containers");
    if containers.is_empty() {
        faults.push(containers.required(""));
    }
    let mut names = BTreeSet::new();
    for container in containers.items() {
        check_common(&container, volumes, faults);
        check_unique(&container, &mut names, faults);
        check_life(&container, grace, faults);
    }
    port::check_host_ports(&containers, faults);
    for container in spec.field("initContainers").items() {
        check_init(&container, volumes, &mut names, grace, faults);
    }
    let ephemeral = spec.field("ephemeralContainers");
    if !ephemeral.is_empty() {
        faults.push(ephemeral.forbidden("cannot be set on create"));
    }
}

fn check_init<'a>(
    container: &Place<'a>,
    volumes: &Volumes<'_>,
    names: &mut BTreeSet<&'a str>,
    grace: Option<i64>,
    faults: &mut Faults,
) {
    check_common(container, volumes, faults);
    let is_sidecar = container.field("restartPolicy").text() == "Always";
    check_unique(container, names, faults);
    port::check_host_ports_of(container, faults);
    if is_sidecar {
        check_life(container, grace, faults);
    } else {
        for field in [
            "lifecycle",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
        ] {
            let part = container.field(field);
            if part.is_set() {
                faults.push(
                    part.forbidden(
                        "may not be set for init containers without restartPolicy=Always",
                    ),
                );
            }
        }
    }
}

fn check_unique<'a>(container: &Place<'a>, names: &mut BTreeSet<&'a str>, faults: &mut Faults) {
    let name = container.field("name");
    if !name.is_empty() && !names.insert(name.text()) {
        faults.push(name.duplicate());
    }
}

fn check_life(container: &Place<'_>, grace: Option<i64>, faults: &mut Faults) {
    handler::check_lifecycle(&container.field("lifecycle"), grace, faults);
    handler::check_probe(&container.field("livenessProbe"), Probe::Liveness, faults);
    handler::check_probe(&container.field("readinessProbe"), Probe::Readiness, faults);
    handler::check_probe(&container.field("startupProbe"), Probe::Startup, faults);
}

fn check_common(container: &Place<'_>, volumes: &Volumes<'_>, faults: &mut Faults) {
    let name = container.field("name");
    if name.is_empty() {
        faults.push(name.required(""));
    } else {
        name.check(words::check_label, faults);
    }
    let image = container.field("image");
    if image.is_empty() {
        faults.push(image.required(""));
    } else if image.text().trim() != image.text() {
        faults.push(image.invalid("must not have leading or trailing whitespace"));
    }
    check_word(
        &container.field("terminationMessagePolicy"),
        &["File", "FallbackToLogsOnError"],
        faults,
    );
    port::check_ports(&container.field("ports"), faults);
    environment::check_variables(&container.field("env"), faults);
    environment::check_sources(&container.field("envFrom"), faults);
    mount::check_mounts(container, volumes, faults);
    mount::check_devices(container, volumes, faults);
    check_word(
        &container.field("imagePullPolicy"),
        &["Always", "IfNotPresent", "Never"],
        faults,
    );
    resources::check(&container.field("resources"), faults);
    check_resize(container, faults);
    security::check_container(&container.field("securityContext"), faults);
}

fn check_resize(container: &Place<'_>, faults: &mut Faults) {
    let mut seen = BTreeSet::new();
    let policies = container.field("resizePolicy");
    for policy in policies.items() {
        let name = policy.field("resourceName");
        if !seen.insert(name.text()) {
            faults.push(Place::at(policy.path().clone(), Some(name.value())).duplicate());
        }
        check_word(&name.told_at(policies.path()), &["cpu", "memory"], faults);
        let restart = policy.field("restartPolicy");
        if restart.is_set() {
            let ways = ["NotRequired", "RestartContainer"];
            check_word(&restart.told_at(policies.path()), &ways, faults);
        }
    }
}
