"""From a state change to its event at a subscriber: a chain of steps on the engine that does nothing.

An event carries the time just before its change is committed, so the commit counts too. Subscribers have a socket each
on loopback and are read by one thread, as something arrives.
"""

import base64
import datetime
import json
import selectors
import socket
import statistics
import time
import urllib.parse

import pipelines
from workbench import Workbench

STEPS, SUBSCRIBERS = 100, 4
DEADLINE_SECONDS = 60


def measure(folder, table):
    definition = pipelines.write(folder, "chain", pipelines.layers(STEPS, 1)).read_bytes()
    with Workbench(folder / "home", engine="fake") as workbench:
        subscribers = [Subscriber(workbench.address) for _ in range(SUBSCRIBERS)]
        for _ in range(table.repetitions):
            follow_a_run(workbench, definition, subscribers)
    delays = [delay for subscriber in subscribers for delay in subscriber.delays]
    assert len({len(subscriber.delays) for subscriber in subscribers}) == 1, "not all were told the same"
    cuts = statistics.quantiles(delays, n=100)
    print(f"   {len(delays)} events at {SUBSCRIBERS} subscribers: p50 {cuts[49]:.2f} ms, longest {max(delays):.2f} ms")
    table.row("a state change until a subscriber knows: p99", cuts[98], 20, " ms")


def follow_a_run(workbench, definition, subscribers):
    """Begins a run and reads until every subscriber knows that it is over."""
    request = {"definition": base64.b64encode(definition).decode(), "file_name": "chain.yaml", "cache": False}
    run = workbench.ask("/runs", request)["run_id"]
    deadline = time.monotonic() + DEADLINE_SECONDS
    with selectors.DefaultSelector() as readable:
        for subscriber in subscribers:
            readable.register(subscriber.socket, selectors.EVENT_READ, subscriber)
        while not all(run in subscriber.over for subscriber in subscribers):
            assert time.monotonic() < deadline, "the events did not come"
            for key, _ in readable.select(timeout=1):
                key.data.read()


class Subscriber:
    """One connection to the event stream."""

    def __init__(self, address):
        url = urllib.parse.urlparse(address)
        self.socket = socket.create_connection((url.hostname, url.port))
        # HTTP/1.0: what comes is the stream and nothing else.
        self.socket.sendall(f"GET /apis/coracle/v1/events HTTP/1.0\r\nHost: {url.netloc}\r\n\r\n".encode())
        self.text, self.delays, self.over = b"", [], set()

    def read(self):
        """Takes in what has arrived."""
        arrived = self.socket.recv(1 << 20)
        now = time.time()
        assert arrived, "the stream ended"
        *lines, self.text = (self.text + arrived).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                self.take_in(json.loads(line.removeprefix(b"data:")), now)

    def take_in(self, event, now):
        at = datetime.datetime.fromisoformat(event["at"].replace("Z", "+00:00")).timestamp()
        self.delays.append((now - at) * 1000)
        what = event["what"]
        if what["type"] == "run" and what["state"] in ("SUCCEEDED", "FAILED"):
            self.over.add(event["run_id"])
