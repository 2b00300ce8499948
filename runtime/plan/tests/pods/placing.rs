//! A pod finds its place.

use serde_json::json;

use coracle_plan::pod::{ClaimState, PodObservation, ServicePort, ServiceView};

use crate::world::{World, named};

#[test]
fn a_pod_comes_to_run_with_the_status_that_a_kubelet_writes() {
    let mut world = World::of(json!({}));
    world.run().pass(3);
    let time = "2026-01-01T00:00:00Z";
    let condition = |kind: &str| {
        json!({
            "type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": time,
            "observedGeneration": 1,
        })
    };
    let mut world = World::of(json!({}));
    world.run();
    let expected = json!({
        "phase": "Running",
        "observedGeneration": 1,
        "qosClass": "BestEffort",
        "startTime": time,
        "hostIP": "192.168.1.9",
        "hostIPs": [{ "ip": "192.168.1.9" }],
        "podIP": "10.1.0.2",
        "podIPs": [{ "ip": "10.1.0.2" }],
        "conditions": [
            condition("PodReadyToStartContainers"),
            condition("Initialized"),
            condition("Ready"),
            condition("ContainersReady"),
            condition("PodScheduled"),
        ],
        "containerStatuses": [{
            "name": "main",
            "image": "busybox:1",
            "imageID": "sha256:busybox:1",
            "containerID": "docker://main-0",
            "ready": true,
            "started": true,
            "restartCount": 0,
            "state": { "running": { "startedAt": time } },
            "lastState": {},
        }],
    });
    assert_eq!(world.status(), expected);
    world.pass(100);
    assert_eq!(world.status(), expected, "times of transition stay");
    let told: Vec<_> = world
        .events
        .iter()
        .map(|event| event.message.as_str())
        .collect();
    let expected = [
        "Successfully assigned team/web to coracle",
        "Container image \"busybox:1\" already present on machine",
        "Created container: main",
        "Started container main",
    ];
    assert_eq!(told, expected);
    assert_eq!(
        world.events[1].field_path.as_deref(),
        Some("spec.containers{main}")
    );
}

#[test]
fn without_room_the_pod_is_unschedulable_in_the_schedulers_words() {
    let limits = json!({ "nvidia.com/gpu": 2, "cpu": "500m" });
    let mut world = World::of(json!({ "resources": { "limits": limits } }));
    world.gpus = Some(vec!["GPU-a"]);
    world.run();
    let words = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.";
    assert_eq!(
        world.condition("PodScheduled"),
        format!("False Unschedulable {words}")
    );
    assert_eq!(world.told("FailedScheduling"), [words]);
    assert_eq!(world.phase(), "Pending");
    assert!(world.status().get("containerStatuses").is_none());
    let gpus = ["GPU-a", "GPU-b"].map(Into::into).to_vec();
    world.see(PodObservation::Admitted { gpus });
    assert_eq!(world.condition("PodScheduled"), "True");
    assert_eq!(world.start("main").gpus.len(), 2);
    assert_eq!(world.phase(), "Running");
}

#[test]
fn several_shortages_are_told_in_order() {
    let mut world = World::of(json!({}));
    world.gpus = None;
    world.run();
    let words = "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.";
    assert_eq!(world.told("FailedScheduling"), [words]);
}

#[test]
fn resources_that_no_machine_of_this_kind_has_are_never_admitted() {
    let mut world = World::of(json!({ "resources": { "limits": { "amd.com/gpu": "1" } } }));
    world.run();
    let words = "0/1 nodes are available: 1 Insufficient amd.com/gpu.";
    assert_eq!(world.told("FailedScheduling"), [words]);
    assert!(world.done.is_empty());
}

#[test]
fn a_claim_that_is_not_there_keeps_the_pod_from_being_scheduled() {
    let mut world = World::new(&json!({
        "containers": [{ "name": "main", "image": "a", "volumeMounts": [{ "name": "d", "mountPath": "/d" }] }],
        "volumes": [{ "name": "d", "persistentVolumeClaim": { "claimName": "data" } }],
    }));
    world.run();
    let words = "0/1 nodes are available: persistentvolumeclaim \"data\" not found.";
    assert_eq!(world.told("FailedScheduling"), [words]);
    world
        .objects
        .claims
        .insert("data".to_owned(), ClaimState::Bound);
    world.run();
    assert_eq!(world.phase(), "Running");
}

#[test]
fn scheduling_gates_hold_a_pod_back() {
    let mut world = World::new(&json!({
        "containers": [{ "name": "main", "image": "a" }],
        "schedulingGates": [{ "name": "quota" }],
    }));
    world.run();
    let words = "False SchedulingGated Scheduling is blocked due to non-empty scheduling gates";
    assert_eq!(world.condition("PodScheduled"), words);
    world.edit(|object| object["spec"]["schedulingGates"] = json!([]));
    assert_eq!(world.phase(), "Running");
}

#[test]
fn gpus_are_shared_out_among_containers_and_init_containers_use_the_same() {
    let gpu = |name: &str, count: u32| json!({ "name": name, "image": "a", "resources": { "limits": { "nvidia.com/gpu": count } } });
    let mut world = World::new(&json!({
        "initContainers": [gpu("init", 2)],
        "containers": [gpu("one", 1), gpu("two", 1), { "name": "three", "image": "a" }],
    }));
    world.gpus = Some(vec!["GPU-a", "GPU-b", "GPU-c"]);
    world.run();
    let names = |world: &World, container: &str| {
        let gpus = &world.start(container).gpus;
        gpus.iter()
            .map(|gpu| gpu.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&world, "init"), ["GPU-a", "GPU-b"]);
    world.exit("init", 0);
    assert_eq!(names(&world, "one"), ["GPU-a"]);
    assert_eq!(names(&world, "two"), ["GPU-b"]);
    assert!(names(&world, "three").is_empty());
}

#[test]
fn services_give_a_pod_its_names_and_its_containers_variables() {
    let mut world = World::new(&json!({
        "containers": [{ "name": "main", "image": "a", "ports": [{ "containerPort": 8080 }] }],
        "hostname": "w-0",
        "subdomain": "web",
    }));
    let service = |name: &str, is_forwarded: bool| ServiceView {
        name: name.to_owned(),
        cluster_ip: is_forwarded.then(|| "10.96.0.7".to_owned()),
        ports: vec![ServicePort {
            name: "http-main".to_owned(),
            port: 80,
            protocol: "TCP".to_owned(),
        }],
        selects_pod: true,
        is_forwarded,
    };
    world.objects.services = vec![service("web", true), service("bare", false)];
    let mut steps = Vec::new();
    world.plan.observe(
        PodObservation::Objects(Box::new(world.objects.clone())),
        world.now,
    );
    steps.extend(world.plan.advance(world.now));
    world
        .plan
        .observe(PodObservation::Admitted { gpus: Vec::new() }, world.now);
    let [coracle_plan::pod::PodStep::OpenSandbox(sandbox)] = &world.plan.advance(world.now)[..]
    else {
        panic!("no sandbox")
    };
    // What stands for a service has its names; a pod has those of a service without, and its own in its subdomain.
    let ends = ["", ".team", ".team.svc", ".team.svc.cluster.local"];
    let names = ["w-0.web", "bare"].map(|name| ends.map(|end| format!("{name}{end}")));
    assert_eq!(sandbox.aliases, names.concat());
    assert_eq!(sandbox.ports[0].container_port, 8080);
    world.see(PodObservation::SandboxOpened {
        result: Ok("10.1.0.2".parse().unwrap()),
    });
    let environment = &world.start("main").environment;
    for (name, value) in [
        ("WEB_SERVICE_HOST", "10.96.0.7"),
        ("WEB_SERVICE_PORT", "80"),
        ("WEB_SERVICE_PORT_HTTP_MAIN", "80"),
        ("WEB_PORT", "tcp://10.96.0.7:80"),
        ("WEB_PORT_80_TCP_ADDR", "10.96.0.7"),
    ] {
        assert_eq!(environment[name], value, "{name}");
    }
}

#[test]
fn a_pod_on_the_machines_network_has_the_nodes_address() {
    let mut world = World::new(&json!({
        "hostNetwork": true,
        "containers": [named(json!({}))],
    }));
    world.run();
    let status = world.status();
    assert_eq!(status["podIP"], status["hostIP"]);
}
