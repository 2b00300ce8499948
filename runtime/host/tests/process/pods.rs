//! What pods need, from processes.

use std::collections::BTreeMap;
use std::time::Duration;

use coracle_host::log::Stream;
use coracle_host::{
    AttachRequest, Capabilities, Engine, EngineError, ExecRequest, NetworkName, Opening, Protocol,
    PublishedPort, SandboxName, SandboxRequest, SecurityContext, Session, Stdin, TerminalSize,
    Workload,
};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::machine::{Machine, PATIENCE, kill_hard, processes_of, supervisor_of};

fn shell(text: &str) -> ExecRequest {
    ExecRequest {
        command: ["sh", "-c", text].map(str::to_owned).into(),
        ..ExecRequest::default()
    }
}

/// Everything that a program writes to its end, and its code.
async fn to_end(session: Session) -> (String, String, i64) {
    let Session {
        mut output,
        control,
        input: _input,
    } = session;
    let reading = async {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        while let Some(piece) = output.next().await {
            let piece = piece.expect("the output can be read");
            match piece.stream {
                Stream::Stdout => stdout.extend_from_slice(&piece.bytes),
                Stream::Stderr => stderr.extend_from_slice(&piece.bytes),
            }
        }
        let code = control.wait().await.expect("the program ends");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (text(stdout), text(stderr), code)
    };
    tokio::time::timeout(PATIENCE, reading)
        .await
        .expect("the session ends")
}

async fn read_until(session: &mut Session, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        let piece = tokio::time::timeout(PATIENCE, session.output.next()).await;
        let piece = piece
            .expect("the text comes")
            .expect("the text comes before the end");
        seen.push_str(&String::from_utf8_lossy(&piece.unwrap().bytes));
    }
    seen
}

async fn write(session: &mut Session, text: &str) {
    let input = session.input.as_mut().expect("an input was asked for");
    input.write_all(text.as_bytes()).await.unwrap();
    input.flush().await.unwrap();
}

/// A workload that is known to run.
async fn resting(machine: &Machine, name: &str) -> Workload {
    let resting = Workload {
        environment: BTreeMap::from([("OWN".to_owned(), "1".to_owned())]),
        ..machine.shell(name, "pwd; exec sleep 1000")
    };
    machine.engine.start(&resting).await.unwrap();
    machine.wait_for_line(&resting).await;
    resting
}

#[tokio::test]
async fn a_program_runs_with_what_the_workload_has() {
    let machine = Machine::new();
    let resting = resting(&machine, "rests").await;
    let place = machine.wait_for_line(&resting).await;
    let asked = ExecRequest {
        environment: BTreeMap::from([("GIVEN".to_owned(), "2".to_owned())]),
        ..shell("echo $OWN$GIVEN; pwd; echo err >&2; cat; exit 7")
    };
    let session = machine.engine.exec(&resting.name, &asked).await.unwrap();
    let (stdout, stderr, code) = to_end(session).await;
    assert_eq!(stdout, format!("12\n{place}"));
    assert_eq!((stderr.as_str(), code), ("err\n", 7));
    let elsewhere = ExecRequest {
        working_dir: Some("/usr".to_owned()),
        ..shell("pwd; kill -9 $$")
    };
    let session = machine
        .engine
        .exec(&resting.name, &elsewhere)
        .await
        .unwrap();
    assert_eq!(
        to_end(session).await,
        ("/usr\n".to_owned(), String::new(), 137)
    );
    let missing = ExecRequest {
        command: vec!["nosuch".to_owned()],
        ..ExecRequest::default()
    };
    let refused = machine.engine.exec(&resting.name, &missing).await;
    assert!(
        matches!(&refused, Err(EngineError::NotExecuted { message }) if message.contains("`nosuch`")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_end_of_the_input_is_an_end_and_much_goes_through() {
    let machine = Machine::new();
    let resting = resting(&machine, "rests").await;
    let cat = ExecRequest {
        stdin: true,
        ..shell("cat; echo over")
    };
    let mut session = machine.engine.exec(&resting.name, &cat).await.unwrap();
    let mut input = session.input.take().unwrap();
    let much = "x".repeat(20 << 20);
    let writing = async {
        input.write_all(much.as_bytes()).await.unwrap();
        input.shutdown().await.unwrap();
        drop(input);
    };
    let ((stdout, _, code), ()) = tokio::join!(to_end(session), writing);
    assert_eq!((stdout.len(), code), (much.len() + "over\n".len(), 0));
}

#[tokio::test]
async fn a_terminal_has_a_size() {
    let machine = Machine::new();
    let resting = resting(&machine, "rests").await;
    let asked = ExecRequest {
        command: vec!["sh".to_owned()],
        stdin: true,
        terminal: Some(TerminalSize {
            columns: 91,
            rows: 17,
        }),
        ..ExecRequest::default()
    };
    let mut session = machine.engine.exec(&resting.name, &asked).await.unwrap();
    write(
        &mut session,
        "test -t 1 && tty >/dev/null && stty size </dev/tty; echo at-$((1 + 1))\n",
    )
    .await;
    let shown = read_until(&mut session, "at-2").await;
    assert!(shown.contains("17 91\r\n"), "{shown:?}");
    let larger = TerminalSize {
        columns: 50,
        rows: 40,
    };
    session.control.resize(larger).await.unwrap();
    write(&mut session, "stty size; exit 5\n").await;
    let (shown, _, code) = to_end(session).await;
    assert!(
        shown.contains("40 50\r\n") && code == 5,
        "{code}: {shown:?}"
    );
}

#[tokio::test]
async fn no_program_outlives_its_session_or_its_workload() {
    let machine = Machine::new();
    let workload = resting(&machine, "rests").await;
    let alone = processes_of(&workload).len();
    let asked = shell("echo begun; sleep 1001; true");
    // A killed process is gone a moment after the signal.
    let until_alone = async || {
        let waiting = async {
            while processes_of(&workload).len() > alone {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("they end");
    };
    for end in [true, false] {
        let mut session = machine.engine.exec(&workload.name, &asked).await.unwrap();
        read_until(&mut session, "begun").await;
        assert!(processes_of(&workload).len() > alone);
        if end {
            session.control.end().await.unwrap();
            assert_eq!(to_end(session).await.2, 137);
        } else {
            drop(session);
        }
        until_alone().await;
    }
    let mut session = machine.engine.exec(&workload.name, &asked).await.unwrap();
    read_until(&mut session, "begun").await;
    machine
        .engine
        .stop(&workload.name, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(to_end(session).await.2, 137);
    assert!(processes_of(&workload).is_empty());

    // Also where its supervisor is killed.
    let workload = resting(&machine, "lost").await;
    let mut session = machine.engine.exec(&workload.name, &asked).await.unwrap();
    read_until(&mut session, "begun").await;
    kill_hard(&supervisor_of(&workload));
    assert!(matches!(
        machine.attend(&workload).await,
        Err(EngineError::Lost { .. })
    ));
    assert_eq!(to_end(session).await.2, 137);
}

#[tokio::test]
async fn where_nothing_runs_nothing_is_entered() {
    let machine = Machine::new();
    let over = machine.shell("over", "true");
    machine.run(&over).await;
    let none = coracle_host::WorkloadName("none".to_owned());
    let attach = AttachRequest::default();
    for (name, there) in [(&over.name, true), (&none, false)] {
        let errors = [
            machine.engine.exec(name, &shell("true")).await.unwrap_err(),
            machine.engine.attach(name, &attach).await.unwrap_err(),
            machine.engine.usage(name).await.unwrap_err(),
        ];
        for error in errors {
            let fits = match error {
                EngineError::NotRunning { .. } => there,
                EngineError::Gone { .. } => !there,
                _ => false,
            };
            assert!(fits, "{error}");
        }
    }
}

#[tokio::test]
async fn the_own_program_is_listened_to() {
    let machine = Machine::new();
    let gate = machine.path("gate");
    let text = format!(
        "echo before; until test -e {}; do sleep 0.01; done; echo after; exit 3",
        gate.display()
    );
    let workload = machine.shell("own", &text);
    machine.engine.start(&workload).await.unwrap();
    machine.wait_for_line(&workload).await;
    let session = machine
        .engine
        .attach(&workload.name, &AttachRequest::default())
        .await
        .unwrap();
    // The session hears what is written from here on.
    fs_err::write(&gate, "").unwrap();
    let (stdout, _, code) = to_end(session).await;
    assert_eq!((stdout.as_str(), code), ("after\n", 3));
}

#[tokio::test]
async fn a_sandbox_is_a_name_and_its_ports_are_the_machines() {
    let machine = Machine::new();
    let name = SandboxName("pod".to_owned());
    let connect = async |port| machine.engine.connect(&name, port).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    assert!(matches!(
        connect(port).await.map(drop),
        Err(EngineError::NoSandbox { .. })
    ));
    assert_eq!(machine.engine.sandbox(&name).await.unwrap(), None);
    let request = SandboxRequest {
        network: Some(NetworkName("team".to_owned())),
        ..SandboxRequest::new(name.clone())
    };
    assert_eq!(
        machine.engine.open_sandbox(&request).await.unwrap(),
        Opening::Made
    );
    assert_eq!(
        machine.engine.open_sandbox(&request).await.unwrap(),
        Opening::Found
    );
    let status = machine.engine.sandbox(&name).await.unwrap().unwrap();
    assert_eq!(status.address, Some("127.0.0.1".parse().unwrap()));
    let mut connection = connect(port).await.unwrap();
    let (mut accepted, _) = listener.accept().await.unwrap();
    connection.write_all(b"said").await.unwrap();
    connection.shutdown().await.unwrap();
    let mut heard = String::new();
    accepted.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "said");
    drop(listener);
    assert!(matches!(
        connect(port).await.map(drop),
        Err(EngineError::NotListening { .. })
    ));
    machine.engine.close_sandbox(&name).await.unwrap();
    machine.engine.close_sandbox(&name).await.unwrap();
    assert_eq!(machine.engine.sandbox(&name).await.unwrap(), None);
    machine
        .engine
        .close_network(&NetworkName("team".to_owned()))
        .await
        .unwrap();
    let elsewhere = SandboxRequest {
        published: vec![PublishedPort {
            container_port: 80,
            host_ip: None,
            host_port: Some(8080),
            protocol: Protocol::Tcp,
        }],
        ..SandboxRequest::new(name.clone())
    };
    let error = machine.engine.open_sandbox(&elsewhere).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Unsupported { message } if message.contains("8080")),
        "{error}"
    );
}

#[tokio::test]
async fn what_a_process_cannot_be_given_is_refused_by_name() {
    let machine = Machine::new();
    let plain = |name: &str| machine.shell(name, "true");
    let security = |security| Workload {
        security,
        ..plain("security")
    };
    let usual = SecurityContext::default;
    let root = nix::unistd::geteuid().is_root();
    let drop_all = Capabilities {
        drop: vec!["ALL".to_owned()],
        ..Capabilities::default()
    };
    let mut refused = vec![
        (
            "a terminal",
            Workload {
                tty: true,
                ..plain("tty")
            },
        ),
        (
            "standard input",
            Workload {
                stdin: Stdin::Open,
                ..plain("stdin")
            },
        ),
        (
            "read-only root",
            security(SecurityContext {
                read_only_root: true,
                ..usual()
            }),
        ),
        (
            "`/no/such/directory`",
            Workload {
                working_dir: Some("/no/such/directory".to_owned()),
                ..plain("directory")
            },
        ),
        (
            "`no-such-group`",
            security(SecurityContext {
                groups: vec!["no-such-group".to_owned()],
                ..usual()
            }),
        ),
    ];
    let capabilities = SecurityContext {
        capabilities: drop_all,
        ..usual()
    };
    let privileged = SecurityContext {
        privileged: true,
        ..usual()
    };
    refused.push(if root {
        ("capabilities", security(capabilities))
    } else {
        ("the powers of root", security(privileged))
    });
    for (what, workload) in refused {
        let error = machine.engine.start(&workload).await.unwrap_err();
        assert!(error.to_string().contains(what), "{what}: {error}");
    }
}

#[tokio::test]
async fn a_process_is_as_little_as_it_is_asked_to_be() {
    let machine = Machine::new();
    let told = |security, name: &str| Workload {
        security,
        working_dir: Some("/usr".to_owned()),
        ..machine.shell(
            name,
            "grep -E '^(NoNewPrivs|Groups):' /proc/self/status; pwd",
        )
    };
    let careful = SecurityContext {
        no_new_privileges: true,
        ..SecurityContext::default()
    };
    let careful = told(careful, "careful");
    assert_eq!(machine.run(&careful).await.code, 0);
    let said = crate::machine::stdout_of(&careful);
    assert!(
        said.contains("NoNewPrivs:\t1\n") && said.ends_with("/usr\n"),
        "{said}"
    );
    let grouped = SecurityContext {
        groups: vec!["100".to_owned(), "4242".to_owned()],
        ..SecurityContext::default()
    };
    let grouped = told(grouped, "grouped");
    match machine.engine.start(&grouped).await {
        Err(EngineError::Unsupported { message }) => {
            assert!(message.contains("4242"), "{message}");
            eprintln!("skipped: only root can be in groups at will");
        }
        started => {
            started.unwrap();
            machine.attend(&grouped).await.unwrap();
            let said = crate::machine::stdout_of(&grouped);
            assert!(said.contains("Groups:\t100 4242"), "{said}");
        }
    }
}

#[tokio::test]
async fn use_is_told_while_it_runs() {
    let machine = Machine::new();
    let text = "import time\nheld = bytearray(b'x') * (100 << 20)\n\
                end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n\
                print('busy', flush=True)\ntime.sleep(1000)";
    let busy = machine.python("busy", text);
    machine.engine.start(&busy).await.unwrap();
    machine.wait_for_line(&busy).await;
    let usage = machine.engine.usage(&busy.name).await.unwrap();
    assert!((0.3..30.0).contains(&usage.cpu.as_secs_f64()), "{usage:?}");
    assert!(
        (100 << 20..400 << 20).contains(&usage.memory_bytes),
        "{usage:?}"
    );
    machine
        .engine
        .stop(&busy.name, Duration::ZERO)
        .await
        .unwrap();
}
