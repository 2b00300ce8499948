//! As whom a pod and its containers run, and what they share with the host.

use std::collections::BTreeSet;

use super::super::super::place::{Faults, Place};
use super::super::super::words;
use super::spec::{check_optional_word, check_word};

/// What is wrong with the pod's `securityContext`, and with the ports of a pod that has the host's network.
pub(super) fn check_pod(spec: &Place<'_>, faults: &mut Faults) {
    let context = spec.field("securityContext");
    if spec.field("hostNetwork").is_true() {
        check_ports_of_host(&spec.field("containers"), faults);
    }
    let shares = spec.field("shareProcessNamespace");
    if shares.is_true() && spec.field("hostPID").is_true() {
        let path = context.path().field("shareProcessNamespace");
        faults.push(
            shares
                .told_at(&path)
                .invalid("ShareProcessNamespace and HostPID cannot both be enabled"),
        );
    }
    check_id(&context.field("fsGroup"), faults);
    check_id(&context.field("runAsUser"), faults);
    check_id(&context.field("runAsGroup"), faults);
    for group in context.field("supplementalGroups").items() {
        check_id(&group, faults);
    }
    let change = context.field("fsGroupChangePolicy");
    check_optional_word(&change, &["Always", "OnRootMismatch"], faults);
    check_sysctls(&context.field("sysctls"), faults);
    check_profile(&context.field("seccompProfile"), faults);
    let groups = context.field("supplementalGroupsPolicy");
    check_optional_word(&groups, &["Merge", "Strict"], faults);
    check_profile(&context.field("appArmorProfile"), faults);
}

fn check_sysctls(sysctls: &Place<'_>, faults: &mut Faults) {
    let mut seen = BTreeSet::new();
    for sysctl in sysctls.items() {
        let name = sysctl.field("name");
        if name.is_empty() {
            faults.push(name.required(""));
        } else if !words::is_sysctl(name.text()) {
            faults.push(name.invalid(
                "must have at most 253 characters and match regex \
                 ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$",
            ));
        } else if !seen.insert(name.text()) {
            faults.push(name.duplicate());
        }
    }
}

fn check_ports_of_host(containers: &Place<'_>, faults: &mut Faults) {
    for container in containers.items() {
        for port in container.field("ports").items() {
            let (inside, outside) = (port.field("containerPort"), port.field("hostPort"));
            let number = outside.number().unwrap_or(0);
            if number != 0 && Some(number) != inside.number() {
                faults
                    .push(outside.invalid("must match `containerPort` when `hostNetwork` is true"));
            }
        }
    }
}

/// What is wrong with a container's `securityContext`.
pub(super) fn check_container(context: &Place<'_>, faults: &mut Faults) {
    if !context.is_set() {
        return;
    }
    let privileged = context.field("privileged").is_true();
    if privileged {
        // A container that may do everything to the machine is refused, as a cluster does unless it was told otherwise.
        let place = context.field("privileged");
        faults.push(place.forbidden("disallowed by cluster policy"));
    }
    check_id(&context.field("runAsUser"), faults);
    check_id(&context.field("runAsGroup"), faults);
    check_profile(&context.field("seccompProfile"), faults);
    let escalates = context.field("allowPrivilegeEscalation");
    if escalates.is_set() && !escalates.is_true() {
        if privileged {
            faults.push(context.invalid(
                "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
            ));
        }
        let added = context.field("capabilities").field("add");
        if added.texts().contains(&"CAP_SYS_ADMIN") {
            faults.push(context.invalid(
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
            ));
        }
    }
    let mount = context.field("procMount");
    check_optional_word(&mount, &["Default", "Unmasked"], faults);
    check_profile(&context.field("appArmorProfile"), faults);
}

/// A user's or group's number.
fn check_id(id: &Place<'_>, faults: &mut Faults) {
    let known = 0..=i64::from(i32::MAX);
    if id.number().is_some_and(|number| !known.contains(&number)) {
        faults.push(id.invalid("must be between 0 and 2147483647, inclusive"));
    }
}

fn check_profile(profile: &Place<'_>, faults: &mut Faults) {
    if !profile.is_set() {
        return;
    }
    let kind = profile.field("type");
    let local = profile.field("localhostProfile");
    match kind.text() {
        "Localhost" if local.is_empty() => {
            faults.push(local.required("must be set when seccomp type is Localhost"));
        }
        "Localhost" => super::volume::check_descending(&local, faults),
        _ if local.is_set() => {
            faults.push(local.invalid("can only be set when seccomp type is Localhost"));
        }
        _ => {}
    }
    if kind.is_empty() {
        faults.push(kind.required("type is required when seccompProfile is set"));
        return;
    }
    check_word(
        &kind,
        &["Localhost", "RuntimeDefault", "Unconfined"],
        faults,
    );
}
