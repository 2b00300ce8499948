"""A real Kubernetes for suites, and kubectl on it. It is started by the first test that asks for it, and ended with the last one unless it was up before."""

import shutil
import subprocess
import uuid

import pytest
from conftest import ROOT
from kube import Kubectl

SCRIPTS = ROOT / "tests" / "cluster"

# The status of a script that cannot do its work on this machine, and the time that building all from source may take.
UNAVAILABLE = 3
BUILD_SECONDS = 3600


class ClusterKubectl(Kubectl):
    """kubectl on the cluster, as one user in one namespace."""

    def __init__(self, config, cache, user="admin", namespace="default"):
        self.program = shutil.which("kubectl")
        self.config = config
        self.cache = cache
        self.user = user
        self.home = namespace

    def arguments(self, *arguments):
        return [*super().arguments(), "--context", self.user, "--namespace", self.home, *map(str, arguments)]

    def on(self, user="admin", namespace=None):
        """The same cluster, as another user or in another namespace. `limited` is one who may do nothing until a role is bound to it."""
        return ClusterKubectl(self.config, self.cache, user, namespace or self.home)


def bring_up(*parts):
    """Starts what is not up yet; the kubeconfig's path. The test is skipped, with the reason, where the machine cannot."""
    begun = subprocess.run([SCRIPTS / "up", *parts], capture_output=True, text=True, timeout=BUILD_SECONDS)
    if begun.returncode == UNAVAILABLE:
        pytest.skip(begun.stderr.strip().splitlines()[-1])
    assert begun.returncode == 0, begun.stderr
    return begun.stdout.strip()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """The API server alone, with Kubeflow's and KServe's kinds: nothing runs there."""
    listening = subprocess.run([SCRIPTS / "status"], capture_output=True, timeout=60).returncode == 0
    try:
        yield ClusterKubectl(bring_up("--crds"), tmp_path_factory.mktemp("kubectl-cache"))
    finally:
        if not listening:
            subprocess.run([SCRIPTS / "down"], check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="session")
def node_cluster(cluster):
    """That cluster with a node, where pods run."""
    bring_up("--node")
    return cluster


@pytest.fixture(scope="session")
def argo_cluster(node_cluster):
    """That cluster with Argo Workflows' controller."""
    bring_up("--argo")
    return node_cluster


@pytest.fixture(scope="module")
def kserve_cluster(node_cluster):
    """That cluster with KServe's controller, which is ended with the module's last test unless it was up before: it changes objects that
    others only keep there."""
    running = subprocess.run([SCRIPTS / "status"], capture_output=True, text=True, timeout=60).stderr.split()
    try:
        bring_up("--kserve")
        yield node_cluster
    finally:
        if "kserve-manager" not in running:
            subprocess.run([SCRIPTS / "kserve", "down"], check=True, capture_output=True, timeout=120)


@pytest.fixture
def in_namespace(cluster):
    """kubectl in a namespace of the test's own, which goes with the test."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.namespace(name)
    yield cluster.on(namespace=name)
    cluster.ok("delete", "namespace", name, "--wait=false")


def load(*images):
    """Gives the node images of the container engine."""
    subprocess.run([SCRIPTS / "load", *images], check=True, capture_output=True, timeout=600)
