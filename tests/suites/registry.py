"""A registry of images for tests, what stands before it and counts, and images to push there."""

import contextlib
import gzip
import hashlib
import http.client
import http.server
import io
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tarfile
import tempfile
import threading
import time
import urllib.request

import pytest
from conftest import ROOT, wait_for

SCRIPT = ROOT / "tests" / "cluster" / "registry"
UNAVAILABLE = 3
PIECE = 64 << 10
MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"


class Registry:
    """The distribution's own registry, in a process of its own."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        # The script's port is three above that of the cluster that it belongs to.
        self.name = f"push-{self.port}"
        self.environment = {**os.environ, "CORACLE_CLUSTER": self.name, "CORACLE_CLUSTER_PORT": str(self.port - 3)}
        self.address = f"127.0.0.1:{self.port}"

    def up(self):
        """Starts it when it is not up; images stay as they were. What the script says, and its status."""
        return subprocess.run([SCRIPT, "up"], env=self.environment, capture_output=True, text=True, timeout=1800)

    def kill(self):
        """Ends it as a crash does."""
        folder = pathlib.Path(tempfile.gettempdir()) / f"coracle-cluster-{os.getuid()}-{self.name}"
        noted = folder / "registry.pid"
        os.kill(int(noted.read_text().split()[0]), signal.SIGKILL)
        wait_for(self.is_gone, 20, "the registry's end")
        # Whoever has ended may still be listed as a process; the script would take it for the registry.
        noted.unlink()

    def is_gone(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except ConnectionRefusedError:
            return True

    def down(self):
        subprocess.run([SCRIPT, "down"], env=self.environment, check=True, capture_output=True, timeout=60)

    def get(self, path, accept="*/*"):
        request = urllib.request.Request(f"http://{self.address}/v2/{path}", headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def verify(self, repository, tag):
        """Holds every digest of an image against the bytes that it names; the manifest's digest, the config's, and the layers'."""
        manifest = self.get(f"{repository}/manifests/{tag}", MANIFESTS)
        named = json.loads(manifest)
        config = self.get(f"{repository}/blobs/{named['config']['digest']}")
        assert named["config"] | {"digest": sha256(config), "size": len(config)} == named["config"]
        plain = []
        for layer in named["layers"]:
            blob = self.get(f"{repository}/blobs/{layer['digest']}")
            assert (sha256(blob), len(blob)) == (layer["digest"], layer["size"])
            plain.append(sha256(gzip.decompress(blob)))
        assert json.loads(config)["rootfs"]["diff_ids"] == plain
        return sha256(manifest), named["config"]["digest"], [layer["digest"] for layer in named["layers"]]


@pytest.fixture(scope="module")
def registry():
    registry = Registry()
    try:
        begun = registry.up()
        if begun.returncode == UNAVAILABLE:
            pytest.skip(begun.stderr.strip().splitlines()[-1])
        assert begun.returncode == 0, begun.stderr
        yield registry
    finally:
        registry.down()


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Cut(Exception):
    """Breaks the connection off on both sides, without a word."""


class Front:
    """An HTTP proxy before a registry. It counts what is sent there, and does what it is told to.

    `faults` are asked about each request, with its method, path and headers: what they give is answered in the registry's stead,
    as (status, headers, body). `at` holds (bytes, action): once so many bytes of blobs were passed on, the action is called, which
    may raise Cut.
    """

    def __init__(self, registry):
        self.registry = registry
        self.faults = []
        self.at = []
        self.asked = []
        self.received = 0
        self.lock = threading.Lock()
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                with contextlib.suppress(OSError, http.client.HTTPException, Cut):
                    front.serve(self)
                    return
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)

            do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = pass_on

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def serve(self, handler):
        self.asked.append((time.monotonic(), handler.command, handler.path))
        for fault in self.faults:
            if answer := fault(handler.command, handler.path, handler.headers):
                return self.answer(handler, *answer)
        server = http.client.HTTPConnection(self.registry.address, timeout=60)
        with contextlib.closing(server):
            server.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                server.putheader(name, value)
            server.endheaders()
            left = int(handler.headers.get("Content-Length") or 0)
            while left > 0:
                data = handler.rfile.read1(min(PIECE, left))
                if not data:
                    raise Cut
                left -= len(data)
                server.send(data)
                self.count(handler, len(data))
            answer = server.getresponse()
            self.answer(handler, answer.status, answer.getheaders(), answer.read())

    def count(self, handler, passed):
        if "/blobs/" not in handler.path:
            return
        with self.lock:
            self.received += passed
            due = [action for bytes, action in self.at if bytes <= self.received]
            self.at = [(bytes, action) for bytes, action in self.at if bytes > self.received]
        for action in due:
            action()

    @staticmethod
    def answer(handler, status, headers, body):
        handler.send_response_only(status)
        length = [value for name, value in headers if name.lower() == "content-length"]
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", length[0] if handler.command == "HEAD" and length else str(len(body)))
        # A body that was not read is no beginning of another request.
        handler.send_header("Connection", "close")
        handler.close_connection = True
        handler.end_headers()
        handler.wfile.write(b"" if handler.command == "HEAD" else body)


def noise(size, seed):
    """Bytes that no packing makes smaller, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def docker(*arguments, **options):
    done = subprocess.run(["docker", *arguments], capture_output=True, timeout=300, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def build(name, *layers, base="scratch"):
    """Builds an image with a layer for each content; its id."""
    files = {f"file-{number}": content for number, content in enumerate(layers)}
    lines = [f"FROM {base}", *(f"COPY {file} /{sha256(content)[-8:]}" for file, content in files.items())]
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for file, content in {"Dockerfile": "\n".join(lines).encode(), **files}.items():
            info = tarfile.TarInfo(file)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    docker("build", "--tag", name, "-", input=context.getvalue(), env={**os.environ, "DOCKER_BUILDKIT": "0"})
    return docker("image", "inspect", "--format", "{{.Id}}", name)
