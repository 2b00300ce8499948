"""The Kubernetes API: lists of 5,000 objects, and changes until those who watch know.

Objects are config maps of about 1 KiB. Watchers have a socket each on loopback and are read by one thread.
"""

import concurrent.futures
import http.client
import itertools
import json
import selectors
import socket
import statistics
import time
import urllib.parse

from workbench import Workbench

OBJECTS, WATCHERS, CHANGES = 5_000, 100, 200
COLLECTION = "/api/v1/namespaces/default/configmaps"
AS_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
DEADLINE_SECONDS = 60

_numbers = itertools.count(1)


def measure(folder, table):
    with Workbench(folder / "home", engine="fake") as workbench:
        make(workbench.address)
        for what, accept in (("", "application/json"), (" as a table", AS_TABLE)):
            times = [list_all(workbench.address, accept) for _ in range(4 * table.repetitions)]
            print(f"   list of {OBJECTS} objects{what}: median {statistics.median(times):.1f} ms, longest {max(times):.1f} ms")
            table.row(f"list of {OBJECTS} objects{what}: median", statistics.median(times), 100, " ms")
        alone = workbench.resident_mb()
        watchers = [Watcher(workbench.address) for _ in range(WATCHERS)]
        delays = change(workbench.address, watchers)
        grown = workbench.resident_mb() - alone
        cuts = statistics.quantiles(delays, n=100)
        print(f"   {len(delays)} events at {WATCHERS} watchers: p50 {cuts[49]:.2f} ms, longest {max(delays):.2f} ms")
        first = [watcher.delays[0] for watcher in watchers]
        print(f"   the first of them: {min(first):.2f} to {max(first):.2f} ms")
        one = Watcher(workbench.address)
        single = statistics.quantiles(change(workbench.address, [one]), n=100)
        table.row("a change until one watcher knows: p99", single[98], 10, " ms")
        table.row(f"memory of {WATCHERS} watchers", grown, 60, " MB")


def config_map(name, number=0):
    data = {"number": str(number), "filling": "x" * 700}
    labels = {"app": "bench", "part": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": data}


def connect(address):
    return http.client.HTTPConnection(urllib.parse.urlparse(address).netloc, timeout=60)


def send(connection, method, path, body):
    connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status in (200, 201), text
    return json.loads(text)


def make(address):
    def some(first):
        connection = connect(address)
        for number in range(first, OBJECTS, 8):
            send(connection, "POST", COLLECTION, config_map(f"object-{number}"))

    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(some, range(8)))
    print(f"   {OBJECTS} objects made by 8 clients in {time.monotonic() - begin:.1f} s")


def list_all(address, accept):
    """Milliseconds until the whole list was received."""
    connection = connect(address)
    begin = time.monotonic()
    connection.request("GET", COLLECTION, headers={"Accept": accept})
    text = connection.getresponse().read()
    spent = (time.monotonic() - begin) * 1000
    listed = json.loads(text)
    assert len(listed.get("items") or listed["rows"]) >= OBJECTS
    return spent


def change(address, watchers):
    """Changes objects one after the other; how many milliseconds each watcher learned of each later."""
    connection = connect(address)
    with selectors.DefaultSelector() as readable:
        for watcher in watchers:
            readable.register(watcher.socket, selectors.EVENT_READ, watcher)
            watcher.delays.clear()
        for number in range(CHANGES):
            body = config_map(f"object-{number}", next(_numbers))
            begin = time.monotonic()
            send(connection, "PUT", f"{COLLECTION}/object-{number}", body)
            left = set(watchers)
            while left:
                assert time.monotonic() - begin < DEADLINE_SECONDS, "the changes did not come"
                for key, _ in readable.select(timeout=1):
                    if key.data.read():
                        key.data.delays.append((time.monotonic() - begin) * 1000)
                        left.discard(key.data)
    return [delay for watcher in watchers for delay in watcher.delays]


class Watcher:
    """One connection that hears of changes from now on."""

    def __init__(self, address):
        url = urllib.parse.urlparse(address)
        connection = connect(address)
        connection.request("GET", COLLECTION + "?limit=1")
        version = json.load(connection.getresponse())["metadata"]["resourceVersion"]
        self.socket = socket.create_connection((url.hostname, url.port))
        # HTTP/1.0: what comes is the stream and nothing else.
        query = f"watch=true&resourceVersion={version}"
        self.socket.sendall(f"GET {COLLECTION}?{query} HTTP/1.0\r\nHost: {url.netloc}\r\n\r\n".encode())
        self.text, self.delays = b"", []

    def read(self):
        """How many changes came whole."""
        self.text += self.socket.recv(1 << 16)
        *lines, self.text = self.text.split(b"\n")
        return sum(line.startswith(b'{"') for line in lines)
