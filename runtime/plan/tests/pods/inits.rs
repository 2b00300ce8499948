//! What runs before the others, and beside them.

use coracle_plan::pod::{ProbeAnswer, ProbeKind};
use serde_json::{Value, json};

use crate::world::World;

fn pod(inits: &Value, policy: &str) -> World {
    let mut world = World::new(&json!({
        "initContainers": inits,
        "containers": [{ "name": "main", "image": "a" }],
        "restartPolicy": policy,
    }));
    world.run();
    world
}

fn sidecar(extra: &Value) -> Value {
    let mut sidecar = json!({ "name": "side", "image": "a", "restartPolicy": "Always" });
    sidecar
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    sidecar
}

#[test]
fn init_containers_run_one_after_the_other() {
    let inits = json!([{ "name": "one", "image": "a" }, { "name": "two", "image": "a" }]);
    let mut world = pod(&inits, "Always");
    assert_eq!(world.running.len(), 1);
    assert_eq!(
        world.condition("Initialized"),
        "False ContainersNotInitialized containers with incomplete status: [one two]"
    );
    assert_eq!(
        world.container("main")["state"],
        json!({ "waiting": { "reason": "PodInitializing" } })
    );
    assert_eq!(
        world.container("two")["state"],
        json!({ "waiting": { "reason": "PodInitializing" } })
    );
    world.exit("one", 0);
    let one = world.container("one");
    assert_eq!(
        (&one["ready"], &one["state"]["terminated"]["reason"]),
        (&json!(true), &json!("Completed"))
    );
    assert_eq!(world.phase(), "Pending");
    world.exit("two", 0);
    assert_eq!(world.condition("Initialized"), "True");
    assert_eq!(world.phase(), "Running");
    assert_eq!(
        world
            .events
            .iter()
            .find(|event| event.message.ends_with("two"))
            .unwrap()
            .field_path
            .as_deref(),
        Some("spec.initContainers{two}")
    );
}

#[test]
fn a_failed_init_container_is_tried_again_unless_never() {
    let inits = json!([{ "name": "one", "image": "a" }]);
    let mut world = pod(&inits, "Always");
    world.exit("one", 1).exit("one", 1).pass(2);
    let one = world.container("one");
    assert_eq!(one["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert_eq!(one["lastState"]["terminated"]["reason"], "Error");
    world.pass(10).exit("one", 0);
    assert_eq!(world.phase(), "Running");

    let mut world = pod(&inits, "Never");
    world.exit("one", 3);
    assert_eq!(world.phase(), "Failed");
    assert_eq!(world.container("one")["state"]["terminated"]["exitCode"], 3);
    assert_eq!(world.starts("main"), 0);
    assert_eq!(
        world.container("main")["state"],
        json!({ "waiting": { "reason": "PodInitializing" } })
    );
}

#[test]
fn what_goes_on_beside_has_begun_before_the_others_do() {
    let probe = json!({ "startupProbe": { "tcpSocket": { "port": 1 }, "periodSeconds": 1, "failureThreshold": 30 } });
    let inits = json!([sidecar(&probe), { "name": "one", "image": "a" }]);
    let mut world = World::new(&json!({
        "initContainers": inits,
        "containers": [{ "name": "main", "image": "a" }],
        "restartPolicy": "Never",
    }));
    world.probes.insert(
        ("side", ProbeKind::Startup),
        ProbeAnswer::Failure("refused".to_owned()),
    );
    world.run().pass(5);
    assert_eq!(world.starts("one"), 0);
    world.probes.clear();
    world.pass(1);
    assert_eq!(world.starts("one"), 1);
    world.exit("one", 0);
    assert_eq!(world.phase(), "Running");
    // It is started again though the pod's policy is never.
    world.exit("side", 1);
    assert_eq!(world.starts("side"), 2);
    assert_eq!(world.condition("Initialized"), "True");
    // When the others are through it ends, and does not decide how the pod did.
    world.done.clear();
    world.exit("main", 0);
    assert_eq!(world.done, ["stop side 30s", "close", "release"]);
    assert_eq!(world.phase(), "Succeeded");
}

#[test]
fn those_that_go_on_end_last_and_the_last_one_first() {
    let mut other = sidecar(&json!({}));
    other["name"] = "other".into();
    let mut world = pod(&json!([sidecar(&json!({})), other]), "Always");
    world.done.clear();
    world.delete(30);
    let expected = [
        "stop main 30s",
        "stop other 30s",
        "stop side 30s",
        "close",
        "release",
        "remove all",
        "gone",
    ];
    assert_eq!(world.done, expected);
}

#[test]
fn one_that_is_not_ready_keeps_the_pod_from_being_ready() {
    let mut world = pod(
        &json!([sidecar(
            &json!({ "readinessProbe": { "exec": { "command": ["x"] } } })
        )]),
        "Always",
    );
    world.probes.insert(
        ("side", ProbeKind::Readiness),
        ProbeAnswer::Failure("no".to_owned()),
    );
    assert_eq!(world.condition("Ready"), "True");
    world.pass(40);
    assert_eq!(
        world.condition("Ready"),
        "False ContainersNotReady containers with unready status: [side]"
    );
}
