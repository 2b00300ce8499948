//! What pods need: networks of namespaces, published ports, ways in, and what a container may do.

use std::net::{IpAddr, TcpListener};
use std::time::Duration;

use coracle_host::log::{Keep, LogReader, Only, Start, Stream, follow};
use coracle_host::{
    AttachRequest, Capabilities, Engine, EngineError, HostAlias, NetworkName, Opening, Protocol,
    PublishedPort, SandboxRequest, SecurityContext, Stdin, Workload,
};
use coracle_model::{Cpu, Memory};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::bench::{Bench, DEBIAN, PYTHON, bench};

const HTTP: &str =
    "import http.server as h; h.HTTPServer(('', 8888), h.SimpleHTTPRequestHandler).serve_forever()";

fn namespace(name: &str) -> NetworkName {
    NetworkName(name.to_owned())
}

/// A sandbox in a namespace, with a name there.
fn place(bench: &Bench, part: &str, team: &str, alias: &str) -> SandboxRequest {
    SandboxRequest {
        network: Some(namespace(team)),
        aliases: vec![alias.to_owned()],
        ..SandboxRequest::new(bench.sandbox(part))
    }
}

async fn server(bench: &Bench, part: &str) -> Workload {
    let server = Workload {
        sandbox: Some(bench.sandbox(part)),
        ..bench.python(&format!("{part}-server"), HTTP).await
    };
    bench.engine.start(&server).await.unwrap();
    server
}

/// What an HTTP server in a sandbox answers; asked until it listens.
async fn ask(bench: &Bench, part: &str) -> String {
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    let mut connection = loop {
        match bench.engine.connect(&bench.sandbox(part), 8888).await {
            Ok(connection) => break connection,
            Err(EngineError::NotListening { .. }) if std::time::Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    };
    connection
        .write_all(b"GET / HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Runs a Python text in a sandbox; what it says.
async fn say(bench: &Bench, part: &str, name: &str, text: &str) -> String {
    let workload = Workload {
        sandbox: Some(bench.sandbox(part)),
        ..bench.python(name, text).await
    };
    bench.run(name, &workload).await;
    // Podman removes no sandbox that somebody has been in.
    bench.engine.remove(&workload.name).await.unwrap();
    bench.output(name)
}

#[tokio::test]
async fn names_mean_something_in_their_namespace_only() {
    let bench = bench!("ns");
    let alias = "web.team.svc.cluster.local";
    let places = [
        place(&bench, "web", "team", alias),
        place(&bench, "peer", "team", "peer"),
        place(&bench, "far", "other", "far"),
    ];
    for request in &places {
        assert_eq!(
            bench.engine.open_sandbox(request).await.unwrap(),
            Opening::Made
        );
    }
    server(&bench, "web").await;
    assert!(ask(&bench, "web").await.starts_with("HTTP/1.0 200"));
    let status = bench
        .engine
        .sandbox(&bench.sandbox("web"))
        .await
        .unwrap()
        .unwrap();
    assert!(status.running && status.published.is_empty(), "{status:?}");
    let address = status.address.expect("what runs has an address");
    let text = format!(
        "import socket\n\
         for host in ('{alias}', '{address}'):\n\
         \ttry: print(socket.create_connection((host, 8888), 3).getpeername()[0])\n\
         \texcept OSError as error: print('no')"
    );
    assert_eq!(
        say(&bench, "peer", "near", &text).await,
        format!("{address}\n{address}\n")
    );
    let distant = say(&bench, "far", "distant", &text).await;
    if bench.is_podman().await {
        // Its networks are kept apart by name only.
        assert_eq!(distant, format!("no\n{address}\n"));
    } else {
        assert_eq!(distant, "no\nno\n");
    }
    let mut networks = bench.engine.networks().await.unwrap();
    networks.sort();
    assert_eq!(networks, [namespace("other"), namespace("team")]);
    // A network goes when nobody is on it, and only then.
    let error = bench
        .engine
        .close_network(&namespace("team"))
        .await
        .unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error}");
    bench
        .engine
        .close_sandbox(&bench.sandbox("far"))
        .await
        .unwrap();
    bench
        .engine
        .close_network(&namespace("other"))
        .await
        .unwrap();
    assert_eq!(bench.engine.networks().await.unwrap(), [namespace("team")]);
    bench
        .engine
        .close_network(&namespace("other"))
        .await
        .unwrap();
}

#[tokio::test]
async fn many_may_open_places_in_a_new_namespace_at_once() {
    let bench = bench!("nsrace");
    let requests: Vec<_> = (0..4)
        .map(|number| place(&bench, &format!("p{number}"), "team", &format!("p{number}")))
        .collect();
    let opening = requests
        .iter()
        .map(|request| bench.engine.open_sandbox(request));
    for opened in futures_util::future::join_all(opening).await {
        assert_eq!(opened.unwrap(), Opening::Made);
    }
}

#[tokio::test]
async fn a_place_has_the_names_that_it_is_given() {
    let bench = bench!("hosts");
    let alias = HostAlias {
        ip: "192.0.2.7".parse().unwrap(),
        names: vec!["db.example".to_owned(), "db".to_owned()],
    };
    let request = SandboxRequest {
        hostname: Some("notebook-0".to_owned()),
        host_aliases: vec![alias],
        workbench_names: vec!["workbench".to_owned()],
        ..place(&bench, "pod", "team", "notebook-0")
    };
    bench.engine.open_sandbox(&request).await.unwrap();
    let address = bench.engine.describe().await.unwrap().workbench_address;
    let address = address.expect("the engine runs on this machine");
    let listener = coracle_host::bridge::listen((address, 0).into()).unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = format!(
        "import socket\n\
         print(socket.gethostname(), socket.gethostbyname('db.example'), socket.gethostbyname('db'))\n\
         print(socket.create_connection(('workbench', {port}), 5).getpeername()[0])"
    );
    let said = say(&bench, "pod", "names", &text).await;
    assert_eq!(said, format!("notebook-0 192.0.2.7 192.0.2.7\n{address}\n"));
}

#[tokio::test]
async fn a_connection_tells_who_is_not_there() {
    let bench = bench!("connect");
    let none = bench
        .engine
        .connect(&bench.sandbox("pod"), 8888)
        .await
        .map(drop);
    assert!(
        matches!(none, Err(EngineError::NoSandbox { .. })),
        "{none:?}"
    );
    assert_eq!(
        bench.engine.sandbox(&bench.sandbox("pod")).await.unwrap(),
        None
    );
    let request = place(&bench, "pod", "team", "pod");
    bench.engine.open_sandbox(&request).await.unwrap();
    let refused = bench
        .engine
        .connect(&bench.sandbox("pod"), 8888)
        .await
        .map(drop);
    assert!(
        matches!(refused, Err(EngineError::NotListening { port: 8888, .. })),
        "{refused:?}"
    );
    server(&bench, "pod").await;
    assert!(ask(&bench, "pod").await.starts_with("HTTP/1.0 200"));
}

#[tokio::test]
async fn a_stopped_place_is_brought_back() {
    let bench = bench!("back");
    let request = place(&bench, "pod", "team", "pod");
    bench.engine.open_sandbox(&request).await.unwrap();
    let old = server(&bench, "pod").await;
    ask(&bench, "pod").await;
    // As after a restart of the engine: what ran has ended, and nothing was removed.
    bench.engine.stop(&old.name, Duration::ZERO).await.unwrap();
    let name = coracle_host::WorkloadName(request.name.0.clone());
    bench.engine.stop(&name, Duration::ZERO).await.unwrap();
    let status = bench.engine.sandbox(&request.name).await.unwrap().unwrap();
    assert_eq!((status.running, status.address), (false, None));
    let connected = bench.engine.connect(&request.name, 8888).await.map(drop);
    assert!(
        matches!(connected, Err(EngineError::NoSandbox { .. })),
        "{connected:?}"
    );
    assert_eq!(
        bench.engine.open_sandbox(&request).await.unwrap(),
        Opening::Restored
    );
    assert_eq!(
        bench.engine.open_sandbox(&request).await.unwrap(),
        Opening::Found
    );
    bench.engine.remove(&old.name).await.unwrap();
    server(&bench, "pod").await;
    assert!(ask(&bench, "pod").await.starts_with("HTTP/1.0 200"));
    // Its network may be gone too.
    bench.engine.stop(&old.name, Duration::ZERO).await.unwrap();
    bench.engine.stop(&name, Duration::ZERO).await.unwrap();
    if let Err(error) = bench.engine.close_network(&namespace("team")).await {
        // Podman keeps a network as long as a container, stopped or not, is to be on it.
        assert!(error.to_string().contains("being used"), "{error}");
    }
    assert_eq!(
        bench.engine.open_sandbox(&request).await.unwrap(),
        Opening::Restored
    );
    let status = bench.engine.sandbox(&request.name).await.unwrap().unwrap();
    assert!(status.running && status.address.is_some(), "{status:?}");
}

#[tokio::test]
async fn a_published_port_leads_inside_and_a_taken_one_is_named() {
    let bench = bench!("ports");
    let local: IpAddr = "127.0.0.1".parse().unwrap();
    let published = |host_port| PublishedPort {
        container_port: 8888,
        host_ip: Some(local),
        host_port,
        protocol: Protocol::Tcp,
    };
    let open = async |part: &str, host_port| {
        let request = SandboxRequest {
            published: vec![published(host_port)],
            ..SandboxRequest::new(bench.sandbox(part))
        };
        bench.engine.open_sandbox(&request).await
    };
    open("pod", None).await.unwrap();
    server(&bench, "pod").await;
    ask(&bench, "pod").await;
    let status = bench
        .engine
        .sandbox(&bench.sandbox("pod"))
        .await
        .unwrap()
        .unwrap();
    let chosen = status.published[0]
        .host_port
        .expect("the engine has chosen");
    assert_eq!(status.published, [published(Some(chosen))]);
    let mut connection = tokio::net::TcpStream::connect((local, chosen))
        .await
        .unwrap();
    connection
        .write_all(b"GET / HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    // By another sandbox, and by somebody else.
    let foreign = TcpListener::bind((local, 0)).unwrap();
    let taken = foreign.local_addr().unwrap().port();
    for port in [chosen, taken] {
        let error = open("late", Some(port)).await.unwrap_err();
        assert!(
            matches!(error, EngineError::PortTaken { port: named, .. } if named == port),
            "{error}"
        );
        assert_eq!(
            bench.engine.sandbox(&bench.sandbox("late")).await.unwrap(),
            None
        );
    }
    drop(foreign);
    assert_eq!(open("late", Some(taken)).await.unwrap(), Opening::Made);
}

#[tokio::test]
async fn a_workload_may_do_what_it_is_permitted_and_no_more() {
    let bench = bench!("may");
    // What it may do stands in the kernel's own account of the process.
    let text = "grep -E '^(CapEff|NoNewPrivs|Groups):' /proc/self/status | tr -s '\\t ' ' '; \
                touch /here 2>/dev/null && echo wrote || echo denied; pwd";
    let told = async |part: &str, security: SecurityContext| {
        let workload = Workload {
            security,
            working_dir: Some("/var".to_owned()),
            ..bench.shell(part, text).await
        };
        bench.run(part, &workload).await;
        bench.output(part)
    };
    let usual = told("usual", SecurityContext::default()).await;
    assert!(
        usual.contains("NoNewPrivs: 0\n") && usual.ends_with("wrote\n/var\n"),
        "{usual}"
    );
    let strict = SecurityContext {
        groups: vec!["100".to_owned(), "4242".to_owned()],
        capabilities: Capabilities {
            add: vec!["NET_BIND_SERVICE".to_owned()],
            drop: vec!["ALL".to_owned()],
        },
        read_only_root: true,
        no_new_privileges: true,
        ..SecurityContext::default()
    };
    let strict = told("strict", strict).await;
    assert!(strict.contains("CapEff: 0000000000000400\n"), "{strict}");
    assert!(
        strict.contains("NoNewPrivs: 1\n") && strict.ends_with("denied\n/var\n"),
        "{strict}"
    );
    let groups = strict
        .lines()
        .find(|line| line.starts_with("Groups:"))
        .unwrap();
    let groups: Vec<_> = groups.split(' ').collect();
    assert!(
        groups.contains(&"100") && groups.contains(&"4242"),
        "{groups:?}"
    );
    let powers = |said: &str| {
        let line = said
            .lines()
            .find_map(|line| line.strip_prefix("CapEff: "))
            .unwrap();
        u64::from_str_radix(line, 16).unwrap().count_ones()
    };
    let mighty = Workload {
        security: SecurityContext {
            privileged: true,
            ..SecurityContext::default()
        },
        ..bench.shell("mighty", text).await
    };
    match bench.engine.start(&mighty).await {
        Ok(()) => {
            bench.attend("mighty", &mighty).await;
            assert!(powers(&bench.output("mighty")) > powers(&usual), "{usual}");
        }
        // An engine that has not all of root's powers itself, as in a container, cannot give them.
        Err(error) => assert!(
            error.to_string().contains("unable to apply caps"),
            "{error}"
        ),
    }
}

#[tokio::test]
async fn a_request_for_cpu_is_a_weight() {
    let bench = bench!("weight");
    let files = "cat /sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/cpu.weight 2>/dev/null; true";
    let workload = Workload {
        cpu_request: Some(Cpu(2000)),
        ..bench.shell("a", files).await
    };
    bench.run("a", &workload).await;
    // Shares of version 1, and what they are as a weight of version 2.
    assert!(
        ["2048\n", "79\n"].contains(&bench.output("a").as_str()),
        "{}",
        bench.output("a")
    );
}

#[tokio::test]
async fn use_is_told_while_it_runs() {
    let bench = bench!("usage");
    let text = "import time\nheld = bytearray(b'x') * (100 << 20)\n\
                end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n\
                print('busy', flush=True)\ntime.sleep(1000)";
    let workload = bench.python("a", text).await;
    bench.engine.start(&workload).await.unwrap();
    let log = bench.log("a");
    let attending = bench.engine.attend(&workload.name, &log, Keep::All);
    let measuring = async {
        while fs_err::read(log.join("output.log")).unwrap_or_default() != b"busy\n" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bench.engine.usage(&workload.name).await.unwrap()
    };
    let usage = tokio::select! {
        exit = attending => panic!("it ended early: {exit:?}"),
        usage = measuring => usage,
    };
    let seconds = usage.cpu.as_secs_f64();
    assert!((0.3..30.0).contains(&seconds), "{usage:?}");
    assert!(
        (100 << 20..400 << 20).contains(&usage.memory_bytes),
        "{usage:?}"
    );
}

#[tokio::test]
async fn a_long_log_is_followed_on_when_another_workbench_takes_over() {
    let bench = bench!("takeover");
    let text = "seq 1 300000; read -r _; seq 300001 600000; exit 6";
    let workload = Workload {
        stdin: Stdin::Once,
        ..bench.shell("a", text).await
    };
    bench.engine.start(&workload).await.unwrap();
    let log = bench.log("a");
    let expected: String = (1..=600_000).map(|number| format!("{number}\n")).collect();
    let following = async {
        let mut following = std::pin::pin!(follow(&log, Start::Record(0), Only::Both));
        let mut text = Vec::new();
        while let Some(chunk) = following.next().await {
            text.extend_from_slice(&chunk.unwrap().bytes);
        }
        text
    };
    let attending = async {
        let first = bench.engine.attend(&workload.name, &log, Keep::All);
        let half = async {
            while !fs_err::read(log.join("output.log"))
                .unwrap_or_default()
                .ends_with(b"\n300000\n")
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            exit = first => panic!("it ended early: {exit:?}"),
            () = half => {}
        }
        let asked = AttachRequest {
            stdin: true,
            terminal: None,
        };
        let second = bench.engine.attend(&workload.name, &log, Keep::All);
        let going_on = async {
            let mut session = bench.engine.attach(&workload.name, &asked).await.unwrap();
            session
                .input
                .take()
                .unwrap()
                .write_all(b"\n")
                .await
                .unwrap();
        };
        tokio::join!(second, going_on).0.unwrap()
    };
    let (text, exit) = tokio::join!(following, attending);
    assert_eq!(exit.code, 6);
    if bench.is_podman().await {
        // What it hands out of a long log in one go is not always what was written.
        assert!(bench.output("a").ends_with("\n600000\n"));
        return;
    }
    assert!(text == expected.as_bytes(), "{} bytes", text.len());
    assert!(bench.output("a") == expected);
}

#[tokio::test]
async fn a_log_of_which_the_end_is_kept_is_gone_on_with_by_another_workbench() {
    const LIMIT: u64 = 1 << 20;
    let bench = bench!("kept");
    // Lines on both streams.
    let text = "import sys\n\
                for part in range(6):\n\
                \tfor number in range(part * 5000, (part + 1) * 5000):\n\
                \t\tstream = sys.stderr if number % 7 == 0 else sys.stdout\n\
                \t\tprint(f'{number:099}', file=stream, flush=True)\n\
                \tsys.stdin.readline()";
    let keep = Keep::End(LIMIT);
    let workload = Workload {
        stdin: Stdin::Once,
        keep_log: keep,
        ..bench.python("a", text).await
    };
    bench.engine.start(&workload).await.unwrap();
    let log = bench.log("a");
    let asked = AttachRequest {
        stdin: true,
        terminal: None,
    };
    let session = bench.engine.attach(&workload.name, &asked).await.unwrap();
    let mut input = session.input.unwrap();
    // Who attaches and does not listen makes the program wait.
    let listening = session.output.for_each(|_| std::future::ready(()));
    let heard = std::sync::Mutex::new([Vec::new(), Vec::new()]);
    let following = async {
        let mut following = std::pin::pin!(follow(&log, Start::Record(0), Only::Both));
        while let Some(chunk) = following.next().await {
            let chunk = chunk.unwrap();
            let own = &mut heard.lock().unwrap()[usize::from(chunk.stream == Stream::Stderr)];
            own.extend_from_slice(&chunk.bytes);
        }
    };
    let lines = || {
        let heard = heard.lock().unwrap();
        heard
            .iter()
            .flatten()
            .filter(|byte| **byte == b'\n')
            .count()
    };
    let attending = async {
        for part in 1..6 {
            // Each workbench is killed when its part has been heard.
            let hearing = async {
                while lines() < part * 5_000 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::select! {
                exit = bench.engine.attend(&workload.name, &log, keep) => panic!("it ended early: {exit:?}"),
                () = hearing => {}
            }
            // Written while nobody attends.
            input.write_all(b"\n").await.unwrap();
        }
        input.write_all(b"\n").await.unwrap();
        bench
            .engine
            .attend(&workload.name, &log, keep)
            .await
            .unwrap()
    };
    let ((), exit, ()) = tokio::join!(following, attending, listening);
    assert_eq!(exit.code, 0);
    let heard = heard.into_inner().unwrap();
    let mut kept = 0;
    for (heard, stream) in heard.iter().zip([Stream::Stdout, Stream::Stderr]) {
        let text = str::from_utf8(heard).unwrap();
        let numbers = text.lines().map(str::parse);
        let numbers: Vec<u32> = numbers.map(Result::unwrap).collect();
        let own = (0..30_000).filter(|number| (number % 7 == 0) == (stream == Stream::Stderr));
        let own: Vec<u32> = own.collect();
        let place = numbers
            .iter()
            .zip(&own)
            .position(|(one, other)| one != other);
        let around =
            place.map(|place| &numbers[place.saturating_sub(2)..(place + 5).min(numbers.len())]);
        assert!(
            numbers == own,
            "{stream:?}: {} of {}, {around:?}",
            numbers.len(),
            own.len()
        );
        let mut reader = LogReader::open(&log).unwrap().only(Only::Stream(stream));
        let end = reader.read_to_end(usize::MAX).unwrap();
        assert!(heard.ends_with(&end), "{stream:?}");
        kept += end.len();
    }
    assert!(
        (LIMIT as usize / 2..2 * LIMIT as usize).contains(&kept),
        "{kept}"
    );
}

#[tokio::test]
async fn killed_is_not_out_of_memory() {
    let bench = bench!("killed");
    let hungry = Workload {
        memory_limit: Some(Memory(64 << 20)),
        ..bench.python("hungry", "x = bytearray(512 << 20)").await
    };
    let starved = bench.run("hungry", &hungry).await;
    assert_eq!((starved.signal(), starved.out_of_memory), (Some(9), true));
    // From outside, as `docker kill` does it.
    let stopped = bench.shell("stopped", "exec sleep 1000").await;
    bench.engine.start(&stopped).await.unwrap();
    bench
        .engine
        .stop(&stopped.name, Duration::ZERO)
        .await
        .unwrap();
    let exit = bench.attend("stopped", &stopped).await;
    assert_eq!((exit.signal(), exit.out_of_memory), (Some(9), false));
}

#[tokio::test]
async fn an_image_tells_how_it_is_run() {
    let bench = bench!("config");
    let image = PYTHON.parse().unwrap();
    let answer = bench
        .engine
        .resolve_image(&image, coracle_host::PullPolicy::Never)
        .await
        .unwrap();
    assert_eq!(answer.config.cmd, ["python3"]);
    assert!(
        answer.config.env.contains_key("PATH"),
        "{:?}",
        answer.config
    );
    let debian = DEBIAN.parse().unwrap();
    let answer = bench
        .engine
        .resolve_image(&debian, coracle_host::PullPolicy::Never)
        .await
        .unwrap();
    assert_eq!(
        (answer.config.user, answer.config.exposed_ports),
        (None, Vec::new())
    );
}
