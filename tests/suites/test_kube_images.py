"""Images that only some may have: the secrets of a pod, and of its account, are whom a registry is asked as."""

import base64
import http.server
import threading

import pytest
from conftest import wait_for
from kube import Kubectl, container, pod, waits_for


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    return Kubectl(docker_workbench)


@pytest.fixture
def registry():
    """A registry on loopback that has nothing and asks everybody who they are; its address, and who came."""
    came = []

    class Registry(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked_as = self.headers.get("Authorization")
            if asked_as:
                came.append(base64.b64decode(asked_as.removeprefix("Basic ")).decode())
            self.send_response(404 if asked_as else 401)
            self.send_header("WWW-Authenticate", 'Basic realm="registry"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", came
    server.shutdown()
    thread.join()
    server.server_close()


def login(kubectl, name, address, user):
    kubectl.ok(
        "create", "secret", "docker-registry", name, f"--docker-server={address}", f"--docker-username={user}",
        "--docker-password=hush",
    )


def test_a_pods_own_secrets_are_used(kubectl, registry):
    address, came = registry
    login(kubectl, "regcred", address, "ada")
    login(kubectl, "elsewhere", "quay.io", "bob")
    secrets = [{"name": "elsewhere"}, {"name": "regcred"}]
    kubectl.apply(pod("private", container("true", image=f"{address}/team/app:1"), imagePullSecrets=secrets))
    kubectl.until("private", waits_for("ErrImagePull"))
    assert set(came) == {"ada:hush"}
    assert all("hush" not in message for _, _, message in kubectl.events("private"))


def test_those_of_its_account_are_used_when_it_has_none(kubectl, registry):
    address, came = registry
    login(kubectl, "teams", address, "team")
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}, "imagePullSecrets": [{"name": "teams"}]}
    kubectl.apply(account)
    kubectl.apply(pod("robots", container("true", image=f"{address}/team/app:1"), serviceAccountName="robot"))
    wait_for(lambda: came, what="a pull")
    assert set(came) == {"team:hush"}


def test_without_a_secret_nobody_is_named(kubectl, registry):
    address, came = registry
    kubectl.apply(pod("stranger", container("true", image=f"{address}/team/app:1"), imagePullSecrets=[{"name": "absent"}]))
    kubectl.until("stranger", waits_for("ErrImagePull"))
    assert came == []
    assert "image pull secrets (absent)" in kubectl.told("stranger", "FailedToRetrieveImagePullSecret")


def test_an_account_has_to_be_there(kubectl):
    kubectl.fails(
        "run", "lost", "--image=python:3.11", '--overrides={"spec": {"serviceAccountName": "nobody"}}',
        says='pods "lost" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
    )
