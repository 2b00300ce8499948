"""Model servers as pages see them: how each is and why, what of it there is, and that changes are told."""

import json
import urllib.error
import urllib.request

import pytest
from conftest import wait_for
from kube import Kubectl
from model_servers import ready, server, service

SERVERS = "/apis/coracle/v1/model-servers"


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    return Kubectl(docker_workbench)


@pytest.fixture(autouse=True)
def nothing_stays(kubectl):
    yield
    kubectl.ok("delete", "inferenceservices", "--all", "--wait=false")
    wait_for(lambda: kubectl.get("deployments")["items"] == [], what="the end of the deployments")


def told(workbench, path=""):
    """What the workbench tells: status and body."""
    try:
        with urllib.request.urlopen(workbench.server.address + SERVERS + path, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def in_state(workbench, name, state):
    def looked():
        _, found = told(workbench, f"/default/{name}")
        return found if found["state"] == state else None
    return wait_for(looked, seconds=60, what=f"{name} to be {state}")


def model(name, **predictor):
    return {"containers": [server(env=[{"name": "MODEL", "value": name}])], **predictor}


def test_one_that_answers_is_told_with_its_parts_and_pods(kubectl, docker_workbench):
    kubectl.apply(service("good", model("first")))
    ready(kubectl, "good")
    good = in_state(docker_workbench, "good", "ready")
    assert good["path"] == "/serving/default/good"
    assert good["replicas"] == {"ready": 1, "wanted": 1}
    [part] = good["parts"]
    assert (part["name"], part["traffic"], len(part["revisions"])) == ("predictor", [], 1)
    [pod] = part["pods"]
    assert pod["is_ready"] and pod["revision"] == part["revisions"][0]["name"]
    assert [(one["name"], one["has_begun"], one["restarts"]) for one in pod["containers"]] == [("kserve-container", True, 0)]
    kubectl.ok("annotate", "isvc", "good", "serving.kserve.io/stop=true")
    assert in_state(docker_workbench, "good", "stopped")["parts"][0]["pods"] == []


def test_one_that_fails_says_why_and_what_to_try(kubectl, docker_workbench):
    kubectl.apply(service("bad", {"containers": [server("raise SystemExit('there are no weights')")]}),
                  service("strange", {"model": {"modelFormat": {"name": "strange"}, "protocolVersion": "v1"}}))
    bad = in_state(docker_workbench, "bad", "failing")
    assert (bad["reason"], bad["hint"]) == ("it ended with 1: there are no weights", "its log says more")
    strange = in_state(docker_workbench, "strange", "failing")
    assert strange["reason"] == "No runtime found to support specified framework/version"
    assert "kubectl get clusterservingruntimes" in strange["hint"]
    code, all_of_them = told(docker_workbench)
    assert code == 200 and {one["name"] for one in all_of_them["model_servers"]} == {"bad", "strange"}


def test_a_change_that_fails_leaves_what_answers(kubectl, docker_workbench):
    kubectl.apply(service("safe", model("first")))
    ready(kubectl, "safe")
    kubectl.apply(service("safe", {"containers": [server("raise SystemExit('bad')")]}))
    safe = in_state(docker_workbench, "safe", "degraded")
    assert safe["reason"] == "it ended with 1: bad"
    assert [len(safe["parts"][0][what]) for what in ("revisions", "pods")] == [2, 2]


def test_shares_are_told_by_revision(kubectl, docker_workbench):
    kubectl.apply(service("split", model("first")))
    ready(kubectl, "split")
    kubectl.apply(service("split", model("second", canaryTrafficPercent=30)))
    split = wait_for(lambda: (found := told(docker_workbench, "/default/split")[1])["replicas"]["ready"] == 2 and found, what="the canary")
    [part] = split["parts"]
    assert split["canary_percent"] == 30
    assert [(share["percent"], share["is_latest"]) for share in part["traffic"]] == [(70, False), (30, True)]
    assert {share["revision"] for share in part["traffic"]} == {revision["name"] for revision in part["revisions"]}


def test_one_that_is_not_there_is_refused(docker_workbench):
    code, body = told(docker_workbench, "/default/absent")
    assert (code, body["code"]) == (404, "not_found")
    assert "default/absent" in body["message"] and "kubectl get inferenceservices" in body["hint"]


def test_what_changes_is_told_to_who_listens(kubectl, docker_workbench):
    with urllib.request.urlopen(docker_workbench.server.address + "/apis/coracle/v1/changes", timeout=30) as changes:
        assert changes.readline().startswith(b"data:")
        kubectl.apply(service("heard", model("first")))
        messages = (json.loads(line[5:]) for line in changes if line.startswith(b"data:"))
        assert any("model-servers" in message["topics"] for message in messages)
