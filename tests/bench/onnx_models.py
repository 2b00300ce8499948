"""A model of the size of the digits', served by the workbench's own server: how soon it answers, and how fast."""

import http.client
import json
import statistics
import subprocess
import time

from onnx import TensorProto, helper, save
from workbench import BINARY

FEATURES, HIDDEN, CLASSES = 64, 64, 10
STARTS, PREDICTIONS = 10, 2000


def measure(folder, table):
    save(classifier(), folder / "model.onnx")
    ready = []
    for _ in range(STARTS):
        with Server(folder) as server:
            ready.append(server.ready_seconds)
    table.row("an ONNX model answers after its server's start", statistics.median(ready) * 1000, 100, " ms")
    with Server(folder) as server:
        body = json.dumps({"instances": [[float(number % 17) for number in range(FEATURES)]]})
        seconds = [server.ask("POST", "/v1/models/model:predict", body) for _ in range(PREDICTIONS)]
    table.row("a prediction of digits, one client: p50", statistics.median(seconds) * 1000, 0.5, " ms")
    print(f"   p99 {statistics.quantiles(seconds, n=100)[98] * 1000:.2f} ms")


class Server:
    """One `coracle model-server`, with a connection that is kept."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "model-server", "--model-dir", str(self.folder), "--http-port", "0"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        address = self.process.stdout.readline().split("//")[1].strip()
        self.connection = http.client.HTTPConnection(address)
        self.ask("GET", "/v2/models/model/ready")
        self.ready_seconds = time.monotonic() - begin
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.process.terminate()
        self.process.wait(30)

    def ask(self, method, path, body=None):
        """How long an answer takes, in seconds."""
        begin = time.monotonic()
        self.connection.request(method, path, body=body)
        answer = self.connection.getresponse()
        text = answer.read()
        took = time.monotonic() - begin
        assert answer.status == 200, text
        return took


def classifier():
    """Two layers: 8 by 8 pixels to ten digits."""
    def weights(name, *shape):
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        return helper.make_tensor(name, TensorProto.FLOAT, shape, [(7 * number % 13 - 6) / 50 for number in range(count)])

    nodes = [
        helper.make_node("Gemm", ["pixels", "w1", "b1"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["digits"], axis=1),
    ]
    graph = helper.make_graph(
        nodes, "digits",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", FEATURES])],
        [helper.make_tensor_value_info("digits", TensorProto.FLOAT, ["batch", CLASSES])],
        [weights("w1", FEATURES, HIDDEN), weights("b1", HIDDEN), weights("w2", HIDDEN, CLASSES), weights("b2", CLASSES)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
