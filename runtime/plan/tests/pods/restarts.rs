//! Containers that end, and what becomes of them and the pod.

use coracle_plan::pod::{ContainerEnd, PodObservation};
use serde_json::json;

use crate::world::World;

fn of_policy(policy: &str) -> World {
    let mut world = World::new(&json!({
        "containers": [{ "name": "main", "image": "a" }, { "name": "other", "image": "a" }],
        "restartPolicy": policy,
    }));
    world.run();
    world
}

#[test]
fn a_crash_loop_waits_10_20_40_80_160_300_seconds() {
    let mut world = World::of(json!({}));
    world.run().exit("main", 1);
    assert_eq!(world.starts("main"), 2, "the first time at once");
    let mut waits = Vec::new();
    for tries in 2..8 {
        world.exit("main", 1);
        let ended_at = world.now;
        for _ in 0..400 {
            world.pass(1);
            if world.starts("main") > tries {
                break;
            }
        }
        waits.push(world.now.duration_since(ended_at).as_secs());
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 300]);
    assert_eq!(world.container("main")["restartCount"], 7);
    // After ten calm minutes it begins anew.
    world.pass(601).exit("main", 1);
    assert_eq!(world.starts("main"), 9);
}

#[test]
fn a_crash_is_shown_first_and_then_the_wait_with_the_kubelets_words() {
    let mut world = World::of(json!({}));
    world.run().exit("main", 1).exit("main", 7);
    assert_eq!(
        world.container("main")["state"]["terminated"]["exitCode"],
        7
    );
    world.pass(2);
    let main = world.container("main");
    assert_eq!(
        main["state"],
        json!({ "waiting": {
            "reason": "CrashLoopBackOff",
            "message": "back-off 10s restarting failed container=main pod=web_team(uid-1)",
        } })
    );
    assert_eq!(
        main["lastState"]["terminated"],
        json!({
            "exitCode": 7, "reason": "Error", "containerID": "docker://main-1",
            "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:00Z",
        })
    );
    assert_eq!(main["ready"], false);
    assert_eq!(world.phase(), "Running");
    assert_eq!(
        world.told("BackOff"),
        ["Back-off restarting failed container main in pod web_team(uid-1)"]
    );
    assert_eq!(
        world.condition("Ready"),
        "False ContainersNotReady containers with unready status: [main]"
    );
}

#[test]
fn on_failure_restarts_what_failed_alone() {
    let mut world = of_policy("OnFailure");
    world.exit("main", 0).pass(60);
    assert_eq!(world.starts("main"), 1);
    assert_eq!(
        world.container("main")["state"]["terminated"]["reason"],
        "Completed"
    );
    world.exit("other", 1);
    assert_eq!(world.starts("other"), 2);
    world.done.clear();
    world.exit("other", 0);
    assert_eq!(world.done, ["close", "release"]);
    assert_eq!(world.phase(), "Succeeded");
    assert_eq!(world.condition("Ready"), "False PodCompleted");
    assert_eq!(world.condition("Initialized"), "True PodCompleted");
    assert_eq!(world.condition("PodReadyToStartContainers"), "False");
}

#[test]
fn never_restarts_nothing_and_one_failure_fails_the_pod() {
    let mut world = of_policy("Never");
    world.exit("main", 1).pass(60);
    assert_eq!(world.phase(), "Running");
    world.exit("other", 0);
    assert_eq!(world.phase(), "Failed");
    assert_eq!(world.condition("ContainersReady"), "False PodFailed");
    assert_eq!((world.starts("main"), world.starts("other")), (1, 1));
    let status = world.status();
    world.pass(1000);
    assert_eq!(world.status(), status);
    assert_eq!(status["podIP"], "10.1.0.2");
}

#[test]
fn memory_messages_and_unknown_ends_are_told() {
    let mut world = of_policy("Never");
    let which = world.which("main");
    let end = ContainerEnd {
        out_of_memory: true,
        ..world.ended_with(137, "gone over")
    };
    world.see(PodObservation::Ended { which, end });
    let terminated = world.container("main")["state"]["terminated"].clone();
    assert_eq!(terminated["reason"], "OOMKilled");
    assert_eq!(terminated["message"], "gone over");
    let which = world.which("other");
    world.see(PodObservation::Vanished(which));
    let terminated = world.container("other")["state"]["terminated"].clone();
    assert_eq!(terminated["reason"], "ContainerStatusUnknown");
    assert_eq!(terminated["exitCode"], 137);
    assert_eq!(world.phase(), "Failed");
}

#[test]
fn what_cannot_be_run_is_a_start_error_and_loops() {
    let mut world = World::of(json!({}));
    world.unstartable.insert("main");
    world.run().pass(2);
    let main = world.container("main");
    assert_eq!(main["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert_eq!(main["lastState"]["terminated"]["reason"], "StartError");
    assert_eq!(main["lastState"]["terminated"]["exitCode"], 128);
    assert_eq!(world.told("Failed")[0], "Error: exec: \"x\": not found");
    world.unstartable.clear();
    world.pass(60);
    assert_eq!(world.phase(), "Running");
}

#[test]
fn another_image_restarts_the_container_whatever_the_policy() {
    let mut world = of_policy("Never");
    world.edit(|object| {
        object["spec"]["containers"][0]["image"] = "b".into();
        object["metadata"]["generation"] = 2.into();
    });
    assert_eq!(
        world.told("Killing"),
        ["Container main definition changed, will be restarted"]
    );
    let main = world.container("main");
    assert_eq!(
        (&main["image"], &main["restartCount"]),
        (&json!("b"), &json!(1))
    );
    assert_eq!(main["lastState"]["terminated"]["exitCode"], 143);
    assert_eq!(world.starts("other"), 1);
    assert_eq!(world.status()["observedGeneration"], 2);
}

#[test]
fn a_lost_sandbox_restarts_everything_by_policy() {
    let mut world = World::new(&json!({
        "initContainers": [{ "name": "first", "image": "a" }],
        "containers": [{ "name": "main", "image": "a" }],
    }));
    world.run().exit("first", 0);
    world.see(PodObservation::SandboxLost);
    assert_eq!(
        world.told("SandboxChanged"),
        ["Pod sandbox changed, it will be killed and re-created."]
    );
    assert_eq!(world.starts("first"), 2, "initialized again");
    assert_eq!(world.phase(), "Running", "it does not go back");
    world.exit("first", 0);
    assert_eq!(world.container("main")["restartCount"], 1);

    let mut world = of_policy("Never");
    world.see(PodObservation::SandboxLost);
    assert_eq!(world.phase(), "Failed");
    assert_eq!(world.starts("main"), 1);
}

#[test]
fn tries_that_nobody_looks_at_are_removed() {
    let mut world = World::of(json!({}));
    world
        .run()
        .exit("main", 1)
        .exit("main", 1)
        .pass(20)
        .exit("main", 1)
        .pass(40);
    let removed: Vec<_> = world
        .done
        .iter()
        .filter(|step| step.starts_with("remove"))
        .collect();
    assert_eq!(removed, ["remove main 0", "remove main 1"]);
}
