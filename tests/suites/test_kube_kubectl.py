"""The real kubectl on objects that need nothing to run: applying, changing, showing, selecting, deleting."""

import json
import subprocess

import pytest
from kube import Kubectl, config_map


@pytest.fixture(scope="module")
def kubectl(workbench):
    return Kubectl(workbench)


@pytest.fixture
def namespace(kubectl, request):
    """A namespace of the test's own; its name."""
    name = request.node.name.replace("_", "-").split("[")[0][:60].rstrip("-")
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


def test_the_server_says_what_it_is(kubectl):
    version = json.loads(kubectl.ok("version", "-o", "json"))
    assert version["serverVersion"]["minor"] == "34"
    assert "is running at" in kubectl.ok("cluster-info")
    assert kubectl.ok("auth", "can-i", "create", "pods").strip() == "yes"


def test_resources_are_found_by_every_name(kubectl):
    listed = kubectl.ok("api-resources", "-o", "name").split()
    assert {"pods", "jobs.batch", "notebooks.kubeflow.org", "poddefaults.kubeflow.org"} <= set(listed)
    for name in ("notebooks", "notebook", "notebooks.kubeflow.org", "notebooks.v1.kubeflow.org", "po", "cm", "all"):
        kubectl.ok("get", name)
    kubectl.fails("get", "widgets", says="the server doesn't have a resource type")


def test_types_are_explained(kubectl):
    assert "template" in kubectl.ok("explain", "notebook.spec")
    assert "image\t<string>" in kubectl.ok("explain", "pod.spec.containers")


def test_apply_is_a_merge_of_three(kubectl, namespace):
    def data():
        return kubectl.get("cm", "three", "-n", namespace)["data"]

    def apply(**data):
        return kubectl.apply(config_map("three", data), options=("-n", namespace))

    assert "created" in apply(kept="1", changed="1", dropped="1")
    kubectl.ok("patch", "cm", "three", "-n", namespace, "--type=merge", "-p", '{"data": {"theirs": "1"}}')
    assert "configured" in apply(kept="1", changed="2")
    # What was applied before and is not now goes; what others put there stays.
    assert data() == {"kept": "1", "changed": "2", "theirs": "1"}
    assert "unchanged" in apply(kept="1", changed="2")


def test_apply_merges_lists_of_named_things(kubectl, namespace):
    def service(*ports):
        return {
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "ports"},
            "spec": {"selector": {"a": "b"}, "ports": [{"name": name, "port": port} for name, port in ports]},
        }

    kubectl.apply(service(("a", 1), ("b", 2)), options=("-n", namespace))
    kubectl.apply(service(("b", 2), ("c", 3)), options=("-n", namespace))
    found = kubectl.get("svc", "ports", "-n", namespace)["spec"]["ports"]
    assert sorted(port["name"] for port in found) == ["b", "c"]


def test_server_side_apply_knows_who_manages_what(kubectl, namespace):
    def apply(manager, *options, **data):
        return kubectl(
            "apply", "-n", namespace, "--server-side", "--field-manager", manager, *options, "-f", "-",
            stdin=json.dumps(config_map("shared", data)),
        )

    assert apply("red", a="1").returncode == 0
    refused = apply("blue", a="2")
    assert refused.returncode == 1
    assert 'conflict with "red": .data.a' in refused.stderr
    assert apply("blue", "--force-conflicts", a="2", b="1").returncode == 0
    assert kubectl.get("cm", "shared", "-n", namespace)["data"] == {"a": "2", "b": "1"}


def test_dry_runs_and_differences_change_nothing(kubectl, namespace):
    kubectl.apply(config_map("still", {"a": "1"}), options=("-n", namespace))
    changed = json.dumps(config_map("still", {"a": "2"}))
    kubectl.ok("apply", "-n", namespace, "--dry-run=server", "-f", "-", stdin=changed)
    different = kubectl("diff", "-n", namespace, "-f", "-", stdin=changed)
    assert different.returncode == 1
    assert '-  a: "1"' in different.stdout and '+  a: "2"' in different.stdout
    assert kubectl.get("cm", "still", "-n", namespace)["data"] == {"a": "1"}


def test_every_kind_of_patch(kubectl, namespace):
    kubectl.apply(config_map("patched", {"a": "1"}), options=("-n", namespace))
    for kind, patch in (
        ("merge", '{"data": {"merge": "1"}}'),
        ("strategic", '{"data": {"strategic": "1"}}'),
        ("json", '[{"op": "add", "path": "/data/json", "value": "1"}, {"op": "remove", "path": "/data/a"}]'),
    ):
        kubectl.ok("patch", "cm", "patched", "-n", namespace, f"--type={kind}", "-p", patch)
    assert kubectl.get("cm", "patched", "-n", namespace)["data"] == {"merge": "1", "strategic": "1", "json": "1"}


def test_labels_annotations_and_selectors(kubectl, namespace):
    for name, tier in (("one", "front"), ("two", "back"), ("three", "back")):
        kubectl.apply(config_map(name, labels={"tier": tier}), options=("-n", namespace))
    kubectl.ok("label", "cm", "one", "-n", namespace, "new=1")
    kubectl.ok("annotate", "cm", "one", "-n", namespace, "note=said")

    def selected(*options):
        return kubectl.ok("get", "cm", "-n", namespace, "-o", "name", *options).split()

    assert selected("-l", "tier=back") == ["configmap/three", "configmap/two"]
    assert selected("-l", "tier in (front),new") == ["configmap/one"]
    assert selected("-l", "tier,tier!=back") == ["configmap/one"]
    assert selected("--field-selector", "metadata.name=two") == ["configmap/two"]
    kubectl.fails("get", "cm", "-n", namespace, "--field-selector", "data.a=1", says="is not a known field selector")
    kubectl.ok("label", "cm", "one", "-n", namespace, "new-")
    assert selected("-l", "new") == []


def test_what_others_changed_is_not_overwritten(kubectl, namespace):
    kubectl.apply(config_map("raced"), options=("-n", namespace))
    old = kubectl.get("cm", "raced", "-n", namespace)
    kubectl.ok("patch", "cm", "raced", "-n", namespace, "--type=merge", "-p", '{"data": {"b": "2"}}')
    old["data"]["c"] = "3"
    kubectl.fails("replace", "-n", namespace, "-f", "-", stdin=json.dumps(old), says="the object has been modified")


def test_a_watch_shows_each_change(kubectl, namespace):
    watching = kubectl.begin("get", "cm", "-n", namespace, "-l", "w=1", "-o", "name", "--watch")
    try:
        # It begins with a list, after which nothing is missed.
        kubectl.apply(config_map("seen", labels={"w": "1"}), options=("-n", namespace))
        assert watching.stdout.readline().strip() == "configmap/seen"
        kubectl.ok("patch", "cm", "seen", "-n", namespace, "--type=merge", "-p", '{"data": {"b": "2"}}')
        assert watching.stdout.readline().strip() == "configmap/seen"
    finally:
        watching.terminate()
        watching.wait(10)


def test_waiting_for_a_deletion_and_for_a_value(kubectl, namespace):
    kubectl.apply(config_map("waited"), options=("-n", namespace))
    waiting = kubectl.begin("wait", "cm/waited", "-n", namespace, "--for=delete", "--timeout=30s")
    kubectl.ok("wait", "cm/waited", "-n", namespace, "--for=jsonpath={.data.a}=1", "--timeout=10s")
    kubectl.ok("delete", "cm", "waited", "-n", namespace)
    assert waiting.wait(30) == 0


def test_a_namespace_goes_with_all_that_is_in_it(kubectl, namespace):
    kubectl.apply(
        config_map("in"), {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}},
        options=("-n", namespace),
    )
    kubectl.ok("delete", "ns", namespace, "--timeout=30s")
    kubectl.fails("get", "ns", namespace, says="not found")
    kubectl.fails("create", "-n", namespace, "-f", "-", stdin=json.dumps(config_map("late")), says="not found")


def test_what_is_owned_goes_with_its_owner(kubectl, namespace):
    kubectl.apply(config_map("owner"), options=("-n", namespace))
    uid = kubectl.get("cm", "owner", "-n", namespace)["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    for name in ("owned", "orphaned"):
        kubectl.apply(config_map(name, ownerReferences=[owner]), options=("-n", namespace))
    kubectl.ok("patch", "cm", "orphaned", "-n", namespace, "--type=merge", "-p", '{"metadata": {"ownerReferences": null}}')
    kubectl.ok("delete", "cm", "owner", "-n", namespace)
    kubectl.ok("wait", "cm/owned", "-n", namespace, "--for=delete", "--timeout=10s")
    kubectl.ok("get", "cm", "orphaned", "-n", namespace)


@pytest.mark.parametrize(
    "text, says",
    [
        ("kind: [", "error converting YAML to JSON"),
        (json.dumps({"apiVersion": "v1", "kind": "Widget", "metadata": {"name": "x"}}), "no matches for kind"),
        (json.dumps(config_map("Bad_Name")), "a lowercase RFC 1123 subdomain must consist of"),
        (json.dumps(config_map("n" * 260)), "must be no more than 253"),
        (json.dumps({**config_map("x"), "colour": "red"}), 'unknown field "colour"'),
        (json.dumps(config_map("x", {"a": 1})), "cannot unmarshal number"),
        (json.dumps({**config_map("x"), "apiVersion": "v9"}), "no matches for kind"),
    ],
    ids=["yaml", "kind", "name", "long-name", "unknown-field", "wrong-type", "version"],
)
def test_bad_files_are_refused_as_by_a_cluster(kubectl, text, says):
    kubectl.fails("apply", "-f", "-", stdin=text, says=says)


def test_secrets_are_shown_only_on_demand(kubectl, namespace):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"word": "hush"}}
    kubectl.ok("create", "-n", namespace, "-f", "-", stdin=json.dumps(secret))
    assert "hush" not in kubectl.ok("describe", "secret", "s", "-n", namespace)
    assert kubectl.get("secret", "s", "-n", namespace)["data"] == {"word": "aHVzaA=="}


def test_the_machine_is_a_node(kubectl):
    [node] = kubectl.get("nodes")["items"]
    assert {"type": "Ready", "status": "True"}.items() <= {c["type"]: c for c in node["status"]["conditions"]}["Ready"].items()
    assert int(node["status"]["capacity"]["pods"]) > 0
    assert node["metadata"]["name"] in kubectl.ok("describe", "nodes")


def test_the_file_is_readable_by_its_owner_alone(workbench):
    path = workbench("kubeconfig").stdout.strip()
    assert subprocess.run(["stat", "-c", "%a", path], capture_output=True, text=True, check=True).stdout.strip() == "600"
