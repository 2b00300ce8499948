//! Containers of pods, made up: with all that Docker is told of them, and with some that only clusters look at.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::objects::{CONFIG_MAP, KEY, SECRET};

/// A container without its name.
pub(crate) fn container(is_init: bool) -> impl Strategy<Value = Value> {
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
        let mut seen = BTreeSet::new();
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
pub(crate) fn word() -> impl Strategy<Value = String> {
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
