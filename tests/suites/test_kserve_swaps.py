"""Twenty swaps of a model under a hundred requests a second: every request is answered."""

import concurrent.futures
import http.client
import json
import statistics
import threading
import time
import urllib.parse

from conftest import wait_for
from kube import Kubectl
from model_servers import SERVER, ready, server, service
from onnx_models import service as onnx_service
from onnx_models import write

SWAPS, RATE, CLIENTS = 20, 100, 16
# How many answers of a model are waited for before the next swap.
SEEN = 25

# As most servers do, it keeps connections, which are cut when it goes, and takes as many at once as there are.
KEEPS = SERVER.replace("    def do_POST", "    protocol_version, wbufsize = 'HTTP/1.1', -1\n    def do_POST").replace(
    "http.server.ThreadingHTTPServer((", "http.server.ThreadingHTTPServer.request_queue_size = 128\nhttp.server.ThreadingHTTPServer((")


class Load:
    """Requests at a steady rate, whether earlier ones are answered or not, from clients that keep their connections."""

    def __init__(self, url, body, told):
        self.url, self.body, self.told = urllib.parse.urlparse(url), body, told
        self.answers, self.failures, self.seconds = [], [], []
        self.lock, self.ends, self.next = threading.Lock(), threading.Event(), 0
        self.begin = time.monotonic()

    def __enter__(self):
        self.threads = concurrent.futures.ThreadPoolExecutor(CLIENTS)
        self.clients = [self.threads.submit(self.ask) for _ in range(CLIENTS)]
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.threads.shutdown()
        for client in self.clients:
            client.result()

    def ask(self):
        connection = http.client.HTTPConnection(self.url.netloc, timeout=60)
        while True:
            with self.lock:
                due = self.begin + self.next / RATE
                self.next += 1
            if self.ends.wait(max(0, due - time.monotonic())):
                return
            asked = time.monotonic()
            try:
                connection.request("POST", self.url.path, self.body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                code, body = answer.status, answer.read()
                told = self.told(json.loads(body)) if code == 200 else None
            except (OSError, ValueError, http.client.HTTPException) as error:
                code, body, told = 0, repr(error), None
                connection.close()
            with self.lock:
                self.seconds.append(time.monotonic() - asked)
                if code == 200:
                    self.answers.append(told)
                else:
                    self.failures.append((code, body))

    def seen(self, told):
        with self.lock:
            return sum(1 for answer in self.answers if answer == told)

    def check(self, swaps):
        """No request failed, and each model answered."""
        taken = time.monotonic() - self.begin
        quantiles = statistics.quantiles(self.seconds, n=1000)
        print(f"{swaps} swaps in {taken:.0f} s: {len(self.seconds)} requests ({len(self.seconds) / taken:.0f}/s), {len(self.failures)} failed; "
              f"p50 {quantiles[499] * 1000:.1f} ms, p99 {quantiles[989] * 1000:.1f} ms, p99.9 {quantiles[998] * 1000:.1f} ms")
        assert self.failures == []
        assert set(self.answers) == set(range(swaps + 1))
        assert len(self.seconds) > 0.9 * taken * RATE


def test_models_in_the_workbench(on_processes, tmp_path):
    address = on_processes.serve().address
    kubectl = Kubectl(on_processes)
    uris = [f"file://{write(tmp_path / str(number) / 'model.onnx', number)}" for number in range(SWAPS + 1)]
    kubectl.apply(onnx_service("sum", uris[0]))
    ready(kubectl, "sum")
    body = json.dumps({"instances": [[0.5, 0.25, 0.25]]})
    with Load(f"{address}/serving/default/sum/v1/models/sum:predict", body, lambda answer: round(answer["predictions"][0][0])) as load:
        for number, uri in enumerate(uris):
            kubectl.apply(onnx_service("sum", uri))
            wait_for(lambda: load.seen(number) > SEEN, what=f"model {number}")
    load.check(SWAPS)


def test_models_in_containers(docker_workbench):
    kubectl = Kubectl(docker_workbench)
    model = lambda number: service("swap", {"containers": [server(KEEPS, env=[{"name": "MODEL", "value": str(number)}])]})
    kubectl.apply(model(0))
    ready(kubectl, "swap")
    url = f"{docker_workbench.server.address}/serving/default/swap/v1/models/swap:predict"
    with Load(url, '{"instances": [4]}', lambda answer: int(answer["predictions"][0][0])) as load:
        for number in range(SWAPS + 1):
            kubectl.apply(model(number))
            wait_for(lambda: load.seen(number) > SEEN, seconds=60, what=f"model {number}")
    load.check(SWAPS)
