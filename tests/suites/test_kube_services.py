"""Services as pods find them on Docker: by name, at their own ports, at whichever pods are ready."""

import json
import os
import signal
import socket
import subprocess

import pytest
from conftest import wait_for
from kube import STAY, Kubectl, container, notebook, pod

# A pod's server: it says its name, and is ready while the file is there.
SERVE = "mkdir /srv; cd /srv; hostname > name; touch ready; exec python3 -m http.server 8080"
SERVES = {
    "ports": [{"name": "http", "containerPort": 8080}],
    "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1},
}


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    kubectl = Kubectl(docker_workbench)
    kubectl.run(pod("asks", container(STAY)))
    return kubectl


@pytest.fixture(autouse=True)
def nothing_stays(kubectl):
    """What a test made does not answer in the next."""
    yield
    kubectl.ok("delete", "services", "--all")
    kubectl.ok("delete", "pods", "--selector", "app", "--now")


def server(name, app, **more):
    return pod(name, container(SERVE, **{**SERVES, **more}), metadata={"labels": {"app": app}})


def service(name, app, *ports, **spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {
        "selector": {"app": app}, "ports": list(ports) or [{"port": 80, "targetPort": 8080}], **spec}}


def said(kubectl, where, times=1, source="asks"):
    """What answers there, asked so often from within a pod; nothing at all where one connection fails."""
    script = (
        "import sys, urllib.request\n"
        f"for _ in range({times}):\n"
        f"    print(urllib.request.urlopen('http://{where}/name', timeout=5).read().decode().strip())\n"
    )
    answer = kubectl("exec", source, "--", "python3", "-c", script)
    return answer.stdout.split() if answer.returncode == 0 else []


def says(kubectl, where, *names, times=1, seconds=10):
    """Waits until those pods, and no others, answer there."""
    wait_for(lambda: set(said(kubectl, where, times)) == set(names), seconds, f"{names} at {where}")


def refusal(kubectl, where, port=80):
    """The error with which a connection is refused from within a pod; empty where it is taken."""
    script = (
        "import socket\n"
        f"try: socket.create_connection(({where!r}, {port}), timeout=5)\n"
        "except OSError as error: print(type(error).__name__)\n"
    )
    return kubectl.ok("exec", "asks", "--", "python3", "-c", script).strip()


# --- names and addresses


@pytest.mark.parametrize("order", ["pod first", "service first"])
def test_a_service_is_found_by_its_names_and_its_address_whichever_was_first(kubectl, order):
    made = [server("one", "found"), service("found", "found")]
    for thing in made if order == "pod first" else reversed(made):
        kubectl.apply(thing)
    kubectl.ready("one")
    address = kubectl.get("service", "found")["spec"]["clusterIP"]
    for name in ("found", "found.default", "found.default.svc", "found.default.svc.cluster.local", address):
        says(kubectl, name, "one")
    resolved = kubectl.ok("exec", "asks", "--", "python3", "-c", "import socket; print(socket.gethostbyname('found'))")
    assert resolved.strip() == address


def test_a_pod_of_the_services_own_name_does_not_stand_in_its_way(kubectl):
    kubectl.apply(server("same", "same"), service("same", "same"))
    kubectl.ready("same")
    # It leads to a pod a moment after that is ready.
    says(kubectl, "same:80", "same")
    assert said(kubectl, "same:80", times=6) == ["same"] * 6


def test_variables_name_an_address_that_answers(kubectl):
    kubectl.apply(service("told", "told", {"name": "web", "port": 81, "targetPort": 8080}), server("one", "told"))
    kubectl.run(pod("hears", container(STAY), metadata={"labels": {"app": "hears"}}))
    kubectl.ready("one")
    words = kubectl.ok("exec", "hears", "--", "sh", "-c",
                       "echo $TOLD_SERVICE_HOST $TOLD_SERVICE_PORT $TOLD_SERVICE_PORT_WEB $TOLD_PORT_81_TCP_PORT").split()
    address = kubectl.get("service", "told")["spec"]["clusterIP"]
    assert words == [address, "81", "81", "81"]
    assert said(kubectl, f"{words[0]}:{words[1]}", source="hears") == ["one"]


# --- ports


def test_ports_lead_to_others_by_number_and_by_name(kubectl):
    kubectl.apply(server("one", "ports"), service(
        "ports", "ports",
        {"name": "number", "port": 80, "targetPort": 8080},
        {"name": "name", "port": 443, "targetPort": "http"},
        {"name": "same", "port": 8080},
    ))
    kubectl.ready("one")
    for port in (80, 443, 8080):
        says(kubectl, f"ports:{port}", "one")
    assert refusal(kubectl, "ports", 81) == "ConnectionRefusedError"
    kubectl.ok("patch", "service", "ports", "--type=json", "-p", json.dumps([
        {"op": "add", "path": "/spec/ports/-", "value": {"name": "late", "port": 81, "targetPort": "http"}},
        {"op": "remove", "path": "/spec/ports/0"}]))
    says(kubectl, "ports:81", "one")
    wait_for(lambda: refusal(kubectl, "ports", 80) == "ConnectionRefusedError", 10, "the end of a port")


# --- which pods


def test_ready_pods_share_the_connections_and_others_have_none(kubectl):
    kubectl.apply(service("shared", "shared"))
    kubectl.run(server("one", "shared"), server("two", "shared"))
    says(kubectl, "shared", "one", "two", times=4)
    shares = said(kubectl, "shared", times=20)
    assert shares.count("one") == shares.count("two") == 10, shares
    kubectl.ok("exec", "one", "--", "rm", "/srv/ready")
    kubectl.ok("wait", "--for=condition=Ready=false", "pod/one", "--timeout=30s")
    says(kubectl, "shared", "two", times=4)
    subset, = kubectl.get("endpoints", "shared")["subsets"]
    assert [entry["targetRef"]["name"] for entry in subset["addresses"]] == ["two"]
    assert [entry["targetRef"]["name"] for entry in subset["notReadyAddresses"]] == ["one"]
    kubectl.ok("exec", "two", "--", "rm", "/srv/ready")
    wait_for(lambda: refusal(kubectl, "shared") == "ConnectionRefusedError", 20, "nobody")
    kubectl.ok("exec", "one", "--", "touch", "/srv/ready")
    says(kubectl, "shared", "one", times=4, seconds=20)


def test_a_replaced_pod_and_a_changed_selector_are_followed(kubectl):
    kubectl.apply(service("moves", "old"), server("one", "old"), server("other", "new"))
    kubectl.ready("one")
    kubectl.ready("other")
    says(kubectl, "moves", "one")
    before = kubectl.get("pod", "one")["metadata"]["uid"]
    kubectl.ok("delete", "pod", "one", "--now")
    kubectl.run(server("one", "old"))
    assert kubectl.get("pod", "one")["metadata"]["uid"] != before
    says(kubectl, "moves", "one", times=4)
    kubectl.ok("patch", "service", "moves", "-p", json.dumps({"spec": {"selector": {"app": "new"}}}))
    says(kubectl, "moves", "other", times=4)


def test_a_connection_outlives_what_changes_around_it(kubectl):
    kubectl.apply(service("lasts", "lasts"), server("one", "lasts"), server("two", "lasts"))
    kubectl.ready("one")
    kubectl.ready("two")
    says(kubectl, "lasts", "one", "two", times=4)
    script = (
        "import socket, sys\n"
        "c = socket.create_connection(('lasts', 80)); print('open', flush=True); sys.stdin.readline()\n"
        "c.sendall(b'GET /name HTTP/1.0\\r\\n\\r\\n'); c.shutdown(socket.SHUT_WR)\n"
        "print(b''.join(iter(lambda: c.recv(4096), b'')).split()[-1].decode())\n"
    )
    held = kubectl.begin("exec", "-i", "asks", "--", "python3", "-c", script, stdin=subprocess.PIPE)
    assert held.stdout.readline() == "open\n"
    kubectl.ok("patch", "service", "lasts", "-p", json.dumps({"spec": {"selector": {"app": "nobody"}}}))
    wait_for(lambda: refusal(kubectl, "lasts") == "ConnectionRefusedError", 10, "the new selector")
    out, err = held.communicate("go\n", timeout=20)
    assert out.strip() in ("one", "two"), (out, err)


def test_a_headless_service_is_its_pods_themselves(kubectl):
    kubectl.apply(service("bare", "bare", clusterIP="None"))
    made = server("one", "bare")
    made["spec"].update(hostname="w-0", subdomain="bare")
    kubectl.run(made)
    for name in ("bare", "w-0.bare", "w-0.bare.default.svc"):
        assert said(kubectl, f"{name}:8080") == ["w-0"], name
    assert refusal(kubectl, "bare") == "ConnectionRefusedError"


# --- ends, and what outlives them


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def labels_of(container, *names):
    """Options that give another container these labels."""
    for name in names:
        yield "--label"
        yield f"{name}=" + docker("inspect", "--format", f'{{{{index .Config.Labels "{name}"}}}}', container)


def forwarders(command):
    """What Docker holds that stands for services of this home."""
    return command.holds("coracle.service")[0]


def test_a_deleted_service_leaves_nothing(kubectl, docker_workbench):
    kubectl.apply(service("goes", "goes"), server("one", "goes"))
    kubectl.ready("one")
    says(kubectl, "goes", "one")
    assert len(forwarders(docker_workbench)) == 1
    kubectl.ok("delete", "service", "goes")
    wait_for(lambda: forwarders(docker_workbench) == [], what="the end of the forwarder")
    assert refusal(kubectl, "goes") == "gaierror"
    wait_for(lambda: list((docker_workbench.home / "data/services").iterdir()) == [], what="the end of its routes")
    assert kubectl("get", "endpoints", "goes").returncode != 0


def test_services_go_with_their_namespace(kubectl, docker_workbench):
    kubectl.namespace("brief")
    for thing in (service("goes", "goes"), server("one", "goes")):
        thing["metadata"]["namespace"] = "brief"
        kubectl.apply(thing)
    kubectl.ok("wait", "--for=condition=Ready", "pod/one", "-n", "brief", "--timeout=30s")
    kubectl.ok("delete", "namespace", "brief", "--timeout=60s", seconds=70)
    wait_for(lambda: forwarders(docker_workbench) == [], what="the end of the forwarder")
    wait_for(lambda: not any("-brief-" in name for name in docker_workbench.holds()[1]), what="the end of the network")


def test_a_service_answers_while_the_workbench_is_away_and_follows_again_after(on_docker):
    server_process = on_docker.serve()
    kubectl = Kubectl(on_docker)
    kubectl.run(pod("asks", container(STAY)))
    kubectl.apply(service("stays", "stays"), server("one", "stays"))
    kubectl.ready("one")
    says(kubectl, "stays", "one")
    before = forwarders(on_docker)
    # What is left of a service that is not there any more.
    orphan = docker("run", "-d", "--label", "coracle.service=gone", *labels_of(before[0], "coracle.owner", "coracle.kind"),
                    "python:3.11", "sleep", "1000")
    server_process.send_signal(signal.SIGKILL)
    server_process.wait()
    [asks] = on_docker.holds("coracle.pod.name=asks", "coracle.pod.container=main")[0]
    script = "import urllib.request; print(urllib.request.urlopen('http://stays/name', timeout=5).read().decode())"
    assert docker("exec", asks, "python3", "-c", script) == "one"
    on_docker.serve()
    kubectl = Kubectl(on_docker)
    kubectl.run(server("two", "stays"))
    says(kubectl, "stays", "one", "two", times=4)
    assert forwarders(on_docker) == before
    assert docker("ps", "-aq", "--filter", f"id={orphan}") == ""


def test_a_forwarder_that_dies_comes_back(kubectl, docker_workbench):
    kubectl.apply(service("back", "back"), server("one", "back"))
    kubectl.ready("one")
    says(kubectl, "back", "one")
    program = docker("inspect", "--format", "{{.State.Pid}}", *forwarders(docker_workbench))
    os.kill(int(program), signal.SIGKILL)
    says(kubectl, "back", "one")
    # The engine does not know it any more; whatever changes has it made again.
    docker("rm", "-f", *forwarders(docker_workbench))
    kubectl.run(server("two", "back"))
    says(kubectl, "back", "one", "two", times=4)


# --- what others make of it


def test_a_notebooks_own_service_leads_to_its_server(kubectl):
    script = (
        "import http.server\n"
        "class H(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200); self.end_headers(); self.wfile.write(self.path.encode())\n"
        "http.server.HTTPServer(('', 8888), H).serve_forever()\n"
    )
    kubectl.apply(notebook("nb", command=["python3", "-c", script]))
    path = "/notebook/default/nb/api"
    script = f"import urllib.request; print(urllib.request.urlopen('http://nb.default.svc{path}', timeout=5).read().decode())"
    try:
        wait_for(lambda: kubectl("exec", "asks", "--", "python3", "-c", script).stdout.strip() == path, 30, "the notebook")
    finally:
        kubectl.ok("delete", "notebook", "nb")


def test_a_services_port_is_forwarded_to_this_machine(kubectl):
    kubectl.apply(service("ahead", "ahead"), server("one", "ahead"))
    kubectl.ready("one")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    forwarding = kubectl.begin("port-forward", "service/ahead", f"{port}:80")
    try:
        assert "Forwarding from" in forwarding.stdout.readline()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as answer:
            answer.sendall(b"GET /name HTTP/1.0\r\n\r\n")
            assert answer.makefile("rb").read().split()[-1] == b"one"
    finally:
        forwarding.terminate()
        forwarding.communicate(timeout=10)
