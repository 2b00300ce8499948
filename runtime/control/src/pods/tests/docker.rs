//! Pods on a real Docker.
//!
//! Where none answers, every test says so and passes, unless `CORACLE_REQUIRE_DOCKER=1`. The image
//! `python:3.11` must be there. What a test makes bears an owner label of its own and is removed when it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use coracle_host::clock::SystemClock;
use coracle_host::docker::{DockerEngine, DockerSettings};
use coracle_host::log::{LogReader, Only};
use coracle_host::{Engine, NetworkName};
use coracle_plan::pod::Entries;
use serde_json::{Value, json};

use super::world::{Bench, container};
use crate::pods::discard_pods;

const IMAGE: &str = "python:3.11";

fn settings(test: &str) -> DockerSettings {
    DockerSettings {
        docker_host: environment("DOCKER_HOST"),
        context_dir: None,
        home: environment("HOME").map(PathBuf::from),
        runtime_dir: environment("XDG_RUNTIME_DIR").map(PathBuf::from),
        owner: format!("coracle-test-{}-{test}", std::process::id()),
        uid_gid: None,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no command line that could pass it in"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A pod of this spec on Docker; none when no Docker answers.
async fn bench(test: &str, spec: &Value) -> Option<(Bench, Docker)> {
    let engine = match DockerEngine::connect(settings(test)).await {
        Ok(engine) => Arc::new(engine),
        Err(error) => {
            let is_required = environment("CORACLE_REQUIRE_DOCKER").as_deref() == Some("1");
            assert!(!is_required, "{error}");
            eprintln!("{test} skipped: no Docker engine answers");
            return None;
        }
    };
    let shared = Arc::clone(&engine);
    let uid = format!("{test}-{}", std::process::id());
    let bench = Bench::with_uid(&uid, spec, Arc::new(SystemClock::new()), |_| shared);
    let docker = Docker {
        engine,
        settings: settings(test),
    };
    Some((bench, docker))
}

/// A test's Docker, which is left as it was found.
struct Docker {
    engine: Arc<DockerEngine>,
    settings: DockerSettings,
}

impl Drop for Docker {
    fn drop(&mut self) {
        let settings = self.settings.clone();
        // The test's own runtime may be unwinding.
        let cleaning = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let Ok(engine) = DockerEngine::connect(settings).await else {
                    return;
                };
                let _ = discard_pods(&engine, &BTreeSet::new()).await;
                let _ = engine.close_network(&NetworkName("team".to_owned())).await;
            });
            Ok::<_, std::io::Error>(())
        });
        let _ = cleaning.join();
    }
}

/// Deletes the pod and looks that nothing is left of it.
async fn end(mut bench: Bench, Docker { engine, .. }: &Docker) {
    bench.delete(1);
    bench.until_phase("Gone").await;
    assert_eq!(engine.observe().await.unwrap(), []);
    assert!(!bench.directory().exists());
    engine
        .close_network(&NetworkName("team".to_owned()))
        .await
        .unwrap();
}

fn shell(text: &str) -> Value {
    json!({ "name": "main", "image": IMAGE, "command": ["sh", "-c", text] })
}

fn output(bench: &Bench, container: &str, attempt: u32) -> String {
    let log = bench
        .directory()
        .join(container)
        .join(format!("{attempt}.log"));
    let mut reader = LogReader::open(&log).unwrap().only(Only::Both);
    String::from_utf8(reader.read_to_end(usize::MAX).unwrap()).unwrap()
}

fn is_running(status: &Value, name: &str) -> bool {
    container(status, name)["state"]["running"].is_object()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_with_init_containers_a_shared_directory_and_files() {
    let mount = |name: &str, path: &str| json!({ "name": name, "mountPath": path });
    let text = "cat /shared-dir/made /cm/key; echo \"$WHO $POD_IP\"; id -u; id -G; cat /one; echo why > /dev/termination-log; ls /cm; exit 3";
    let mut main = shell(text);
    main["env"] = json!([
        { "name": "WHO", "value": "$(NAME)!" },
        { "name": "NAME", "value": "later" },
        { "name": "POD_IP", "valueFrom": { "fieldRef": { "fieldPath": "status.podIP" } } },
    ]);
    main["volumeMounts"] = json!([
        mount("work", "/shared-dir"), mount("cm", "/cm"),
        { "name": "cm", "mountPath": "/one", "subPath": "key" },
    ]);
    main["securityContext"] = json!({ "runAsUser": 1234 });
    let mut first = shell("echo from init > /shared-dir/made");
    first["name"] = "first".into();
    first["volumeMounts"] = json!([mount("work", "/shared-dir")]);
    let spec = json!({
        "initContainers": [first],
        "containers": [main],
        "volumes": [{ "name": "work", "emptyDir": {} }, { "name": "cm", "configMap": { "name": "cm" } }],
        "restartPolicy": "Never",
        "securityContext": { "fsGroup": 77 },
    });
    let Some((mut bench, docker)) = bench("job", &spec).await else {
        return;
    };
    bench.put(|objects| {
        let data = [("key".to_owned(), b"from map\n".to_vec())].into();
        objects.config_maps.insert(
            "cm".to_owned(),
            Entries {
                data,
                ..Entries::default()
            },
        );
    });
    bench.begin().await;
    let status = bench.until_phase("Failed").await;
    let ended = &container(&status, "main")["state"]["terminated"];
    assert_eq!(
        (&ended["exitCode"], &ended["message"]),
        (&json!(3), &json!("why\n"))
    );
    let ip = status["podIP"].as_str().unwrap();
    let expected = format!("from init\nfrom map\n$(NAME)! {ip}\n1234\n");
    let said = output(&bench, "main", 0);
    assert!(said.starts_with(&expected), "{said}");
    assert!(
        said.contains("77") && said.ends_with("from map\nkey\n"),
        "{said}"
    );
    end(bench, &docker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_probed_restarted_and_ended_politely() {
    let text = "trap 'echo told; exit 0' TERM; mkdir -p /www; echo ok > /www/ok; python3 -m http.server 8080 -d /www &  touch /alive; while :; do sleep 0.1; done";
    let mut main = shell(text);
    main["ports"] = json!([{ "name": "web", "containerPort": 8080 }]);
    main["readinessProbe"] =
        json!({ "httpGet": { "port": "web", "path": "/ok" }, "periodSeconds": 1 });
    main["startupProbe"] =
        json!({ "tcpSocket": { "port": 8080 }, "periodSeconds": 1, "failureThreshold": 30 });
    main["livenessProbe"] = json!({ "exec": { "command": ["test", "-e", "/alive"] }, "periodSeconds": 1, "failureThreshold": 1 });
    main["lifecycle"] = json!({
        "postStart": { "exec": { "command": ["sh", "-c", "echo begun > /shared/begun"] } },
        "preStop": { "exec": { "command": ["sh", "-c", "echo ends > /shared/ends"] } },
    });
    main["volumeMounts"] = json!([{ "name": "shared", "mountPath": "/shared" }]);
    let spec = json!({
        "containers": [main],
        "volumes": [{ "name": "shared", "emptyDir": {} }],
    });
    let Some((mut bench, docker)) = bench("server", &spec).await else {
        return;
    };
    bench.begin().await;
    let ready = |status: &Value| container(status, "main")["ready"] == true;
    let status = bench.until("ready", ready).await;
    let shared = bench.directory().join("volumes/shared");
    assert!(shared.join("begun").exists());
    // It stops being alive.
    let name = coracle_host::WorkloadName(
        container(&status, "main")["containerID"]
            .as_str()
            .unwrap()
            .replace("docker://", ""),
    );
    let request = coracle_host::ExecRequest {
        command: ["rm", "/alive"].map(str::to_owned).into(),
        environment: BTreeMap::new(),
        ..Default::default()
    };
    docker
        .engine
        .exec(&name, &request)
        .await
        .unwrap()
        .control
        .wait()
        .await
        .unwrap();
    bench
        .until("restarted", |status| {
            container(status, "main")["restartCount"] == 1 && ready(status)
        })
        .await;
    assert!(
        bench.events().contains(
            &"Killing: Container main failed liveness probe, will be restarted".to_owned()
        )
    );
    assert!(output(&bench, "main", 0).contains("told"));
    assert!(shared.join("ends").exists());
    end(bench, &docker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_workbench_finds_its_containers_and_starts_none_twice() {
    let Some((mut bench, docker)) = bench(
        "killed",
        &json!({ "containers": [shell("echo begun; sleep 2; exit 5")] }),
    )
    .await
    else {
        return;
    };
    bench.begin().await;
    bench
        .until("running", |status| is_running(status, "main"))
        .await;
    bench.kill().await;
    bench.begin().await;
    let status = bench
        .until("restarted", |status| {
            container(status, "main")["restartCount"] == 1
        })
        .await;
    assert_eq!(
        container(&status, "main")["lastState"]["terminated"]["exitCode"],
        5
    );
    assert_eq!(output(&bench, "main", 0), "begun\n");
    bench.kill().await;
    // It ends while nobody looks.
    tokio::time::sleep(Duration::from_secs(3)).await;
    bench.begin().await;
    bench
        .until("waiting", |status| {
            container(status, "main")["state"]["waiting"]["reason"] == "CrashLoopBackOff"
        })
        .await;
    end(bench, &docker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_run_is_told() {
    let spec = json!({ "containers": [
        { "name": "main", "image": IMAGE, "command": ["/no/such/program"] },
        { "name": "none", "image": "coracle.invalid/none:1", "imagePullPolicy": "Never" },
    ] });
    let Some((mut bench, docker)) = bench("cannot", &spec).await else {
        return;
    };
    bench.begin().await;
    bench
        .until("told", |status| {
            container(status, "none")["state"]["waiting"]["reason"] == "ErrImageNeverPull"
        })
        .await;
    assert!(
        bench.reasons("main").contains("StartError"),
        "{:?}",
        bench.reasons("main")
    );
    end(bench, &docker).await;
}
