"""What stands between the command and a real API server and does it harm by rule, on loopback, with TLS of its own."""

import base64
import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml


class Rule:
    """Harm to requests: `matches` says to which, `spared` how many of them pass before, `times` how many it is done to."""

    def __init__(self, matches, harm, spared=0, times=None):
        self.matches, self.harm, self.spared, self.times = matches, harm, spared, times
        self.met = 0

    def meets(self, method, path):
        if not self.matches(method, path):
            return False
        self.met += 1
        hurt = self.met - self.spared
        return hurt > 0 and (self.times is None or hurt <= self.times)


def sends(method, path):
    """Objects that are sent for good; the record of a deployment is written by other methods."""
    return method == "PATCH" and "dryRun" not in path


def tries(method, path):
    """Objects of which it is only asked what would become of them."""
    return method == "PATCH" and "dryRun" in path


def answers(code, reason, message, **headers):
    """The server's own words, and no request reaches it."""
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": code}
    return lambda one: one.say(code, json.dumps(status).encode(), {"Content-Type": "application/json", **headers})


def stops(one):
    """The server is gone: nobody listens any more."""
    one.server.proxy.stop()
    one.hang_up()


def cuts(one):
    """The server does what it was asked, and half of its answer arrives."""
    code, headers, body = one.forward()
    one.send_response(code)
    one.send_header("Content-Length", str(len(body)))
    one.end_headers()
    one.wfile.write(body[: len(body) // 2])
    one.hang_up()


def stalls(one):
    """The server never answers."""
    one.server.proxy.ended.wait()
    one.hang_up()


def does(action):
    """Something happens on the cluster or here just before the request is passed on."""

    def harm(one):
        action()
        one.pass_on()

    return harm


def certify(folder):
    """Makes a certificate for loopback that nobody signed but itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=proxy", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
         "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True, capture_output=True, timeout=60,
    )


def certificate(folder):
    """The certificate as kubeconfigs and webhooks' definitions have it."""
    return base64.b64encode((folder / "certificate.pem").read_bytes()).decode()


def serve(server, folder):
    """Has a server answer over TLS, in a thread of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    # The handshake is each connection's own affair, so that one that says nothing is in nobody's way.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()


@contextlib.contextmanager
def judging(folder, judge):
    """A webhook that lets in what `judge` has nothing against; where it listens. The folder has a certificate."""

    class Judge(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            against = judge(review["request"])
            verdict = {"uid": review["request"]["uid"], "allowed": against is None}
            if against is not None:
                verdict["status"] = {"code": 403, "message": against}
            body = json.dumps({**{key: review[key] for key in ("apiVersion", "kind")}, "response": verdict}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = Server(("127.0.0.1", 0), Judge)
    serve(server, folder)
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


class FaultProxy:
    """An API server as the command sees it. Requests that no rule meets are passed on."""

    def __init__(self, folder, kubeconfig):
        self.folder = folder
        self.original = yaml.safe_load(open(kubeconfig))
        address = self.original["clusters"][0]["cluster"]["server"].removeprefix("https://")
        self.host, self.port = address.rsplit(":", 1)
        self.rules, self.asked, self.open = [], [], []
        self.server = None
        self.listens_at = 0
        certify(folder)
        self.start()

    def start(self, *rules):
        """Listens, at the address of before, by these rules and no others."""
        self.rules = list(rules)
        self.asked.clear()
        if self.server:
            return
        self.ended = threading.Event()
        self.server = Server(("127.0.0.1", self.listens_at), One)
        self.server.proxy = self
        self.listens_at = self.server.server_address[1]
        serve(self.server, self.folder)

    def stop(self):
        """Nobody listens any more, and all connections end."""
        server, self.server = self.server, None
        if server is None:
            return
        self.ended.set()
        server.shutdown()
        server.server_close()
        for connection in self.open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.open.clear()

    def code_of(self, path, token):
        """The status with which the server itself answers who has this token."""
        server = self.connect()
        server.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        code = server.getresponse().status
        server.close()
        return code

    def connect(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(self.host, int(self.port), context=context, timeout=60)

    def config(self):
        """A kubeconfig with the contexts of the cluster, by way of the proxy; its path."""
        document = json.loads(json.dumps(self.original))
        document["clusters"][0]["cluster"] = {
            "server": f"https://127.0.0.1:{self.listens_at}",
            "certificate-authority-data": certificate(self.folder),
        }
        path = self.folder / "kubeconfig"
        path.write_text(yaml.safe_dump(document))
        return path


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """Connections break here by design."""


class One(BaseHTTPRequestHandler):
    """A connection, one request after another."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.proxy.open.append(self.connection)

    def log_message(self, *_):
        pass

    def do(self):
        proxy = self.server.proxy
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        proxy.asked.append((self.command, self.path))
        harms = [rule.harm for rule in proxy.rules if rule.meets(self.command, self.path)]
        (harms[0] if harms else One.pass_on)(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do

    def forward(self):
        server = self.server.proxy.connect()
        kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "accept-encoding")}
        server.request(self.command, self.path, self.body or None, kept)
        answer = server.getresponse()
        body = answer.read()
        server.close()
        return answer.status, answer.getheaders(), body

    def pass_on(self):
        code, headers, body = self.forward()
        dropped = ("transfer-encoding", "content-length", "connection", "date", "server")
        self.say(code, body, {name: value for name, value in headers if name.lower() not in dropped})

    def say(self, code, body, headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self):
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
