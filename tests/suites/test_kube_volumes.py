"""What containers find in their environment, on their disk, and of their rights: variables, volumes, security."""

import json

import pytest
from conftest import wait_for
from kube import STAY, Kubectl, config_map, container, container_status, pod, waits_for

CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    kubectl = Kubectl(docker_workbench)
    kubectl.apply(
        config_map("settings", {"colour": "red", "size": "3"}),
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hush"}, "stringData": {"word": "s3cret"}},
    )
    return kubectl


@pytest.fixture(autouse=True)
def nothing_stays(kubectl):
    yield
    kubectl.ok("delete", "pods", "--all", "--wait=false")


def says(kubectl, name, script, phase="Succeeded", **more):
    """What a container prints that runs a text to its end; `spec` and `metadata` are the pod's."""
    spec, metadata = more.pop("spec", {}), more.pop("metadata", {})
    kubectl.apply(pod(name, container(script, **more), restartPolicy="Never", metadata=metadata, **spec))
    kubectl.ends(name, phase)
    return kubectl.ok("logs", name)


def mounted(*mounts):
    return [{"name": name, "mountPath": path, **dict(more)} for name, path, *more in mounts]


# --- variables


def test_variables_from_everywhere(kubectl):
    field = lambda path: {"valueFrom": {"fieldRef": {"fieldPath": path}}}  # noqa: E731
    env = [
        {"name": "PLAIN", "value": "plain"},
        {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}}},
        {"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "hush", "key": "word"}}},
        {"name": "MISSING", "valueFrom": {"configMapKeyRef": {"name": "absent", "key": "x", "optional": True}}},
        {"name": "NAME", **field("metadata.name")},
        {"name": "SPACE", **field("metadata.namespace")},
        {"name": "LABEL", **field("metadata.labels['app']")},
        {"name": "IP", **field("status.podIP")},
        {"name": "NODE", **field("spec.nodeName")},
        {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}},
        {"name": "MILLIS", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
        {"name": "BOTH", "value": "$(PLAIN)-$(COLOUR)-$$(PLAIN)-$(UNKNOWN)"},
    ]
    script = 'echo "$COLOUR $WORD [$MISSING] $NAME $SPACE $LABEL $MEMORY $MILLIS $BOTH $SET_size"; echo "$IP $NODE"; echo $0'
    spec = container(script, env=env, args=["$(NAME) $(NOBODY)"], envFrom=[{"prefix": "SET_", "configMapRef": {"name": "settings"}}],
                     resources={"limits": {"memory": "64Mi", "cpu": "250m"}})
    kubectl.apply(pod("variables", spec, restartPolicy="Never", metadata={"labels": {"app": "it"}}))
    found = kubectl.ends("variables")
    first, second, third = kubectl.ok("logs", "variables").splitlines()
    assert first == f"red s3cret [] variables default it {64 << 20} 250 plain-red-$(PLAIN)-$(UNKNOWN) 3"
    assert second == f"{found['status']['podIP']} {found['spec']['nodeName']}"
    assert third == "variables $(NOBODY)"


def test_what_is_missing_is_waited_for(kubectl):
    env = [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "comes-late", "key": "x"}}}]
    kubectl.apply(pod("waits", container("echo $X", env=env), restartPolicy="Never"))
    kubectl.until("waits", waits_for("CreateContainerConfigError"))
    assert kubectl.state("waits")["state"]["waiting"]["message"] == 'configmap "comes-late" not found'
    assert kubectl.told("waits", "Failed") == 'Error: configmap "comes-late" not found'
    kubectl.apply(config_map("comes-late", {"y": "1"}))
    kubectl.until("waits", lambda pod: "couldn't find key x" in json.dumps(container_status(pod)))
    kubectl.apply(config_map("comes-late", {"x": "here"}))
    kubectl.ends("waits")
    assert kubectl.ok("logs", "waits") == "here\n"


def test_a_volume_that_is_missing_is_waited_for(kubectl):
    kubectl.apply(pod("unmounted", container("cat /v/x", volumeMounts=mounted(("v", "/v"))), restartPolicy="Never",
                      volumes=[{"name": "v", "secret": {"secretName": "later"}}]))
    assert kubectl.told("unmounted", "FailedMount") == 'MountVolume.SetUp failed for volume "v" : secret "later" not found'
    assert kubectl.ok("get", "pod", "unmounted", "--no-headers").split()[2] == "ContainerCreating"
    kubectl.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "later"}, "stringData": {"x": "there"}})
    kubectl.ends("unmounted")
    assert kubectl.ok("logs", "unmounted") == "there"


# --- volumes


def test_volumes_of_files(kubectl):
    volumes = [
        {"name": "cm", "configMap": {"name": "settings", "items": [{"key": "colour", "path": "deep/colour", "mode": 0o400}]}},
        {"name": "secret", "secret": {"secretName": "hush", "defaultMode": 0o440}},
        {"name": "down", "downwardAPI": {"items": [
            {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
            {"path": "cpu", "resourceFieldRef": {"containerName": "main", "resource": "limits.cpu"}},
        ]}},
        {"name": "all", "projected": {"sources": [
            {"configMap": {"name": "settings", "items": [{"key": "size", "path": "size"}]}},
            {"secret": {"name": "hush"}},
            {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}},
            {"serviceAccountToken": {"path": "token"}},
        ]}},
    ]
    script = """
        cat /cm/deep/colour /secret/word /down/labels /down/cpu /all/size /all/word /all/name
        echo; stat -Lc %a /cm/deep/colour /secret/word; ls /all
        touch /cm/new 2>&1 | grep -o 'Read-only file system'
        ls /var/run/secrets/kubernetes.io/serviceaccount
    """
    said = says(
        kubectl, "files", script, resources={"limits": {"cpu": "1"}}, metadata={"labels": {"a": "b"}},
        volumeMounts=mounted(("cm", "/cm"), ("secret", "/secret"), ("down", "/down"), ("all", "/all")), spec={"volumes": volumes},
    )
    assert said.split() == [
        'reds3creta="b"13s3cretfiles', "400", "440", "name", "size", "token", "word",
        "Read-only", "file", "system", "ca.crt", "namespace", "token",
    ]


def test_what_changes_is_seen_in_the_volume(kubectl):
    kubectl.apply(config_map("moves", {"x": "before", "goes": "1"}))
    kubectl.run(pod("sees", container(STAY, volumeMounts=mounted(("v", "/v"), ("v", "/still", ("subPath", "x")))),
                    volumes=[{"name": "v", "configMap": {"name": "moves"}}]))
    kubectl.apply(config_map("moves", {"x": "after", "new": "2"}))
    wait_for(lambda: kubectl("exec", "sees", "--", "cat", "/v/x").stdout == "after", what="the change")
    assert kubectl.ok("exec", "sees", "--", "ls", "/v").split() == ["new", "x"]
    # What is mounted by itself stays, as on a cluster.
    assert kubectl.ok("exec", "sees", "--", "cat", "/still") == "before"


def test_empty_volumes_live_as_long_as_the_pod(kubectl):
    script = "df /m | tail -1 | cut -d' ' -f1; test -f /v/kept && exit 0; touch /v/kept; exit 1"
    kubectl.apply(pod("empties", container(script, volumeMounts=mounted(("m", "/m"), ("v", "/v"))), restartPolicy="OnFailure",
                      volumes=[{"name": "m", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}, {"name": "v", "emptyDir": {}}]))
    assert container_status(kubectl.ends("empties"))["restartCount"] == 1
    assert kubectl.ok("logs", "empties") == "tmpfs\n"


def test_memory_is_shared_as_large_as_is_asked(kubectl):
    said = says(kubectl, "shm", "df -k /dev/shm | tail -1 | awk '{print $2}' || python3 -c 1", image="python:3.11",
                volumeMounts=mounted(("m", "/dev/shm")),
                spec={"volumes": [{"name": "m", "emptyDir": {"medium": "Memory", "sizeLimit": "100Mi"}}]})
    assert said.split() == [str(100 << 10)]


def test_paths_of_the_machine(kubectl, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "file").chmod(0o644)
    said = says(kubectl, "host", "cat /h/file; echo theirs > /h/new", volumeMounts=mounted(("h", "/h")),
                spec={"volumes": [{"name": "h", "hostPath": {"path": str(tmp_path)}}]})
    assert said == "mine" and (tmp_path / "new").read_text() == "theirs\n"
    kubectl.apply(pod("nowhere", container(STAY, volumeMounts=mounted(("h", "/h"))), volumes=[
        {"name": "h", "hostPath": {"path": f"{tmp_path}/absent", "type": "Directory"}}]))
    assert "hostPath type check failed" in kubectl.told("nowhere", "FailedMount")


def test_claims_outlive_pods(kubectl):
    kubectl.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "kept"}, "spec": CLAIM})
    volumes = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "kept"}}]}
    says(kubectl, "puts", "mkdir /v/part && echo stays > /v/part/x", volumeMounts=mounted(("v", "/v")), spec=volumes)
    assert kubectl.ok("get", "pvc", "kept", "--no-headers").split()[1] == "Bound"
    kubectl.ok("delete", "pod", "puts")
    said = says(kubectl, "finds", "cat /p/x; touch /p/y 2>&1 | grep -o 'Read-only'", spec=volumes,
                volumeMounts=mounted(("v", "/p", ("subPath", "part"), ("readOnly", True))))
    assert said == "stays\nRead-only\n"
    # One that is in use goes when the last pod has.
    kubectl.ok("delete", "pvc", "kept", "--wait=false")
    kubectl.ok("delete", "pod", "finds")
    kubectl.ok("wait", "pvc/kept", "--for=delete", "--timeout=20s")


def test_a_claim_that_comes_later(kubectl):
    kubectl.apply(pod("claims", container("echo ok", volumeMounts=mounted(("v", "/v"))), restartPolicy="Never",
                      volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "late"}}]))
    assert 'persistentvolumeclaim "late" not found' in kubectl.told("claims", "FailedScheduling")
    kubectl.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "late"}, "spec": CLAIM})
    kubectl.ends("claims")


def test_parts_of_volumes_do_not_lead_out(kubectl):
    def climbs(name, **mount):
        return pod(name, container("ls /v", volumeMounts=[{"name": "v", "mountPath": "/v", **mount}]), restartPolicy="Never",
                   volumes=[{"name": "v", "emptyDir": {}}])

    refusal = kubectl.fails("create", "-f", "-", stdin=json.dumps(climbs("up", subPath="../..")))
    assert "must not contain '..'" in refusal, refusal
    # A link that the pod itself laid leads nowhere either.
    laid = climbs("link", subPath="out")
    laid["spec"]["initContainers"] = [container("ln -s / /v/out", "lays", volumeMounts=mounted(("v", "/v")))]
    kubectl.apply(laid)
    kubectl.until("link", lambda pod: "waiting" in container_status(pod).get("state", {}) and "subPath" in json.dumps(container_status(pod)))
    assert kubectl.state("link")["state"]["waiting"]["reason"] == "CreateContainerConfigError"
    by_variable = climbs("expanded", subPathExpr="$(POD)")
    by_variable["spec"]["containers"][0]["env"] = [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    kubectl.apply(by_variable)
    kubectl.ends("expanded")


# --- rights


def test_who_a_container_is_and_what_it_may(kubectl):
    script = "id -u; id -G; stat -c '%g %A' /v; touch /v/mine && stat -c %g /v/mine; touch /no 2>&1 | grep -o 'Read-only'; grep CapEff /proc/self/status"
    said = says(
        kubectl, "limited", script, volumeMounts=mounted(("v", "/v")),
        securityContext={"readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}, "allowPrivilegeEscalation": False},
        spec={"securityContext": {"runAsUser": 1234, "runAsGroup": 2345, "fsGroup": 3456}, "volumes": [{"name": "v", "emptyDir": {}}]},
    ).splitlines()
    assert said[0] == "1234"
    assert said[1].split() == ["2345", "3456"]
    assert said[2] == "3456 drwxrwsrwx"
    assert said[3:5] == ["3456", "Read-only"]
    assert said[5].split() == ["CapEff:", "0000000000000000"]


def test_roots_are_kept_out_where_that_is_asked(kubectl):
    kubectl.apply(pod("rootless", container(STAY, securityContext={"runAsNonRoot": True})))
    kubectl.until("rootless", waits_for("CreateContainerConfigError"))
    assert "container has runAsNonRoot and image will run as root" in kubectl.state("rootless")["state"]["waiting"]["message"]
