"""Model servers through what should not happen: the workbench killed, a container killed, a client that hangs up."""

import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
from conftest import wait_for
from kube import Kubectl
from model_servers import ask, ready, server, service

PATH = "/serving/default/iris/v1/models/iris:predict"
RIGHT = (200, {"predictions": [["m", [], 4]]})
MODEL = {"containers": [server(env=[{"name": "MODEL", "value": "m"}])]}


def containers():
    """Docker's ids of the server's containers that run."""
    told = '{{.ID}} {{.Label "coracle.pod.name"}}'
    listing = ["docker", "ps", "--no-trunc", "--filter", "label=coracle.pod.container=kserve-container", "--format", told]
    lines = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
    # Others may run on this engine.
    return [line.split()[0] for line in lines if line.split()[1].startswith("iris-predictor-")]


@pytest.fixture
def kubectl(on_docker):
    on_docker.server = on_docker.serve()
    kubectl = Kubectl(on_docker)
    kubectl.apply(service("iris", MODEL))
    ready(kubectl, "iris")
    return kubectl


def test_servers_go_on_when_the_workbench_is_killed_and_are_asked_again_at_once(kubectl, on_docker):
    before = containers()
    ends = threading.Event()

    def load():
        while not ends.is_set():
            try:
                ask(on_docker, PATH)
            except OSError:
                # Nobody listens for a while.
                ends.wait(0.01)

    loads = [threading.Thread(target=load) for _ in range(3)]
    for one in loads:
        one.start()
    try:
        assert ask(on_docker, PATH) == RIGHT
        on_docker.server.kill()
        on_docker.server.wait()
        on_docker.server = on_docker.serve()
        begin = time.monotonic()
        wait_for(lambda: ask(on_docker, PATH) == RIGHT, seconds=10, what="an answer")
        took = time.monotonic() - begin
    finally:
        ends.set()
        for one in loads:
            one.join()
    assert took < 1, f"{took:.2f} s from the start of the workbench to an answer"
    assert containers() == before


def test_a_container_that_is_killed_is_asked_again_when_it_is_back(kubectl, on_docker):
    [container] = containers()
    subprocess.run(["docker", "kill", container], capture_output=True, check=True)
    seen = set()

    def answers():
        code, body = ask(on_docker, PATH)
        assert (code, body) == RIGHT or code in (502, 503) and body["error"].startswith("`iris`"), (code, body)
        seen.add(code)
        return code == 200 and containers() not in ([], [container])

    wait_for(answers, seconds=60, what="an answer of the next container")
    assert kubectl.get("isvc", "iris")["status"]["modelStatus"]["copies"]["totalCopies"] == 1


def test_a_client_that_hangs_up_leaves_nothing_behind(kubectl, on_docker):
    slow = "import time\n" + MODEL["containers"][0]["command"][2].replace("asked = json", "time.sleep(2); asked = json")
    kubectl.apply(service("slow", {"containers": [server(slow)], "containerConcurrency": 1}))
    ready(kubectl, "slow")
    path = PATH.replace("iris", "slow")
    for _ in range(3):
        with pytest.raises((TimeoutError, urllib.error.URLError)):
            ask(on_docker, path, seconds=0.2)
    assert ask(on_docker, path)[0] == 200

    def metrics():
        with urllib.request.urlopen(f"{on_docker.server.address}/metrics", timeout=10) as answer:
            return answer.read().decode().splitlines()

    asked = 'namespace="default",service="slow",revision="slow-predictor"'
    wait_for(lambda: f'coracle_serving_requests_total{{{asked},code="499"}} 3' in metrics(), what="those who hung up")
    assert f"coracle_serving_requests_at_work{{{asked}}} 0" in metrics()
