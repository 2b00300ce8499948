//! What pods name that has to be there before they can start.

use std::collections::BTreeSet;

use serde_json::Value;

use super::facts::Reference;
use super::sent::{Pods, SentObject, items, text};

/// What the pods name and what is not among the objects that are sent.
pub(super) fn of_pods(objects: &[SentObject], pods: &[Pods]) -> BTreeSet<Reference> {
    let named = pods.iter().flat_map(of_one);
    named
        .filter(|reference| !is_sent(reference, objects))
        .collect()
}

/// What these pods name, but for what may be missing.
pub(super) fn of_one(pods: &Pods) -> BTreeSet<Reference> {
    let mut found = Vec::new();
    let spec = &pods.spec;
    for volume in items(spec, "/volumes") {
        for (kind, source, name) in [
            (
                "PersistentVolumeClaim",
                "/persistentVolumeClaim",
                "claimName",
            ),
            ("ConfigMap", "/configMap", "name"),
            ("Secret", "/secret", "secretName"),
        ] {
            found.extend(
                volume
                    .pointer(source)
                    .and_then(|source| needed(kind, source, name)),
            );
        }
        for source in items(volume, "/projected/sources") {
            for (kind, pointer) in [("ConfigMap", "/configMap"), ("Secret", "/secret")] {
                found.extend(
                    source
                        .pointer(pointer)
                        .and_then(|source| needed(kind, source, "name")),
                );
            }
        }
    }
    for container in pods.containers() {
        for source in items(container, "/envFrom") {
            for (kind, pointer) in [("ConfigMap", "/configMapRef"), ("Secret", "/secretRef")] {
                found.extend(
                    source
                        .pointer(pointer)
                        .and_then(|source| needed(kind, source, "name")),
                );
            }
        }
        for variable in items(container, "/env") {
            for (kind, pointer) in [
                ("ConfigMap", "/valueFrom/configMapKeyRef"),
                ("Secret", "/valueFrom/secretKeyRef"),
            ] {
                found.extend(
                    variable
                        .pointer(pointer)
                        .and_then(|source| needed(kind, source, "name")),
                );
            }
        }
    }
    found.extend(
        items(spec, "/imagePullSecrets").filter_map(|secret| needed("Secret", secret, "name")),
    );
    match text(spec, "/serviceAccountName") {
        "" => {}
        account => found.push(("ServiceAccount", account.to_owned())),
    }
    let namespace = &pods.namespace;
    let found = found.into_iter().map(|(kind, name)| Reference {
        kind,
        namespace: namespace.clone(),
        name,
    });
    found.collect()
}

fn needed(kind: &'static str, source: &Value, name: &str) -> Option<(&'static str, String)> {
    let is_optional = source.get("optional").and_then(Value::as_bool) == Some(true);
    let name = source.get(name)?.as_str()?;
    (!is_optional && !name.is_empty()).then(|| (kind, name.to_owned()))
}

fn is_sent(reference: &Reference, objects: &[SentObject]) -> bool {
    objects.iter().any(|object| {
        object.group().is_empty()
            && object.kind == reference.kind
            && object.namespace == reference.namespace
            && object.name == reference.name
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sent::{pods, tests::object};
    use super::*;

    #[test]
    fn what_may_be_missing_or_is_sent_along_is_not_looked_for() {
        let pod = object(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {
                "serviceAccountName": "robot",
                "imagePullSecrets": [{"name": "registry"}],
                "volumes": [
                    {"persistentVolumeClaim": {"claimName": "data"}},
                    {"configMap": {"name": "sent"}},
                    {"secret": {"secretName": "maybe", "optional": true}},
                    {"projected": {"sources": [{"secret": {"name": "projected"}}]}},
                ],
                "containers": [{"envFrom": [{"secretRef": {"name": "all"}}],
                    "env": [{"valueFrom": {"configMapKeyRef": {"name": "one", "key": "k"}}}]}],
            }}),
        );
        let sent =
            object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sent"}}));
        let objects = [pod, sent];
        let found = of_pods(&objects, &pods(&objects));
        let found: Vec<_> = found
            .iter()
            .map(|r| format!("{}/{}", r.kind, r.name))
            .collect();
        let expected = [
            "ConfigMap/one",
            "PersistentVolumeClaim/data",
            "Secret/all",
            "Secret/projected",
            "Secret/registry",
            "ServiceAccount/robot",
        ];
        assert_eq!(found, expected);
    }
}
