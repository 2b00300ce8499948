//! The workbench is killed and comes back.

use coracle_plan::pod::PodObservation;
use serde_json::json;

use crate::world::World;

#[test]
fn what_runs_is_followed_and_not_started_again() {
    let mut world = World::of(json!({
        "readinessProbe": { "tcpSocket": { "port": 1 } },
        "resources": { "limits": { "nvidia.com/gpu": 1 } },
    }));
    world.gpus = Some(vec!["GPU-a"]);
    world.run().exit("main", 1).pass(3);
    let status = world.status();
    world.done.clear();
    world.restart_workbench();
    assert_eq!(world.done, ["hold", "attend main 1", "Readiness main"]);
    assert_eq!(world.status(), status, "nothing shows");
    world.exit("main", 1).pass(2);
    let main = world.container("main");
    assert_eq!(main["restartCount"], 1);
    assert_eq!(
        main["state"]["waiting"]["reason"], "CrashLoopBackOff",
        "it knows of earlier failures"
    );
    assert_eq!(world.starts("main"), 2);
}

#[test]
fn a_start_that_was_not_written_any_more_is_found() {
    let mut world = World::of(json!({}));
    let before = world.status();
    world.run();
    world.object["status"] = before;
    let start = world.running.values().next().unwrap().which.clone();
    world.restart_workbench();
    assert_eq!(world.starts("main"), 1);
    assert_eq!(world.container("main")["containerID"], "docker://main-0");
    let end = world.ended_with(1, "");
    world.running.clear();
    world.see(PodObservation::Ended { which: start, end });
    assert_eq!(world.starts("main"), 2);
}

#[test]
fn what_vanished_meanwhile_is_started_again_by_policy() {
    let mut world = World::new(&json!({
        "containers": [{ "name": "main", "image": "a" }, { "name": "other", "image": "a" }],
    }));
    world.run();
    let which = world.which("main");
    world.running.remove(&which);
    world.restart_workbench();
    let main = world.container("main");
    assert_eq!(main["restartCount"], 1);
    assert_eq!(
        main["lastState"]["terminated"]["reason"],
        "ContainerStatusUnknown"
    );
    assert_eq!(world.starts("other"), 1);
}

#[test]
fn a_pod_that_waited_goes_on_waiting() {
    let mut world = World::of(json!({}));
    world.run().exit("main", 1).exit("main", 1).pass(3);
    world.restart_workbench().pass(1);
    let main = world.container("main");
    assert_eq!(main["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert_eq!(main["restartCount"], 1);
    assert_eq!(world.condition("PodScheduled"), "True");
    world.pass(10);
    assert_eq!(world.starts("main"), 3);
    assert_eq!(world.told("Scheduled").len(), 1);
}

#[test]
fn init_containers_that_are_through_stay_so() {
    let mut world = World::new(&json!({
        "initContainers": [{ "name": "one", "image": "a" }, { "name": "two", "image": "a" }],
        "containers": [{ "name": "main", "image": "a" }],
    }));
    world.run().exit("one", 0);
    world.restart_workbench();
    world.exit("two", 0);
    world.restart_workbench();
    assert_eq!(
        (
            world.starts("one"),
            world.starts("two"),
            world.starts("main")
        ),
        (1, 1, 1)
    );
}

#[test]
fn a_deletion_goes_on() {
    let mut world = World::of(json!({}));
    world.stubborn.insert("main");
    world.run().delete(30);
    world.stubborn.clear();
    world.restart_workbench();
    assert!(world.gone);
}

#[test]
fn a_pod_that_is_over_is_over() {
    let mut world = World::new(&json!({
        "containers": [{ "name": "main", "image": "a" }], "restartPolicy": "Never",
    }));
    world.run().exit("main", 2);
    let status = world.status();
    world.done.clear();
    world.restart_workbench().pass(100);
    assert!(world.done.is_empty());
    assert_eq!(world.status(), status);
    world.delete(0);
    assert_eq!(world.done, ["remove all", "gone"]);
}
