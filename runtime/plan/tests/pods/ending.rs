//! How pods go.

use coracle_plan::pod::HookKind;
use serde_json::json;

use crate::world::World;

#[test]
fn a_deleted_pod_is_ended_politely_then_by_force_and_all_of_it_goes() {
    let mut world = World::of(json!({}));
    world.stubborn.insert("main");
    world.run();
    world.done.clear();
    world.delete(20);
    assert_eq!(world.told("Killing"), ["Stopping container main"]);
    assert_eq!(world.done, ["stop main 20s"]);
    assert_eq!(world.phase(), "Running");
    world.pass(19);
    assert!(!world.gone);
    world.pass(1);
    assert!(world.gone);
    assert_eq!(
        world.done,
        ["stop main 20s", "close", "release", "remove all", "gone"]
    );
    let terminated = world.container("main")["state"]["terminated"].clone();
    assert_eq!(
        (&terminated["exitCode"], &terminated["reason"]),
        (&json!(137), &json!("Error"))
    );
    assert_eq!(world.phase(), "Failed");
    world.pass(1000).run();
    assert_eq!(world.done.len(), 5);
}

#[test]
fn containers_have_at_least_two_seconds() {
    let mut world = World::of(json!({}));
    world.run();
    world.done.clear();
    world.delete(0);
    assert_eq!(world.done[0], "stop main 2s");
    assert!(world.gone);
}

#[test]
fn less_time_than_at_first_is_told_again() {
    let mut world = World::of(json!({}));
    world.stubborn.insert("main");
    world.run();
    world.done.clear();
    world.delete(3600).pass(10).delete(5);
    assert_eq!(world.done, ["stop main 3600s", "stop main 5s"]);
    world.pass(5);
    assert!(world.gone);
}

#[test]
fn what_is_to_be_done_before_takes_its_time_from_the_grace() {
    let lifecycle = json!({ "preStop": { "sleep": { "seconds": 5 } } });
    let mut world = World::of(json!({ "lifecycle": lifecycle }));
    world.endless_hooks.insert(HookKind::PreStop);
    world.run();
    world.done.clear();
    world.delete(10).pass(9);
    assert_eq!(world.done, ["PreStop main"]);
    world.pass(1);
    assert_eq!(world.done[1], "stop main 2s");
    assert!(world.gone);

    let mut world =
        World::of(json!({ "lifecycle": { "preStop": { "exec": { "command": ["x"] } } } }));
    world.failing_hooks.insert(HookKind::PreStop);
    world.run();
    world.done.clear();
    world.delete(10);
    assert_eq!(world.done[..2], ["PreStop main", "stop main 10s"]);
    assert_eq!(
        world.told("FailedPreStopHook"),
        ["PreStopHook failed: exited with 1"]
    );
}

#[test]
fn a_pod_that_has_no_place_goes_at_once() {
    let mut world = World::of(json!({}));
    world.gpus = None;
    world.run().delete(30);
    assert_eq!(world.done, ["reserve", "release", "gone"]);
}

#[test]
fn a_pod_that_waits_for_its_image_goes_without_it() {
    let mut world = World::of(json!({ "image": "none" }));
    world.missing_images.insert("none");
    world.run().pass(3);
    world.delete(30);
    assert!(world.gone);
    assert_eq!(world.phase(), "Failed");
}

#[test]
fn a_pod_that_is_over_only_has_to_be_removed() {
    let mut world = World::new(&json!({
        "containers": [{ "name": "main", "image": "a" }], "restartPolicy": "Never",
    }));
    world.run().exit("main", 0);
    world.done.clear();
    world.delete(30);
    assert_eq!(world.done, ["remove all", "gone"]);
    assert_eq!(world.phase(), "Succeeded");
}

#[test]
fn a_pod_that_was_active_for_too_long_fails() {
    let mut world = World::new(&json!({
        "containers": [{ "name": "main", "image": "a" }], "activeDeadlineSeconds": 60,
    }));
    world.run().pass(59);
    assert_eq!(world.phase(), "Running");
    world.pass(1);
    let words = "Pod was active on the node longer than the specified deadline";
    assert_eq!(world.told("DeadlineExceeded"), [words]);
    let status = world.status();
    assert_eq!(
        (&status["phase"], &status["reason"]),
        (&json!("Failed"), &json!("DeadlineExceeded"))
    );
    assert_eq!(status["message"], words);
    assert!(world.running.is_empty());
}
