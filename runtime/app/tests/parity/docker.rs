//! A Docker that runs nothing and writes down what it is told.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use coracle_host::docker::{DockerEngine, DockerSettings};
use coracle_host::{Engine as _, Workload};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

type Told = Arc<Mutex<BTreeMap<String, Value>>>;

/// The bodies with which containers are created, by their workloads' names.
#[expect(
    clippy::disallowed_methods,
    reason = "the test's own server ends with the test"
)]
pub(crate) async fn told(directory: &Path, workloads: &[Workload]) -> BTreeMap<String, Value> {
    let socket = directory.join("docker.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let told = Told::default();
    let kept = Arc::clone(&told);
    let serving = tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(answer(connection, Arc::clone(&kept)));
        }
    });
    let engine = DockerEngine::connect(DockerSettings {
        docker_host: Some(format!("unix://{}", socket.display())),
        context_dir: None,
        home: None,
        runtime_dir: None,
        owner: "parity".to_owned(),
        uid_gid: None,
    });
    let engine = engine.await.unwrap();
    for workload in workloads {
        engine.start(workload).await.unwrap();
    }
    serving.abort();
    told.lock().unwrap().clone()
}

/// Answers requests of one connection, as Docker does.
async fn answer(connection: UnixStream, told: Told) {
    let mut connection = BufReader::new(connection);
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if connection.read_line(&mut line).await.unwrap_or_default() == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_lowercase() + "\n" + line.trim());
        }
        let length = lines
            .iter()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length = length
            .and_then(|line| line.lines().next()?.parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        connection.read_exact(&mut body).await.unwrap();
        let request = lines[0].lines().last().unwrap_or_default().to_owned();
        let path = request.split(' ').nth(1).unwrap_or_default();
        let (status, answer) = if path.ends_with("/version") {
            (
                200,
                json!({"Version": "28.0.0", "ApiVersion": "1.47", "Arch": "amd64"}),
            )
        } else if path.ends_with("/info") {
            (
                200,
                json!({"DockerRootDir": "/var/lib/docker", "OperatingSystem": "Linux"}),
            )
        } else if let Some((_, name)) = path.split_once("/containers/create?") {
            let name = name
                .split('&')
                .find_map(|pair| pair.strip_prefix("name="))
                .unwrap_or_default();
            let body = serde_json::from_slice(&body).unwrap();
            let before = told.lock().unwrap().insert(name.to_owned(), body);
            assert!(before.is_none(), "{name} is created twice");
            (201, json!({"Id": name, "Warnings": []}))
        } else if path.ends_with("/start") {
            (204, Value::Null)
        } else {
            panic!("Docker is asked for `{request}`")
        };
        let text = if status == 204 {
            String::new()
        } else {
            answer.to_string()
        };
        let head = format!(
            "HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        connection
            .write_all((head + &text).as_bytes())
            .await
            .unwrap();
    }
}
