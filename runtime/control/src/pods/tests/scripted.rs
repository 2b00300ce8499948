//! Pods on an engine that runs nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coracle_host::clock::ManualClock;
use coracle_host::fake::{Act, ExecAct, FakeEngine};
use coracle_host::{OwnImage, SandboxName, Workload, WorkloadName};
use coracle_model::RegistryUser;
use coracle_plan::pod::{ClaimState, Entries, PullSecret};
use coracle_store::{VolumeClaim, Volumes};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::world::{Bench, UID, clock, container, read};

fn bench(
    spec: &Value,
    script: impl Fn(&Workload) -> Act + Send + Sync + 'static,
) -> (Bench, Arc<FakeEngine>, Arc<ManualClock>) {
    let clock = clock();
    let mut made = None;
    let bench = Bench::new(spec, clock.clone(), |clock| {
        let engine = FakeEngine::new(clock, script).with_sessions(|_, request| {
            if request.command == ["false"] {
                ExecAct::fail(1).saying(coracle_host::log::Stream::Stdout, "not well\n")
            } else {
                ExecAct::succeed()
            }
        });
        made.insert(Arc::new(engine)).clone()
    });
    (bench, made.unwrap(), clock)
}

fn name(container: &str, attempt: u32) -> WorkloadName {
    WorkloadName(format!("coracle-pod-{UID}-{container}-{attempt}"))
}

#[tokio::test]
async fn a_pod_runs_and_goes() {
    let spec = json!({ "containers": [{ "name": "main", "image": "a" }] });
    let (mut bench, engine, _) = bench(&spec, |_| Act::succeed().until_released());
    bench.begin().await;
    let status = bench.until_phase("Running").await;
    assert_eq!(status["podIP"], "10.0.0.1");
    let request = engine
        .sandbox_request(&SandboxName(format!("coracle-pod-{UID}-0")))
        .unwrap();
    assert_eq!(request.network.unwrap().0, "team");
    assert!(bench.directory().is_dir());
    bench.delete(5);
    bench.until_phase("Gone").await;
    assert!(engine.sandboxes().is_empty());
    assert!(!bench.directory().exists());
    assert!(
        bench
            .events()
            .contains(&"Killing: Stopping container main".to_owned())
    );
}

#[tokio::test]
async fn a_container_knows_how_to_reach_the_workbench_unless_its_pod_says_otherwise() {
    let seen: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let script = seen.clone();
    let spec = json!({ "containers": [
        { "name": "main", "image": "a" },
        { "name": "own", "image": "a", "env": [{ "name": "WHO", "value": "me" }] },
    ] });
    let (mut bench, ..) = bench(&spec, move |workload| {
        let who = workload.environment["WHO"].clone();
        script.lock().unwrap().insert(workload.name.0.clone(), who);
        Act::succeed().until_released()
    });
    bench.begin().await;
    bench.until_phase("Running").await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen[&name("main", 0).0], UID);
    assert_eq!(seen[&name("own", 0).0], "me");
}

#[tokio::test]
async fn a_pod_on_the_machines_network_is_in_the_engines_too() {
    let spec = json!({
        "hostNetwork": true,
        "containers": [{ "name": "main", "image": "a" }],
    });
    let (mut bench, engine, _) = bench(&spec, |_| Act::succeed().until_released());
    bench.begin().await;
    let status = bench.until_phase("Running").await;
    assert_eq!(status["podIP"], status["hostIP"]);
    let sandbox = SandboxName(format!("coracle-pod-{UID}-0"));
    assert!(engine.sandbox_request(&sandbox).unwrap().host_network);
}

#[tokio::test]
async fn a_private_image_is_pulled_by_those_whom_the_pods_secrets_name() {
    let spec = json!({
        "imagePullSecrets": [{ "name": "regcred" }, { "name": "absent" }],
        "containers": [{ "name": "main", "image": "quay.io/team/app:1" }],
    });
    let (mut bench, engine, _) = bench(&spec, |_| Act::succeed().until_released());
    let image = "quay.io/team/app:1".parse().unwrap();
    let owner = RegistryUser {
        name: "ada".to_owned(),
        password: "hush".to_owned(),
    };
    engine.make_private(&image, &owner);
    let config = json!({ "auths": {
        "quay.io/team": { "username": "nobody", "password": "wrong" },
        "https://quay.io": { "username": "ada", "password": "hush" },
        "ghcr.io": { "username": "other", "password": "other" },
    } });
    bench.put(|objects| {
        let secret = PullSecret::DockerConfigJson(config.to_string().into());
        objects.pull_secrets.insert("regcred".to_owned(), secret);
    });
    bench.begin().await;
    bench.until_phase("Running").await;
    assert_eq!(engine.askers(&image), ["nobody", "ada"]);
    let told = bench.events();
    let missing = "FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (absent); attempting to \
                   pull the image may not succeed.";
    assert!(told.contains(&missing.to_owned()), "{told:?}");
    assert!(!format!("{told:?}").contains("hush"));
}

#[tokio::test]
async fn an_image_of_our_own_is_built_for_a_pod() {
    let own = OwnImage::jupyterlab();
    let spec = json!({ "containers": [{ "name": "main", "image": "coracle/jupyterlab" }] });
    let (mut bench, engine, _) = bench(&spec, |_| Act::succeed().until_released());
    engine.take_image(own.name());
    bench.begin().await;
    bench.until_phase("Running").await;
    assert_eq!(engine.builds()[own.name()], 1);
    let told = bench.events();
    let building = "Building: Building image \"coracle/jupyterlab\"".to_owned();
    assert!(told.contains(&building), "{told:?}");
    assert!(
        told.iter().any(|told| told.starts_with("Built: ")),
        "{told:?}"
    );
}

#[tokio::test]
async fn an_image_of_our_own_that_cannot_be_built_is_a_fault_of_the_pull() {
    let own = OwnImage::jupyterlab();
    let spec = json!({ "containers": [{ "name": "main", "image": own.name().as_str() }] });
    let (mut bench, engine, _) = bench(&spec, |_| Act::succeed());
    engine.take_image(own.name());
    engine.fail_build(own.name(), "ERROR: no matching distribution");
    bench.begin().await;
    let is_so = |status: &Value| {
        status["containerStatuses"].is_array()
            && container(status, "main")["state"]["waiting"]["reason"] == "ErrImagePull"
    };
    let status = bench.until("its image is missing", is_so).await;
    let waiting = &container(&status, "main")["state"]["waiting"]["message"];
    assert!(
        waiting
            .as_str()
            .unwrap()
            .ends_with("no matching distribution"),
        "{waiting}"
    );
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_built_where_the_workbench_knows_how() {
    let image = "kserve/sklearnserver:v0.16.0";
    let spec = json!({ "containers": [{ "name": "main", "image": image }] });
    let (mut bench, engine, _) = bench(&spec, |_| Act::succeed().until_released());
    engine.take_image(&image.parse().unwrap());
    bench.begin().await;
    bench.until_phase("Running").await;
    assert_eq!(engine.builds()[&image.parse().unwrap()], 1);
    let told = bench.events();
    let building = format!(
        "Building: Building image {image:?} on this machine, as it cannot be pulled: the script has taken it"
    );
    assert!(told.contains(&building), "{told:?}");
    assert!(
        told.iter().any(|told| told.starts_with("Built: ")),
        "{told:?}"
    );
}

#[tokio::test]
async fn an_image_that_can_be_had_is_not_built() {
    let image = "docker.io/seldonio/mlserver:1.7.1";
    let spec =
        json!({ "containers": [{ "name": "main", "image": image, "imagePullPolicy": "Always" }] });
    let (mut bench, engine, _) = bench(&spec, |_| Act::succeed().until_released());
    bench.begin().await;
    bench.until_phase("Running").await;
    assert!(engine.builds().is_empty());
}

#[tokio::test]
async fn what_can_neither_be_pulled_nor_built_says_both() {
    let image = "kserve/xgbserver:v0.16.0";
    let spec = json!({ "containers": [{ "name": "main", "image": image }] });
    let (mut bench, engine, _) = bench(&spec, |_| Act::succeed());
    engine.take_image(&image.parse().unwrap());
    engine.fail_build(&image.parse().unwrap(), "ERROR: no matching distribution");
    bench.begin().await;
    let is_so = |status: &Value| {
        status["containerStatuses"].is_array()
            && container(status, "main")["state"]["waiting"]["reason"] == "ErrImagePull"
    };
    let status = bench.until("its image is missing", is_so).await;
    let said = &container(&status, "main")["state"]["waiting"]["message"];
    let said = said.as_str().unwrap();
    assert!(
        said.contains("it cannot be pulled: the script has taken it")
            && said.ends_with("no matching distribution"),
        "{said}"
    );
}

#[tokio::test]
async fn a_job_ends_with_its_message_and_log() {
    let spec = json!({
        "containers": [{ "name": "main", "image": "a", "terminationMessagePolicy": "FallbackToLogsOnError" }],
        "restartPolicy": "Never",
    });
    let (mut bench, ..) = bench(&spec, |_| {
        Act::fail(3).saying(coracle_host::log::Stream::Stderr, "boom\n")
    });
    bench.begin().await;
    let status = bench.until_phase("Failed").await;
    let ended = &container(&status, "main")["state"]["terminated"];
    assert_eq!(
        (&ended["exitCode"], &ended["message"]),
        (&json!(3), &json!("boom\n"))
    );
    assert!(bench.directory().join("main/0.log").exists());
}

#[tokio::test]
async fn init_containers_come_first_and_a_message_may_be_a_file() {
    let spec = json!({
        "initContainers": [{ "name": "first", "image": "a" }],
        "containers": [{ "name": "main", "image": "a" }],
        "restartPolicy": "Never",
    });
    let (mut bench, engine, _) = bench(&spec, |workload| {
        let message = Act::succeed().writing("/dev/termination-log", "done");
        if workload.name.0.contains("first") {
            message
        } else {
            Act::succeed()
        }
    });
    bench.begin().await;
    let status = bench.until_phase("Succeeded").await;
    assert_eq!(
        container(&status, "first")["state"]["terminated"]["message"],
        "done"
    );
    let once: BTreeMap<_, _> = [(name("first", 0), 1), (name("main", 0), 1)].into();
    assert_eq!(engine.starts(), once);
}

#[tokio::test]
async fn a_crash_loop_waits_and_ends_when_the_program_is_well() {
    let spec = json!({ "containers": [{ "name": "main", "image": "a" }] });
    let (mut bench, engine, clock) = bench(&spec, |workload| {
        if workload.name.0.ends_with('2') {
            Act::succeed().until_released()
        } else {
            Act::fail(1)
        }
    });
    bench.begin().await;
    bench
        .until("restarted once", |status| {
            container(status, "main")["restartCount"] == 1
        })
        .await;
    clock.advance(Duration::from_secs(2));
    bench
        .until("waiting", |status| {
            container(status, "main")["state"]["waiting"]["reason"] == "CrashLoopBackOff"
        })
        .await;
    clock.advance(Duration::from_secs(10));
    let status = bench
        .until("running", |status| {
            container(status, "main")["state"]["running"].is_object()
        })
        .await;
    assert_eq!(container(&status, "main")["restartCount"], 2);
    assert!(engine.starts().values().all(|starts| *starts == 1));
}

#[tokio::test]
async fn config_maps_are_files_and_variables_and_change_while_the_pod_runs() {
    let spec = json!({
        "containers": [{
            "name": "main", "image": "a",
            "volumeMounts": [{ "name": "v", "mountPath": "/v" }],
            "env": [{ "name": "MODE", "valueFrom": { "configMapKeyRef": { "name": "cm", "key": "mode" } } }],
        }],
        "volumes": [{ "name": "v", "configMap": { "name": "cm" } }],
    });
    let (mut bench, ..) = bench(&spec, |workload| {
        assert_eq!(workload.environment["MODE"], "fast");
        Act::succeed().until_released()
    });
    bench.begin().await;
    bench
        .until("waiting", |status| {
            container(status, "main")["state"]["waiting"]["reason"] == "ContainerCreating"
        })
        .await;
    let put = |bench: &Bench, value: &str| {
        let data = [("mode".to_owned(), value.as_bytes().to_vec())].into();
        bench.put(|objects| {
            let entries = Entries {
                data,
                ..Entries::default()
            };
            objects.config_maps.insert("cm".to_owned(), entries);
        });
    };
    put(&bench, "fast");
    bench.until_phase("Running").await;
    let file = bench.directory().join("volumes/v/mode");
    assert_eq!(read(&file), "fast");
    put(&bench, "slow");
    let changed = async {
        while read(&file) != "slow" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), changed)
        .await
        .unwrap();
}

#[tokio::test]
async fn probes_ask_by_http_tcp_and_commands() {
    let spec = json!({ "containers": [
        { "name": "http", "image": "a", "readinessProbe": { "httpGet": { "port": 80, "path": "/ok" }, "periodSeconds": 1 } },
        { "name": "tcp", "image": "a", "readinessProbe": { "tcpSocket": { "port": 81 }, "periodSeconds": 1 } },
        { "name": "exec", "image": "a", "readinessProbe": { "exec": { "command": ["true"] }, "periodSeconds": 1 } },
        { "name": "ill", "image": "a", "readinessProbe": { "exec": { "command": ["false"] }, "periodSeconds": 1 } },
    ] });
    let (mut bench, engine, clock) = bench(&spec, |_| Act::succeed().until_released());
    let sandbox = SandboxName(format!("coracle-pod-{UID}-0"));
    let mut http = engine.listen(&sandbox, 80);
    let _tcp = engine.listen(&sandbox, 81);
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move {
        while let Some(mut connection) = http.recv().await {
            let mut request = vec![0; 4096];
            let length = connection.read(&mut request).await.unwrap();
            let is_right = request[..length].starts_with(b"GET /ok HTTP/1.1\r\n");
            let answer = if is_right {
                "HTTP/1.1 204 No Content\r\n\r\n"
            } else {
                "HTTP/1.1 404 x\r\n\r\n"
            };
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    bench.begin().await;
    bench
        .until("ready", |status| {
            ["http", "tcp", "exec"]
                .iter()
                .all(|name| container(status, name)["ready"] == true)
        })
        .await;
    clock.advance(Duration::from_secs(5));
    let status = bench.until_phase("Running").await;
    assert_eq!(container(&status, "ill")["ready"], false);
    assert!(
        bench
            .events()
            .contains(&"Unhealthy: Readiness probe failed: not well".to_owned())
    );
}

#[tokio::test]
async fn a_killed_workbench_finds_its_pods_again() {
    let spec = json!({ "containers": [{ "name": "main", "image": "a" }] });
    let (mut bench, engine, _) = bench(&spec, |_| Act::fail(7).until_released());
    bench.begin().await;
    bench.until_phase("Running").await;
    bench.kill().await;
    bench.begin().await;
    engine.release(&name("main", 0));
    let status = bench
        .until("restarted", |status| {
            container(status, "main")["restartCount"] == 1
        })
        .await;
    assert_eq!(
        container(&status, "main")["lastState"]["terminated"]["exitCode"],
        7
    );
    let once: BTreeMap<_, _> = [(name("main", 0), 1), (name("main", 1), 1)].into();
    assert_eq!(engine.starts(), once);
    // What ends while nobody looks is found too.
    bench.kill().await;
    engine.release(&name("main", 1));
    engine.lose(&name("main", 0));
    bench.begin().await;
    bench
        .until("ended", |status| {
            container(status, "main")["lastState"]["terminated"]["containerID"]
                == format!("docker://{}", name("main", 1))
                || container(status, "main")["state"]["terminated"]["exitCode"] == 7
        })
        .await;
}

#[tokio::test]
async fn a_lost_sandbox_is_opened_anew() {
    let spec = json!({ "containers": [{ "name": "main", "image": "a" }] });
    let (mut bench, engine, _) = bench(&spec, |_| Act::fail(137).until_released());
    bench.begin().await;
    bench.until_phase("Running").await;
    engine.halt_sandbox(&SandboxName(format!("coracle-pod-{UID}-0")));
    engine.release(&name("main", 0));
    let status = bench
        .until("restarted", |status| {
            container(status, "main")["restartCount"] == 1
        })
        .await;
    assert_eq!(status["podIP"], "10.0.0.2");
    let sandboxes: Vec<_> = engine.sandboxes().into_iter().map(|name| name.0).collect();
    assert_eq!(sandboxes, [format!("coracle-pod-{UID}-1")]);
}

#[tokio::test]
async fn images_that_are_not_there_and_containers_that_are_refused_are_told() {
    let spec = json!({ "containers": [
        { "name": "main", "image": "none" }, { "name": "other", "image": "a" },
    ] });
    let (mut bench, engine, clock) = bench(&spec, |workload| {
        if workload.name.0.contains("other") {
            Act::refuse("exec: not found")
        } else {
            Act::succeed()
        }
    });
    engine.take_image(&"none".parse().unwrap());
    bench.begin().await;
    bench
        .until("refused", |status| {
            container(status, "other")["state"]["terminated"]["reason"] == "StartError"
        })
        .await;
    clock.advance(Duration::from_secs(2));
    bench
        .until("backing off", |status| {
            container(status, "main")["state"]["waiting"]["reason"] == "ImagePullBackOff"
        })
        .await;
    assert!(bench.reasons("main").contains("ErrImagePull"));
    assert!(
        bench
            .events()
            .contains(&"Failed: Error: exec: not found".to_owned())
    );
}

#[tokio::test]
async fn an_engine_that_is_away_for_a_moment_costs_nothing() {
    let spec = json!({ "containers": [{ "name": "main", "image": "a" }] });
    let (mut bench, engine, clock) = bench(&spec, |_| Act::succeed().until_released());
    bench.begin().await;
    bench.until_phase("Running").await;
    engine.go_away("restarting");
    bench.delete(2);
    bench
        .until("stopping", |status| status["phase"] == "Running")
        .await;
    engine.come_back();
    let gone = async {
        let on = async {
            loop {
                clock.advance(Duration::from_millis(500));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            _ = bench.until_phase("Gone") => {}
            () = on => {}
        }
    };
    gone.await;
    assert_eq!(engine.starts().len(), 1);
}

#[tokio::test]
async fn a_claim_is_that_of_the_pods_namespace() {
    let spec = json!({
        "containers": [{
            "name": "main", "image": "a",
            "volumeMounts": [{ "name": "d", "mountPath": "/d", "subPath": "models/one" }],
        }],
        "volumes": [{ "name": "d", "persistentVolumeClaim": { "claimName": "data" } }],
        "restartPolicy": "Never",
    });
    let (mut bench, ..) = bench(&spec, |_| Act::succeed().writing("/d/made", "here"));
    let claims = Volumes::of_namespace(&bench.surroundings.home, "team");
    claims.create("data", &VolumeClaim::default()).unwrap();
    bench.begin().await;
    let waits = |status: &Value| status["conditions"][0]["reason"] == "Unschedulable";
    bench.until("waiting for its claim", waits).await;
    bench.put(|objects| {
        objects.claims.insert("data".to_owned(), ClaimState::Bound);
    });
    bench.until_phase("Succeeded").await;
    let path = claims.path("data").unwrap();
    assert_eq!(read(&path.join("models/one/made")), "here");
    bench.delete(0);
    bench.until_phase("Gone").await;
    assert!(path.join("models/one/made").exists(), "it outlives the pod");
}
