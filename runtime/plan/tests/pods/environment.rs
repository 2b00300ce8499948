//! What containers are told.

use coracle_plan::pod::Entries;
use serde_json::{Value, json};

use crate::world::World;

fn entries(pairs: &[(&str, &str)]) -> Entries {
    let data = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()));
    Entries {
        data: data.collect(),
        ..Entries::default()
    }
}

fn variable(container: Value, name: &str) -> String {
    let mut world = World::of(container);
    world.objects.config_maps.insert(
        "settings".to_owned(),
        entries(&[("MODE", "fast"), ("a=b", "x")]),
    );
    world
        .objects
        .secrets
        .insert("keys".to_owned(), entries(&[("token", "s3cret")]));
    world.run();
    world
        .start("main")
        .environment
        .get(name)
        .cloned()
        .unwrap_or_else(|| "-".to_owned())
}

fn of_field(path: &str) -> String {
    let from = json!({ "fieldRef": { "fieldPath": path } });
    variable(json!({ "env": [{ "name": "V", "valueFrom": from }] }), "V")
}

#[test]
fn fields_of_the_pod_are_filled_in() {
    for (path, expected) in [
        ("metadata.name", "web"),
        ("metadata.namespace", "team"),
        ("metadata.uid", "uid-1"),
        ("metadata.labels['app']", "web"),
        ("metadata.annotations['note']", "say \"hi\""),
        ("metadata.annotations['none']", ""),
        ("spec.nodeName", "coracle"),
        ("status.hostIP", "192.168.1.9"),
        ("status.podIP", "10.1.0.2"),
        ("status.podIPs", "10.1.0.2"),
    ] {
        assert_eq!(of_field(path), expected, "{path}");
    }
}

#[test]
fn resources_are_counted_in_their_divisor_and_rounded_up() {
    let of = |resource: &str, divisor: &str| {
        let from = json!({ "resourceFieldRef": { "resource": resource, "divisor": divisor } });
        let limits = json!({ "cpu": "1500m", "memory": "100Mi" });
        variable(
            json!({ "env": [{ "name": "V", "valueFrom": from }], "resources": { "limits": limits } }),
            "V",
        )
    };
    assert_eq!(of("limits.cpu", "0"), "2");
    assert_eq!(of("limits.cpu", "1m"), "1500");
    assert_eq!(of("limits.memory", ""), "104857600");
    assert_eq!(of("limits.memory", "1Mi"), "100");
    assert_eq!(of("requests.memory", "1Gi"), "0");
}

#[test]
fn a_container_without_a_limit_is_told_what_the_node_has() {
    let from = json!({ "resourceFieldRef": { "resource": "limits.cpu" } });
    assert_eq!(
        variable(json!({ "env": [{ "name": "V", "valueFrom": from }] }), "V"),
        "4"
    );
}

#[test]
fn named_variables_override_those_of_whole_objects_and_refer_to_earlier_ones() {
    let container = json!({
        "envFrom": [
            { "configMapRef": { "name": "settings" } },
            { "prefix": "P_", "configMapRef": { "name": "settings" } },
            { "secretRef": { "name": "nothing", "optional": true } },
        ],
        "env": [
            { "name": "EARLY", "value": "$(LATE)" },
            { "name": "LATE", "value": "$(MODE)-$(P_MODE)-$$(MODE)" },
            { "name": "TOKEN", "valueFrom": { "secretKeyRef": { "name": "keys", "key": "token" } } },
            { "name": "NONE", "valueFrom": { "secretKeyRef": { "name": "keys", "key": "x", "optional": true } } },
        ],
    });
    let of = |name: &str| variable(container.clone(), name);
    assert_eq!(
        of("EARLY"),
        "$(LATE)",
        "one that comes later is not there yet"
    );
    assert_eq!(of("LATE"), "fast-fast-$(MODE)");
    assert_eq!(of("TOKEN"), "s3cret");
    assert_eq!(of("NONE"), "-");
    assert_eq!(of("a=b"), "-");
}

#[test]
fn command_and_arguments_are_filled_in() {
    let mut world = World::of(json!({
        "command": ["sh", "-c", "echo $(A) $(B)"],
        "args": ["$$(A)"],
        "env": [{ "name": "A", "value": "1" }],
    }));
    world.run();
    assert_eq!(world.start("main").command, ["sh", "-c", "echo 1 $(B)"]);
    assert_eq!(world.start("main").args, ["$(A)"]);
}

#[test]
fn what_is_missing_is_a_config_error_in_a_kubelets_words_until_it_is_there() {
    let from = json!({ "configMapKeyRef": { "name": "later", "key": "k" } });
    let mut world = World::of(json!({ "env": [{ "name": "V", "valueFrom": from }] }));
    world.run();
    let waiting = |message: &str| json!({ "waiting": { "reason": "CreateContainerConfigError", "message": message } });
    assert_eq!(
        world.container("main")["state"],
        waiting("configmap \"later\" not found")
    );
    assert_eq!(
        world.told("Failed"),
        ["Error: configmap \"later\" not found"]
    );
    world
        .objects
        .config_maps
        .insert("later".to_owned(), entries(&[]));
    world.run().run();
    assert_eq!(
        world.container("main")["state"],
        waiting("couldn't find key k in ConfigMap team/later")
    );
    assert_eq!(world.told("Failed").len(), 2, "each is told once");
    world
        .objects
        .config_maps
        .insert("later".to_owned(), entries(&[("k", "v")]));
    world.run();
    assert_eq!(world.start("main").environment["V"], "v");
}

#[test]
fn an_image_that_runs_as_root_may_not_when_the_pod_says_so() {
    let mut world = World::of(json!({ "securityContext": { "runAsNonRoot": true } }));
    world.image_user = Some("");
    world.run();
    let message = world.container("main")["state"]["waiting"]["message"].to_string();
    assert!(
        message.contains("container has runAsNonRoot and image will run as root"),
        "{message}"
    );
}

#[test]
fn security_is_taken_from_the_container_before_the_pod() {
    let mut world = World::new(&json!({
        "containers": [{
            "name": "main", "image": "a",
            "securityContext": {
                "runAsUser": 7, "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                "capabilities": { "drop": ["ALL"] },
            },
        }],
        "securityContext": { "runAsUser": 1, "runAsGroup": 2, "fsGroup": 100, "supplementalGroups": [5] },
    }));
    world.run();
    let security = &world.start("main").security;
    assert_eq!((security.user, security.group), (Some(7), Some(2)));
    assert_eq!(security.groups, [5, 100]);
    assert!(security.no_new_privileges && security.read_only_root);
    assert_eq!(security.capabilities.drop, ["ALL"]);
}
