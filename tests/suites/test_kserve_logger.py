"""What is done before model servers, as KServe's agent does it: requests are logged, and put together."""

import concurrent.futures
import json
import re
import time
import urllib.error
import urllib.request

import pytest
from conftest import wait_for
from kube import Kubectl
from model_servers import ready, server, service

# A sink: it keeps what it is sent, and tells of it. Of the first events it refuses as many as it is told to.
SINK = """
import http.server, json, os
kept, refuses = [], int(os.environ.get("REFUSES", "0"))
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, code, body):
        self.send_response(code); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_POST(self):
        global refuses
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if refuses:
            refuses -= 1
            return self.answer(503, b"")
        kept.append({"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()}, "body": body})
        self.answer(202, b"")
    def do_GET(self):
        self.answer(200, json.dumps(kept).encode())
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""

# A server that answers with twice what it is asked, and tells which requests it had. What it does not understand, it says.
DOUBLES = """
import http.server, json
had = []
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, code, body):
        body = json.dumps(body).encode()
        self.send_response(code); self.send_header("Content-Type", "application/json; of=me")
        self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "instances" not in asked:
            return self.answer(200, {"outputs": asked})
        had.append(len(asked["instances"]))
        try:
            self.answer(200, {"predictions": [2 * number for number in asked["instances"] if number is not True]})
        except TypeError:
            self.answer(400, {"error": "no number"})
    def do_GET(self):
        self.answer(200, had)
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    return Kubectl(docker_workbench)


@pytest.fixture(autouse=True)
def nothing_stays(kubectl):
    yield
    kubectl.ok("delete", "inferenceservices,services,pods", "--all", "--wait=false")
    wait_for(lambda: kubectl.get("deployments,pods")["items"] == [], what="the end of the pods")


def ask(workbench, path, body=None, **headers):
    """Status, headers and body of an answer."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(workbench.server.address + path, data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())


def predict(workbench, name, *instances, **headers):
    return ask(workbench, f"/serving/default/{name}/v1/models/{name}:predict", {"instances": instances}, **headers)


def doubles(logger=None, batcher=None, **more):
    given = {"logger": logger, "batcher": batcher}
    return {"containers": [server(DOUBLES)], **{field: value for field, value in given.items() if value}, **more}


def sink(kubectl, name, refuses=0):
    """A pod that takes events, and its service: at port 80, and at 9000."""
    container = {**server(SINK, env=[{"name": "REFUSES", "value": str(refuses)}]), "name": "sink"}
    kubectl.apply(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
         "spec": {"containers": [container], "terminationGracePeriodSeconds": 0}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {
            "selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080},
                                                 {"name": "other", "port": 9000, "targetPort": 8080}]}})
    kubectl.ok("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s", seconds=70)


def kept(kubectl, name):
    """What a sink has, those of a request together."""
    script = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/').read().decode())"
    events = json.loads(kubectl.ok("exec", name, "--", "python3", "-c", script))
    return sorted(events, key=lambda event: (event["headers"]["ce-id"], event["headers"]["ce-type"]))


def counted(workbench, name, fate):
    """How many events of a model server had a fate."""
    with urllib.request.urlopen(f"{workbench.server.address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    line = rf'^coracle_serving_logged_events_total{{namespace="default",service="{name}",component="predictor",fate="{fate}"}} (\d+)$'
    found = re.search(line, text, re.MULTILINE)
    return int(found[1]) if found else 0


def test_requests_and_responses_are_told_as_events(kubectl, docker_workbench):
    sink(kubectl, "sink")
    logger = {"url": "http://sink.default.svc.cluster.local/events?of=mine", "mode": "all",
              "metadataHeaders": ["X-Tenant"], "metadataAnnotations": ["owner"]}
    told = service("told", doubles(logger))
    told["metadata"]["annotations"] = {"owner": "me"}
    kubectl.apply(told)
    ready(kubectl, "told")
    assert len(kubectl.get("pods", "-l", "serving.kserve.io/inferenceservice=told")["items"][0]["spec"]["containers"]) == 1
    assert predict(docker_workbench, "told", 1, 2, X_Tenant="blue", ce_id="mine")[::2] == (200, {"predictions": [2, 4]})
    events = wait_for(lambda: len(found := kept(kubectl, "sink")) == 2 and found, what="both events")
    common = {"ce-specversion": "1.0", "ce-id": "mine", "ce-source": "http://localhost:9081/", "ce-inferenceservicename": "told",
              "ce-namespace": "default", "ce-component": "predictor", "ce-endpoint": "", "ce-metadata": '{"X-Tenant":["blue"]}',
              "ce-annotations": '{"owner":"me"}'}
    bodies = [("request", "application/json", {"instances": [1, 2]}),
              ("response", "application/json; of=me", {"predictions": [2, 4]})]
    for event, (kind, content_type, body) in zip(events, bodies, strict=True):
        headers = event["headers"]
        assert {name: headers.get(name) for name in common} == common
        assert headers["ce-type"] == f"org.kubeflow.serving.inference.{kind}"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", headers["ce-time"])
        assert (headers["content-type"], json.loads(event["body"]), event["path"]) == (content_type, body, "/events?of=mine")
    # A request that fails has no response that is told; one without an id is given one.
    assert predict(docker_workbench, "told", {})[0] == 400
    events = wait_for(lambda: len(found := kept(kubectl, "sink")) == 3 and found, what="the third event")
    new = next(event["headers"] for event in events if event["headers"]["ce-id"] != "mine")
    assert re.fullmatch(r"[0-9a-f-]{36}", new["ce-id"]) and new["ce-metadata"] == "{}"
    wait_for(lambda: counted(docker_workbench, "told", "sent") == 3, what="the count")


def test_what_is_told_is_chosen_and_sinks_are_found_by_every_name(kubectl, docker_workbench):
    sink(kubectl, "sink")
    kubectl.apply(
        service("asked", doubles({"url": "http://sink", "mode": "request"})),
        service("said", doubles({"url": "http://sink.default:9000/", "mode": "response"})),
        service("both", doubles({"url": "http://collects-predictor.default.svc.cluster.local:8080", "mode": "all"})),
        service("through", doubles(), transformer=doubles({"url": "http://sink", "mode": "request"}, terminationGracePeriodSeconds=0)),
        service("collects", {"containers": [server(SINK)]}),
    )
    for name in ("asked", "said", "both", "through", "collects"):
        ready(kubectl, name)
    for name in ("asked", "said", "both", "through"):
        assert predict(docker_workbench, name, 3, X_Request_Id=name)[::2] == (200, {"predictions": [6]})
    types = lambda events: [(event["headers"]["ce-id"], event["headers"]["ce-type"].split(".")[-1]) for event in events]
    wanted = [("asked", "request"), ("said", "response"), ("through", "request")]
    wait_for(lambda: types(kept(kubectl, "sink")) == wanted, what="one event of each")
    components = [event["headers"]["ce-component"] for event in kept(kubectl, "sink")]
    assert components == ["predictor", "predictor", "transformer"]
    by_service = lambda: ask(docker_workbench, "/serving/default/collects/")[2]
    wait_for(lambda: sorted(types(by_service())) == [("both", "request"), ("both", "response")], what="the events at a service")


def test_a_sink_that_is_not_there_keeps_nobody_waiting(kubectl, docker_workbench):
    kubectl.apply(service("alone", doubles({"url": "http://nobody.default.svc.cluster.local", "mode": "all"})))
    ready(kubectl, "alone")
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        asked = list(threads.map(lambda number: predict(docker_workbench, "alone", number), range(120)))
    took = time.monotonic() - began
    assert [answer[::2] for answer in asked] == [(200, {"predictions": [2 * number]}) for number in range(120)]
    # An event alone is tried for three seconds, and five are at a time: those of all would take more than two minutes.
    assert took < 30
    assert counted(docker_workbench, "alone", "no_room") > 0
    wait_for(lambda: counted(docker_workbench, "alone", "not_taken") > 0, what="the end of the first tries")
    assert counted(docker_workbench, "alone", "sent") == 0
    log = (docker_workbench.home / "serve.log").read_text()
    why = re.findall(r'events of a model server are dropped.*alone.*why="([^"]*)"', log)
    assert "too many wait" in why and len(why) == len(set(why)), log


def test_a_sink_that_is_busy_is_asked_again(kubectl, docker_workbench):
    sink(kubectl, "busy", refuses=2)
    kubectl.apply(service("again", doubles({"url": "http://busy/", "mode": "request"})))
    ready(kubectl, "again")
    assert predict(docker_workbench, "again", 1)[0] == 200
    wait_for(lambda: len(kept(kubectl, "busy")) == 1, what="the event")
    wait_for(lambda: counted(docker_workbench, "again", "sent") == 1, what="the count")


def test_a_store_of_objects_is_no_sink(kubectl):
    stored = {"url": "s3://events", "mode": "all", "storage": {"path": "/", "parameters": {}, "key": "mine"}}
    refused = kubectl("apply", "-f", "-", stdin=json.dumps(service("stored", doubles(stored))))
    assert refused.returncode != 0 and 'logger.url "s3://events" is a store of objects' in refused.stderr, refused.stderr


def had(workbench, name):
    """How many instances the server of a model was asked at once, each time."""
    return ask(workbench, f"/serving/default/{name}/")[2]


def test_requests_at_once_are_put_together_and_each_is_answered_its_own(kubectl, docker_workbench):
    kubectl.apply(service("many", doubles(batcher={"maxBatchSize": 20, "maxLatency": 2000}, containerConcurrency=1)))
    ready(kubectl, "many")
    with concurrent.futures.ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda number: predict(docker_workbench, "many", number, -number), range(10)))
    ids = set()
    for number, (code, headers, body) in enumerate(answers):
        assert (code, headers["Content-Type"]) == (200, "application/json")
        assert body == {"message": "", "batchId": body["batchId"], "predictions": [2 * number, -2 * number]}
        ids.add(body["batchId"])
    # Twenty instances fill a batch, which is sent at once.
    assert (had(docker_workbench, "many"), len(ids)) == ([20], 1)
    # Each is kept as its client asked it, and the batch is not.
    kept = docker_workbench.json("requests", "many")["requests"]
    assert len(kept) == 10 and {one["id"] for one in kept} == {headers["X-Request-Id"] for _, headers, _ in answers}
    assert predict(docker_workbench, "many", 7)[2]["predictions"] == [14]
    assert had(docker_workbench, "many") == [20, 1]


def test_what_cannot_be_put_together_is_refused_or_passed_on(kubectl, docker_workbench):
    kubectl.apply(service("odd", doubles(batcher={"maxLatency": 50})))
    ready(kubectl, "odd")
    said = {"message": "size of prediction is not equal to the size of instances", "predictions": None}
    code, _, body = predict(docker_workbench, "odd", 1, True)
    assert (code, body) == (200, {**said, "batchId": body["batchId"]})
    assert predict(docker_workbench, "odd", {})[::2] == (200, {"message": '{"error": "no number"}', "batchId": "", "predictions": None})
    path = "/serving/default/odd/v1/models/odd:predict"
    assert ask(docker_workbench, path, {"inputs": [1]})[::2] == (400, {"error": "no instances in the request"})
    assert ask(docker_workbench, path, [1])[::2] == (400, {"error": "can't Unmarshal body"})
    second = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1]}]}
    assert ask(docker_workbench, "/serving/default/odd/v2/models/odd/infer", second)[::2] == (200, {"outputs": second})
