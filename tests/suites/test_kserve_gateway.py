"""What stands before model servers: shares, sleep, limits, and what is counted."""

import collections
import concurrent.futures
import json
import urllib.request

import pytest
from conftest import wait_for
from kube import Kubectl
from model_servers import ask, ready, server, service

# A server that takes its time, and tells how many it worked on at once.
SLOW = """
import http.server, json, os, threading, time
lock, now, most = threading.Lock(), 0, 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global now, most
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with lock:
            now += 1; most = max(most, now)
        time.sleep(asked["instances"][0])
        with lock:
            now -= 1
        body = json.dumps({"predictions": [most]}).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    return Kubectl(docker_workbench)


@pytest.fixture(autouse=True)
def nothing_stays(kubectl):
    yield
    kubectl.ok("delete", "inferenceservices", "--all", "--wait=false")
    wait_for(lambda: kubectl.get("deployments")["items"] == [], what="the end of the deployments")


def model(name, **predictor):
    return {"containers": [server(env=[{"name": "MODEL", "value": name}])], **predictor}


def path(name):
    return f"/serving/default/{name}/v1/models/{name}:predict"


def answers(workbench, name, count):
    """How often which model answered."""
    found = collections.Counter()
    for _ in range(count):
        code, body = ask(workbench, path(name))
        assert code == 200, body
        found[body["predictions"][0][0]] += 1
    return found


def replay(workbench, name, **wanted):
    url = f"{workbench.server.address}/apis/coracle/v1/model-servers/default/{name}/replay"
    asked = urllib.request.Request(url, json.dumps(wanted).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.load(answer)


def traffic(kubectl, name):
    shares = kubectl.get("isvc", name)["status"]["components"]["predictor"].get("traffic", [])
    return [(share["percent"], share["latestRevision"]) for share in shares]


def test_a_canary_has_its_share_and_is_promoted_or_rolled_back(kubectl, docker_workbench):
    kubectl.apply(service("share", model("old")))
    ready(kubectl, "share")
    kubectl.apply(service("share", model("new", canaryTrafficPercent=20)))
    wait_for(lambda: "new" in answers(docker_workbench, "share", 10), what="the canary")
    assert answers(docker_workbench, "share", 500) == {"old": 400, "new": 100}
    assert traffic(kubectl, "share") == [(80, False), (20, True)]
    kubectl.apply(service("share", model("new", canaryTrafficPercent=0)))
    wait_for(lambda: traffic(kubectl, "share") == [(100, False)], what="the way back")
    assert answers(docker_workbench, "share", 100) == {"old": 100}
    kubectl.apply(service("share", model("new", canaryTrafficPercent=50)))
    wait_for(lambda: answers(docker_workbench, "share", 10) == {"old": 5, "new": 5}, what="the canary again")
    # What was asked last, once more, and of the canary alone: half of it was answered by it before.
    report = replay(docker_workbench, "share", revision="share-predictor-canary", last=10)
    assert [report[outcome] for outcome in ("same", "different", "failed", "skipped")] == [5, 5, 0, 0]
    changed = {(one["path"], one["before"], one["after"]) for asked in report["replayed"] for one in asked["differences"]}
    assert changed == {("predictions[0][0]", '"old"', '"new"')}
    kubectl.ok("patch", "isvc", "share", "--type=merge", "-p", '{"spec":{"predictor":{"canaryTrafficPercent":null}}}')
    wait_for(lambda: answers(docker_workbench, "share", 10) == {"new": 10}, what="the promotion")
    assert traffic(kubectl, "share") == []


def test_a_canary_that_fails_is_asked_nothing_and_says_why(kubectl, docker_workbench):
    kubectl.apply(service("bad", model("old")))
    ready(kubectl, "bad")
    kubectl.apply(service("bad", {"containers": [server("raise SystemExit('no such model')")], "canaryTrafficPercent": 50}))
    failure = lambda: kubectl.get("isvc", "bad")["status"]["modelStatus"].get("lastFailureInfo", {})
    wait_for(lambda: "no such model" in failure().get("message", ""), what="its last words")
    assert answers(docker_workbench, "bad", 50) == {"old": 50}


def test_it_sleeps_while_nobody_asks_and_wakes_for_all_who_do(kubectl, docker_workbench):
    sleeper = service("nap", model("awake", minReplicas=0))
    sleeper["metadata"]["annotations"] = {"autoscaling.knative.dev/window": "2s"}
    kubectl.apply(sleeper)
    ready(kubectl, "nap")
    pods = lambda: kubectl.get("pods", "-l", "serving.kserve.io/inferenceservice=nap")["items"]
    wait_for(lambda: pods() == [], what="its sleep")
    with concurrent.futures.ThreadPoolExecutor(5) as threads:
        asked = [threads.submit(ask, docker_workbench, path("nap"), seconds=60) for _ in range(5)]
    assert [one.result()[0] for one in asked] == [200] * 5
    assert len(pods()) == 1
    wait_for(lambda: pods() == [], what="its sleep again")


def test_one_that_cannot_wake_up_says_why(kubectl, docker_workbench):
    broken = {"containers": [server("raise SystemExit('cannot load')")], "minReplicas": 0}
    kubectl.apply(service("dead", broken))
    code, body = ask(docker_workbench, path("dead"), seconds=60)
    assert (code, "cannot load" in body["error"]) == (503, True), body


def test_a_pod_works_on_as_many_at_once_as_it_may(kubectl, docker_workbench):
    kubectl.apply(service("one", {"containers": [server(SLOW)], "containerConcurrency": 1}))
    ready(kubectl, "one")
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(ask, docker_workbench, path("one"), instance=0.1) for _ in range(4)]
    assert [one.result() for one in asked] == [(200, {"predictions": [1]})] * 4


def test_more_requests_at_once_make_more_pods(kubectl, docker_workbench):
    busy = service("many", {"containers": [server(SLOW)], "containerConcurrency": 1, "maxReplicas": 2})
    busy["metadata"]["annotations"] = {"autoscaling.knative.dev/window": "3s"}
    kubectl.apply(busy)
    ready(kubectl, "many")
    replicas = lambda: kubectl.get("deployment", "many-predictor")["spec"]["replicas"]
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(ask, docker_workbench, path("many"), instance=2) for _ in range(3)]
        wait_for(lambda: replicas() == 2, what="a second pod")
    assert [one.result()[0] for one in asked] == [200] * 3
    wait_for(lambda: replicas() == 1, what="one pod again")


def test_an_answer_that_takes_too_long_is_not_waited_for(kubectl, docker_workbench):
    kubectl.apply(service("late", {"containers": [server(SLOW)], "timeout": 1}))
    ready(kubectl, "late")
    assert ask(docker_workbench, path("late"), instance=5) == (504, {"error": "`late` did not answer within 1 s"})
    assert ask(docker_workbench, path("late"), instance=0)[0] == 200


def graph(name, **nodes):
    return {"apiVersion": "serving.kserve.io/v1alpha1", "kind": "InferenceGraph", "metadata": {"name": name},
            "spec": {"nodes": {node: {"routerType": kind, "steps": steps} for node, (kind, steps) in nodes.items()}}}


def test_graphs_answer_as_their_services_do(kubectl, docker_workbench):
    for name in ("one", "two"):
        kubectl.apply(service(name, model(name)))
    fails = "raise SystemExit('gone')"
    kubectl.apply(
        service("gone", {"containers": [server(fails)]}),
        graph("chain", root=("Sequence", [{"serviceName": "one", "name": "first"},
                                          {"serviceName": "two", "name": "second", "data": "$response", "mapPredictionsToInstances": True}])),
        graph("stops", root=("Sequence", [{"serviceName": "one"}, {"serviceName": "two", "condition": "predictions.#(#>9)"}])),
        graph("which", root=("Switch", [{"serviceName": "one", "condition": "instances.#(==1)"}, {"nodeName": "other", "condition": "instances.#(==2)"}]),
              other=("Sequence", [{"serviceUrl": "http://two.default.svc.cluster.local/v1/models/two:predict"}])),
        graph("shared", root=("Splitter", [{"serviceName": "one", "weight": 30}, {"serviceName": "two", "weight": 70}])),
        graph("both", root=("Ensemble", [{"serviceName": "one", "name": "a"}, {"serviceName": "two"}])),
        graph("hard", root=("Ensemble", [{"serviceName": "one"}, {"serviceName": "gone", "dependency": "Hard"}])),
    )
    for name in ("one", "two"):
        ready(kubectl, name)
    shown = kubectl.ok("get", "ig", "chain", "--no-headers").split()
    assert shown[:3] == ["chain", "http://chain-default.example.com", "True"]
    asked = lambda name, instance=4, host="": ask(docker_workbench, "/" if host else f"/serving/default/{name}", host, instance)
    one = lambda instance: {"predictions": [["one", [], instance]]}
    two = lambda instance: {"predictions": [["two", [], instance]]}
    assert asked("chain") == asked("chain", host="chain-default.example.com") == (200, two(["one", [], 4]))
    assert asked("stops") == (200, one(4))
    assert asked("which", 1) == (200, one(1))
    assert asked("which", 2) == (200, two(2))
    assert asked("which", 3) == (404, {"error": "Failed to process request", "cause": "None of the routes matched with the switch condition"})
    assert collections.Counter(asked("shared")[1]["predictions"][0][0] for _ in range(100)) == {"one": 30, "two": 70}
    assert asked("both") == (200, {"a": one(4), "1": two(4)})
    code, body = asked("hard")
    assert code == 503 and "`gone` is not ready" in body["error"]


def test_requests_are_counted_by_revision_and_code(kubectl, docker_workbench):
    kubectl.apply(service("counted", model("m")))
    ready(kubectl, "counted")
    answers(docker_workbench, "counted", 3)
    with urllib.request.urlopen(f"{docker_workbench.server.address}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    asked = 'namespace="default",service="counted",revision="counted-predictor"'
    assert f'coracle_serving_requests_total{{{asked},code="200"}} 3' in lines
    assert f"coracle_serving_request_seconds_count{{{asked}}} 3" in lines
    assert f"coracle_serving_requests_at_work{{{asked}}} 0" in lines
