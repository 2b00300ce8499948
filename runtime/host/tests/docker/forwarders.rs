//! What stands for Services: sandboxes that pass connections on.

use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use coracle_host::{
    Engine, EngineError, NetworkName, Opening, ROUTES, SandboxProgram, SandboxRequest,
};
use coracle_model::NamespaceRange;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::bench::{Bench, bench};

const TEAM: &str = "team";

fn write(directory: &Path, routes: &str) {
    let next = directory.join("next");
    fs_err::write(&next, routes).unwrap();
    fs_err::rename(next, directory.join(ROUTES)).unwrap();
}

/// What answers at a port of the forwarder; nothing where it refuses.
async fn ask(bench: &Bench, port: u16) -> Option<String> {
    let mut connection = match bench.engine.connect(&bench.sandbox("svc"), port).await {
        Ok(connection) => connection,
        Err(EngineError::NotListening { .. }) => return None,
        Err(error) => panic!("{error}"),
    };
    let mut answer = String::new();
    connection.write_all(b"x").await.ok()?;
    connection.read_to_string(&mut answer).await.ok()?;
    Some(answer)
}

async fn comes_to_say(bench: &Bench, port: u16, wanted: Option<&str>) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while ask(bench, port).await.as_deref() != wanted {
        assert!(Instant::now() < deadline, "{wanted:?} at {port}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn address_of(bench: &Bench, part: &str) -> IpAddr {
    let status = bench.engine.sandbox(&bench.sandbox(part)).await.unwrap();
    status.and_then(|status| status.address).expect("it runs")
}

#[tokio::test]
async fn a_forwarder_has_the_address_it_is_given_and_follows_its_routes() {
    let bench = bench!("forward");
    if bench.engine.describe().await.unwrap().forwarder.is_none() {
        return eprintln!("skipped: this workbench was built without forwarders");
    }
    let network = Some(NetworkName(TEAM.to_owned()));
    let pod = SandboxRequest {
        network: network.clone(),
        ..SandboxRequest::new(bench.sandbox("pod"))
    };
    bench.engine.open_sandbox(&pod).await.unwrap();
    let text = "import socket\n\
                server = socket.create_server(('', 9000))\n\
                while True: client = server.accept()[0]; client.recv(1); client.sendall(b'pod'); client.close()";
    let server = coracle_host::Workload {
        sandbox: Some(bench.sandbox("pod")),
        ..bench.python("server", text).await
    };
    bench.engine.start(&server).await.unwrap();
    let pod = address_of(&bench, "pod").await;
    let routes = bench.directory.path().join("svc");
    fs_err::create_dir(&routes).unwrap();
    write(&routes, &format!("80 {pod}:9000\n"));
    let range = NamespaceRange::of(&bench.prefix, TEAM);
    let wanted = range.services().nth(3).map(IpAddr::from);
    let service = SandboxRequest {
        network,
        address: wanted,
        program: SandboxProgram::Forwarder {
            directory: routes.clone(),
        },
        ports: vec![80, 81],
        ..SandboxRequest::new(bench.sandbox("svc"))
    };
    let opened = bench.engine.open_sandbox(&service).await;
    assert_eq!(opened.unwrap(), Opening::Made);
    assert_eq!(Some(address_of(&bench, "svc").await), wanted);
    comes_to_say(&bench, 80, Some("pod")).await;
    assert_eq!(ask(&bench, 81).await, None);
    write(&routes, &format!("81 {pod}:9000\n"));
    comes_to_say(&bench, 81, Some("pod")).await;
    comes_to_say(&bench, 80, None).await;
    let again = bench.engine.open_sandbox(&service).await;
    assert_eq!(again.unwrap(), Opening::Found);
}

#[tokio::test]
async fn an_address_that_the_network_has_not_is_chosen_by_the_engine() {
    let bench = bench!("elsewhere");
    let request = SandboxRequest {
        network: Some(NetworkName(TEAM.to_owned())),
        address: Some("192.0.2.1".parse().unwrap()),
        ..SandboxRequest::new(bench.sandbox("pod"))
    };
    bench.engine.open_sandbox(&request).await.unwrap();
    let given = address_of(&bench, "pod").await;
    assert_ne!(Some(given), request.address);
}
