//! The Docker engine on a real Docker.
//!
//! The engine is the one that `DOCKER_HOST` names, or the first that answers in the usual places. Where none
//! does, every test says `skipped: no Docker engine answers` and passes, unless `CORACLE_REQUIRE_DOCKER=1`. The
//! images `python:3.11` and `debian:bookworm` must be there. What a test makes carries an owner label of its own
//! and is removed when the test ends, failed or not.

mod bench;
mod forwarders;
mod images;
mod pods;
mod sessions;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use coracle_host::docker::{
    DockerEngine, DockerSettings, KIND, SANDBOX, SocketAnswer, WORKLOAD, survey,
};
use coracle_host::log::{Keep, Only, Stream};
use coracle_host::{
    Engine, EngineError, EnvironmentRequest, Mount, MountSource, Opening, Phase, PullPolicy,
    SandboxRequest, SecurityContext, Workload, WorkloadImage,
};
use coracle_model::{Cpu, EnvironmentKey, ImageDigest, ImageRef, Memory};

use crate::bench::{Bench, DEBIAN, PYTHON, bench, environment, read_log, settings};

#[tokio::test]
async fn a_workload_runs_and_its_exit_and_output_are_kept() {
    let bench = bench!("runs");
    let workload = bench
        .shell("a", "echo out; echo err >&2; printf 'no newline'; exit 3")
        .await;
    let exit = bench.run("a", &workload).await;
    assert_eq!(exit.code, 3);
    assert!(!exit.out_of_memory);
    assert!(exit.started_at.unwrap() <= exit.finished_at.unwrap());
    assert_eq!(bench.output("a"), "out\nno newline");
    assert_eq!(
        read_log(&bench.log("a"), Only::Stream(Stream::Stderr)),
        b"err\n"
    );
    bench.engine.remove(&workload.name).await.unwrap();
    assert_eq!(bench.phase(&workload.name).await, None);
    // A second removal finds nothing, which is no error; attending is one.
    bench.engine.remove(&workload.name).await.unwrap();
    let gone = bench
        .engine
        .attend(&workload.name, &bench.log("gone"), Keep::All)
        .await;
    assert!(matches!(gone, Err(EngineError::Gone { .. })));
}

#[tokio::test]
async fn command_replaces_the_entry_point_and_args_follow_it() {
    let bench = bench!("entry");
    // The image's own arguments (`python3`) do not follow a command without arguments.
    let mut echo = bench.plain("command", PYTHON).await;
    echo.command = ["echo", "said"].map(str::to_owned).into();
    bench.run("command", &echo).await;
    assert_eq!(bench.output("command"), "said\n");
    // Arguments alone replace the image's arguments; this image has no entry point.
    let mut args = bench.plain("args", PYTHON).await;
    args.args = ["python3", "-c", "print(6 * 7)"].map(str::to_owned).into();
    bench.run("args", &args).await;
    assert_eq!(bench.output("args"), "42\n");
    let mut both = bench.plain("both", PYTHON).await;
    both.command = ["python3".to_owned(), "-c".to_owned()].into();
    both.args = vec!["import sys; print(sys.argv[1:])".to_owned(), "x".to_owned()];
    bench.run("both", &both).await;
    assert_eq!(bench.output("both"), "['x']\n");
}

#[tokio::test]
async fn a_workload_sees_its_environment_mounts_and_user() {
    let bench = bench!("sees");
    let shared = bench.directory.path().join("shared");
    fs_err::create_dir_all(&shared).unwrap();
    fs_err::write(shared.join("in"), "given").unwrap();
    let text = "cat /data/in; echo \" $GIVEN $(id -u)\"; touch /data/out 2>/dev/null || echo denied; \
                df -k /dev/shm | tail -1 | awk '{print $2}'; df -k /scratch | tail -1 | awk '{print $2}'";
    let workload = Workload {
        environment: BTreeMap::from([("GIVEN".to_owned(), "a=b".to_owned())]),
        mounts: vec![
            Mount {
                source: MountSource::Host(shared),
                target: "/data".to_owned(),
                read_only: true,
            },
            Mount {
                source: MountSource::Memory {
                    limit: Some(Memory(8 << 20)),
                },
                target: "/scratch".to_owned(),
                read_only: false,
            },
        ],
        shared_memory: Some(Memory(32 << 20)),
        security: SecurityContext {
            user: Some("12345:12345".to_owned()),
            ..SecurityContext::default()
        },
        ..bench.shell("a", text).await
    };
    let exit = bench.run("a", &workload).await;
    assert_eq!(bench.output("a"), "given a=b 12345\ndenied\n32768\n8192\n");
    assert_eq!(exit.code, 0);
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_refused_and_leaves_nothing() {
    let bench = bench!("nodir");
    let nowhere = MountSource::Host(bench.directory.path().join("nowhere"));
    let mount = Mount {
        source: nowhere,
        target: "/data".to_owned(),
        read_only: false,
    };
    let workload = Workload {
        mounts: vec![mount],
        ..bench.shell("a", "true").await
    };
    let error = bench.engine.start(&workload).await.unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
    // The same goes for what the container refuses only at its start.
    let nosuch = Workload {
        command: vec!["nosuch".to_owned()],
        ..bench.shell("b", "").await
    };
    let error = bench.engine.start(&nosuch).await.unwrap_err();
    assert!(
        matches!(error, EngineError::Refused { .. }) && error.to_string().contains("nosuch"),
        "{error}"
    );
    assert_eq!(bench.engine.observe().await.unwrap(), []);
}

#[tokio::test]
async fn starting_twice_starts_once_and_attending_twice_tells_the_same() {
    let bench = bench!("twice");
    let counter = bench.directory.path().join("count");
    fs_err::create_dir_all(&counter).unwrap();
    let mount = Mount {
        source: MountSource::Host(counter.clone()),
        target: "/c".to_owned(),
        read_only: false,
    };
    let text = "mktemp /c/XXXXXX >/dev/null; echo begun; read -r _ < /c/go; echo over; exit 7";
    let workload = Workload {
        mounts: vec![mount],
        ..bench.shell("a", text).await
    };
    nix::unistd::mkfifo(&counter.join("go"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    bench.engine.start(&workload).await.unwrap();
    bench.engine.start(&workload).await.unwrap();
    // One attendance is given up in the middle, as by a crash; another engine handle goes on.
    let log = bench.log("first");
    let attending = bench.engine.attend(&workload.name, &log, Keep::All);
    let read = async {
        while fs_err::read(log.join("output.log")).unwrap_or_default() != b"begun\n" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        exit = attending => panic!("it ended early: {exit:?}"),
        () = read => {}
    }
    let adopter = DockerEngine::connect(DockerSettings {
        owner: bench.prefix.clone(),
        ..settings("", None)
    });
    let adopter = adopter.await.unwrap();
    assert_eq!(bench.phase(&workload.name).await, Some(Phase::Running));
    fs_err::write(counter.join("go"), "\n").unwrap();
    let exit = adopter
        .attend(&workload.name, &bench.log("second"), Keep::All)
        .await
        .unwrap();
    assert_eq!(exit.code, 7);
    bench.engine.start(&workload).await.unwrap();
    let again = bench.attend("third", &workload).await;
    assert_eq!(
        (again.code, again.finished_at),
        (exit.code, exit.finished_at)
    );
    assert_eq!(bench.output("second"), "begun\nover\n");
    assert_eq!(bench.output("third"), "begun\nover\n");
    // One `mktemp` and the pipe.
    assert_eq!(fs_err::read_dir(&counter).unwrap().count(), 2);
    assert_eq!(bench.phase(&workload.name).await, Some(Phase::Exited));
}

#[tokio::test]
async fn a_name_that_somebody_else_uses_is_refused() {
    let bench = bench!("foreign");
    let Some(other) = Bench::open("foreign-other").await else {
        return;
    };
    let workload = bench.shell("a", "true").await;
    bench.run("a", &workload).await;
    let error = other.engine.start(&workload).await.unwrap_err();
    assert!(error.to_string().contains("somebody else"), "{error}");
}

#[tokio::test]
async fn too_much_memory_is_named_and_limits_hold_inside() {
    let bench = bench!("limits");
    let hungry = Workload {
        memory_limit: Some(Memory(64 << 20)),
        ..bench
            .python(
                "oom",
                "print('begin', flush=True)\nx = bytearray(512 << 20)\nprint('end')",
            )
            .await
    };
    let exit = bench.run("oom", &hungry).await;
    assert_eq!(exit.code, 137);
    assert!(exit.out_of_memory);
    assert_eq!(bench.output("oom"), "begin\n");

    let files = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max \
                 /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null; true";
    let limited = Workload {
        memory_limit: Some(Memory(64 << 20)),
        // More than most machines have: a limit is a ceiling, not a request.
        cpu_limit: Some(Cpu(512_500)),
        ..bench.shell("inside", files).await
    };
    bench.run("inside", &limited).await;
    let inside = bench.output("inside");
    let mut lines = inside.lines();
    assert_eq!(lines.next(), Some("67108864"), "{inside}");
    assert!(
        matches!(lines.next(), Some("51250000" | "51250000 100000")),
        "{inside}"
    );
}

#[tokio::test]
async fn what_a_workload_used_is_told() {
    let bench = bench!("usage");
    let text = "import time\nx = bytearray(b'x' * (64 << 20))\nend = time.process_time() + 0.5\n\
                while time.process_time() < end: pass\ntime.sleep(0.3)";
    let exit = bench.run("a", &bench.python("a", text).await).await;
    let peak = exit.usage.peak_memory_bytes.unwrap();
    assert!((64 << 20..512 << 20).contains(&peak), "{peak}");
    let cpu = exit.usage.cpu_seconds.unwrap();
    assert!((0.5..5.0).contains(&cpu), "{cpu}");
}

#[tokio::test]
async fn a_tree_that_ignores_politeness_ends_within_two_seconds() {
    let bench = bench!("stop");
    let text = "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo up; while :; do sleep 1; done";
    let workload = bench.shell("a", text).await;
    bench.engine.start(&workload).await.unwrap();
    let log = bench.log("a");
    let attending = bench.engine.attend(&workload.name, &log, Keep::All);
    let stopping = async {
        while fs_err::read(log.join("output.log")).unwrap_or_default() != b"up\n" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let begin = Instant::now();
        bench
            .engine
            .stop(&workload.name, Duration::from_secs(1))
            .await
            .unwrap();
        begin.elapsed()
    };
    let (exit, took) = tokio::join!(attending, stopping);
    assert_eq!(exit.unwrap().code, 137);
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(bench.phase(&workload.name).await, Some(Phase::Exited));
    // Stopping what is over, or what never was, is no error.
    bench
        .engine
        .stop(&workload.name, Duration::from_secs(1))
        .await
        .unwrap();
    bench
        .engine
        .stop(&bench.name("nosuch"), Duration::from_secs(1))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_program_that_listens_ends_politely() {
    let bench = bench!("polite");
    let text = "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.05; done";
    let workload = bench.shell("a", text).await;
    bench.engine.start(&workload).await.unwrap();
    let log = bench.log("a");
    let attending = bench.engine.attend(&workload.name, &log, Keep::All);
    let stopping = async {
        while fs_err::read(log.join("output.log")).unwrap_or_default() != b"up\n" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bench
            .engine
            .stop(&workload.name, Duration::from_secs(30))
            .await
            .unwrap();
    };
    let (exit, ()) = tokio::join!(attending, stopping);
    assert_eq!(exit.unwrap().code, 5);
    assert_eq!(bench.output("a"), "up\nbye\n");
}

#[tokio::test]
async fn what_a_step_leaves_behind_ends_with_it() {
    let bench = bench!("leaves");
    let shared = bench.directory.path().join("shared");
    fs_err::create_dir_all(&shared).unwrap();
    let mount = Mount {
        source: MountSource::Host(shared.clone()),
        target: "/s".to_owned(),
        read_only: false,
    };
    let text = "setsid sh -c 'while :; do date +%s.%N > /s/beat; sleep 0.05; done' >/dev/null 2>&1 & \
                while [ ! -e /s/beat ]; do sleep 0.01; done; echo done";
    let workload = Workload {
        mounts: vec![mount],
        ..bench.shell("a", text).await
    };
    let exit = bench.run("a", &workload).await;
    assert_eq!((exit.code, bench.output("a").as_str()), (0, "done\n"));
    let last = fs_err::read(shared.join("beat")).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(fs_err::read(shared.join("beat")).unwrap(), last);
}

#[tokio::test]
async fn an_image_that_is_nowhere_is_named() {
    let bench = bench!("noimage");
    let image: ImageRef = "no-such-registry.invalid/team/image:1".parse().unwrap();
    for policy in [
        PullPolicy::Never,
        PullPolicy::IfNotPresent,
        PullPolicy::Always,
    ] {
        let error = bench
            .engine
            .resolve_image(&image, policy)
            .await
            .unwrap_err();
        let named = matches!(&error, EngineError::ImageNotFound { image, .. }
            if image == "no-such-registry.invalid/team/image:1");
        assert!(named, "{policy:?}: {error}");
    }
    let unknown = WorkloadImage::Plain {
        image,
        digest: format!("sha256:{}", "0".repeat(64)).into(),
    };
    let workload = Workload {
        image: unknown,
        ..bench.shell("a", "true").await
    };
    let error = bench.engine.start(&workload).await.unwrap_err();
    assert!(
        matches!(error, EngineError::ImageNotFound { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn an_image_that_cannot_be_refreshed_serves_with_a_notice() {
    let bench = bench!("refresh");
    let python: ImageRef = PYTHON.parse().unwrap();
    let local = bench
        .engine
        .resolve_image(&python, PullPolicy::IfNotPresent)
        .await
        .unwrap();
    assert!(local.digest.as_str().starts_with("sha256:"));
    assert_eq!(local.notice, None);
    let always = bench
        .engine
        .resolve_image(&python, PullPolicy::Always)
        .await
        .unwrap();
    // Where a registry answers, the image may be a newer one by now.
    if let Some(notice) = always.notice {
        assert!(notice.contains("python:3.11"), "{notice}");
        assert_eq!(always.digest, local.digest);
    }
}

#[tokio::test]
async fn sandboxes_find_each_other_and_the_workbench_by_name() {
    let bench = bench!("sandbox");
    let described = bench.engine.describe().await.unwrap();
    assert!(described.isolates);
    let address = described
        .workbench_address
        .expect("the engine runs on this machine");
    let listener = coracle_host::bridge::listen((address, 0).into()).unwrap();
    listener.set_nonblocking(false).unwrap();
    let port = listener.local_addr().unwrap().port();
    for part in ["one", "two"] {
        let request = SandboxRequest {
            aliases: vec![
                format!("{}-alias-{part}", bench.prefix),
                format!("pod.{part}.svc"),
            ],
            workbench_names: vec!["ml-pipeline".to_owned(), "ml-pipeline.kubeflow".to_owned()],
            ..SandboxRequest::new(bench.sandbox(part))
        };
        assert_eq!(
            bench.engine.open_sandbox(&request).await.unwrap(),
            Opening::Made
        );
        assert_eq!(
            bench.engine.open_sandbox(&request).await.unwrap(),
            Opening::Found
        );
    }
    let server = Workload {
        sandbox: Some(bench.sandbox("two")),
        ..bench.python("server", "import http.server as h; h.HTTPServer(('', 8000), h.SimpleHTTPRequestHandler).serve_forever()").await
    };
    bench.engine.start(&server).await.unwrap();
    let text = format!(
        "import socket, time, urllib.request\n\
         for _ in range(200):\n    \
             try: print(urllib.request.urlopen('http://{}-alias-two:8000/').status); break\n    \
             except OSError: time.sleep(0.05)\n\
         assert socket.gethostbyname('pod.two.svc') == socket.gethostbyname('{0}-alias-two')\n\
         socket.create_connection(('ml-pipeline.kubeflow', {port})).sendall(b'hello')\n\
         print(socket.gethostname())",
        bench.prefix
    );
    let client = Workload {
        sandbox: Some(bench.sandbox("one")),
        ..bench.python("client", &text).await
    };
    let exit = bench.run("client", &client).await;
    assert_eq!(
        exit.code,
        0,
        "{:?}",
        read_log(&bench.log("client"), Only::Both)
    );
    assert_eq!(
        bench.output("client"),
        format!("200\n{}\n", bench.sandbox("one").0)
    );
    let (mut connection, _) = listener.accept().unwrap();
    let mut said = String::new();
    connection.read_to_string(&mut said).unwrap();
    assert_eq!(said, "hello");
    // With Podman, a sandbox cannot go before those that are in it, ended or not.
    bench.engine.remove(&client.name).await.unwrap();
    bench
        .engine
        .close_sandbox(&bench.sandbox("one"))
        .await
        .unwrap();
    bench
        .engine
        .close_sandbox(&bench.sandbox("one"))
        .await
        .unwrap();
}

#[tokio::test]
async fn what_the_engine_holds_is_told_apart_by_labels() {
    let bench = bench!("observe");
    let request = SandboxRequest {
        labels: BTreeMap::from([("run".to_owned(), "r1".to_owned())]),
        ..SandboxRequest::new(bench.sandbox("pod"))
    };
    bench.engine.open_sandbox(&request).await.unwrap();
    let workload = Workload {
        sandbox: Some(bench.sandbox("pod")),
        ..bench.shell("step", "true").await
    };
    bench.run("step", &workload).await;
    let observed = bench.engine.observe().await.unwrap();
    let seen: BTreeMap<_, _> = observed
        .iter()
        .map(|workload| {
            (
                workload.name.0.as_str(),
                (workload.labels[KIND].as_str(), workload.phase),
            )
        })
        .collect();
    let (pod, step) = (bench.name("pod").0, bench.name("step").0);
    let expected = BTreeMap::from([
        (pod.as_str(), (SANDBOX, Phase::Running)),
        (step.as_str(), (WORKLOAD, Phase::Exited)),
    ]);
    assert_eq!(seen, expected);
    let labels = |name: &str| {
        &observed
            .iter()
            .find(|workload| workload.name.0 == name)
            .expect("it was observed")
            .labels
    };
    assert_eq!(labels(&pod)["run"], "r1");
    assert_eq!(labels(&step)["test"], "step");
}

/// The engine's own answer to a question, where it listens on a socket.
pub(crate) fn ask_engine(method: &str, path: &str) -> Option<String> {
    let address = environment("DOCKER_HOST").unwrap_or("unix:///var/run/docker.sock".to_owned());
    let socket = std::os::unix::net::UnixStream::connect(address.strip_prefix("unix://")?);
    let mut socket = socket.ok()?;
    socket
        .write_all(format!("{method} {path} HTTP/1.0\r\n\r\n").as_bytes())
        .ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn environment_request(
    bench: &Bench,
    part: &str,
    image: &str,
    digest: ImageDigest,
    install: &str,
) -> EnvironmentRequest {
    use sha2::{Digest, Sha256};
    let key = hex::encode(Sha256::digest(format!("{} {part}", bench.prefix)));
    EnvironmentRequest {
        key: EnvironmentKey::from(key),
        base: image.parse().expect("a test names an image"),
        base_digest: digest,
        install: install.to_owned(),
        environment: BTreeMap::from([("INDEX_PASSWORD".to_owned(), "hunter2".to_owned())]),
        log: bench.log(part),
    }
}

#[tokio::test]
async fn an_environment_is_prepared_once_and_kept_without_its_secrets() {
    let bench = bench!("env");
    let digest = bench.digest(PYTHON).await;
    let install = "echo installing; date +%s%N > /made; test ${#INDEX_PASSWORD} = 7";
    let request = environment_request(&bench, "env", PYTHON, digest, install);
    let (first, second) = tokio::join!(
        bench.engine.prepare_environment(&request),
        bench.engine.prepare_environment(&request)
    );
    let layer = first.unwrap();
    assert_eq!(layer, second.unwrap());
    assert_eq!(
        (layer.base.as_str(), layer.install.as_str()),
        (PYTHON, install)
    );
    assert!(layer.size_bytes < 1 << 20, "{}", layer.size_bytes);
    assert_eq!(read_log(&bench.log("env"), Only::Both), b"installing\n");
    assert!(bench.engine.environments().await.unwrap().contains(&layer));

    // What runs from it finds the file, and is started as from the base: `python3` is the default there.
    let prepared = |workload| Workload {
        image: WorkloadImage::Prepared(request.key.clone()),
        ..workload
    };
    let look = "cat /made; env | grep -c INDEX_PASSWORD";
    let workload = prepared(bench.shell("a", look).await);
    bench.run("a", &workload).await;
    let output = bench.output("a");
    assert!(
        output.lines().next().unwrap().len() > 10 && output.ends_with("\n0\n"),
        "{output}"
    );
    let default = prepared(bench.plain("b", PYTHON).await);
    assert_eq!(bench.run("b", &default).await.code, 0);
    if let Some(image) = ask_engine(
        "GET",
        &format!("/images/coracle/env:{}/json", &request.key.as_str()[..32]),
    ) {
        assert!(
            image.contains("installing") && !image.contains("hunter2"),
            "{image}"
        );
    }

    let used = bench.engine.remove_environment(&request.key).await;
    assert!(matches!(used, Err(EngineError::Refused { .. })), "{used:?}");
    for workload in [workload, default] {
        bench.engine.remove(&workload.name).await.unwrap();
    }
    bench.engine.remove_environment(&request.key).await.unwrap();
    bench.engine.remove_environment(&request.key).await.unwrap();
    assert!(!bench.engine.environments().await.unwrap().contains(&layer));
}

#[tokio::test]
async fn an_image_with_a_user_and_an_entry_point_keeps_them() {
    let bench = bench!("envuser");
    const OPENSHIFT: &str = "registry.access.redhat.com/ubi9/python-311:latest";
    let image = OPENSHIFT.parse().unwrap();
    let Ok(answer) = bench.engine.resolve_image(&image, PullPolicy::Never).await else {
        eprintln!("skipped: no image `{OPENSHIFT}`");
        return;
    };
    let install = "id -u > $HOME/uid";
    let request = environment_request(&bench, "env", OPENSHIFT, answer.digest, install);
    bench.engine.prepare_environment(&request).await.unwrap();
    let workload = Workload {
        image: WorkloadImage::Prepared(request.key.clone()),
        // Through the image's entry point.
        args: ["sh", "-c", "cat uid; id -u; pwd"]
            .map(str::to_owned)
            .into(),
        ..bench.plain("a", PYTHON).await
    };
    bench.run("a", &workload).await;
    assert_eq!(bench.output("a"), "1001\n1001\n/opt/app-root/src\n");
    bench.engine.remove(&workload.name).await.unwrap();
    bench.engine.remove_environment(&request.key).await.unwrap();
}

#[tokio::test]
async fn an_installer_that_fails_is_quoted_and_leaves_nothing() {
    let bench = bench!("envfail");
    let digest = bench.digest(DEBIAN).await;
    let request = environment_request(
        &bench,
        "env",
        DEBIAN,
        digest,
        "echo no matching distribution >&2; exit 4",
    );
    let (first, second) = tokio::join!(
        bench.engine.prepare_environment(&request),
        bench.engine.prepare_environment(&request)
    );
    for error in [first.unwrap_err(), second.unwrap_err()] {
        let text = error.to_string();
        assert!(matches!(error, EngineError::InstallFailed { .. }), "{text}");
        assert!(
            text.contains("exit code 4") && text.contains("no matching distribution"),
            "{text}"
        );
    }
    let kept = bench.engine.environments().await.unwrap();
    assert!(kept.iter().all(|layer| layer.key != request.key));
}

#[tokio::test]
async fn an_installation_that_is_given_up_ends_and_can_be_begun_anew() {
    let bench = bench!("envdrop");
    let shared = bench.log("env").join("output.log");
    let digest = bench.digest(DEBIAN).await;
    let slow = environment_request(&bench, "env", DEBIAN, digest, "echo begun; sleep 600");
    let begun = async {
        while fs_err::read(&shared).unwrap_or_default() != b"begun\n" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        result = bench.engine.prepare_environment(&slow) => panic!("it ended: {result:?}"),
        () = begun => {}
    }
    let quick = EnvironmentRequest {
        install: "echo quick".to_owned(),
        ..slow
    };
    bench.engine.prepare_environment(&quick).await.unwrap();
    bench.engine.remove_environment(&quick.key).await.unwrap();
}

/// Runs a Python text, and compares what was kept of its output with what it is said to have written.
async fn check_bytes(bench: &Bench, part: &str, text: &str, expected: &[u8]) {
    let exit = bench.run(part, &bench.python(part, text).await).await;
    assert_eq!(exit.code, 0);
    let kept = read_log(&bench.log(part), Only::Stream(Stream::Stdout));
    let differs = kept.iter().zip(expected).position(|(a, b)| a != b);
    assert_eq!((kept.len(), differs), (expected.len(), None), "{part}");
}

#[tokio::test]
async fn every_byte_of_long_lines_and_of_no_text_is_kept() {
    let bench = bench!("bytes");
    let size = 50 << 20;
    let write = |what: &str| format!("import sys; sys.stdout.buffer.write({what})");
    let line = vec![b'x'; size];
    check_bytes(&bench, "open", &write("b'x' * (50 << 20)"), &line).await;
    let closed = [line.as_slice(), b"\n"].concat();
    check_bytes(
        &bench,
        "closed",
        &write("b'x' * (50 << 20) + b'\\n'"),
        &closed,
    )
    .await;
    // Letters that straddle the engine's fragments, and bytes that are no letters.
    let odd = [
        &b"\xff\xfe\0\r\n"[..],
        "aé".repeat(40_000).as_bytes(),
        b"\n\n\xc3",
    ]
    .concat();
    let text = "b'\\xff\\xfe\\0\\r\\n' + 'aé'.encode() * 40000 + b'\\n\\n\\xc3'";
    check_bytes(&bench, "odd", &write(text), &odd).await;
    for length in [16_383, 16_384, 16_385, 32_768] {
        let line = [vec![b'y'; length], b"\nz".to_vec()].concat();
        let text = write(&format!("b'y' * {length} + b'\\nz'"));
        check_bytes(&bench, &format!("edge-{length}"), &text, &line).await;
        let text = write(&format!("b'y' * {length}"));
        check_bytes(&bench, &format!("end-{length}"), &text, &line[..length]).await;
        let text = write(&format!("b'y' * {length} + b'\\n'"));
        check_bytes(&bench, &format!("line-{length}"), &text, &line[..=length]).await;
    }
}

#[tokio::test]
async fn the_last_lines_of_a_program_in_a_hurry_are_kept() {
    let bench = bench!("hurry");
    for round in 0..10 {
        let part = format!("r{round}");
        let workload = bench.shell(&part, "seq 1 2000; seq 1 50 >&2").await;
        bench.run(&part, &workload).await;
        assert_eq!(bench.output(&part).lines().count(), 2000);
        let errors = read_log(&bench.log(&part), Only::Stream(Stream::Stderr));
        assert!(errors.ends_with(b"\n50\n"));
    }
}

#[tokio::test]
async fn a_gpu_that_cannot_be_given_is_refused_clearly() {
    let bench = bench!("gpu");
    if bench.engine.describe().await.unwrap().gpus {
        eprintln!("skipped: this engine has GPUs");
        return;
    }
    let workload = Workload {
        gpus: vec!["GPU-0".into()],
        ..bench.shell("a", "true").await
    };
    let error = bench.engine.start(&workload).await.unwrap_err();
    assert!(matches!(error, EngineError::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("GPU"), "{error}");
    assert_eq!(bench.phase(&workload.name).await, None);
}

#[tokio::test]
async fn files_of_another_user_are_given_back() {
    let user = (54_321, 54_322);
    let Some(bench) = Bench::with_user("reclaim", Some(user)).await else {
        return;
    };
    let shared = bench.directory.path().join("shared");
    fs_err::create_dir_all(&shared).unwrap();
    let mount = Mount {
        source: MountSource::Host(shared.clone()),
        target: "/s".to_owned(),
        read_only: false,
    };
    let text = "umask 077; mkdir -p /s/a/b; echo x > /s/a/b/c; ln -s /etc/passwd /s/a/link; chown -hR 12345:12345 /s";
    let workload = Workload {
        mounts: vec![mount],
        ..bench.shell("a", text).await
    };
    assert_eq!(bench.run("a", &workload).await.code, 0);
    bench.engine.reclaim(&shared).await.unwrap();
    for path in ["", "a", "a/b", "a/b/c", "a/link"] {
        let found = fs_err::symlink_metadata(shared.join(path)).unwrap();
        assert_eq!((found.uid(), found.gid()), user, "{path}");
    }
    bench.engine.reclaim(&shared).await.unwrap();
}

#[tokio::test]
async fn files_are_copied_out_of_an_ended_workload() {
    let bench = bench!("copy");
    let text = "mkdir -p /out/sub; echo text > /out/sub/file; ln -s /etc/passwd /out/link; echo single > /one";
    let workload = bench.shell("a", text).await;
    bench.run("a", &workload).await;
    let to = |name: &str| bench.directory.path().join(name);
    let copy =
        async |path: &str, name: &str| bench.engine.copy_out(&workload.name, path, &to(name)).await;
    assert!(copy("/out", "tree").await.unwrap());
    assert_eq!(
        fs_err::read_to_string(to("tree/sub/file")).unwrap(),
        "text\n"
    );
    assert!(fs_err::symlink_metadata(to("tree/link")).is_err());
    assert!(copy("/one", "file").await.unwrap());
    assert_eq!(fs_err::read_to_string(to("file")).unwrap(), "single\n");
    assert!(!copy("/nowhere", "nothing").await.unwrap());
    assert!(!to("nothing").exists());
    let gone = bench
        .engine
        .copy_out(&bench.name("nosuch"), "/out", &to("gone"))
        .await;
    assert!(matches!(gone, Err(EngineError::Gone { .. })), "{gone:?}");
}

/// Passes connections on to the real engine until it is told to die.
struct Relay {
    path: PathBuf,
    alive: tokio::sync::watch::Sender<bool>,
}

impl Relay {
    fn open(path: PathBuf, engine: PathBuf) -> Self {
        let listener = tokio::net::UnixListener::bind(&path).expect("a socket can be made");
        let (alive, dying) = tokio::sync::watch::channel(true);
        let relay = async move {
            let mut connections = tokio::task::JoinSet::new();
            let mut died = dying.clone();
            loop {
                tokio::select! {
                    Ok((mut near, _)) = listener.accept() => {
                        let engine = engine.clone();
                        connections.spawn(async move {
                            let mut far = tokio::net::UnixStream::connect(engine).await?;
                            tokio::io::copy_bidirectional(&mut near, &mut far).await
                        });
                    }
                    // Dropping the set cuts every connection off.
                    _ = died.wait_for(|alive| !alive) => break,
                }
            }
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "a test's stand-in for another process"
        )]
        tokio::spawn(relay);
        Self { path, alive }
    }

    fn die(self) {
        let _ = self.alive.send(false);
        fs_err::remove_file(&self.path).expect("the socket is there");
    }
}

#[tokio::test]
async fn an_engine_that_goes_away_is_told_at_once_and_found_again() {
    let bench = bench!("dies");
    let reports = survey(&settings("dies", None)).await;
    let used = reports
        .iter()
        .find(|report| matches!(report.answer, SocketAnswer::Engine(_)));
    let Some(real) = used.and_then(|report| report.address.strip_prefix("unix://")) else {
        eprintln!("skipped: the engine is not behind a socket");
        return;
    };
    let path = bench.directory.path().join("engine.sock");
    let relay = Relay::open(path.clone(), real.into());
    let through = DockerSettings {
        docker_host: Some(format!("unix://{}", path.display())),
        owner: bench.prefix.clone(),
        ..settings("", None)
    };
    let engine = DockerEngine::connect(through).await.unwrap();
    let workload = bench.shell("a", "echo up; sleep 1000").await;
    engine.start(&workload).await.unwrap();
    let log = bench.log("a");
    let attending = engine.attend(&workload.name, &log, Keep::All);
    let dying = async {
        while fs_err::read(log.join("output.log")).unwrap_or_default() != b"up\n" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        relay.die();
        Instant::now()
    };
    let (attended, died_at) = tokio::join!(attending, dying);
    assert!(
        matches!(attended, Err(EngineError::Unavailable { .. })),
        "{attended:?}"
    );
    assert!(died_at.elapsed() < Duration::from_secs(5));
    let refused = engine.observe().await;
    assert!(
        matches!(refused, Err(EngineError::Unavailable { .. })),
        "{refused:?}"
    );
    // The same handle works when the engine is back.
    let _relay = Relay::open(path, real.into());
    let stopping = engine.stop(&workload.name, Duration::ZERO);
    let (exit, stopped) = tokio::join!(engine.attend(&workload.name, &log, Keep::All), stopping);
    stopped.unwrap();
    assert_eq!(exit.unwrap().code, 137);
    assert_eq!(bench.output("a"), "up\n");
}

#[tokio::test]
async fn places_without_an_engine_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| format!("unix://{}", directory.path().join(name).display());
    let report = async |address: String| {
        let settings = DockerSettings {
            docker_host: Some(address),
            ..settings("why", None)
        };
        let error = DockerEngine::connect(settings.clone()).await.unwrap_err();
        assert!(matches!(error, EngineError::Unavailable { .. }));
        survey(&settings).await.remove(0).answer
    };
    assert_eq!(report(at("absent")).await, SocketAnswer::Absent);
    drop(std::os::unix::net::UnixListener::bind(directory.path().join("stale")).unwrap());
    let SocketAnswer::Failed(reason) = report(at("stale")).await else {
        panic!("nobody listens")
    };
    assert!(reason.contains("nobody listens"), "{reason}");
    let other = std::os::unix::net::UnixListener::bind(directory.path().join("other")).unwrap();
    let answering = std::thread::spawn(move || {
        for connection in other.incoming().take(4) {
            let _ = connection.and_then(|mut stream| stream.write_all(b"hello"));
        }
    });
    assert!(matches!(report(at("other")).await, SocketAnswer::Failed(_)));
    drop(answering);
    let ssh = report("ssh://somewhere".to_owned()).await;
    assert!(matches!(ssh, SocketAnswer::Failed(_)));
}
