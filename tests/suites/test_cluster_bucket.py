"""Pipelines on a real cluster whose runs share a bucket of a real S3-compatible store, and that bucket when it is full or says no."""

import base64
import json
import subprocess

import pytest
from buckets import KEYS, ROOMY, TIGHT, bucket, digest  # noqa: F401
from conftest import OUTPUT, pipeline, step, wait_for

from cluster import SCRIPTS, argo_cluster, cluster, node_cluster  # noqa: F401

MIB = 1 << 20


@pytest.fixture(scope="module")
def namespace(argo_cluster, bucket):
    """A namespace with keys of the bucket, right ones and wrong ones, and the image of the executor on the node."""
    built = subprocess.run([SCRIPTS / "step-image"], capture_output=True, text=True, timeout=1800)
    assert built.returncode == 0, built.stderr
    argo_cluster.namespace("buckets")
    there = argo_cluster.on(namespace="buckets")
    for name, keys in {"keys": KEYS, "wrong": {**KEYS, "secretkey": "another"}}.items():
        there.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": keys})
    there.image = built.stdout.strip()
    yield there
    argo_cluster.ok("delete", "namespace", "buckets", "--wait=false")


class Sender:
    """The command, which sends pipelines to the cluster's Argo Workflows and has their runs share the bucket."""

    def __init__(self, coracle, namespace, bucket):
        self.coracle, self.namespace, self.bucket = coracle, namespace, bucket
        coracle.environment["KUBECONFIG"] = str(namespace.config)
        coracle.serve()

    def __call__(self, verb, file, prefix, *words, secret="keys", code=0):
        store = ("--bucket", f"s3://runs/{prefix}", "--endpoint", self.bucket.endpoint, "--bucket-secret", secret)
        image = ("--step-image", self.namespace.image, "--image-pull-policy", "IfNotPresent")
        answer = self.coracle("-o", "json", verb, file, *image, *store, *words, seconds=600)
        assert answer.returncode == code, answer.stderr
        return json.loads(answer.stdout or answer.stderr.splitlines()[-1])

    def deploy(self, file, prefix, **how):
        return self("deploy", file, prefix, "--context", "admin", "-n", "buckets", **how)


@pytest.fixture
def sender(on_processes, namespace, bucket):
    return Sender(on_processes, namespace, bucket)


def task(run, name):
    [found] = [task for task in run["tasks"] if task["name"] == name]
    return found


MADE = "{{$.outputs.artifacts['model'].path}}"
GIVEN = "{{$.inputs.artifacts['model'].path}}"


def handed_on(tmp_path, make, use, retry=None):
    """A pipeline of two steps: `make` makes the artifact at its argument, `use` reads it, and says what it found."""
    more = {"retryPolicy": retry} if retry else {}
    file = pipeline(
        tmp_path, {"make": step(make, args=[MADE], artifacts=["model"]), "use": step(use, args=[GIVEN, OUTPUT], outputs=["out"])}, make=more,
        use={"dependentTasks": ["make"], "inputs": {"artifacts": {"model": {"taskOutputArtifact": {
            "producerTask": "make", "outputArtifactKey": "model"}}}}})
    document = json.loads(file.read_text())
    made = document["components"]["comp-make"]["outputDefinitions"]["artifacts"]
    document["components"]["comp-use"]["inputDefinitions"] = {"artifacts": made}
    file.write_text(json.dumps(document))
    return file


def test_runs_share_a_bucket_and_what_they_hand_on_comes_as_it_was(sender, bucket, tmp_path):
    make = 'mkdir -p "$1/deep" && printf abc > "$1/deep/a b+ü.txt" && : > "$1/empty" && env | grep -c CORACLE_STORE > "$1/keys"; true'
    use = 'cd "$1" && printf %s "$(find . -type f | sort | xargs -d "\\n" sha256sum)" > "$2"'
    file = handed_on(tmp_path, make, use)
    here = sender.coracle.run(file)
    run = sender.deploy(file, "shared/one")
    assert (run["state"], task(run, "use")["states"][-1]) == ("SUCCEEDED", "SUCCEEDED")
    kept = bucket.objects("shared/one/artifacts")
    made = {key.split("/model/", 1)[1]: digest for key, digest in kept.items()}
    # No variable of the store's was seen by the step.
    assert made == {"deep/a b+ü.txt": digest(b"abc"), "empty": digest(b""), "keys": digest(b"0\n")}
    # What the second step found there, and what it found here.
    records = [json.loads(file.read_bytes()) for file in (bucket.folder / "shared/one").glob("runs/*/tasks/*.json")]
    [there] = [record["outputs"]["parameters"]["out"] for record in records if record["path"] == "use"]
    [local] = [task["outputs"]["parameters"]["out"] for task in sender.coracle.json("get", here["run_id"])["tasks"] if task["path"] == "use"]
    assert there == local and digest(b"abc") in there


def test_artifacts_are_compared_by_their_bytes(sender, tmp_path):
    """A pod on a cluster has a service account's token, a step here has none."""
    make = 'mkdir "$1" && printf same > "$1/weights" && ls /var/run/secrets > "$1/log" 2>&1; true'
    file = handed_on(tmp_path, make, 'wc -c < "$1/weights" > "$2"')
    where = ("--context", "admin", "-n", "buckets")
    runs = sender("parity", file, "parity", *where, code=1)
    [difference] = runs["parity"]["differences"]
    assert (difference["step"], difference["what"], difference["is_allowed"]) == ("make", "model: bytes", False)
    for side in ("here", "there"):
        assert len(bytes.fromhex(difference[side][0])) == 32, difference
    allowed = sender("parity", file, "parity", *where, "--tolerance", "model=any")
    assert [one["is_allowed"] for one in allowed["parity"]["differences"]] == [True]
    same = handed_on(tmp_path, 'printf same > "$1"', 'wc -c < "$1" > "$2"')
    # The states of the run and of two steps, the bytes of the one and the parameter of the other.
    assert sender("parity", same, "parity", *where)["parity"] == {"differences": [], "same": 5, "not_told": []}


def test_a_bucket_that_is_full_is_named_and_the_same_command_ends_well_when_there_is_room(sender, bucket, tmp_path):
    make = f'head -c {32 * MIB} /dev/zero > "$1"'
    file = handed_on(tmp_path, make, 'wc -c < "$1" > "$2"')
    bucket.clear()
    try:
        bucket.up(TIGHT)
        full = sender.deploy(file, "full", code=1)
    finally:
        bucket.up(ROOMY)
    assert full["state"] == "FAILED"
    made = task(full, "make")
    assert made["states"][-1] == "FAILED"
    assert "has no room" in made["error"] and "InsufficientStorage" in made["error"], made
    assert not any(task["states"][-1] == "SUCCEEDED" for task in full["tasks"])
    assert not any(key.endswith("/model") for key in bucket.objects("full"))
    again = sender.deploy(file, "full")
    assert again["state"] == "SUCCEEDED" and again["run_id"] != full["run_id"]


def test_a_step_that_is_tried_again_waits_for_room(sender, bucket, tmp_path):
    """Somebody makes room between two tries of a step: the run ends well."""
    file = handed_on(tmp_path, f'head -c {32 * MIB} /dev/zero > "$1"', 'wc -c < "$1" > "$2"',
                     retry={"maxRetryCount": 5, "backoffDuration": "2s", "backoffFactor": 1})
    bucket.clear()
    try:
        bucket.up(TIGHT)
        run = sender("deploy", file, "waits", "--context", "admin", "-n", "buckets", "--detach")
        label = f"coracle.dev/run={run['run_id']}"

        def has_failed():
            items = json.loads(sender.namespace.ok("get", "workflows", "-l", label, "-o", "json"))["items"]
            nodes = [node for item in items for node in item.get("status", {}).get("nodes", {}).values()]
            return any(node["type"] == "Pod" and node["phase"] == "Failed" for node in nodes)

        wait_for(has_failed, 240, "a first try that found no room")
    finally:
        bucket.up(ROOMY)
    answer = sender.coracle("-o", "json", "follow", run["run_id"], seconds=600)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["state"] == "SUCCEEDED"


def test_a_key_that_the_store_refuses_is_named_and_not_told(sender, tmp_path):
    run = sender.deploy(pipeline(tmp_path, {"a": step("true")}), "wrong", secret="wrong", code=1)
    assert run["state"] == "FAILED"
    said = json.dumps(run)
    assert "the store refuses" in said and "SignatureDoesNotMatch" in said, said
    there = sender.namespace.ok("get", "workflows,pods", "-o", "json")
    for secret in ("tests-secret", base64.b64encode(b"tests-secret").decode()):
        assert secret not in there and secret not in said


def test_what_is_no_bucket_is_refused_before_anything_is_sent(sender, tmp_path):
    file = pipeline(tmp_path, {"a": step("true")})
    answer = sender("workflow", file, "a//b", code=1)
    assert answer["workflow"] is None
    assert [finding["place"] for finding in answer["findings"] if finding["parity"] == "not_portable"] == ["store: prefix"]
    unnamed = sender.coracle("workflow", file, "--step-image", "x", "--bucket", "runs", "--endpoint", "http://x")
    assert unnamed.returncode == 2 and "s3://BUCKET" in unnamed.stderr
    alone = sender.coracle("workflow", file, "--step-image", "x", "--bucket", "s3://runs")
    assert alone.returncode == 2 and "--endpoint" in alone.stderr
