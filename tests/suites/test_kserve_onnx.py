"""ONNX models that the workbench serves itself: no containers, no pods, on processes as on Docker."""

import concurrent.futures
import http.client
import http.server
import json
import os
import signal
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

import pytest
from conftest import BINARY, wait_for
from kube import Kubectl
from onnx_models import service, write

ROW = [[1, 2, 3]]
# The largest request.
LIMIT = 64 << 20


def ask(url, body=None, headers=None):
    """Status and body of an answer."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


class Served:
    """A workbench with its kubectl, and what its services answer."""

    def __init__(self, coracle):
        self.coracle = coracle
        self.server = coracle.serve()
        self.kubectl = Kubectl(coracle)

    def ready(self, name):
        self.kubectl.ok("wait", "--for=condition=Ready", f"isvc/{name}", "--timeout=20s", seconds=30)

    def status(self, name):
        return self.kubectl.get("isvc", name).get("status", {})

    def url(self, name, path):
        return f"{self.server.address}/serving/default/{name}{path}"

    def predict(self, name, instances=ROW):
        return ask(self.url(name, f"/v1/models/{name}:predict"), {"instances": instances})

    def restart_hard(self):
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()
        self.server = self.coracle.serve(listen=self.server.address.removeprefix("http://"))


@pytest.fixture
def served(on_processes):
    return Served(on_processes)


def infer(shape, data):
    return {"inputs": [{"name": "x", "datatype": "FP32", "shape": shape, "data": data}]}


def test_a_model_of_a_directory_answers_both_protocols_without_pods(served, tmp_path):
    served.kubectl.apply(service("sum", f"file://{write(tmp_path / 'm' / 'model.onnx', 2)}"))
    served.ready("sum")
    status = served.status("sum")
    assert status["servingRuntimeName"] == "coracle-onnx"
    assert status["modelStatus"]["states"] == {"activeModelState": "Loaded", "targetModelState": "Loaded"}
    assert served.predict("sum") == (200, {"predictions": [[12.0]]})
    assert ask(served.url("sum", "/v2/models/sum")) == (200, {
        "name": "sum", "versions": ["1"], "platform": "onnx_tract",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 1]}]})
    code, answer = ask(served.url("sum", "/v2/models/sum/infer"), infer([2, 3], [1, 2, 3, 4, 5, 6]))
    assert (code, answer["outputs"][0]["data"]) == (200, [12.0, 30.0])
    by_host = ask(f"{served.server.address}/v2/health/ready", headers={"Host": status["url"].removeprefix("http://")})
    assert by_host == (200, {"ready": True})
    for code, path, body in ((400, "infer", infer([1, 2], [1, 2])), (400, "infer", {"inputs": []}), (404, "predict", None)):
        assert ask(served.url("sum", f"/v2/models/sum/{path}"), body)[0] == code, path
    assert [found["metadata"]["name"] for found in served.kubectl.get("pods,deployments,services")["items"]] == ["sum-predictor"]


def test_a_changed_service_answers_anew_and_a_bad_one_leaves_the_old(served, tmp_path):
    first, second = (write(tmp_path / name / "model.onnx", factor) for name, factor in (("one", 1), ("ten", 10)))
    served.kubectl.apply(service("sum", f"file://{first}"))
    served.ready("sum")
    assert served.predict("sum") == (200, {"predictions": [[6.0]]})
    served.kubectl.apply(service("sum", f"file://{second}"))
    wait_for(lambda: served.predict("sum") == (200, {"predictions": [[60.0]]}), what="the second model")
    bad = write(tmp_path / "bad" / "model.onnx", 1, operator="Frobnicate")
    served.kubectl.apply(service("sum", f"file://{bad}"))
    failed = wait_for(lambda: served.status("sum")["modelStatus"].get("lastFailureInfo"), what="the failure")
    assert failed["reason"] == "ModelLoadFailed" and "ai.onnx.Frobnicate" in failed["message"], failed
    states = served.status("sum")["modelStatus"]["states"]
    assert states == {"activeModelState": "Loaded", "targetModelState": "FailedToLoad"}
    assert served.predict("sum") == (200, {"predictions": [[60.0]]})
    served.kubectl.ok("annotate", "isvc", "sum", "serving.kserve.io/stop=true")
    wait_for(lambda: served.predict("sum")[0] == 503, what="the stop")
    served.kubectl.ok("delete", "isvc", "sum")
    assert served.predict("sum")[0] == 404


@pytest.mark.parametrize("content, why", [
    (None, "there is no model in"),
    (b"<html>not here</html>", "is not an ONNX model"),
])
def test_what_is_no_model_is_told(served, tmp_path, content, why):
    if content:
        (tmp_path / "model.onnx").write_bytes(content)
    folder = tmp_path if content else tmp_path / "empty"
    folder.mkdir(exist_ok=True)
    served.kubectl.apply(service("bad", f"file://{folder}"))
    conditions = wait_for(lambda: served.status("bad").get("conditions"), what="its conditions")
    failed = wait_for(lambda: served.status("bad")["modelStatus"].get("lastFailureInfo"), what="the failure")
    assert why in failed["message"] and str(folder) in failed["message"], failed
    conditions = {found["type"]: found for found in served.status("bad")["conditions"]}
    assert (conditions["Ready"]["status"], conditions["Ready"]["reason"]) == ("False", "ModelLoadFailed")
    code, answer = served.predict("bad")
    assert code == 503 and why in answer["error"], answer


def test_a_model_of_a_claim_is_loaded_again_after_a_restart(served, tmp_path):
    served.kubectl.apply(service("sum", "pvc://models/sum"))
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "models"},
             "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}}
    # A claim that is not there yet is nothing that could be loaded, as on a cluster.
    told = wait_for(lambda: served.status("sum").get("modelStatus"), what="its status")
    assert told["lastFailureInfo"]["reason"] == "NoSupportingRuntime"
    served.kubectl.apply(claim)
    failed = wait_for(lambda: "there is no model at" in
                      served.status("sum")["modelStatus"].get("lastFailureInfo", {}).get("message", ""), what="the claim")
    assert failed
    directory = served.status("sum")["modelStatus"]["lastFailureInfo"]["message"].split("`")[1]
    write(served.coracle.home / "model.onnx", 3)
    os.makedirs(directory)
    (served.coracle.home / "model.onnx").rename(f"{directory}/model.onnx")
    served.kubectl.apply(service("sum", "pvc://models/sum/"))
    served.ready("sum")
    assert served.predict("sum") == (200, {"predictions": [[18.0]]})
    served.restart_hard()
    wait_for(lambda: served.predict("sum") == (200, {"predictions": [[18.0]]}), 5, "the model after a restart")


def test_a_runtime_that_is_named_and_a_container_s_own_words_need_pods(served, tmp_path):
    uri = f"file://{write(tmp_path / 'm' / 'model.onnx', 2)}"
    served.kubectl.apply(service("named", uri, runtime="kserve-tritonserver", protocolVersion="v2"),
                         service("variable", uri, protocolVersion="v2", env=[{"name": "A", "value": "1"}]))
    for name in ("named", "variable"):
        wait_for(lambda: served.status(name).get("clusterServingRuntimeName") == "kserve-tritonserver", what=name)
        assert served.kubectl("get", "deployment", f"{name}-predictor").returncode == 0


def test_a_model_is_served_by_a_command_of_its_own(on_processes, tmp_path):
    folder = write(tmp_path / "m" / "model.onnx", 2)
    server = subprocess.Popen(
        [BINARY, "model-server", "--model_name=sum", f"--model_dir={folder}", "--http_port=0"],
        env=on_processes.environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    on_processes.servers.append(server)
    url = server.stdout.readline().split(" at ")[1].strip()
    assert ask(f"{url}/v1/models/sum:predict", {"instances": ROW}) == (200, {"predictions": [[12.0]]})
    server.send_signal(signal.SIGTERM)
    assert server.wait(10) == 0
    missing = on_processes("model-server", "--model-dir", tmp_path / "nothing", "--http-port", "0")
    assert missing.returncode == 4 and "there is no model at" in missing.stderr, missing.stderr


def test_a_body_over_the_limit_is_refused(served, tmp_path):
    served.kubectl.apply(service("sum", f"file://{write(tmp_path / 'm' / 'model.onnx', 2)}"))
    served.ready("sum")
    url = urllib.parse.urlparse(served.url("sum", "/v1/models/sum:predict"))
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    # It is refused before any of it is sent.
    connection.putrequest("POST", url.path)
    connection.putheader("Content-Length", str(LIMIT + 1))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413 and "larger than" in json.loads(answer.read())["error"]
    assert served.predict("sum") == (200, {"predictions": [[12.0]]})


class Sink:
    """A server outside of the workbench that keeps the events it is sent."""

    def __init__(self):
        kept = self.kept = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                kept.append((self.headers["ce-type"].split(".")[-1], json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def sink():
    sink = Sink()
    yield sink
    sink.server.shutdown()
    sink.server.server_close()


def test_what_it_is_asked_is_logged_and_put_together(served, tmp_path, sink):
    logged = service("sum", f"file://{write(tmp_path / 'm' / 'model.onnx', 2)}")
    logged["spec"]["predictor"].update(logger={"url": sink.url, "mode": "all"}, batcher={"maxBatchSize": 4, "maxLatency": 5000})
    served.kubectl.apply(logged)
    served.ready("sum")
    assert served.status("sum")["servingRuntimeName"] == "coracle-onnx"
    rows = [[[number] * 3] for number in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda row: served.predict("sum", row), rows))
    assert [code for code, _ in answers] == [200] * 4
    assert [body["predictions"] for _, body in answers] == [[[6.0 * number]] for number in range(4)]
    assert len({body["batchId"] for _, body in answers}) == 1
    wait_for(lambda: len(sink.kept) == 8, what="an event for each request and response")
    by_kind = lambda wanted: [body for kind, body in sink.kept if kind == wanted]
    assert sorted(body["instances"] for body in by_kind("request")) == rows
    assert sorted(body["predictions"] for body in by_kind("response")) == [[[6.0 * number]] for number in range(4)]
