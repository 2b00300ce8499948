//! Objects of every kind that is sent to clusters, made up: each one that an API server takes.

use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};

use crate::containers::{container, word};

/// The config map, the Secret and the claim that pods refer to.
pub(crate) const CONFIG_MAP: &str = "settings";
pub(crate) const SECRET: &str = "keys";
pub(crate) const CLAIM: &str = "data";

/// The key that both the config map and the Secret always have.
pub(crate) const KEY: &str = "KEY";

/// What a set of objects holds: one object of each kind, which refer to each other.
pub(crate) fn objects() -> impl Strategy<Value = Vec<Value>> {
    (stored(), workloads()).prop_map(|(mut stored, workloads)| {
        stored.extend(workloads);
        stored
    })
}

/// A config map, a Secret, a claim, a Service.
fn stored() -> impl Strategy<Value = Vec<Value>> {
    let data = || prop::collection::btree_map(key(), text(), 0..4);
    let size = prop::sample::select(vec!["1Mi", "512Mi", "2Gi", "1G"]);
    (data(), data(), size, labels(), 1_u16..u16::MAX).prop_map(
        |(mut settings, mut texts, size, labels, port)| {
            settings.entry(KEY.to_owned()).or_insert_with(|| "set".to_owned());
            texts.entry(KEY.to_owned()).or_insert_with(|| "hidden".to_owned());
            let encoded: Map<_, _> = texts.into_iter().map(|(name, value)| (name, base64(&value).into())).collect();
            vec![
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": CONFIG_MAP, "labels": labels}, "data": settings}),
                json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": {"name": SECRET}, "data": encoded}),
                json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": CLAIM},
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}}),
                json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "service"},
                    "spec": {"selector": labels, "ports": [{"name": "http", "port": port, "targetPort": "web"}]}}),
            ]
        },
    )
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(text)
}

/// One object of each kind that leads to a pod.
pub(crate) fn workloads() -> impl Strategy<Value = Vec<Value>> {
    let specs = || pod_spec(Union::new([Just("Always")]));
    let ending = pod_spec(Union::new([Just("Never"), Just("OnFailure")]));
    let any = pod_spec(Union::new([
        Just("Always"),
        Just("Never"),
        Just("OnFailure"),
    ]));
    (any, ending, specs(), specs(), specs(), specs(), labels()).prop_map(
        |(pod, job, deployment, set, notebook, mut service, labels)| {
            // KServe calls it so whatever it is called.
            service["containers"][0]["name"] = "kserve-container".into();
            // What it says nothing of, KServe fills in by its settings, and with more than a small machine has.
            for (list, cpu, memory) in [("requests", "1m", "1Mi"), ("limits", "20m", "9Mi")] {
                for (name, amount) in [("cpu", cpu), ("memory", memory)] {
                    let given = &mut service["containers"][0]["resources"][list][name];
                    if given.is_null() {
                        *given = amount.into();
                    }
                }
            }
            let template = |name: &str, spec: Value| {
                let mut labels = labels.clone();
                labels.insert("app".to_owned(), name.to_owned());
                json!({"metadata": {"labels": labels, "annotations": {"note": "one: \"two\""}}, "spec": spec})
            };
            let selector = |name: &str| json!({"matchLabels": {"app": name}});
            vec![
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", "labels": labels, "annotations": {"note": "one: \"two\""}}, "spec": pod}),
                json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"},
                    "spec": {"template": template("job", job), "backoffLimit": 2}}),
                json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "deployment"},
                    "spec": {"replicas": 1, "selector": selector("deployment"), "template": template("deployment", deployment)}}),
                json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "set"},
                    "spec": {"selector": selector("set"), "template": template("set", set)}}),
                json!({"apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": "notebook", "labels": labels},
                    "spec": {"template": {"spec": notebook}}}),
                json!({"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": "service"},
                    "spec": {"predictor": service}}),
            ]
        },
    )
}

/// The spec of a pod.
pub(crate) fn pod_spec(policy: Union<Just<&'static str>>) -> impl Strategy<Value = Value> {
    let parts = (
        prop::collection::vec(container(true), 0..2),
        prop::collection::vec(container(false), 1..3),
        prop::option::weighted(0.5, pod_security()),
        prop::option::of(0_u16..90),
        prop::option::of(placing()),
        policy,
    );
    parts.prop_map(|(first, then, security, grace, placing, policy)| {
        let named = |list: Vec<Value>, names: [&str; 2]| -> Vec<Value> {
            list.into_iter()
                .zip(names)
                .map(|(mut container, name)| {
                    container["name"] = name.into();
                    container
                })
                .collect()
        };
        let mut spec = json!({
            "containers": named(then, ["main", "other"]),
            "restartPolicy": policy,
            "volumes": volumes(),
        });
        if !first.is_empty() {
            spec["initContainers"] = named(first, ["init", "second"]).into();
        }
        let mut set = |field: &str, value: Option<Value>| {
            if let Some(value) = value {
                spec[field] = value;
            }
        };
        set("securityContext", security);
        set("terminationGracePeriodSeconds", grace.map(Value::from));
        for (field, value) in placing.unwrap_or_default() {
            set(&field, Some(value));
        }
        spec
    })
}

/// The volumes that every pod has; containers mount some of them.
fn volumes() -> Value {
    json!([
        {"name": "scratch", "emptyDir": {}},
        {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "32Mi"}},
        {"name": "settings", "configMap": {"name": CONFIG_MAP}},
        {"name": "keys", "secret": {"secretName": SECRET, "defaultMode": 0o400}},
        {"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}},
        {"name": "fixed", "persistentVolumeClaim": {"claimName": CLAIM, "readOnly": true}},
        {"name": "about", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {"name": "both", "projected": {"sources": [{"configMap": {"name": CONFIG_MAP}}, {"secret": {"name": SECRET}}]}},
    ])
}

fn pod_security() -> impl Strategy<Value = Value> {
    let given = vec![
        ("runAsUser", json!(4321)),
        ("runAsGroup", json!(88)),
        ("fsGroup", json!(2000)),
        ("supplementalGroups", json!([3000, 2500])),
        ("seccompProfile", json!({"type": "RuntimeDefault"})),
        ("fsGroupChangePolicy", json!("OnRootMismatch")),
        ("seLinuxOptions", json!({"level": "s0:c1,c2"})),
        (
            "sysctls",
            json!([{"name": "net.ipv4.tcp_syncookies", "value": "1"}]),
        ),
        ("supplementalGroupsPolicy", json!("Merge")),
    ];
    prop::sample::subsequence(given, 1..=9).prop_map(|given| {
        Value::Object(
            given
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    })
}

/// What a cluster's scheduler and kubelets do with a pod, and one machine does not.
fn placing() -> impl Strategy<Value = Vec<(String, Value)>> {
    let given = vec![
        ("nodeSelector", json!({"disk": "ssd"})),
        ("tolerations", json!([{"key": "gpu", "operator": "Exists"}])),
        (
            "affinity",
            json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}}}),
        ),
        ("dnsPolicy", json!("Default")),
        (
            "dnsConfig",
            json!({"options": [{"name": "ndots", "value": "2"}]}),
        ),
        ("shareProcessNamespace", json!(true)),
        ("setHostnameAsFQDN", json!(true)),
        ("os", json!({"name": "linux"})),
        ("hostUsers", json!(true)),
    ];
    prop::sample::subsequence(given, 1..=9).prop_map(|given| {
        given
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![word(), "[^\0]{0,20}"]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Z][A-Z_]{0,5}",
        "[a-z][a-z.-]{0,6}[a-z]",
        Just("KEY".to_owned())
    ]
}

fn labels() -> impl Strategy<Value = std::collections::BTreeMap<String, String>> {
    let value = prop::sample::select(vec!["yes", "1", "a.b", "", "true"]);
    prop::collection::btree_map(
        prop::sample::select(vec!["tier", "team.example.com/x", "on"]),
        value,
        0..3,
    )
    .prop_map(|map| {
        map.into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    })
}
