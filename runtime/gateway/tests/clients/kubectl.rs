//! Exec, attach and port-forward with the real `kubectl`, over WebSockets and over SPDY.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::support::{Api, Client, POD, Told, finish, is_installed, program};

/// `kubectl` falls back to SPDY without a word, so it is asked what it spoke.
fn check_upgrades(api: &Api, client: Client) {
    let upgrades = api.take_upgrades();
    assert!(!upgrades.is_empty());
    assert!(
        upgrades.iter().all(|upgrade| upgrade == client.upgrade()),
        "{client:?}: {upgrades:?}"
    );
}

fn told(code: i32, stdout: &str, stderr: &str) -> Told {
    Told {
        code: Some(code),
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_tells_output_complaints_and_code() {
    if !is_installed("kubectl", "exec").await {
        return;
    }
    let api = Api::serve().await;
    for client in Client::known().await {
        let script = "echo out; echo err >&2; exit 3";
        let arguments = ["exec", POD, "--", "sh", "-c", script];
        let ended = client.run(api.address, &arguments, vec![]).await;
        let expected = told(3, "out\n", "err\ncommand terminated with exit code 3\n");
        assert_eq!(Told::from(ended), expected, "{client:?}");

        let ended = client
            .run(api.address, &["exec", POD, "--", "true"], vec![])
            .await;
        assert_eq!(Told::from(ended), told(0, "", ""), "{client:?}");

        let arguments = ["exec", POD, "--", "/no/such/command"];
        let ended = Told::from(client.run(api.address, &arguments, vec![]).await);
        assert_eq!(ended.code, Some(1), "{client:?}");
        assert!(
            ended
                .stderr
                .contains("Internal error occurred: error executing command in container:"),
            "{client:?}: {}",
            ended.stderr
        );
        check_upgrades(&api, client);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_carries_much_in_both_directions() {
    if !is_installed("kubectl", "much").await {
        return;
    }
    let api = Api::serve().await;
    let much: Vec<u8> = (0..20_000_000_u32).map(|byte| (byte % 251) as u8).collect();
    for client in Client::known().await {
        let arguments = ["exec", "-i", POD, "--", "cat"];
        let ended = client.run(api.address, &arguments, much.clone()).await;
        assert!(ended.stdout == much, "{client:?}: {}", ended.stdout.len());

        // The command reads nothing of it, and ends while it is still said.
        let arguments = ["exec", "-i", POD, "--", "sh", "-c", "sleep 0.5; echo done"];
        let ended = Told::from(client.run(api.address, &arguments, much.clone()).await);
        // Over a WebSocket, it complains that it could not say all.
        assert_eq!(
            (ended.code, &*ended.stdout),
            (Some(0), "done\n"),
            "{client:?}"
        );
        check_upgrades(&api, client);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_ends_its_command_when_the_client_is_gone() {
    if !is_installed("kubectl", "hang-up").await {
        return;
    }
    let api = Api::serve().await;
    for client in Client::known().await {
        let mark = format!("1234{}", client as u8);
        let mut command = client.kubectl(api.address);
        command.args(["exec", POD, "--", "sh", "-c"]);
        command.arg(format!("echo up; exec sleep {mark}"));
        command
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).await.unwrap();
        assert_eq!(line, "up\n");
        let is_running = || {
            let processes = Path::new("/proc").read_dir().unwrap();
            processes.flatten().any(|process| {
                let command = fs_err::read(process.path().join("cmdline")).unwrap_or_default();
                command == format!("sleep\0{mark}\0").into_bytes()
            })
        };
        wait_until(is_running).await;
        child.kill().await.unwrap();
        wait_until(|| !is_running()).await;
        check_upgrades(&api, client);
    }
}

/// Looks again and again, for five seconds at most.
async fn wait_until(is_so: impl Fn() -> bool) {
    for _ in 0..100 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not become so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_has_a_size() {
    if !is_installed("kubectl", "terminal").await || !is_installed("script", "terminal").await {
        return;
    }
    for client in Client::known().await {
        let api = Api::serve().await;
        let kubectl = client.kubectl(api.address);
        let line: Vec<_> = std::iter::once(kubectl.as_std().get_program())
            .chain(kubectl.as_std().get_args())
            .map(|word| word.to_str().unwrap())
            .collect();
        let line = format!(
            "stty rows 33 cols 101; {} exec -it {POD} -- sh -c 'read line; echo \"<$line>\"; exit 4'",
            line.join(" ")
        );
        let mut script = program("script");
        script.args(["-qec", &line, "/dev/null"]);
        for (name, value) in kubectl.as_std().get_envs() {
            script.env(name, value.unwrap());
        }
        let ended = finish(script, b"hello\n".to_vec()).await;
        assert_eq!(ended.status.code(), Some(4), "{client:?}: {ended:?}");
        let text = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(text.contains("<hello>"), "{client:?}: {text}");
        let sizes = api.sizes.lock().unwrap().clone();
        assert!(
            sizes
                .iter()
                .any(|size| (size.width, size.height) == (101, 33)),
            "{client:?}: {sizes:?}"
        );
        check_upgrades(&api, client);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attach_listens_and_speaks() {
    if !is_installed("kubectl", "attach").await {
        return;
    }
    let api = Api::serve().await;
    for client in Client::known().await {
        let arguments = ["attach", "-i", POD, "-c", "main"];
        let ended = client
            .run(api.address, &arguments, b"hello\n".to_vec())
            .await;
        let ended = Told::from(ended);
        assert_eq!(ended.code, Some(0), "{client:?}: {ended:?}");
        assert_eq!(ended.stdout, "attached\nhello\n", "{client:?}");
        check_upgrades(&api, client);
    }
}

/// A server that says back what it hears.
async fn echo() -> (u16, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut connection, _)) = listener.accept().await {
            connections.spawn(async move {
                let (mut from, mut to) = connection.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
                let _ = to.shutdown().await;
            });
        }
    });
    (port, tasks)
}

/// `kubectl port-forward`, and the port it listens at.
async fn port_forward(client: Client, api: &Api, port: u16) -> (tokio::process::Child, u16) {
    let mut command = client.kubectl(api.address);
    command.args(["port-forward", &format!("pod/{POD}"), &format!(":{port}")]);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let stdout = child.stdout.as_mut().unwrap();
    BufReader::new(stdout).read_line(&mut line).await.unwrap();
    let local = line
        .strip_prefix("Forwarding from 127.0.0.1:")
        .and_then(|line| line.split(' ').next())
        .unwrap_or_else(|| panic!("{client:?}: {line}"));
    let local = local.parse().unwrap();
    (child, local)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_port_carries_many_connections() {
    if !is_installed("kubectl", "port-forward").await {
        return;
    }
    let api = Api::serve().await;
    let (port, _server) = echo().await;
    for client in Client::known().await {
        let (_child, local) = port_forward(client, &api, port).await;
        let mut connections = JoinSet::new();
        for connection in 0..8_u8 {
            connections.spawn(async move {
                let said = vec![connection; 1_000_000];
                let stream = TcpStream::connect(("127.0.0.1", local)).await.unwrap();
                let (mut from, mut to) = stream.into_split();
                let hearing = async {
                    let mut heard = vec![0; said.len()];
                    from.read_exact(&mut heard).await.unwrap();
                    heard
                };
                let (_, heard) = tokio::join!(to.write_all(&said), hearing);
                assert!(heard == said);
                // A half close comes through, and so does the answer to it.
                to.shutdown().await.unwrap();
                assert_eq!(from.read(&mut [0]).await.unwrap(), 0);
            });
        }
        let all = tokio::time::timeout(Duration::from_secs(60), connections.join_all()).await;
        all.unwrap_or_else(|_| panic!("{client:?}: a connection hangs"));
        check_upgrades(&api, client);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_reset_does_not_end_the_others() {
    if !is_installed("kubectl", "reset").await {
        return;
    }
    let api = Api::serve().await;
    for client in Client::known().await {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (_child, local) = port_forward(client, &api, port).await;
        let dial = || async {
            let near = TcpStream::connect(("127.0.0.1", local)).await.unwrap();
            (near, listener.accept().await.unwrap().0)
        };
        let (mut first, mut first_far) = dial().await;
        let (mut second, mut second_far) = dial().await;
        first.write_all(b"hello").await.unwrap();
        first_far.read_exact(&mut [0; 5]).await.unwrap();
        first_far.set_zero_linger().unwrap();
        drop(first_far);
        assert_eq!(first.read(&mut [0]).await.unwrap_or(0), 0);
        let mut heard = [0; 5];
        second.write_all(b"still").await.unwrap();
        second_far.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"still", "{client:?}");
        second_far.write_all(b"there").await.unwrap();
        second.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"there", "{client:?}");
        check_upgrades(&api, client);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_copied() {
    if !is_installed("kubectl", "cp").await || !is_installed("tar", "cp").await {
        return;
    }
    let api = Api::serve().await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("copied");
    fs_err::create_dir_all(&folder).unwrap();
    let much: Vec<u8> = (0..3_000_000_u32).map(|byte| (byte % 251) as u8).collect();
    fs_err::write(folder.join("there"), &much).unwrap();
    for client in Client::known().await {
        let from = format!("{POD}:{}", folder.join("there").display());
        let to = folder.join("here");
        let arguments = ["cp", "--retries=0", &from, to.to_str().unwrap()];
        let ended = Told::from(client.run(api.address, &arguments, vec![]).await);
        assert_eq!(ended.code, Some(0), "{client:?}: {}", ended.stderr);
        assert!(fs_err::read(&to).unwrap() == much, "{client:?}");
        fs_err::remove_file(&to).unwrap();
        check_upgrades(&api, client);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_nobody_listens_is_told() {
    if !is_installed("kubectl", "closed port").await {
        return;
    }
    let api = Api::serve().await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    for client in Client::known().await {
        let (child, local) = port_forward(client, &api, port).await;
        let mut stream = TcpStream::connect(("127.0.0.1", local)).await.unwrap();
        assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
        let ended = tokio::time::timeout(Duration::from_secs(20), child.wait_with_output()).await;
        let ended = Told::from(ended.unwrap().unwrap());
        let expected =
            format!("error forwarding port {port} to pod {POD}, uid : Connection refused");
        assert!(
            ended.stderr.contains(&expected),
            "{client:?}: {}",
            ended.stderr
        );
        check_upgrades(&api, client);
    }
}
