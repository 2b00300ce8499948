//! Exec and port-forward with Python's `kubernetes` client, and with the protocols that only browsers speak.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::{Api, Told, finish, python_with};

const CLIENT: &str = r#"
import sys
from kubernetes import client
configuration = client.Configuration(host="http://" + sys.argv[1])
api = client.CoreV1Api(client.ApiClient(configuration))
"#;

const EXEC: &str = r#"
from kubernetes.stream import stream
import json
def run(command, **more):
    options = dict(command=command, stderr=True, stdin=False, stdout=True, tty=False)
    options.update(more)
    return stream(api.connect_get_namespaced_pod_exec, "x", "default", **options)
assert run(["echo", "hello"]) == "hello\n"
session = run(["sh", "-c", "read line; echo \"<$line>\"; echo err >&2; exit 7"], stdin=True, _preload_content=False)
session.write_channel(4, json.dumps({"Width": 99, "Height": 22}))
session.write_stdin("a line\n")
session.run_forever(timeout=20)
assert session.read_stdout() == "<a line>\n", session.read_all()
assert session.read_stderr() == "err\n"
assert session.returncode == 7, session.returncode
much = "0123456789" * 300_000
session = run(["sh", "-c", "head -c %d | md5sum" % len(much)], stdin=True, _preload_content=False)
session.write_stdin(much)
session.run_forever(timeout=20)
import hashlib
assert session.read_stdout().split()[0] == hashlib.md5(much.encode()).hexdigest()
print("done")
"#;

const FORWARD: &str = r#"
from kubernetes.stream import portforward
open_port, closed_port = int(sys.argv[2]), int(sys.argv[3])
ports = "%d,%d" % (open_port, closed_port)
forward = portforward(api.connect_get_namespaced_pod_portforward, "x", "default", ports=ports)
connection = forward.socket(open_port)
connection.settimeout(20)
connection.sendall(b"x" * 1000)
heard = b""
while len(heard) < 200_000:
    heard += connection.recv(65536)
assert heard == b"y" * 200_000
for _ in range(100):
    if forward.error(closed_port): break
    import time; time.sleep(0.1)
assert "error forwarding port %d to pod x" % closed_port in forward.error(closed_port), forward.error(closed_port)
assert forward.error(open_port) is None, forward.error(open_port)
print("done")
"#;

const BROWSER: &str = r#"
import base64, json, sys, websocket
def dial(protocols, query):
    url = "ws://%s/api/v1/namespaces/default/pods/x/exec?%s" % (sys.argv[1], query)
    return websocket.create_connection(url, subprotocols=protocols, timeout=20)
def hear(connection):
    said = {}
    while True:
        code, message = connection.recv_data()
        if code == websocket.ABNF.OPCODE_CLOSE:
            return said
        said[message[0]] = said.get(message[0], b"") + (message[1:] if code == 2 else base64.b64decode(message[1:]))
query = "command=sh&command=-c&command=cat%3B+exit+3&stdin=true&stdout=true&stderr=true"
connection = dial(["v5.channel.k8s.io"], query)
connection.send_binary(b"\0hello")
connection.ping(b"?")
connection.send_binary(b"\xff\0")
said = hear(connection)
assert said[1] == b"hello", said
assert json.loads(said[3])["details"]["causes"][0]["message"] == "3", said
query = "command=head&command=-c&command=5&stdin=true&stdout=true"
connection = dial(["v9", "v4.base64.channel.k8s.io"], query)
assert connection.getsubprotocol() == "v4.base64.channel.k8s.io"
connection.send("0" + base64.b64encode(b"hello").decode())
said = hear(connection)
assert said[ord("1")] == b"hello", said
assert json.loads(said[ord("3")])["status"] == "Success", said
query = "command=sh&command=-c&command=exit+3&stdout=true"
for protocol, one, three in [("base64.channel.k8s.io", ord("1"), ord("3")), ("channel.k8s.io", 1, 3)]:
    said = hear(dial([protocol], query))
    assert said == {one: b"", three: b"command terminated with non-zero exit code: exit code 3"}, said
said = hear(dial([], query))
assert said[3].startswith(b"command terminated"), said
for protocols, query, status in [(["v9"], query, 403), (["v4.channel.k8s.io"], "command=ls", 400)]:
    try:
        dial(protocols, query)
        assert False
    except websocket.WebSocketBadStatusException as refusal:
        assert refusal.status_code == status, refusal
print("done")
"#;

async fn check(module: &str, test: &str, script: String, ports: &[u16]) {
    let Some(mut python) = python_with(module, test).await else {
        return;
    };
    let api = Api::serve().await;
    python.args(["-c", &script, &api.address.to_string()]);
    python.args(ports.iter().map(ToString::to_string));
    let ended = Told::from(finish(python, vec![]).await);
    assert_eq!(ended.stdout, "done\n", "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_executes() {
    check("kubernetes", "exec", format!("{CLIENT}{EXEC}"), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_channel_protocol_is_spoken() {
    check("websocket", "channels", BROWSER.to_owned(), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_forwards_ports() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let open = listener.local_addr().unwrap().port();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed_port = closed.local_addr().unwrap().port();
    drop(closed);
    let mut server = JoinSet::new();
    server.spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        connection.write_all(&[b'y'; 200_000]).await.unwrap();
        // What the client says is left unread; it hangs up when it has heard enough.
        std::future::pending::<()>().await;
    });
    let script = format!("{CLIENT}{FORWARD}");
    check("kubernetes", "port-forward", script, &[open, closed_port]).await;
}
