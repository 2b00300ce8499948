//! Programs that are run in containers beside their own, and joining their own.

use std::collections::BTreeMap;
use std::time::Duration;

use coracle_host::log::Stream;
use coracle_host::{
    AttachRequest, Engine, EngineError, ExecRequest, Session, Stdin, TerminalSize, Workload,
};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use crate::bench::{Bench, bench};

/// What no test takes: a hang is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

const SIZE: TerminalSize = TerminalSize {
    columns: 91,
    rows: 17,
};

fn request(command: &[&str]) -> ExecRequest {
    ExecRequest {
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        ..ExecRequest::default()
    }
}

fn shell(text: &str) -> ExecRequest {
    request(&["sh", "-c", text])
}

/// Everything that a program writes to its end, and its code.
async fn to_end(session: Session) -> (Vec<u8>, Vec<u8>, i64) {
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
        (stdout, stderr, code)
    };
    tokio::time::timeout(PATIENCE, reading)
        .await
        .expect("the session ends")
}

/// Reads until the output contains a text.
async fn read_until(session: &mut Session, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        let piece = tokio::time::timeout(PATIENCE, session.output.next()).await;
        let piece = piece
            .expect("the text comes")
            .unwrap_or_else(|| panic!("`{text}` comes before the end"));
        seen.push_str(&String::from_utf8_lossy(&piece.unwrap().bytes));
    }
    seen
}

async fn write(session: &mut Session, text: &str) {
    let input = session.input.as_mut().expect("an input was asked for");
    input.write_all(text.as_bytes()).await.unwrap();
    input.flush().await.unwrap();
}

async fn started(bench: &Bench, workload: Workload) -> Workload {
    bench.engine.start(&workload).await.unwrap();
    workload
}

async fn resting(bench: &Bench) -> Workload {
    started(bench, bench.shell("rests", "exec sleep 1000").await).await
}

#[tokio::test]
async fn a_program_runs_beside_and_tells_its_streams_and_code() {
    let bench = bench!("exec");
    let resting = Workload {
        environment: BTreeMap::from([("OWN".to_owned(), "1".to_owned())]),
        ..bench.shell("rests", "exec sleep 1000").await
    };
    let resting = started(&bench, resting).await;
    let text = "echo $OWN$GIVEN $(pwd) $(id -u); echo err >&2; exit 7";
    let asked = ExecRequest {
        environment: BTreeMap::from([("GIVEN".to_owned(), "2".to_owned())]),
        working_dir: Some("/usr".to_owned()),
        user: Some("12345".to_owned()),
        ..shell(text)
    };
    let session = bench.engine.exec(&resting.name, &asked).await.unwrap();
    assert!(session.input.is_none());
    let (stdout, stderr, code) = to_end(session).await;
    assert_eq!(String::from_utf8(stdout).unwrap(), "12 /usr 12345\n");
    assert_eq!((stderr.as_slice(), code), (b"err\n".as_slice(), 7));
    // By a signal, and without a program.
    let killed = bench
        .engine
        .exec(&resting.name, &shell("kill -9 $$"))
        .await
        .unwrap();
    assert_eq!(to_end(killed).await.2, 137);
    for terminal in [None, Some(SIZE)] {
        let missing = ExecRequest {
            terminal,
            ..request(&["nosuch"])
        };
        let refused = bench.engine.exec(&resting.name, &missing).await;
        assert!(
            matches!(&refused, Err(EngineError::NotExecuted { message }) if message.contains("nosuch")),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn the_end_of_the_input_is_an_end() {
    let bench = bench!("half");
    let resting = resting(&bench).await;
    let cat = ExecRequest {
        stdin: true,
        ..shell("cat; echo over")
    };
    let mut session = bench.engine.exec(&resting.name, &cat).await.unwrap();
    write(&mut session, "said\n").await;
    assert_eq!(read_until(&mut session, "said\n").await, "said\n");
    session.input.as_mut().unwrap().shutdown().await.unwrap();
    let (stdout, _, code) = to_end(session).await;
    assert_eq!((stdout.as_slice(), code), (b"over\n".as_slice(), 0));
    // Dropping it is the same.
    let mut session = bench.engine.exec(&resting.name, &cat).await.unwrap();
    write(&mut session, "more\n").await;
    drop(session.input.take());
    assert_eq!(to_end(session).await.0, b"more\nover\n");
    // Without an input there is nothing to read.
    let session = bench
        .engine
        .exec(&resting.name, &shell("cat; echo over"))
        .await
        .unwrap();
    assert_eq!(to_end(session).await.0, b"over\n");
}

#[tokio::test]
async fn large_streams_go_through_whole_both_ways() {
    let bench = bench!("large");
    let resting = resting(&bench).await;
    let megabytes = 50;
    let text = format!("head -c {megabytes}M /dev/zero | tr '\\0' x; head -c 1M /dev/zero >&2");
    let session = bench
        .engine
        .exec(&resting.name, &shell(&text))
        .await
        .unwrap();
    let (stdout, stderr, code) = to_end(session).await;
    assert_eq!(
        (stdout.len(), stderr.len(), code),
        (megabytes << 20, 1 << 20, 0)
    );
    assert!(stdout.iter().all(|byte| *byte == b'x') && stderr.iter().all(|byte| *byte == 0));
    // Every byte there is, in and out at the same time.
    let all: Vec<u8> = (0..8 << 20)
        .map(|number: u32| (number % 251) as u8)
        .collect();
    let cat = ExecRequest {
        stdin: true,
        ..request(&["cat"])
    };
    let mut session = bench.engine.exec(&resting.name, &cat).await.unwrap();
    let mut input = session.input.take().unwrap();
    let writing = async {
        input.write_all(&all).await.unwrap();
        input.shutdown().await.unwrap();
    };
    let (_, (stdout, _, code)) = tokio::join!(writing, to_end(session));
    assert!(stdout == all && code == 0);
}

#[tokio::test]
async fn a_terminal_has_a_size_and_passes_every_byte() {
    let bench = bench!("tty");
    let resting = resting(&bench).await;
    let asked = ExecRequest {
        stdin: true,
        terminal: Some(SIZE),
        ..request(&["bash", "--norc"])
    };
    let mut session = bench.engine.exec(&resting.name, &asked).await.unwrap();
    write(
        &mut session,
        "test -t 0 && test -t 1 && stty size; echo at-$((1 + 1))\n",
    )
    .await;
    let shown = read_until(&mut session, "at-2").await;
    assert!(shown.contains("17 91\r\n"), "{shown:?}");
    session
        .control
        .resize(TerminalSize {
            columns: 50,
            rows: 40,
        })
        .await
        .unwrap();
    write(&mut session, "stty size; echo at-$((2 + 2))\n").await;
    let shown = read_until(&mut session, "at-4").await;
    assert!(shown.contains("40 50\r\n"), "{shown:?}");
    // What looks like the head of a piece, and keys at which an engine might leave.
    write(
        &mut session,
        "printf '\\001\\000\\000'; printf '%s' begun; cat | od -An -tx1 | head -1\n",
    )
    .await;
    read_until(&mut session, "\x01\0\0begun").await;
    write(&mut session, "\x10\x11\x10\n\x04").await;
    read_until(&mut session, " 10 ").await;
    write(&mut session, "exit 5\n").await;
    assert_eq!(to_end(session).await.2, 5);
}

#[tokio::test]
async fn where_nothing_runs_nothing_is_entered() {
    let bench = bench!("ended");
    let over = bench.shell("over", "true").await;
    bench.run("over", &over).await;
    let error = bench
        .engine
        .exec(&over.name, &shell("true"))
        .await
        .unwrap_err();
    assert!(matches!(error, EngineError::NotRunning { .. }), "{error}");
    assert_eq!(error.to_string(), format!("`{}` does not run", over.name));
    let error = bench
        .engine
        .attach(&over.name, &AttachRequest::default())
        .await
        .unwrap_err();
    assert!(matches!(error, EngineError::NotRunning { .. }), "{error}");
    let error = bench.engine.usage(&over.name).await.unwrap_err();
    assert!(matches!(error, EngineError::NotRunning { .. }), "{error}");
    let none = bench.name("none");
    let error = bench.engine.exec(&none, &shell("true")).await.unwrap_err();
    assert!(matches!(error, EngineError::Gone { .. }), "{error}");
    let error = bench
        .engine
        .attach(&none, &AttachRequest::default())
        .await
        .unwrap_err();
    assert!(matches!(error, EngineError::Gone { .. }), "{error}");
    let error = bench.engine.usage(&none).await.unwrap_err();
    assert!(matches!(error, EngineError::Gone { .. }), "{error}");
}

#[tokio::test]
async fn a_session_that_is_given_up_leaves_no_program() {
    let bench = bench!("leak");
    let resting = resting(&bench).await;
    let asked = shell("echo begun; sleep 1001; true");
    let programs = async || {
        let listing =
            "for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $file; echo; done 2>/dev/null";
        let session = bench
            .engine
            .exec(&resting.name, &shell(listing))
            .await
            .unwrap();
        String::from_utf8(to_end(session).await.0)
            .unwrap()
            .matches("sleep 1001")
            .count()
    };
    let mut ended = bench.engine.exec(&resting.name, &asked).await.unwrap();
    read_until(&mut ended, "begun").await;
    // The shell and what it waits for.
    assert_eq!(programs().await, 2);
    ended.control.end().await.unwrap();
    assert_eq!(to_end(ended).await.2, 137);
    assert_eq!(programs().await, 0);
    let mut dropped = bench.engine.exec(&resting.name, &asked).await.unwrap();
    read_until(&mut dropped, "begun").await;
    drop(dropped);
    if nix::unistd::geteuid().is_root() {
        assert_eq!(programs().await, 0);
    }
}

#[tokio::test]
async fn the_own_program_is_joined() {
    let bench = bench!("attach");
    let text = "while read -r line; do echo heard $line; done; echo no more; exit 3";
    let listening = Workload {
        stdin: Stdin::Once,
        ..bench.shell("once", text).await
    };
    let listening = started(&bench, listening).await;
    let asked = AttachRequest {
        stdin: true,
        terminal: None,
    };
    let mut session = bench.engine.attach(&listening.name, &asked).await.unwrap();
    write(&mut session, "one\n").await;
    read_until(&mut session, "heard one\n").await;
    session.input.as_mut().unwrap().shutdown().await.unwrap();
    let (stdout, _, code) = to_end(session).await;
    assert_eq!((stdout.as_slice(), code), (b"no more\n".as_slice(), 3));
    assert_eq!(bench.attend("once", &listening).await.code, 3);
    assert_eq!(bench.output("once"), "heard one\nno more\n");

    // One whose input stays open goes on when somebody leaves.
    let patient = Workload {
        stdin: Stdin::Open,
        ..bench.shell("open", text).await
    };
    let patient = started(&bench, patient).await;
    if bench.is_podman().await {
        // There the first who leaves ends the input.
        let mut session = bench.engine.attach(&patient.name, &asked).await.unwrap();
        write(&mut session, "one\n").await;
        read_until(&mut session, "heard one\n").await;
        drop(session);
        assert_eq!(bench.attend("open", &patient).await.code, 3);
        return;
    }
    for word in ["one", "two"] {
        let mut session = bench.engine.attach(&patient.name, &asked).await.unwrap();
        write(&mut session, &format!("{word}\n")).await;
        read_until(&mut session, &format!("heard {word}\n")).await;
    }
    bench
        .engine
        .stop(&patient.name, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(bench.attend("open", &patient).await.code, 137);
    assert_eq!(bench.output("open"), "heard one\nheard two\n");
}

#[tokio::test]
async fn a_workload_with_a_terminal_is_logged_as_it_shows() {
    let bench = bench!("ttylog");
    // Longer than the engine's pieces, and no newline at the end.
    let text = "test -t 1; echo terminal $?; read -r line; echo heard $line; echo err >&2; \
                head -c 20000 /dev/zero | tr '\\0' y; echo; printf end; exit 4";
    let workload = Workload {
        stdin: Stdin::Open,
        tty: true,
        ..bench.shell("a", text).await
    };
    let workload = started(&bench, workload).await;
    let asked = AttachRequest {
        stdin: true,
        terminal: Some(SIZE),
    };
    let mut session = bench.engine.attach(&workload.name, &asked).await.unwrap();
    write(&mut session, "it\n").await;
    read_until(&mut session, "heard it").await;
    assert_eq!(to_end(session).await.2, 4);
    // Short enough to be shown when it is not so.
    let brief = |text: &str| text.replace(&"y".repeat(1000), "Y");
    let expected = format!(
        "terminal 0\r\nit\r\nheard it\r\nerr\r\n{}\r\nend",
        "y".repeat(20_000)
    );
    for part in ["first", "again"] {
        assert_eq!(bench.attend(part, &workload).await.code, 4);
        assert_eq!(brief(&bench.output(part)), brief(&expected));
    }
}
