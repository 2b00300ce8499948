"""What flows through the way to a model server: events of OpenAI's protocol, WebSockets, uploads; what a client leaves ends there, too."""

import hashlib
import http.client
import json
import urllib.parse

import pytest
import websocket
from kube import Kubectl
from model_servers import ready, server, service

# It speaks OpenAI's protocol, echoes over WebSockets, and tells of uploads. An answer goes on when it is told to at `/go`; `/thinks`
# is answered as soon as one does not go on, and `/left` as soon as a client has left it.
SERVER = """
import base64, hashlib, http.server, json, threading
go, thinks, left = threading.Event(), threading.Event(), threading.Event()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.headers.get("Upgrade") == "websocket":
            return self.echo()
        if self.path == "/go":
            go.set()
        for path, event in (("/thinks", thinks), ("/left", left)):
            if self.path == path:
                if not event.wait(20):
                    return self.send_error(500)
                event.clear()
        self.tell({"object": "list", "data": [{"id": "llm", "object": "model"}], "host": self.headers["Host"]})
    def do_POST(self):
        if self.path == "/upload":
            return self.tell(self.digest())
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not asked["stream"]:
            return self.until_left()
        self.send_response(200); self.send_header("Content-Type", "text/event-stream"); self.send_header("Transfer-Encoding", "chunked"); self.end_headers()
        self.event({"choices": [{"delta": {"content": "first"}}]})
        if asked["messages"][0]["content"] == "for ever":
            return self.until_left()
        go.wait(20); go.clear()
        self.event({"choices": [{"delta": {"content": "last"}}]}); self.event("[DONE]"); self.wfile.write(b"0\\r\\n\\r\\n")
    def until_left(self):
        # A client that is still there says nothing.
        thinks.set(); self.connection.settimeout(20)
        if self.connection.recv(1) == b"":
            left.set()
        self.close_connection = True
    def event(self, told):
        text = f"data: {told if isinstance(told, str) else json.dumps(told)}\\n\\n".encode()
        self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(text), text)); self.wfile.flush()
    def digest(self):
        digest, length = hashlib.sha256(), 0
        for part in self.parts():
            digest.update(part); length += len(part)
        return {"sha256": digest.hexdigest(), "length": length, "chunked": "Transfer-Encoding" in self.headers}
    def parts(self):
        if "Content-Length" in self.headers:
            return iter([self.rfile.read(int(self.headers["Content-Length"]))])
        def chunk():
            part = self.rfile.read(int(self.rfile.readline(), 16)); self.rfile.readline(); return part
        return iter(chunk, b"")
    def tell(self, told):
        body = json.dumps(told).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def echo(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101); self.send_header("Upgrade", "websocket"); self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()); self.end_headers()
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                break
            length = head[1] & 127
            if length == 126:
                length = int.from_bytes(self.rfile.read(2), "big")
            mask = self.rfile.read(4)
            text = bytes(byte ^ mask[place % 4] for place, byte in enumerate(self.rfile.read(length)))
            sized = bytes([length]) if length < 126 else b"\\x7e" + length.to_bytes(2, "big")
            self.wfile.write(head[:1] + sized + text)
            if head[0] & 15 == 8:
                break
        left.set(); self.close_connection = True
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""

HOST = "llm-default.example.com"


@pytest.fixture(scope="module")
def address(docker_workbench):
    kubectl = Kubectl(docker_workbench)
    kubectl.apply(service("llm", {"containers": [server(SERVER)]}))
    ready(kubectl, "llm")
    return urllib.parse.urlparse(docker_workbench.server.address).netloc


@pytest.fixture(params=["path", "host"])
def way(request, address):
    """How the server is asked: a prefix of paths, and headers."""
    return ("/serving/default/llm", {}) if request.param == "path" else ("", {"Host": HOST})


@pytest.fixture
def ask(address, way):
    """Begins a request, and returns its answer as soon as that begins; and what it came by."""
    prefix, headers = way
    connections = []

    def ask(method, path, body=None, **more):
        connection = http.client.HTTPConnection(address, timeout=30)
        connections.append(connection)
        connection.request(method, prefix + path, body, {**headers, "Content-Type": "application/json"}, **more)
        return connection, connection.getresponse()

    yield ask
    for connection in connections:
        connection.close()


def chat(content, stream=True):
    return json.dumps({"model": "llm", "stream": stream, "messages": [{"role": "user", "content": content}]})


def event(answer):
    line = answer.readline().decode()
    assert line.startswith("data: ") and answer.readline() == b"\n", line
    return line.removeprefix("data: ").strip()


def test_models_are_listed_as_openai_does(ask):
    _, answer = ask("GET", "/openai/v1/models")
    assert answer.status == 200 and json.loads(answer.read())["data"] == [{"id": "llm", "object": "model"}]


def test_an_event_is_there_before_the_next_is_made(ask):
    _, answer = ask("POST", "/openai/v1/chat/completions", chat("hello"))
    assert (answer.status, answer.getheader("Content-Type")) == (200, "text/event-stream")
    assert json.loads(event(answer))["choices"][0]["delta"]["content"] == "first"
    # The server makes the second one after this.
    assert ask("GET", "/go")[1].status == 200
    assert json.loads(event(answer))["choices"][0]["delta"]["content"] == "last"
    assert event(answer) == "[DONE]"
    assert answer.read() == b""


@pytest.mark.parametrize("when", ["before the answer", "within the answer"])
def test_a_client_that_leaves_ends_the_request(address, way, ask, when):
    prefix, headers = way
    if when == "within the answer":
        connection, answer = ask("POST", "/openai/v1/chat/completions", chat("for ever"))
        event(answer)
        answer.close()
    else:
        connection = http.client.HTTPConnection(address, timeout=30)
        connection.request("POST", f"{prefix}/openai/v1/chat/completions", chat("a thought", stream=False), headers)
    assert ask("GET", "/thinks")[1].status == 200
    connection.close()
    assert ask("GET", "/left")[1].status == 200


def test_a_websocket_goes_both_ways_until_it_is_closed(address, way, ask):
    prefix, headers = way
    host = headers.get("Host", address)
    # A page of the server's own may open one, too.
    socket = websocket.create_connection(f"ws://{address}{prefix}/ws", host=host, origin=f"http://{host}", timeout=20)
    for text in ("a", "b" * 5000):
        socket.send(text)
        assert socket.recv() == text
    socket.close()
    assert ask("GET", "/left")[1].status == 200


def test_a_page_of_another_server_is_refused(address, way):
    prefix, headers = way
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        websocket.create_connection(f"ws://{address}{prefix}/ws", host=headers.get("Host"), origin="http://elsewhere.example.com", timeout=20)


@pytest.mark.parametrize("form", ["chunked", "with its length"])
def test_an_upload_longer_than_what_is_kept_arrives(ask, form):
    parts = [bytes([number]) * (1 << 20) for number in range(20)]
    whole = b"".join(parts)
    _, answer = ask("POST", "/upload", iter(parts), encode_chunked=True) if form == "chunked" else ask("POST", "/upload", whole)
    told = json.loads(answer.read())
    assert told == {"sha256": hashlib.sha256(whole).hexdigest(), "length": len(whole), "chunked": form == "chunked"}
