//! Containers that are asked how they are.

use coracle_plan::pod::{HookKind, PodObservation, PodStep, ProbeAnswer, ProbeKind};
use coracle_spec::kind::pod::{Handler, Port};
use serde_json::{Value, json};

use crate::world::World;

fn asked(world: &World, word: &str) -> usize {
    let step = format!("{word} main");
    world.done.iter().filter(|done| **done == step).count()
}

fn fails(world: &mut World, kind: ProbeKind) {
    world.probes.insert(
        ("main", kind),
        ProbeAnswer::Failure("connection refused".to_owned()),
    );
}

fn probed(kind: &str, probe: Value) -> World {
    let mut container = json!({ "ports": [{ "name": "web", "containerPort": 8080 }] });
    container[kind] = probe;
    World::of(container)
}

#[test]
fn readiness_is_asked_after_its_delay_and_then_every_period() {
    let mut world = probed(
        "readinessProbe",
        json!({ "httpGet": { "port": "web", "path": "/ok" }, "initialDelaySeconds": 5, "periodSeconds": 3, "successThreshold": 2 }),
    );
    world.run();
    assert_eq!(
        world.condition("Ready"),
        "False ContainersNotReady containers with unready status: [main]"
    );
    world.pass(4);
    assert_eq!(asked(&world, "Readiness"), 0);
    world.pass(1);
    assert_eq!(asked(&world, "Readiness"), 1);
    assert_eq!(world.container("main")["ready"], false);
    world.pass(3);
    assert_eq!(world.container("main")["ready"], true);
    assert_eq!(world.condition("Ready"), "True");
    fails(&mut world, ProbeKind::Readiness);
    world.pass(6);
    assert_eq!(world.container("main")["ready"], true, "two of three");
    world.pass(3);
    assert_eq!(world.container("main")["ready"], false);
    assert_eq!(world.container("main")["restartCount"], 0);
    assert_eq!(
        world.told("Unhealthy")[0],
        "Readiness probe failed: connection refused"
    );
}

#[test]
fn a_container_that_was_never_ready_is_asked_between_its_periods_too() {
    let mut world = probed(
        "readinessProbe",
        json!({ "tcpSocket": { "port": 1 }, "periodSeconds": 10, "failureThreshold": 1 }),
    );
    fails(&mut world, ProbeKind::Readiness);
    world.run().pass(9);
    assert!(asked(&world, "Readiness") > 20);
    assert_eq!(
        world.told("Unhealthy").len(),
        1,
        "what is early says nothing"
    );
    world.probes.clear();
    world.pass(1);
    assert_eq!(world.container("main")["ready"], true);
    let before = asked(&world, "Readiness");
    fails(&mut world, ProbeKind::Readiness);
    world.pass(30);
    assert_eq!(
        asked(&world, "Readiness") - before,
        3,
        "once a period from then on"
    );
}

#[test]
fn one_that_is_asked_by_a_command_is_asked_once_a_period() {
    let probe = json!({ "exec": { "command": ["true"] }, "periodSeconds": 10 });
    let mut world = probed("readinessProbe", probe);
    fails(&mut world, ProbeKind::Readiness);
    world.run().pass(29);
    assert_eq!(asked(&world, "Readiness"), 3);
}

#[test]
fn ports_are_asked_by_number() {
    let mut world = probed(
        "readinessProbe",
        json!({ "tcpSocket": { "port": "web" }, "initialDelaySeconds": 1 }),
    );
    world.run();
    world.now += std::time::Duration::from_secs(1);
    let [PodStep::Probe(work)] = &world.plan.advance(world.now)[..] else {
        panic!("no probe")
    };
    assert_eq!(
        work.handler,
        Handler::Tcp {
            host: String::new(),
            port: Port::Number(8080)
        }
    );
    assert_eq!(work.pod_ip, Some("10.1.0.2".parse().unwrap()));
}

#[test]
fn a_container_that_is_not_alive_is_restarted() {
    let mut world = probed(
        "livenessProbe",
        json!({ "exec": { "command": ["true"] }, "periodSeconds": 10, "terminationGracePeriodSeconds": 4 }),
    );
    world.run().pass(5);
    fails(&mut world, ProbeKind::Liveness);
    world.pass(24);
    assert_eq!(world.starts("main"), 1);
    assert_eq!(world.told("Unhealthy").len(), 2);
    world.pass(1);
    assert_eq!(
        world.told("Killing"),
        ["Container main failed liveness probe, will be restarted"]
    );
    assert!(world.done.contains(&"stop main 4s".to_owned()));
    assert_eq!(world.starts("main"), 2);
    assert_eq!(
        world.container("main")["lastState"]["terminated"]["exitCode"],
        143
    );
}

#[test]
fn the_others_wait_for_the_startup_probe() {
    let mut world = World::of(json!({
        "startupProbe": { "grpc": { "port": 9 }, "periodSeconds": 5, "failureThreshold": 4 },
        "livenessProbe": { "tcpSocket": { "port": 8080 }, "periodSeconds": 1 },
    }));
    fails(&mut world, ProbeKind::Startup);
    world.run().pass(12);
    assert_eq!(
        (asked(&world, "Startup"), asked(&world, "Liveness")),
        (3, 0)
    );
    let main = world.container("main");
    assert_eq!(
        (&main["started"], &main["ready"]),
        (&json!(false), &json!(false))
    );
    world.probes.clear();
    world.pass(3);
    assert_eq!(world.container("main")["started"], true);
    world.pass(10);
    assert_eq!(asked(&world, "Startup"), 4);
    assert!(asked(&world, "Liveness") >= 10);
}

#[test]
fn a_container_that_does_not_begin_in_time_is_restarted() {
    let mut world = probed(
        "startupProbe",
        json!({ "tcpSocket": { "port": 1 }, "periodSeconds": 1, "failureThreshold": 3 }),
    );
    fails(&mut world, ProbeKind::Startup);
    world.run().pass(3);
    assert_eq!(
        world.told("Killing"),
        ["Container main failed startup probe, will be restarted"]
    );
    assert_eq!(world.starts("main"), 2);
}

#[test]
fn what_could_not_be_asked_counts_for_nothing() {
    let mut world = probed(
        "livenessProbe",
        json!({ "exec": { "command": ["x"] }, "periodSeconds": 1 }),
    );
    world.probes.insert(
        ("main", ProbeKind::Liveness),
        ProbeAnswer::Unasked("engine".to_owned()),
    );
    world.run().pass(60);
    assert_eq!(world.starts("main"), 1);
    assert_eq!(world.told("Unhealthy")[0], "Liveness probe errored: engine");
}

#[test]
fn readiness_gates_wait_for_a_condition_that_others_write() {
    let mut world = World::new(&json!({
        "containers": [{ "name": "main", "image": "a" }],
        "readinessGates": [{ "conditionType": "example.com/gate" }],
    }));
    world.run();
    assert_eq!(
        world.condition("Ready"),
        "False ReadinessGatesNotReady corresponding condition of pod readiness gate \"example.com/gate\" does not exist."
    );
    assert_eq!(world.condition("ContainersReady"), "True");
    let gate = |status: &str| json!({ "type": "example.com/gate", "status": status });
    world.edit(|object| object["status"]["conditions"] = json!([gate("False")]));
    assert_eq!(
        world.condition("Ready"),
        "False ReadinessGatesNotReady the status of pod readiness gate \"example.com/gate\" is not \"True\", but False"
    );
    world.edit(|object| object["status"]["conditions"] = json!([gate("True")]));
    assert_eq!(world.condition("Ready"), "True");
    assert_eq!(world.condition("example.com/gate"), "True", "it is kept");
}

#[test]
fn a_container_runs_once_what_follows_its_start_is_done() {
    let hook = json!({ "postStart": { "exec": { "command": ["x"] } } });
    let mut world = World::new(&json!({
        "containers": [{ "name": "main", "image": "a", "lifecycle": hook }, { "name": "other", "image": "a" }],
    }));
    world.endless_hooks.insert(HookKind::PostStart);
    world.run().pass(100);
    assert_eq!(
        world.container("main")["state"],
        json!({ "waiting": { "reason": "ContainerCreating" } })
    );
    assert_eq!(world.starts("other"), 0, "one after the other");
    let which = world.which("main");
    world.see(PodObservation::Hooked {
        which,
        kind: HookKind::PostStart,
        result: Ok(()),
    });
    assert!(world.container("main")["state"]["running"].is_object());
    assert_eq!(world.starts("other"), 1);
}

#[test]
fn a_container_whose_hook_fails_is_ended_and_started_again() {
    let mut world =
        World::of(json!({ "lifecycle": { "postStart": { "httpGet": { "port": 80 } } } }));
    world.failing_hooks.insert(HookKind::PostStart);
    world.run();
    assert_eq!(
        world.told("FailedPostStartHook")[0],
        "PostStartHook failed: exited with 1"
    );
    assert_eq!(world.starts("main"), 2);
    world.pass(2);
    assert_eq!(
        world.container("main")["state"]["waiting"]["reason"],
        "CrashLoopBackOff"
    );
}
