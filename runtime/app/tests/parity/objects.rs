//! Objects of every kind that is sent to clusters, made up: each one that an API server takes.

use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};

/// The config map, the Secret and the claim that pods refer to.
pub(crate) const CONFIG_MAP: &str = "settings";
pub(crate) const SECRET: &str = "keys";
pub(crate) const CLAIM: &str = "data";

/// The key that both the config map and the Secret always have.
const KEY: &str = "KEY";

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

/// A container without its name.
fn container(is_init: bool) -> impl Strategy<Value = Value> {
    let words = || prop::option::of(prop::collection::vec(word(), 1..4));
    let what = (
        prop::sample::select(vec![
            "python:3.11",
            "busybox",
            "registry.example.com:5000/team/tool:1.2",
            "ghcr.io/a/b:latest",
        ]),
        words(),
        words(),
        prop::option::of(prop::sample::select(vec![
            "/",
            "/work",
            "/home/somebody else",
        ])),
        prop::collection::vec(variable(), 0..5),
        prop::collection::vec(source(), 0..3),
    );
    let around = (
        prop::collection::vec(mount(), 0..4),
        prop::option::of(resources()),
        prop::option::of(security()),
        prop::option::of(prop::sample::subsequence(
            vec!["livenessProbe", "readinessProbe", "startupProbe"],
            0..=3,
        )),
        prop::option::of(1_u16..u16::MAX),
        any::<(bool, bool, bool)>(),
        prop::option::of(prop::sample::select(vec!["Always", "IfNotPresent"])),
        prop::option::of(unheeded()),
    );
    (what, around).prop_map(move |(what, around)| {
        let (image, command, args, directory, mut variables, sources) = what;
        // Kinds that are defined by schemas take each name once.
        let mut seen = std::collections::BTreeSet::new();
        variables.retain(|variable| seen.insert(variable["name"].to_string()));
        let (mounts, resources, security, probes, port, (stdin, once, tty), pull, unheeded) =
            around;
        let mut container =
            json!({"name": "", "image": image, "env": variables, "envFrom": sources});
        let mounts: Vec<_> = mounts
            .into_iter()
            .enumerate()
            .map(|(number, mut mount)| {
                mount["mountPath"] = format!("/mnt/{number}").into();
                mount
            })
            .collect();
        let mut set = |field: &str, value: Value| container[field] = value;
        set("volumeMounts", mounts.into());
        let given = [
            ("command", command.map(Value::from)),
            ("args", args.map(Value::from)),
            ("workingDir", directory.map(Value::from)),
            ("resources", resources),
            ("securityContext", security),
            ("imagePullPolicy", pull.map(Value::from)),
            (
                "ports",
                port.filter(|_| !is_init)
                    .map(|port| json!([{"name": "web", "containerPort": port}])),
            ),
        ];
        for (field, value) in given {
            if let Some(value) = value {
                set(field, value);
            }
        }
        if !is_init {
            for probe in probes.unwrap_or_default() {
                // A day before it is asked: nobody answers here.
                set(
                    probe,
                    json!({"exec": {"command": ["true"]}, "initialDelaySeconds": 86_400}),
                );
            }
        }
        for (field, value) in [("stdin", stdin), ("stdinOnce", stdin && once), ("tty", tty)] {
            if value {
                set(field, true.into());
            }
        }
        for (path, value) in unheeded.unwrap_or_default() {
            let mut place = &mut container;
            for field in path.split('/') {
                place = &mut place[field];
            }
            *place = value;
        }
        // An empty list is no list.
        if let Some(fields) = container.as_object_mut() {
            fields.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
        }
        container
    })
}

fn variable() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["A", "B", "C_D", "lower", "KEY"]);
    let from = prop::sample::select(vec![
        json!({"configMapKeyRef": {"name": CONFIG_MAP, "key": KEY}}),
        json!({"secretKeyRef": {"name": SECRET, "key": KEY}}),
        json!({"configMapKeyRef": {"name": CONFIG_MAP, "key": "absent", "optional": true}}),
        json!({"fieldRef": {"fieldPath": "metadata.annotations['note']"}}),
        json!({"fieldRef": {"fieldPath": "metadata.labels['tier']"}}),
    ]);
    let given = prop_oneof![3 => word().prop_map(|word| ("value", word.into())), 2 => from.prop_map(|from| ("valueFrom", from))];
    (name, given).prop_map(|(name, (field, value))| {
        let mut variable = json!({"name": name});
        variable[field] = value;
        variable
    })
}

fn source() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"configMapRef": {"name": CONFIG_MAP}}),
        json!({"prefix": "P_", "configMapRef": {"name": CONFIG_MAP}}),
        json!({"secretRef": {"name": SECRET}}),
        json!({"prefix": "S_", "secretRef": {"name": "absent", "optional": true}}),
    ])
}

/// A mount without its path.
fn mount() -> impl Strategy<Value = Value> {
    let volumes = vec![
        "scratch", "memory", "settings", "keys", "data", "fixed", "about", "both",
    ];
    let part = prop::option::weighted(0.3, prop::sample::select(vec!["a", "a/b", "deep.er"]));
    (prop::sample::select(volumes), any::<bool>(), part).prop_map(|(volume, read_only, part)| {
        let mut mount = json!({"name": volume});
        if read_only {
            mount["readOnly"] = true.into();
        }
        // Of the others, no directory of that name is there.
        if let Some(part) = part.filter(|_| ["scratch", "data"].contains(&volume)) {
            mount["subPath"] = part.into();
        }
        mount
    })
}

fn resources() -> impl Strategy<Value = Value> {
    let cpu = || prop::option::of(prop::sample::select(vec!["1m", "5m", "0.01"]));
    let memory = || prop::option::of(prop::sample::select(vec!["1Mi", "1500k", "2097152"]));
    let cpu_limit = prop::option::of(prop::sample::select(vec!["15m", "0.02", "20m"]));
    let memory_limit = prop::option::of(prop::sample::select(vec!["7Mi", "8M", "9000Ki"]));
    (cpu(), memory(), cpu_limit, memory_limit).prop_map(|(cpu, memory, cpu_limit, memory_limit)| {
        let of = |cpu: Option<&str>, memory: Option<&str>| -> Value {
            let given = [("cpu", cpu), ("memory", memory)];
            let given = given
                .into_iter()
                .filter_map(|(name, amount)| Some((name.to_owned(), amount?.into())));
            Value::Object(given.collect())
        };
        json!({"requests": of(cpu, memory), "limits": of(cpu_limit, memory_limit)})
    })
}

fn security() -> impl Strategy<Value = Value> {
    let given = vec![
        ("runAsUser", json!(1234)),
        ("runAsGroup", json!(77)),
        ("readOnlyRootFilesystem", json!(true)),
        ("allowPrivilegeEscalation", json!(false)),
        (
            "capabilities",
            json!({"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}),
        ),
    ];
    prop::sample::subsequence(given, 1..=5).prop_map(|given| {
        Value::Object(
            given
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    })
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

/// Fields of a container that nothing here looks at.
fn unheeded() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let given = vec![
        (
            "securityContext/seccompProfile",
            json!({"type": "RuntimeDefault"}),
        ),
        (
            "securityContext/seLinuxOptions",
            json!({"level": "s0:c1,c2"}),
        ),
        ("securityContext/procMount", json!("Default")),
        (
            "securityContext/appArmorProfile",
            json!({"type": "RuntimeDefault"}),
        ),
        ("resources/limits/ephemeral-storage", json!("1Gi")),
        (
            "resizePolicy",
            json!([{"resourceName": "cpu", "restartPolicy": "NotRequired"}]),
        ),
    ];
    prop::sample::subsequence(given, 1..=6)
}

/// A word of a command, with references to variables among it.
fn word() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "$(A)",
        "$$(A)",
        "x=$(B) $(C_D)!",
        "$(MISSING)",
        "$",
        "-c",
        "yes",
        "0x1F",
        "1e3",
        "",
        " a b ",
        "ä\u{2028}",
        "a\nb\n",
        "null",
        "#",
    ]);
    prop_oneof![2 => fixed.prop_map(str::to_owned), 1 => "[ -~]{0,12}"]
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
