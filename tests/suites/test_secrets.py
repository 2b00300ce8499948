"""Secrets and config maps are one thing, whoever sets them: kubectl, the command, pipelines, pods."""

import base64
import json

import pytest
from conftest import pipeline, step
from kube import Kubectl, container, pod


@pytest.fixture
def kubectl(coracle):
    coracle.serve()
    return Kubectl(coracle)


def reads(coracle, name, tmp_path):
    """A pipeline's step that sees a secret and a config map of one name as variables, and as files where an engine has mounts."""
    platform = {
        "secretAsEnv": [{"secretName": name, "keyToEnv": [{"secretKey": "word", "envVar": "WORD"}]}],
        "configMapAsEnv": [{"configMapName": name, "keyToEnv": [{"configMapKey": "colour", "envVar": "COLOUR"}]}],
    }
    script = 'test "$WORD-$COLOUR" = t0ken-red'
    if coracle.engine == "docker":
        platform["secretAsVolume"] = [{"secretName": name, "mountPath": "/hush"}]
        platform["configMapAsVolume"] = [{"configMapName": name, "mountPath": "/open"}]
        script += ' && test "$(cat /hush/word)-$(cat /open/colour)" = t0ken-red'
    return pipeline(tmp_path, {"a": step(script)}, platform={"exec-a": platform})


def test_pipelines_see_what_kubectl_makes(coracle, kubectl, tmp_path):
    kubectl.ok("create", "secret", "generic", "mine", "--from-literal=word=t0ken")
    kubectl.ok("create", "configmap", "mine", "--from-literal=colour=red")
    coracle.run(reads(coracle, "mine", tmp_path), code=0)
    kubectl.ok("delete", "secret", "mine")
    failed = coracle.run(reads(coracle, "mine", tmp_path), code=1)
    [task] = [task for task in coracle.json("get", failed["run_id"])["tasks"] if task["path"] == "a"]
    assert task["reason"]["code"] == "missing_resource"
    assert task["reason"]["message"] == "secret `mine` is not there"


def test_pods_and_kubectl_see_what_the_command_sets(on_docker):
    on_docker.serve()
    kubectl = Kubectl(on_docker)
    on_docker("secret", "set", "theirs", "word=t0ken").check_returncode()
    on_docker("config-map", "set", "theirs", "colour=red").check_returncode()
    secret = kubectl.get("secret", "theirs")
    assert secret["type"] == "Opaque" and secret["data"] == {"word": base64.b64encode(b"t0ken").decode()}
    env = [
        {"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "theirs", "key": "word"}}},
        {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "theirs", "key": "colour"}}},
    ]
    kubectl.apply(pod("sees", container('test "$WORD-$COLOUR" = t0ken-red', env=env), restartPolicy="Never"))
    kubectl.ends("sees")
    on_docker("secret", "rm", "theirs").check_returncode()
    kubectl.fails("get", "secret", "theirs", says="not found")


def test_what_is_immutable_stays(coracle, kubectl):
    frozen = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "still"}, "immutable": True, "stringData": {"a": "1"}}
    kubectl.apply(frozen)
    refused = coracle("secret", "set", "still", "a=hush")
    assert refused.returncode == 2 and "immutable" in refused.stderr and "hush" not in refused.stderr
    assert kubectl.get("secret", "still")["data"] == {"a": base64.b64encode(b"1").decode()}


def test_an_older_home_is_taken_over(on_processes, tmp_path):
    kept = tmp_path / "data" / "secrets"
    for kind, key, value in (("secret", "word", b"t0ken"), ("configmap", "colour", b"red")):
        (kept / kind).mkdir(parents=True)
        (kept / kind / "old").write_text(json.dumps({"version": 1, "values": {key: value.hex()}}))
    listed = on_processes.json("secret", "list")
    assert listed["items"] == [{"name": "old", "keys": ["word"]}]
    assert not kept.exists()
    on_processes.run(reads(on_processes, "old", tmp_path), code=0)


def test_only_the_user_can_read_them(on_processes, tmp_path):
    on_processes("secret", "set", "mine", "word=t0ken-value").check_returncode()
    encoded = base64.b64encode(b"t0ken-value")
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and encoded in path.read_bytes()]
    assert holding and all(path.name.startswith("coracle.db") for path in holding), holding
    assert all(path.stat().st_mode & 0o077 == 0 for path in holding)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"t0ken-value" in path.read_bytes()]
