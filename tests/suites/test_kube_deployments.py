"""Deployments as kubectl sees them: how their pods come, are replaced, scaled, gone back to and go."""

import json

import pytest
from conftest import wait_for
from kube import Kubectl

SERVER = "import http.server; http.server.test(http.server.SimpleHTTPRequestHandler, port=8080)"


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    return Kubectl(docker_workbench)


@pytest.fixture(autouse=True)
def nothing_stays(kubectl):
    yield
    kubectl.ok("delete", "deployments,replicasets", "--all", "--wait=false")
    wait_for(lambda: kubectl.get("pods", "-l", "app=web")["items"] == [], what="the end of the pods")


def deployment(replicas=2, image="python:3.11", command=("python3", "-c", SERVER), **spec):
    probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    main = {"name": "main", "image": image, "command": list(command), "readinessProbe": probe}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [main]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}}


def rolled_out(kubectl):
    kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s", seconds=70)


def numbers(kubectl):
    """READY, UP-TO-DATE and AVAILABLE."""
    return kubectl.ok("get", "deployment", "web", "--no-headers").split()[1:4]


def variables(kubectl):
    """What stands in the environment of each pod that stays."""
    found = kubectl.get("pods", "-l", "app=web")["items"]
    stay = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
    return sorted(str(pod["spec"]["containers"][0].get("env", [])) for pod in stay)


def test_it_is_rolled_out_changed_and_gone_back_from(kubectl):
    kubectl.apply(deployment())
    rolled_out(kubectl)
    assert numbers(kubectl) == ["2/2", "2", "2"]
    first = variables(kubectl)
    kubectl.ok("set", "env", "deployment/web", "SECOND=yes")
    rolled_out(kubectl)
    assert numbers(kubectl) == ["2/2", "2", "2"]
    assert variables(kubectl) == ["[{'name': 'SECOND', 'value': 'yes'}]"] * 2
    history = kubectl.ok("rollout", "history", "deployment/web").split("\n")
    assert [line.split()[0] for line in history[2:] if line] == ["1", "2"]
    kubectl.ok("rollout", "undo", "deployment/web")
    rolled_out(kubectl)
    assert variables(kubectl) == first
    sets = kubectl.get("replicasets", "-l", "app=web")["items"]
    assert sorted(found["spec"]["replicas"] for found in sets) == [0, 2]
    said = [reason for _, reason, _ in kubectl.events("web")]
    assert said and set(said) == {"ScalingReplicaSet"}


def test_it_is_scaled_up_down_and_restarted(kubectl):
    kubectl.apply(deployment(replicas=1))
    rolled_out(kubectl)
    kubectl.ok("scale", "deployment/web", "--replicas=3")
    rolled_out(kubectl)
    assert numbers(kubectl) == ["3/3", "3", "3"]
    scale = kubectl.get("deployment", "web", "--subresource=scale")
    assert (scale["kind"], scale["spec"], scale["status"]) == ("Scale", {"replicas": 3}, {"replicas": 3, "selector": "app=web"})
    kubectl.ok("scale", "deployment/web", "--replicas=1", "--current-replicas=3")
    wait_for(lambda: numbers(kubectl) == ["1/1", "1", "1"], what="one pod")
    refused = kubectl.fails("scale", "deployment/web", "--current-replicas=3", "--replicas=2")
    assert "Expected replicas to be 3, was 1" in refused
    assert 'The Scale "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0' in kubectl.fails(
        "patch", "deployment", "web", "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":-1}}')
    before = kubectl.get("pods", "-l", "app=web")["items"][0]["metadata"]["name"]
    kubectl.ok("rollout", "restart", "deployment/web")
    rolled_out(kubectl)
    names = [pod["metadata"]["name"] for pod in kubectl.get("pods", "-l", "app=web")["items"]
             if "deletionTimestamp" not in pod["metadata"]]
    assert len(names) == 1 and names != [before]


def test_pods_that_are_deleted_or_whose_program_dies_come_back(kubectl):
    kubectl.apply(deployment(replicas=1))
    rolled_out(kubectl)
    [pod] = kubectl.get("pods", "-l", "app=web")["items"]
    kubectl.ok("exec", pod["metadata"]["name"], "--", "sh", "-c", "kill -INT 1")
    wait_for(lambda: kubectl.get("pod", pod["metadata"]["name"])["status"]["containerStatuses"][0]["restartCount"] == 1,
             what="another start")
    kubectl.ok("delete", "pod", pod["metadata"]["name"])
    wait_for(lambda: numbers(kubectl) == ["1/1", "1", "1"], what="another pod")
    [other] = kubectl.get("pods", "-l", "app=web")["items"]
    assert other["metadata"]["name"] != pod["metadata"]["name"]


def test_a_candidate_that_cannot_run_leaves_the_others_alone_and_says_why(kubectl):
    kubectl.apply(deployment(replicas=1, progressDeadlineSeconds=3))
    rolled_out(kubectl)
    kubectl.ok("set", "image", "deployment/web", "main=nowhere.example/none:1")
    late = kubectl.fails("rollout", "status", "deployment/web", "--timeout=30s")
    assert 'deployment "web" exceeded its progress deadline' in late
    assert numbers(kubectl)[2] == "1"
    kubectl.ok("rollout", "undo", "deployment/web")
    rolled_out(kubectl)


def test_all_are_ended_first_where_it_says_so(kubectl):
    kubectl.apply(deployment(replicas=2, strategy={"type": "Recreate"}))
    rolled_out(kubectl)
    kubectl.ok("set", "env", "deployment/web", "SECOND=yes")
    seen = []

    def is_over():
        kinds = set(variables(kubectl))
        seen.append(kinds)
        return kinds == {"[{'name': 'SECOND', 'value': 'yes'}]"} and numbers(kubectl) == ["2/2", "2", "2"]

    wait_for(is_over, 60, "two new pods")
    assert all(len(kinds) <= 1 for kinds in seen), seen


BAD = {
    "no selector": ({"selector": None}, "spec.selector: Required value"),
    "another selector": ({"selector": {"matchLabels": {"app": "other"}}},
                         'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'),
    "empty selector": ({"selector": {}}, "spec.selector: Invalid value: {}: empty selector is invalid for deployment"),
    "negative": ({"replicas": -1}, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
    "strategy": ({"strategy": {"type": "Slowly"}}, 'supported values: "Recreate", "RollingUpdate"'),
    "nothing ever moves": ({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
                           "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"),
    "percent": ({"strategy": {"rollingUpdate": {"maxUnavailable": "200%"}}},
                'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "200%": must not be greater than 100%'),
    "late before ready": ({"progressDeadlineSeconds": 5, "minReadySeconds": 5},
                          "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_ones_are_refused_as_a_real_server_does(kubectl, name):
    change, said = BAD[name]
    bad = deployment()
    bad["spec"].update(change)
    kubectl.fails("create", "--validate=false", "-f", "-", stdin=json.dumps(bad), says=said)


def test_whose_pods_are_its_own_is_said_once(kubectl):
    kubectl.apply(deployment(replicas=0))
    refused = kubectl.fails("patch", "deployment", "web", "--type=merge", "-p", '{"spec":{"selector":{"matchLabels":{"a":"b"}}}}')
    assert "spec.selector: Invalid value" in refused and "field is immutable" in refused
