"""Objects that ran here, in a real cluster: shown first, sent, changed, gone back with, removed, and written as files."""

import json
import subprocess

import pytest
import yaml
from conftest import ROOT, wait_for
from kfp_api import Api

from cluster import cluster, in_namespace  # noqa: F401


def config_map(name="settings", **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def notebook(image="python:3.11", **labels):
    container = {"name": "mine", "image": image, "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
    return {"apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": "mine", "labels": labels},
            "spec": {"template": {"spec": {"containers": [container]}}}}


def isvc(model="first"):
    container = {"name": "kserve-container", "image": "python:3.11", "env": [{"name": "MODEL", "value": model}]}
    return {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": "iris"},
            "spec": {"predictor": {"containers": [container]}}}


class Sender:
    """The command, with the cluster's kubeconfig in its shell."""

    def __init__(self, coracle, kubectl, folder):
        self.coracle, self.kubectl, self.folder = coracle, kubectl, folder

    def file(self, *objects, name="things"):
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump_all(objects))
        return path

    def __call__(self, *words, code=0):
        self.coracle.environment["KUBECONFIG"] = str(self.kubectl.config)
        answer = self.coracle("-o", "json", *words)
        assert answer.returncode == code, f"{words}\n{answer.stdout}\n{answer.stderr}"
        return json.loads(answer.stdout or answer.stderr.splitlines()[-1])

    def deploy(self, path, *words, code=0):
        return self("deploy", path, "--context", "admin", "-n", self.kubectl.home, *words, code=code)

    def of(self, verb, name="things", code=0):
        return self(verb, name, "--context", "admin", "-n", self.kubectl.home, code=code)


def done(deployed):
    return {f"{one['object']['kind']}/{one['object']['name']}": one["done"]["state"] for one in deployed["outcomes"]}


@pytest.fixture
def sender(on_processes, in_namespace, tmp_path):  # noqa: F811
    on_processes.serve()
    return Sender(on_processes, in_namespace, tmp_path)


def test_a_notebook_and_a_model_server_are_shown_sent_changed_gone_back_with_and_removed(sender):
    kubectl = sender.kubectl
    file = sender.file(notebook(), isvc())
    shown = sender.deploy(file, "--dry-run")
    assert {looked["would"]["state"] for looked in shown["preview"]["objects"]} == {"create"}
    assert shown["report"]["summary"]["not-portable"] == 0 and shown["is_fine"]
    assert kubectl.get("notebooks")["items"] == []
    assert done(sender.deploy(file, "--yes")) == {"Notebook/mine": "created", "InferenceService/iris": "created"}
    assert done(sender.deploy(file, "--yes")) == {"Notebook/mine": "unchanged", "InferenceService/iris": "unchanged"}
    sender.file(notebook(image="alpine"), isvc("second"))
    shown = sender.deploy(file, "--dry-run=server")
    changes = [change for looked in shown["preview"]["objects"] for change in looked["difference"]["changes"]]
    assert {(change["before"], change["after"]) for change in changes} == {("python:3.11", "alpine"), ("first", "second")}
    assert set(done(sender.deploy(file, "--yes")).values()) == {"changed"}
    assert kubectl.get("isvc", "iris")["spec"]["predictor"]["containers"][0]["env"][0]["value"] == "second"
    assert set(done(sender.of("rollback")).values()) == {"restored"}
    assert kubectl.get("isvc", "iris")["spec"]["predictor"]["containers"][0]["env"][0]["value"] == "first"
    assert kubectl.get("notebook", "mine")["spec"]["template"]["spec"]["containers"][0]["image"] == "python:3.11"
    assert "nothing to go back to" in sender.of("rollback", code=2)["error"]["message"]
    assert set(done(sender.of("undeploy")).values()) == {"deleted"}
    wait_for(lambda: kubectl.get("notebooks")["items"] == kubectl.get("isvc")["items"] == [], what="their end")


def test_what_runs_here_is_sent_by_its_name_without_what_the_server_wrote(sender):
    applied = sender.file(config_map(colour="blue"), name="here")
    home = sender.coracle("kubeconfig").stdout.strip()
    subprocess.run(["kubectl", "--kubeconfig", home, "apply", "-f", applied], check=True, capture_output=True)
    assert done(sender.deploy("configmap/settings", "--yes")) == {"ConfigMap/settings": "created"}
    there = sender.kubectl.get("configmap", "settings")
    assert there["data"] == {"colour": "blue"}
    assert "kubectl.kubernetes.io/last-applied-configuration" not in there["metadata"].get("annotations", {})
    assert "not found" in sender("deploy", "configmap/nothing", "--context", "admin", "--yes", code=2)["error"]["message"]


def test_secrets_are_sent_with_consent_and_never_shown(sender):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"token": "swordfish"}}
    file = sender.file(secret, config_map(a="b"))
    assert done(sender.deploy(file, "--yes", code=1)) == {"Secret/key": "refused", "ConfigMap/settings": "created"}
    shown = sender.deploy(file, "--dry-run", "--with-secrets")
    assert "swordfish" not in json.dumps(shown)
    assert done(sender.deploy(file, "--yes", "--with-secrets"))["Secret/key"] == "created"
    folder = sender.folder / "exported"
    exported = sender("export", file, "-d", folder)
    assert exported["left_out"] and "swordfish" not in "".join(path.read_text() for path in folder.iterdir())


def test_what_others_own_is_named_and_taken_over_when_that_is_wished(sender):
    kubectl = sender.kubectl
    kubectl.ok("apply", "--server-side", "--field-manager=others", "-f", "-", stdin=json.dumps(config_map(colour="red")))
    file = sender.file(config_map(colour="blue"))
    [refused] = [one["done"] for one in sender.deploy(file, "--yes", code=1)["outcomes"]]
    assert refused["refusal"]["kind"] == "conflict"
    [conflict] = refused["refusal"]["conflicts"]
    assert conflict["manager"] == "others" and "colour" in json.dumps(conflict)
    assert done(sender.deploy(file, "--yes", "--force-conflicts")) == {"ConfigMap/settings": "changed"}
    sender.of("rollback")
    assert kubectl.get("configmap", "settings")["data"] == {"colour": "red"}


def test_what_is_no_longer_sent_is_pruned(sender):
    file = sender.file(config_map("one", a="1"), config_map("two", a="2"))
    sender.deploy(file, "--yes")
    sender.file(config_map("one", a="1"))
    assert done(sender.deploy(file, "--yes", "--prune"))["ConfigMap/two"] == "deleted"
    names = {found["metadata"]["name"] for found in sender.kubectl.get("configmaps")["items"]}
    assert "one" in names and "two" not in names


def test_kubectl_takes_what_is_exported(sender):
    folder = sender.folder / "exported"
    report = sender("export", sender.file(notebook(), config_map(a="b")), "-d", folder, "-n", sender.kubectl.home)["report"]
    assert report["summary"]["not-portable"] == 0
    sender.kubectl.ok("apply", "-k", str(folder))
    assert sender.kubectl.get("notebook", "mine")["metadata"]["namespace"] == sender.kubectl.home
    (folder / "mine.txt").write_text("somebody's")
    other = sender.folder / "others"
    other.mkdir()
    (other / "mine.txt").write_text("somebody's")
    assert "not empty" in sender("export", sender.file(notebook()), "-d", other, code=2)["error"]["message"]


def test_a_protected_context_is_changed_when_its_name_was_typed(on_processes, in_namespace, tmp_path):  # noqa: F811
    on_processes.environment["CORACLE_PROTECTED_CONTEXTS"] = "adm*"
    on_processes.serve()
    sender = Sender(on_processes, in_namespace, tmp_path)
    file = sender.file(config_map(a="b"))
    assert sender.deploy(file, "--dry-run")["is_protected"]
    assert "protected" in sender.deploy(file, "--yes", code=2)["error"]["message"]
    assert done(sender.deploy(file, "--yes", "--confirm", "admin")) == {"ConfigMap/settings": "created"}


def test_neither_is_a_pipeline_sent_to_a_protected_context_without_its_name(on_processes, in_namespace, tmp_path):  # noqa: F811
    on_processes.environment["CORACLE_PROTECTED_CONTEXTS"] = "adm*"
    on_processes.serve()
    sender = Sender(on_processes, in_namespace, tmp_path)
    pipeline = ROOT / "examples" / "hello" / "pipeline.yaml"
    assert "protected" in sender.deploy(pipeline, code=2)["error"]["message"]
    # Confirmed, it is the server's turn to say that it has no Kubeflow Pipelines.
    assert "is not the API of Kubeflow Pipelines" in sender.deploy(pipeline, "--confirm", "admin", code=1)["error"]["message"]
    assert sender("follow") == {"runs": []}


def test_what_is_for_pipelines_only_is_not_silently_left_out_with_objects(sender):
    file = sender.file(config_map(a="b"))
    for words in [("-p", "n=1"), ("--cron", "@daily"), ("--detach",), ("--no-catchup",), ("--experiment", "mine")]:
        assert "for pipelines" in sender.deploy(file, "--yes", *words, code=2)["error"]["message"]
    sender.kubectl.fails("get", "configmap", "settings", says="not found")


def test_a_cluster_without_argo_is_said_to_have_none(sender):
    pipeline = ROOT / "examples" / "hello" / "pipeline.yaml"
    refused = sender.deploy(pipeline, "--step-image", "registry.example/coracle-step:1", code=1)
    assert "argoproj.io/v1alpha1" in refused["error"]["message"] and "Argo Workflows" in refused["error"]["hint"]
    assert sender("follow") == {"runs": []}


def test_what_was_sent_is_listed_by_whoever_asks(sender):
    def listed(*words):
        return sender("deployments", "--context", "admin", "-n", sender.kubectl.home, *words)["deployments"]

    assert listed() == []
    sender.deploy(sender.file(config_map(a="b"), notebook()), "--yes")
    [one] = listed()
    assert (one["deployment"], one["revision"], one["is_finished"], one["can_go_back"]) == ("things", 1, True, True)
    assert {f"{key['kind']}/{key['name']}" for key in one["objects"]} == {"ConfigMap/settings", "Notebook/mine"}
    everywhere = sender("deployments", "--context", "admin", "-A")["deployments"]
    assert one in everywhere
    shown = sender.coracle("deployments", "--context", "admin", "-n", sender.kubectl.home).stdout
    assert "things" in shown and "Notebook/mine" in shown
    sender.of("undeploy")
    assert listed() == []
    refused = sender("deployments", "--context", "limited", "-n", sender.kubectl.home, code=2)
    assert "cannot list" in refused["error"]["message"]


def test_what_was_sent_is_told_with_how_it_stands(sender):
    def standing(**place):
        asked = {"context": "admin", "namespace": sender.kubectl.home, "deployment": "things", "kubeconfig": str(sender.kubectl.config)}
        return server("POST", "/clusters/deployments:look", {**asked, **place}, root="/apis/coracle/v1")

    sender.deploy(sender.file(config_map(a="b"), notebook()), "--yes")
    server = Api(sender.coracle.servers[-1].address)
    # Notebooks tell by conditions of their own, which nobody writes here.
    found = {one["object"]["kind"]: one["standing"]["state"] for one in standing().ok()["objects"]}
    assert found == {"ConfigMap": "there", "Notebook": "there"}
    sender.kubectl.ok("delete", "configmap", "settings")
    found = {one["object"]["kind"]: one["standing"]["state"] for one in standing().ok()["objects"]}
    assert found == {"ConfigMap": "gone", "Notebook": "there"}
    assert standing(deployment="others").status == 404
    # Whoever may not see a record is told so.
    assert standing(context="limited").status == 400
