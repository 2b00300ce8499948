//! What a pod, or a template of one, is when nothing else is said.

use coracle_model::Quantity;
use serde_json::{Map, Value};

use super::super::fill;

type Fields = Map<String, Value>;

/// What stands in files when nothing else is said: read by all, written by the owner.
const FILE_MODE: i64 = 0o644;

/// The defaults that only a pod has, not a template.
pub(in super::super) fn set_pod_defaults(pod: &mut Fields) {
    if let Some(status) = fill::map_at(pod, "status") {
        for field in [
            "initContainerStatuses",
            "containerStatuses",
            "ephemeralContainerStatuses",
        ] {
            for container in fill::each(status, field) {
                fill::value(container, "state", Map::new());
                fill::value(container, "lastState", Map::new());
            }
        }
    }
    let Some(spec) = fill::map_at(pod, "spec") else {
        return;
    };
    for field in ["initContainers", "containers"] {
        for container in fill::each(spec, field) {
            requests_from_limits(container);
        }
    }
    requests_from_limits(spec);
    if spec
        .get("terminationGracePeriodSeconds")
        .and_then(Value::as_i64)
        .is_some_and(|grace| grace < 0)
    {
        spec.insert("terminationGracePeriodSeconds".to_owned(), 1.into());
    }
    fill::value(spec, "enableServiceLinks", true);
    if spec.get("hostNetwork") == Some(&Value::Bool(true)) {
        for field in ["initContainers", "containers"] {
            fill::each(spec, field).for_each(open_ports_of_host);
        }
    }
    set_spec_defaults(spec);
}

/// The defaults of a pod's `spec`, in a pod or in a template.
pub(in super::super) fn set_spec_defaults(spec: &mut Fields) {
    fill::text(spec, "dnsPolicy", "ClusterFirst");
    fill::text(spec, "restartPolicy", "Always");
    fill::text(spec, "schedulerName", "default-scheduler");
    fill::value(spec, "securityContext", Map::new());
    fill::value(spec, "terminationGracePeriodSeconds", 30);
    mirror_service_account(spec);
    for field in ["initContainers", "containers", "ephemeralContainers"] {
        fill::each(spec, field).for_each(set_container_defaults);
    }
    fill::each(spec, "initContainers").for_each(drop_what_is_off);
    for container in fill::each(spec, "containers") {
        container.remove("restartPolicy");
        drop_what_is_off(container);
    }
    fill::each(spec, "volumes").for_each(set_volume_defaults);
    round_quantities(spec, "overhead");
}

/// `serviceAccount` is the old name of `serviceAccountName`; both are kept equal.
fn mirror_service_account(spec: &mut Fields) {
    let name = |field: &str| spec.get(field).and_then(Value::as_str).unwrap_or_default();
    let name = match name("serviceAccountName") {
        "" => name("serviceAccount").to_owned(),
        name => name.to_owned(),
    };
    for field in ["serviceAccountName", "serviceAccount"] {
        match name.is_empty() {
            true => spec.remove(field),
            false => spec.insert(field.to_owned(), name.as_str().into()),
        };
    }
}

fn requests_from_limits(container: &mut Fields) {
    let Some(resources) = fill::map_at(container, "resources") else {
        return;
    };
    let Some(limits) = fill::map_at(resources, "limits").filter(|limits| !limits.is_empty()) else {
        return;
    };
    let limits = limits.clone();
    if let Some(requests) = fill::map_in(resources, "requests") {
        for (name, limit) in limits {
            requests.entry(name).or_insert(limit);
        }
    }
}

fn open_ports_of_host(container: &mut Fields) {
    for port in fill::each(container, "ports") {
        let number = port.get("containerPort").and_then(Value::as_i64);
        fill::number(port, "hostPort", number.unwrap_or(0));
    }
}

/// What a cluster has switched off is dropped in silence: restart policies of containers that are no sidecars, and
/// signals to stop them.
fn drop_what_is_off(container: &mut Fields) {
    if container
        .get("restartPolicy")
        .is_some_and(|policy| policy != "Always")
    {
        container.remove("restartPolicy");
    }
    container.remove("restartPolicyRules");
    if let Some(lifecycle) = fill::map_at(container, "lifecycle") {
        let dropped = lifecycle.remove("stopSignal").is_some();
        if dropped && lifecycle.is_empty() {
            container.remove("lifecycle");
        }
    }
}

fn set_container_defaults(container: &mut Fields) {
    let image = container.get("image").and_then(Value::as_str);
    let policy = pull_policy(image.unwrap_or_default());
    fill::text(container, "imagePullPolicy", policy);
    fill::text(container, "terminationMessagePath", "/dev/termination-log");
    fill::text(container, "terminationMessagePolicy", "File");
    if let Some(resources) = fill::map_in(container, "resources") {
        round_quantities(resources, "limits");
        round_quantities(resources, "requests");
    }
    for port in fill::each(container, "ports") {
        fill::text(port, "protocol", "TCP");
    }
    for variable in fill::each(container, "env") {
        if let Some(source) = fill::map_at(variable, "valueFrom") {
            set_reference_defaults(source);
        }
    }
    for field in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = fill::map_at(container, field) {
            set_probe_defaults(probe);
        }
    }
    if let Some(lifecycle) = fill::map_at(container, "lifecycle") {
        for field in ["postStart", "preStop"] {
            if let Some(handler) = fill::map_at(lifecycle, field) {
                set_handler_defaults(handler);
            }
        }
    }
}

/// Nothing smaller than a thousandth is kept of an amount.
fn round_quantities(fields: &mut Fields, field: &str) {
    let amounts = fill::map_at(fields, field).into_iter().flatten();
    for (_, amount) in amounts {
        let read = amount
            .as_str()
            .and_then(|text| text.parse::<Quantity>().ok());
        let fine = read.filter(|quantity| !quantity.is_whole_thousandths());
        if let Some(quantity) = fine {
            *amount = quantity.rounded_to_thousandths().to_string().into();
        }
    }
}

fn set_probe_defaults(probe: &mut Fields) {
    fill::number(probe, "timeoutSeconds", 1);
    fill::number(probe, "periodSeconds", 10);
    fill::number(probe, "successThreshold", 1);
    fill::number(probe, "failureThreshold", 3);
    if let Some(grpc) = fill::map_at(probe, "grpc") {
        fill::value(grpc, "service", "");
    }
    set_handler_defaults(probe);
}

fn set_handler_defaults(handler: &mut Fields) {
    if let Some(get) = fill::map_at(handler, "httpGet") {
        fill::text(get, "path", "/");
        fill::text(get, "scheme", "HTTP");
    }
}

fn set_reference_defaults(source: &mut Fields) {
    if let Some(resource) = fill::map_at(source, "resourceFieldRef") {
        fill::value(resource, "divisor", "0");
    }
    if let Some(field) = fill::map_at(source, "fieldRef") {
        fill::text(field, "apiVersion", "v1");
    }
}

fn set_volume_defaults(volume: &mut Fields) {
    let has_source = volume
        .iter()
        .any(|(field, source)| field != "name" && !source.is_null());
    if !has_source {
        volume.insert("emptyDir".to_owned(), Map::new().into());
    }
    for field in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = fill::map_at(volume, field) {
            fill::value(source, "defaultMode", FILE_MODE);
            set_items_defaults(source);
        }
    }
    if let Some(projected) = fill::map_at(volume, "projected") {
        fill::each(projected, "sources").for_each(set_projection_defaults);
    }
    if let Some(path) = fill::map_at(volume, "hostPath") {
        fill::value(path, "type", "");
    }
    let template = fill::map_at(volume, "ephemeral")
        .and_then(|ephemeral| fill::map_at(ephemeral, "volumeClaimTemplate"));
    if let Some(template) = template {
        fill::value(template, "metadata", Map::new());
        if let Some(claim) = fill::map_in(template, "spec") {
            fill::value(claim, "volumeMode", "Filesystem");
        }
    }
}

fn set_items_defaults(source: &mut Fields) {
    fill::each(source, "items").for_each(set_reference_defaults);
}

fn set_projection_defaults(source: &mut Fields) {
    if let Some(token) = fill::map_at(source, "serviceAccountToken") {
        fill::value(token, "expirationSeconds", 3600);
    }
    if let Some(about_pod) = fill::map_at(source, "downwardAPI") {
        set_items_defaults(about_pod);
    }
}

/// An image without a tag, or of the tag `latest`, is another one tomorrow.
fn pull_policy(image: &str) -> &'static str {
    let (named, digest) = image.split_once('@').unwrap_or((image, ""));
    let (path, tag) = match named.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        Some(_) | None => (named, ""),
    };
    let floats = tag == "latest" || (tag.is_empty() && digest.is_empty());
    match floats && is_repository(path) {
        true => "Always",
        false => "IfNotPresent",
    }
}

/// Whether a path is one of a repository: what stands before the first slash may be a host.
fn is_repository(path: &str) -> bool {
    let (host, rest) = path.split_once('/').unwrap_or(("", path));
    if host.starts_with(['.', '-']) || host.ends_with(['.', '-']) {
        return false;
    }
    let is_host = host.contains(['.', ':']) || host == "localhost" || host != host.to_lowercase();
    let rest = if is_host { rest } else { path };
    rest.split('/').all(|part| {
        let bytes = part.as_bytes();
        let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        bytes.first().is_some_and(inner)
            && bytes.last().is_some_and(inner)
            && bytes
                .iter()
                .all(|byte| inner(byte) || matches!(byte, b'.' | b'_' | b'-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_that_may_change_are_always_pulled() {
        let always = [
            "python",
            "python:latest",
            "host:5000/a/b",
            "ghcr.io/x/y:latest",
        ];
        for image in always {
            assert_eq!(pull_policy(image), "Always", "{image}");
        }
        let once = [
            "python:3.11",
            "host:5000/a/b:1",
            "x@sha256:0",
            "",
            "UPPER",
            "a//b",
        ];
        for image in once {
            assert_eq!(pull_policy(image), "IfNotPresent", "{image}");
        }
    }
}
