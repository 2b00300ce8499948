"""A model server that runs here is sent to a cluster, where KServe's own controller makes it run and it answers the same."""

import json
import re
import select
import subprocess

import pytest
from conftest import wait_for
from kube import Kubectl
from model_servers import ask, ask_at, ready, server, service

from cluster import SCRIPTS, cluster, in_namespace, kserve_cluster, node_cluster  # noqa: F401

# Whoever deletes an inference service waits for the controller, which takes its finalizer away.
pytestmark = pytest.mark.usefixtures("kserve_cluster")


def predictor(model):
    return service("tide", {"containers": [server(name="kserve-container", env=[{"name": "MODEL", "value": model}])]})


class Forward:
    """A port of this machine that leads to a Service of the cluster."""

    def __init__(self, kubectl, name):
        self.process = kubectl.begin("port-forward", f"service/{name}", ":80")
        # It says where it listens, or nothing for as long as it tries.
        told, _, _ = select.select([self.process.stdout], [], [], 60)
        line = self.process.stdout.readline() if told else ""
        found = re.match(r"Forwarding from 127.0.0.1:(\d+)", line)
        if not found:
            self.process.kill()
            raise AssertionError(f"{line!r}\n{self.process.communicate(timeout=10)[1]}")
        self.address = f"http://127.0.0.1:{found[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.communicate(timeout=10)


def ask_there(kubectl, instance):
    """What is answered there: status and body."""
    with Forward(kubectl, "tide-predictor") as forward:
        return ask_at(forward.address, "/v1/models/tide:predict", instance=instance, seconds=30)


def serves(kubectl, model):
    """Whether the controller has heard of a model, and it is ready."""
    found = kubectl.get("deployment", "-l", "serving.kserve.io/inferenceservice=tide")["items"]
    told = [container["env"] for deployment in found for container in deployment["spec"]["template"]["spec"]["containers"]]
    conditions = kubectl.get("isvc", "tide").get("status", {}).get("conditions", [])
    return told == [[{"name": "MODEL", "value": model}]] and {"Ready": "True"}.items() <= {
        condition["type"]: condition["status"] for condition in conditions}.items()


def test_a_predictor_of_ones_own_answers_there_as_here(on_docker, in_namespace):
    on_docker.server = on_docker.serve()
    here, there = Kubectl(on_docker), in_namespace
    on_docker.environment["KUBECONFIG"] = str(there.config)

    def asked_here():
        return ask(on_docker, "/v1/models/tide:predict", "tide-default.example.com", 7)

    def send(word, name, *more):
        done = on_docker(word, name, "--context", "admin", "-n", there.home, *more)
        assert done.returncode == 0, done.stdout + done.stderr

    for model in ["ebb", "flow"]:
        here.apply(predictor(model))
        ready(here, "tide")
        expected = (200, {"predictions": [[model, [], 7]]})
        wait_for(lambda: asked_here() == expected, 60, "the model's answer here")
        send("deploy", "isvc/tide", "--yes")
        wait_for(lambda: serves(there, model), 120, "readiness there")
        there.ok("rollout", "status", "deployment/tide-predictor", "--timeout=120s", seconds=130)
        assert ask_there(there, 7) == asked_here() == expected
    # KServe's controller made what runs there, not we.
    owner = there.get("deployment", "tide-predictor")["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("InferenceService", "tide", True)
    assert there.get("isvc", "tide")["status"]["deploymentMode"] == "Standard"
    send("undeploy", "tide")
    wait_for(lambda: there.get("isvc")["items"] == there.get("pods")["items"] == [], 60, "its end there, with its pods")
    assert asked_here() == (200, {"predictions": [["flow", [], 7]]})


def test_an_up_that_was_broken_off_is_finished_by_the_next(kserve_cluster):
    """Its controller is up already; its webhooks, which are last, are not there yet."""
    kinds = "validatingwebhookconfigurations,mutatingwebhookconfigurations"

    def webhooks():
        return {name for name in kserve_cluster.ok("get", kinds, "-o", "name").split() if "kserve" in name}

    there = webhooks()
    assert there
    kserve_cluster.ok("delete", *there)
    subprocess.run([SCRIPTS / "up", "--kserve"], check=True, capture_output=True, timeout=300)
    assert webhooks() == there


def test_its_webhook_refuses_what_kserve_would_and_that_is_told(on_processes, in_namespace, tmp_path):
    on_processes.serve()
    on_processes.environment["KUBECONFIG"] = str(in_namespace.config)
    file = tmp_path / "wrong.json"
    # A name that begins with a digit is none for KServe, though Kubernetes takes it.
    file.write_text(json.dumps({**predictor("ebb"), "metadata": {"name": "1tide"}}))
    sent = on_processes("deploy", file, "--context", "admin", "-n", in_namespace.home, "--yes", "-o", "json")
    assert sent.returncode == 1, sent.stdout + sent.stderr
    assert "inferenceservice.kserve-webhook-server.validator" in sent.stdout
    in_namespace.fails("get", "isvc", "1tide", says="not found")
