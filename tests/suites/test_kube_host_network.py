"""Pods on the machine's own network."""

import socket

import pytest
from kube import STAY, Kubectl, container, pod


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    return Kubectl(docker_workbench)


def test_a_pod_on_the_machines_network_has_the_nodes_address_and_reaches_its_ports(kubectl):
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    script = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5).sendall(b'here')"
    main = container(f'python -c "{script}" && {STAY}')
    kubectl.run(pod("beside", main, hostNetwork=True))
    listener.settimeout(20)
    connection, _ = listener.accept()
    with listener, connection:
        assert connection.makefile("rb").read() == b"here"
    status = kubectl.get("pod", "beside")["status"]
    assert status["podIP"] == status["hostIP"] == "127.0.0.1"
    assert kubectl.ok("exec", "beside", "--", "echo", "in").strip() == "in"


def test_a_port_of_the_machine_leads_to_a_pod_with_a_network_of_its_own(kubectl):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = "import socket; socket.create_server(('', 80)).accept()[0].sendall(b'inside')"
    main = container(
        f'exec python -c "{serve}"', ports=[{"containerPort": 80, "hostPort": port}],
        readinessProbe={"exec": {"command": ["grep", "-q", ":0050 ", "/proc/net/tcp"]}, "periodSeconds": 1},
    )
    kubectl.run(pod("published", main))
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        assert connection.makefile("rb").read() == b"inside"
    assert kubectl.get("pod", "published")["status"]["podIP"] != "127.0.0.1"
