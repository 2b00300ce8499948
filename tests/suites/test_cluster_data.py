"""The files of a volume go along with its claim: whole, once, before what reads them runs, and through what breaks in between."""

import hashlib
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import BINARY, wait_for

from cluster import SCRIPTS, cluster, in_namespace, node_cluster  # noqa: F401

pytestmark = pytest.mark.usefixtures("node_cluster")

FILES = 2000
LARGE = 50 << 20

# Run on the node: what a program sees there, by path.
HASHES = """
import hashlib, json, os
seen = {}
for folder, _, names in os.walk("/data"):
    for name in names:
        path = os.path.join(folder, name)
        digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
        seen[os.path.relpath(path, "/data")] = [digest, os.access(path, os.X_OK)]
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def image(node_cluster):
    built = subprocess.run([SCRIPTS / "step-image"], capture_output=True, text=True, timeout=1800)
    assert built.returncode == 0, built.stderr
    return built.stdout.strip()


def claim(**spec):
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}}


def job():
    container = {"name": "c", "image": "python:3.11", "command": ["python", "-c", HASHES],
                 "volumeMounts": [{"name": "v", "mountPath": "/data"}]}
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
    pod = {"restartPolicy": "Never", "containers": [container], "volumes": volumes}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "hashes"}, "spec": {"backoffLimit": 0, "template": {"spec": pod}}}


class Sent:
    """A volume here, and the command that has its claim hold the same there."""

    def __init__(self, coracle, kubectl, image, folder):
        self.coracle, self.kubectl, self.image = coracle, kubectl, image
        coracle.environment["KUBECONFIG"] = str(kubectl.config)
        assert coracle("volume", "create", "data", "--size", "1Gi").returncode == 0
        [volume] = coracle.json("volume", "list")["volumes"]
        self.here = Path(volume["path"])
        self.objects = folder / "objects.yaml"
        self.write(claim(), job())

    def write(self, *objects):
        self.objects.write_text("apiVersion: v1\nkind: List\nitems: " + json.dumps(list(objects)) + "\n")

    def words(self, *words, user="admin"):
        return ["-o", "json", "deploy", str(self.objects), "--context", user, "-n", self.kubectl.home, "--with-data",
                "--step-image", self.image, *words]

    def deploy(self, *words, user="admin"):
        """What came of the claim's files, and the exit code."""
        answer = self.coracle(*self.words("--yes", *words, user=user))
        assert answer.stdout, answer.stderr
        self.answer = json.loads(answer.stdout)
        [data] = self.answer["data"]
        return data, answer.returncode

    def begin(self):
        return subprocess.Popen([BINARY, *self.words("--yes")], env=self.coracle.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def there(self):
        """The volume's folder on the node, which is this machine; none while the claim is not bound."""
        found = self.kubectl("get", "pvc", "data", "-o", "jsonpath={.spec.volumeName}")
        if found.returncode or not found.stdout:
            return None
        volume = self.kubectl.get("pv", found.stdout)
        return Path(volume["spec"]["hostPath"]["path"])

    def arrived(self):
        there = self.there()
        if there is None or not there.exists():
            return 0
        return sum(path.is_file() for path in there.rglob("*") if ".coracle-carry" not in path.parts)

    def some_arrived(self):
        return self.arrived() > 20

    def carriers(self):
        return json.loads(self.kubectl.ok("get", "pods", "-l", "coracle.dev/role=carrier", "-o", "json"))["items"]

    def hashes(self):
        """What is here, as the job sees it there."""
        seen = {}
        for path in self.here.rglob("*"):
            if path.is_file():
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                seen[str(path.relative_to(self.here))] = [digest, os.access(path, os.X_OK) and path.stat().st_mode & 0o111 != 0]
        return seen


@pytest.fixture
def sent(on_processes, in_namespace, image, tmp_path):
    return Sent(on_processes, in_namespace, image, tmp_path)


def fill(folder, files=FILES, large=LARGE):
    for number in range(files):
        place = folder / f"many/{number % 20}/ü {number}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{number}\n" * (number % 50))
    (folder / "large.bin").write_bytes(os.urandom(large))
    script = folder / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)


def test_a_folder_goes_over_once_and_a_job_reads_it_there_as_it_is_here(sent):
    fill(sent.here)
    preview = sent.coracle(*sent.words("--dry-run"))
    [planned] = json.loads(preview.stdout)["data"]
    size = sum(path.stat().st_size for path in sent.here.rglob("*") if path.is_file())
    assert (planned["files"], planned["bytes"]) == (FILES + 2, size)
    assert sent.kubectl.get("pods")["items"] == [] and sent.there() is None

    data, code = sent.deploy()
    assert (code, data["problem"]) == (0, None)
    assert (data["files"]["files"], data["files"]["bytes"], data["files"]["there"]) == (FILES + 2, size, 0)
    sent.kubectl.ok("wait", "--for=condition=complete", "job/hashes", "--timeout=120s", seconds=150)
    assert json.loads(sent.kubectl.ok("logs", "job/hashes")) == sent.hashes()
    wait_for(lambda: not sent.carriers(), 60, "the end of the pod")

    data, code = sent.deploy()
    assert (code, data["files"]["files"], data["files"]["bytes"], data["files"]["there"]) == (0, 0, 0, FILES + 2)


def test_what_is_other_there_is_named_and_replaced_only_when_that_is_said(sent):
    fill(sent.here, files=5, large=10)
    assert sent.deploy()[1] == 0
    changed = sent.there() / "run.sh"
    changed.write_text("theirs")
    (sent.there() / "theirs").write_text("kept")
    (sent.here / "new").write_text("new")
    data, code = sent.deploy()
    assert (code, data["problem"]["code"], data["files"]["files"]) == (1, "files-differ", 0)
    assert "`run.sh`" in data["problem"]["message"] and "--overwrite" in data["problem"]["hint"]
    assert changed.read_text() == "theirs" and not (sent.there() / "new").exists()
    data, code = sent.deploy("--overwrite")
    assert (code, data["files"]["files"]) == (0, 2)
    assert changed.read_text() == "#!/bin/sh\n" and (sent.there() / "theirs").read_text() == "kept"


def test_the_workbench_is_killed_and_the_same_command_sends_what_is_missing(sent):
    fill(sent.here)
    process = sent.begin()
    wait_for(sent.some_arrived, 120, "the first files")
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    # What runs in the pod goes on for a moment with what is on its way; the next transfer ends it.
    data, code = sent.deploy()
    assert (code, data["problem"]) == (0, None)
    assert data["files"]["there"] > 20 and data["files"]["files"] + data["files"]["there"] == FILES + 2
    sent.kubectl.ok("wait", "--for=condition=complete", "job/hashes", "--timeout=120s", seconds=150)
    assert json.loads(sent.kubectl.ok("logs", "job/hashes")) == sent.hashes()
    wait_for(lambda: not sent.carriers(), 60, "the end of the pod")


def test_the_pod_is_removed_in_the_middle(sent):
    # Long enough on its way for the pod to go meanwhile.
    fill(sent.here, large=300 << 20)
    (sent.here / "large.bin").rename(sent.here / "zz")
    process = sent.begin()
    wait_for(sent.some_arrived, 120, "the first files")
    sent.kubectl.ok("delete", "pods", "-l", "coracle.dev/role=carrier", "--force", "--grace-period=0")
    told, _ = process.communicate(timeout=240)
    answer = json.loads(told)
    [data] = answer["data"]
    assert process.returncode == 1 and data["problem"]["code"] in ("pod-ended", "connection-lost"), data
    assert 0 < data["files"]["files"] < FILES + 2
    # What reads the files is not sent without them.
    states = {one["object"]["kind"]: one["done"]["state"] for one in answer["outcomes"]}
    assert states == {"PersistentVolumeClaim": "created", "Job": "not-reached"}
    data, code = sent.deploy()
    assert code == 0 and data["files"]["there"] > 0


def test_a_volume_that_is_full_is_named(sent, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small], check=True)
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": sent.kubectl.home},
              "spec": {"storageClassName": sent.kubectl.home, "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
                       "hostPath": {"path": str(small)}}}
    try:
        sent.kubectl.apply(volume)
        sent.write(claim(storageClassName=sent.kubectl.home))
        fill(sent.here, files=30, large=20 << 20)
        (sent.here / "large.bin").rename(sent.here / "zz")
        data, code = sent.deploy()
        assert (code, data["problem"]["code"]) == (1, "volume-full"), data
        assert "`zz`" in data["problem"]["message"]
        # Whole files stay, and nothing of the one that had no room.
        assert data["files"]["files"] == 31 and not (small / "zz").exists() and not (small / ".coracle-carry").exists()
    finally:
        wait_for(lambda: not sent.carriers(), 60, "the end of the pod")
        sent.kubectl.ok("delete", "pvc", "data", "--wait=false")
        sent.kubectl.ok("delete", "pv", sent.kubectl.home, "--wait=false")
        wait_for(lambda: subprocess.run(["umount", small], capture_output=True).returncode == 0, 60, "the end of the disk")


def test_who_may_not_execute_in_pods_is_told_so(sent):
    fill(sent.here, files=3, large=10)
    sent.kubectl.ok("create", "role", "carries", "--verb=*", "--resource=pods,persistentvolumeclaims,configmaps,jobs")
    sent.kubectl.ok("create", "rolebinding", "carries", "--role=carries", "--user=limited")

    def forbidden():
        """The server's authorizer hears of the role a moment later."""
        data, code = sent.deploy(user="limited")
        return (data, code) if data["problem"]["code"] == "exec-forbidden" else None

    data, code = wait_for(forbidden, 30, "the refusal")
    assert code == 1 and "pods/exec" in data["problem"]["hint"]
    wait_for(lambda: not sent.carriers(), 60, "the end of the pod")
