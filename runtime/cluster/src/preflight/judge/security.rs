//! Whether pods keep to the pod security level of their namespace, by the Pod Security Standards.
//!
//! A Job or a Notebook is let in whatever its pods are; it is the pods that are refused, later and out of sight. So
//! they are judged here.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::sent::{items, text};
use super::Case;
use crate::finding::Finding;

/// The capabilities that may be added at the baseline level.
const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The kernel's parameters that may be set at the baseline level.
const SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

/// The types of SELinux that may be named at the baseline level.
const SELINUX_TYPES: [&str; 5] = [
    "",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_engine_t",
];

/// The volumes that may be used at the restricted level.
const VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// A level that keeps something away; the privileged one keeps nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// What gives a pod the node is refused.
    Baseline,
    /// What is not hardened is refused.
    Restricted,
}

impl Level {
    fn of(word: &str) -> Option<Self> {
        match word {
            "baseline" => Some(Self::Baseline),
            "restricted" => Some(Self::Restricted),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (namespace, facts) in &case.facts.namespaces {
        let Ok(Some(object)) = &facts.object else {
            continue;
        };
        let level = |mode: &str| {
            let label = format!("/metadata/labels/pod-security.kubernetes.io~1{mode}");
            Level::of(text(object, &label))
        };
        let (enforced, warned) = (level("enforce"), level("warn"));
        for pods in case.pods.iter().filter(|pods| pods.namespace == *namespace) {
            let refused =
                enforced.map_or_else(BTreeSet::new, |level| violations(&pods.spec, level));
            if let Some(level) = enforced
                && !refused.is_empty()
            {
                let message = told(namespace, level, "lets in", &refused);
                findings.push(
                    Finding::error("pod-security", pods.subject.clone(), message).fix(
                        "change the securityContext of the pods, or send to another namespace",
                    ),
                );
            } else if let Some(level) = warned {
                let warned = violations(&pods.spec, level);
                if !warned.is_empty() {
                    let message = told(namespace, level, "is content with", &warned);
                    findings.push(Finding::warning(
                        "pod-security-warned",
                        pods.subject.clone(),
                        message,
                    ));
                }
            }
        }
    }
    findings
}

fn told(namespace: &str, level: Level, verb: &str, violations: &BTreeSet<String>) -> String {
    let violations: Vec<&str> = violations.iter().map(String::as_str).collect();
    format!(
        "the namespace {namespace} {verb} only pods of the level {}: {}",
        level.word(),
        violations.join("; ")
    )
}

/// What of a pod a level does not let in.
pub(super) fn violations(spec: &Value, level: Level) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    baseline(spec, &mut found);
    if level == Level::Restricted {
        restricted(spec, &mut found);
    }
    found
}

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    ["/initContainers", "/containers", "/ephemeralContainers"]
        .into_iter()
        .flat_map(|list| items(spec, list))
}

/// The pod's and each container's value of a field of `securityContext`, with who says it.
fn contexts<'a>(spec: &'a Value, field: &str) -> Vec<(String, &'a Value)> {
    let at = format!("/securityContext/{field}");
    let pod = spec.pointer(&at).map(|value| ("the pod".to_owned(), value));
    let each = containers(spec).filter_map(|container| {
        let value = container.pointer(&at)?;
        Some((container_name(container), value))
    });
    pod.into_iter().chain(each).collect()
}

fn container_name(container: &Value) -> String {
    format!("`{}`", text(container, "/name"))
}

fn is_true(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer) == Some(&Value::Bool(true))
}

fn baseline(spec: &Value, found: &mut BTreeSet<String>) {
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        if is_true(spec, &format!("/{field}")) {
            found.insert(format!("the pod has {field}"));
        }
    }
    for volume in items(spec, "/volumes").filter(|volume| volume.get("hostPath").is_some()) {
        found.insert(format!(
            "the volume `{}` is a hostPath",
            text(volume, "/name")
        ));
    }
    for container in containers(spec) {
        let name = container_name(container);
        if is_true(container, "/securityContext/privileged") {
            found.insert(format!("{name} is privileged"));
        }
        let is_windows_host = |value| is_true(value, "/securityContext/windowsOptions/hostProcess");
        if is_windows_host(container) || is_windows_host(spec) {
            found.insert(format!("{name} is a hostProcess"));
        }
        for port in items(container, "/ports") {
            if port
                .get("hostPort")
                .and_then(Value::as_u64)
                .is_some_and(|port| port != 0)
            {
                found.insert(format!("{name} has a hostPort"));
            }
        }
        for capability in
            items(container, "/securityContext/capabilities/add").filter_map(Value::as_str)
        {
            if !CAPABILITIES.contains(&capability) {
                found.insert(format!("{name} adds the capability {capability}"));
            }
        }
        if !["", "Default"].contains(&text(container, "/securityContext/procMount"))
            && spec.get("hostUsers") != Some(&Value::Bool(false))
        {
            found.insert(format!("{name} has another procMount"));
        }
        for handler in [
            "/livenessProbe",
            "/readinessProbe",
            "/startupProbe",
            "/lifecycle/postStart",
            "/lifecycle/preStop",
        ] {
            for kind in ["httpGet", "tcpSocket"] {
                let host = text(container, &format!("{handler}/{kind}/host"));
                if !host.is_empty() {
                    found.insert(format!("{name} names a host for its probes or handlers"));
                }
            }
        }
    }
    for (who, profile) in contexts(spec, "seccompProfile") {
        if text(profile, "/type") == "Unconfined" {
            found.insert(format!("{who} has seccompProfile Unconfined"));
        }
    }
    for (who, profile) in contexts(spec, "appArmorProfile") {
        if text(profile, "/type") == "Unconfined" {
            found.insert(format!("{who} has appArmorProfile Unconfined"));
        }
    }
    for (who, options) in contexts(spec, "seLinuxOptions") {
        let is_allowed = SELINUX_TYPES.contains(&text(options, "/type"))
            && text(options, "/user").is_empty()
            && text(options, "/role").is_empty();
        if !is_allowed {
            found.insert(format!("{who} has seLinuxOptions"));
        }
    }
    for sysctl in items(spec, "/securityContext/sysctls") {
        let name = text(sysctl, "/name");
        if !SYSCTLS.contains(&name) {
            found.insert(format!("the pod sets {name}"));
        }
    }
}

fn restricted(spec: &Value, found: &mut BTreeSet<String>) {
    for volume in items(spec, "/volumes") {
        let fields = volume.as_object().into_iter().flatten();
        let bad = fields.map(|(field, _)| field.as_str());
        let bad = bad.filter(|field| *field != "name" && !VOLUMES.contains(field));
        for kind in bad {
            found.insert(format!(
                "the volume `{}` is of the kind {kind}",
                text(volume, "/name")
            ));
        }
    }
    let is_own_users = spec.get("hostUsers") == Some(&Value::Bool(false));
    if !is_own_users {
        for (who, user) in contexts(spec, "runAsUser") {
            if user.as_u64() == Some(0) {
                found.insert(format!("{who} has runAsUser 0"));
            }
        }
        check_every(spec, found, "runAsNonRoot", "runAsNonRoot: true", |value| {
            value == &Value::Bool(true)
        });
    }
    // Where a pod is for Windows, the rest means nothing.
    if text(spec, "/os/name") == "windows" {
        return;
    }
    check_every(
        spec,
        found,
        "seccompProfile",
        "seccompProfile RuntimeDefault",
        |profile| ["RuntimeDefault", "Localhost"].contains(&text(profile, "/type")),
    );
    for container in containers(spec) {
        let name = container_name(container);
        let escalates = container.pointer("/securityContext/allowPrivilegeEscalation");
        if escalates != Some(&Value::Bool(false)) {
            found.insert(format!("{name} lacks allowPrivilegeEscalation: false"));
        }
        let capabilities = container.pointer("/securityContext/capabilities");
        let capabilities = capabilities.unwrap_or(&Value::Null);
        let list = |pointer| items(capabilities, pointer).filter_map(Value::as_str);
        if !list("/drop").any(|capability| capability == "ALL") {
            found.insert(format!("{name} does not drop ALL capabilities"));
        }
        for capability in list("/add").filter(|capability| *capability != "NET_BIND_SERVICE") {
            found.insert(format!("{name} adds the capability {capability}"));
        }
    }
}

/// Each container has to have a field as it should be, or the pod has and the container says nothing else.
fn check_every(
    spec: &Value,
    found: &mut BTreeSet<String>,
    field: &str,
    wanted: &str,
    is_good: impl Fn(&Value) -> bool,
) {
    let at = format!("/securityContext/{field}");
    let pod = spec.pointer(&at);
    if pod.is_some_and(|value| !is_good(value)) {
        found.insert(format!("the pod has another {field}"));
    }
    for container in containers(spec) {
        let is_fine = match container.pointer(&at) {
            Some(own) => is_good(own),
            None => pod.is_some_and(&is_good),
        };
        if !is_fine {
            found.insert(format!("{} lacks {wanted}", container_name(container)));
        }
    }
}
