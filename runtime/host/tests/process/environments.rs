//! Images, prepared environments and what a step installs by itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coracle_host::clock::SystemClock;
use coracle_host::log::{LogReader, Only};
use coracle_host::process::{ProcessEngine, ProcessSettings};
use coracle_host::{Engine, EngineError, EnvironmentRequest, PullPolicy, Workload, WorkloadImage};

use crate::machine::{
    Machine, PATIENCE, command, engine_at, settings_at, stdout_of, text_of, workload,
};

#[tokio::test]
async fn an_image_is_this_machines_python_and_says_so() {
    let machine = Machine::new();
    let image = "python:3.1".parse().unwrap();
    let answer = machine
        .engine
        .resolve_image(&image, PullPolicy::Never)
        .await
        .unwrap();
    assert!(
        answer
            .notice
            .as_ref()
            .unwrap()
            .contains("instead of in image `python:3.1`")
    );
    let other = machine
        .engine
        .resolve_image(&"alpine".parse().unwrap(), PullPolicy::Always)
        .await
        .unwrap();
    assert_eq!(answer.digest, other.digest);
    let description = machine.engine.describe().await.unwrap();
    assert!(!description.isolates && description.summary.contains("does not enforce CPU limits"));
    // Not a shim: the interpreter that runs is the one that was named.
    let which = machine.python(
        "which",
        "import os, sys; print(os.path.realpath(sys.executable))",
    );
    machine.run(&which).await;
    let real = stdout_of(&which);
    let named = answer.notice.unwrap();
    let named = named.split_once('(').unwrap().1.split_once(')').unwrap().0;
    assert_eq!(Path::new(real.trim()), fs_err::canonicalize(named).unwrap());
}

fn request(machine: &Machine, key: &str, install: &str) -> EnvironmentRequest {
    EnvironmentRequest {
        key: key.into(),
        base: "python:3".parse().unwrap(),
        base_digest: "sha256:0".into(),
        install: install.to_owned(),
        environment: BTreeMap::from([("PIP_NO_INDEX".to_owned(), "1".to_owned())]),
        log: machine.path(key).join("log"),
    }
}

/// An install text that needs no network: a module, a command, and a count of its runs.
const INSTALL: &str = r#"echo "installing, PIP_NO_INDEX=$PIP_NO_INDEX"
echo x >> "$HOME/installs"
python3 - <<'END'
import os, sysconfig
open(os.path.join(sysconfig.get_path('purelib'), 'boat.py'), 'w').write('length = 41\n')
program = os.path.join(sysconfig.get_path('scripts'), 'launch-boat')
open(program, 'w').write('#!/bin/sh\nexec python3 -c "import boat; print(boat.length)"\n')
os.chmod(program, 0o755)
END"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_prepared_once_and_used() {
    let machine = Machine::new();
    fs_err::create_dir_all(machine.path("home")).unwrap();
    let asked = request(&machine, "abc1", INSTALL);
    let layers =
        futures_util::future::join_all((0..4).map(|_| machine.engine.prepare_environment(&asked)))
            .await;
    let layer = layers[0].as_ref().unwrap();
    assert_eq!(
        (
            layer.key.as_str(),
            layer.base.as_str(),
            layer.install.as_str()
        ),
        ("abc1", "python:3", INSTALL)
    );
    assert!(layer.size_bytes > 10_000, "{}", layer.size_bytes);
    assert!(layers.iter().all(|other| other.as_ref().unwrap() == layer));
    assert_eq!(
        fs_err::read_to_string(machine.path("home/installs")).unwrap(),
        "x\n"
    );
    let mut log = LogReader::open(&asked.log).unwrap();
    assert_eq!(
        log.read_to_end(usize::MAX).unwrap(),
        b"installing, PIP_NO_INDEX=1\n"
    );
    assert_eq!(
        machine.engine.environments().await.unwrap(),
        std::slice::from_ref(layer)
    );
    assert_eq!(
        machine.engine.observe().await.unwrap(),
        [],
        "an installer is no workload"
    );

    let image = WorkloadImage::Prepared("abc1".into());
    let importing = Workload {
        image: image.clone(),
        ..machine.python("importing", "import boat; print(boat.length + 1)")
    };
    assert_eq!(machine.run(&importing).await.code, 0);
    assert_eq!(stdout_of(&importing), "42\n");
    let launching = Workload {
        image: image.clone(),
        ..workload(machine.root.path(), "launching", &["launch-boat"])
    };
    assert_eq!(machine.run(&launching).await.code, 0);
    assert_eq!(stdout_of(&launching), "41\n");
    // A workload without the environment does not see it.
    assert_eq!(
        machine
            .run(&machine.python("without", "import boat"))
            .await
            .code,
        1
    );

    let using = Workload {
        image,
        ..machine.shell("using", "echo ready; sleep 1000")
    };
    machine.engine.start(&using).await.unwrap();
    let refused = machine
        .engine
        .remove_environment(&"abc1".into())
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("`using`"), "{refused}");
    machine
        .engine
        .stop(&using.name, Duration::ZERO)
        .await
        .unwrap();
    machine
        .engine
        .remove_environment(&"abc1".into())
        .await
        .unwrap();
    machine
        .engine
        .remove_environment(&"abc1".into())
        .await
        .unwrap();
    assert_eq!(machine.engine.environments().await.unwrap(), []);
}

#[tokio::test]
async fn a_failing_installer_tells_why_and_may_try_again() {
    let machine = Machine::new();
    fs_err::create_dir_all(machine.path("home")).unwrap();
    let broken = request(
        &machine,
        "bad1",
        "echo 'no such package: boat' >&2; test -e \"$HOME/fixed\"",
    );
    let error = machine
        .engine
        .prepare_environment(&broken)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, EngineError::InstallFailed { message, .. }
        if message.contains("code 1") && message.contains("no such package: boat")),
        "{error}"
    );
    assert_eq!(machine.engine.environments().await.unwrap(), []);
    fs_err::write(machine.path("home/fixed"), "").unwrap();
    machine.engine.prepare_environment(&broken).await.unwrap();
}

#[tokio::test]
async fn an_installer_that_lost_its_workbench_is_waited_for() {
    let machine = Machine::new();
    fs_err::create_dir_all(machine.path("home")).unwrap();
    let install =
        "echo x >> \"$HOME/installs\"; until test -e \"$HOME/go-on\"; do sleep 0.02; done";
    let asked = request(&machine, "cafe1", install);
    let abandoned = machine.engine.prepare_environment(&asked);
    let begun = async {
        while !machine.path("home/installs").exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        done = abandoned => panic!("it waits for a file that is not there: {done:?}"),
        begun = tokio::time::timeout(PATIENCE, begun) => begun.unwrap(),
    }
    fs_err::write(machine.path("home/go-on"), "").unwrap();
    let later = EnvironmentRequest {
        log: machine.path("later/log"),
        ..asked
    };
    let engine = engine_at(machine.root.path());
    tokio::time::timeout(PATIENCE, engine.prepare_environment(&later))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        fs_err::read_to_string(machine.path("home/installs")).unwrap(),
        "x\n"
    );
    assert!(LogReader::open(&later.log).unwrap().is_finished().unwrap());
}

#[tokio::test]
async fn a_virtual_environment_that_is_named_shows_its_packages() {
    let mut machine = Machine::new();
    let target = machine.path("venv");
    let made = command("python3")
        .args(["-m", "venv", "--without-pip"])
        .arg(&target)
        .status();
    if !made.unwrap().success() {
        eprintln!("skipped: `python3 -m venv` does not work here");
        return;
    }
    let where_to = "import sysconfig; print(sysconfig.get_path('purelib'), end='')";
    let named = target.join("bin/python3");
    let packages = command(named.to_str().unwrap())
        .args(["-c", where_to])
        .output()
        .unwrap()
        .stdout;
    fs_err::write(
        Path::new(&String::from_utf8(packages).unwrap()).join("skiff.py"),
        "length = 5",
    )
    .unwrap();
    let settings = ProcessSettings {
        python: Some(named),
        ..settings_at(machine.root.path())
    };
    machine.engine = ProcessEngine::new(settings, Arc::new(SystemClock::new()));
    let importing = machine.python("importing", "import skiff; print(skiff.length)");
    assert_eq!(
        machine.run(&importing).await.code,
        0,
        "{}",
        text_of(&importing, Only::Both)
    );
    assert_eq!(stdout_of(&importing), "5\n");
}

#[tokio::test]
async fn what_a_step_installs_stays_in_the_step() {
    let machine = Machine::new();
    if !command("python3")
        .args(["-c", "import pip"])
        .status()
        .unwrap()
        .success()
    {
        eprintln!("skipped: the Python of this machine has no pip");
        return;
    }
    machine
        .engine
        .prepare_environment(&request(&machine, "abc2", "true"))
        .await
        .unwrap();
    // The smallest wheel: a module and its metadata.
    let script = "import zipfile
with zipfile.ZipFile('dinghy-1.0-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('dinghy.py', 'length = 3')
    wheel.writestr('dinghy-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: dinghy\\nVersion: 1.0\\n')
    wheel.writestr('dinghy-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('dinghy-1.0.dist-info/RECORD', '')";
    for (number, image) in [
        WorkloadImage::Prepared("abc2".into()),
        machine.shell("", "").image,
    ]
    .into_iter()
    .enumerate()
    {
        let install = format!(
            "python3 -c \"{script}\" && pip install --no-index --quiet ./dinghy-1.0-py3-none-any.whl \
             && python3 -c 'import dinghy; print(dinghy.length)'"
        );
        let name = format!("installing{number}");
        let installing = Workload {
            image: image.clone(),
            ..machine.shell(&name, &install)
        };
        assert_eq!(
            machine.run(&installing).await.code,
            0,
            "{}",
            text_of(&installing, Only::Both)
        );
        assert_eq!(stdout_of(&installing), "3\n");
        let after = Workload {
            image,
            ..machine.python(&format!("after{number}"), "import dinghy")
        };
        assert_eq!(machine.run(&after).await.code, 1);
    }
}
