"""Objects whose images only this machine has, sent to a real cluster: the images go to a registry with them."""

import json
import uuid

import pytest
import yaml
from registry import build, docker, noise, registry  # noqa: F401

from cluster import cluster, in_namespace  # noqa: F401

ABSENT = "registry.invalid/team/absent:1"


@pytest.fixture
def image(on_docker):
    """An image that is here, under a name whose registry is nowhere."""
    name = f"registry.invalid/push-{uuid.uuid4().hex[:8]}:1"
    build(name, noise(1 << 20, uuid.uuid4().int))
    yield name
    docker("rmi", "--force", name)


@pytest.fixture
def deploy(on_docker, in_namespace, tmp_path, image):  # noqa: F811
    containers = [{"name": "mine", "image": image}, {"name": "other", "image": ABSENT}]
    notebook = {"apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": "mine"},
                "spec": {"template": {"spec": {"containers": containers}}}}
    file = tmp_path / "mine.yaml"
    on_docker.environment["KUBECONFIG"] = str(in_namespace.config)

    def deploy(*words, code=0, objects=(notebook,)):
        file.write_text(yaml.safe_dump_all(objects))
        answer = on_docker("deploy", file, "--context", "admin", "-n", in_namespace.home, *words, "-o", "json")
        assert answer.returncode == code, answer.stderr
        return json.loads(answer.stdout or answer.stderr.splitlines()[-1])

    deploy.notebook = notebook
    return deploy


def fields(shown):
    return {field["field"]: field for one in shown["report"]["objects"] for field in one["fields"]}


def sent(kubectl):
    return [one["image"] for one in kubectl.get("notebook", "mine")["spec"]["template"]["spec"]["containers"]]


def test_an_image_that_is_only_here_is_pushed_and_named_by_its_digest(deploy, registry, image, in_namespace):  # noqa: F811
    prefix = f"{registry.address}/team"
    moved = f"{prefix}/{image.removeprefix('registry.invalid/')}"
    repository, tag = moved.removeprefix(f"{registry.address}/").rsplit(":", 1)

    shown = fields(deploy("--registry", prefix, "--dry-run"))
    place = "spec.template.spec.containers[{}].image"
    told = shown[place.format(0)]
    assert (told["verdict"], told["from"], told["to"]) == ("translated", image, moved)
    assert "pushed" in told["reason"]
    assert (shown[place.format(1)]["verdict"], shown[place.format(1)]["to"]) == ("same", ABSENT)
    # A dry run sends nothing, there or to the registry.
    assert json.loads(registry.get("_catalog"))["repositories"] in ([], None)
    assert in_namespace.get("notebooks")["items"] == []

    deployed = deploy("--registry", prefix, "--yes")
    assert [one["done"]["state"] for one in deployed["outcomes"]] == ["created"]
    digest, config, _ = registry.verify(repository, tag)
    assert config == docker("image", "inspect", "--format", "{{.Id}}", image)
    assert sent(in_namespace) == [f"{moved}@{digest}", ABSENT]
    # The same again has nothing to do.
    again = deploy("--registry", prefix, "--yes")
    assert [one["done"]["state"] for one in again["outcomes"]] == ["unchanged"]


def test_what_will_not_be_sent_has_no_image_pushed(deploy, on_docker, registry, image, in_namespace):  # noqa: F811
    """One object is not portable, one is a Secret that was not agreed to, the context is protected: each is said before a push begins."""
    prefix = f"{registry.address}/refused"
    moved = f"refused/{image.removeprefix('registry.invalid/').rsplit(':', 1)[0]}"

    def pushed():
        return moved in (json.loads(registry.get("_catalog"))["repositories"] or [])

    local = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "local"}, "spec": {
        "containers": [{"name": "main", "image": ABSENT, "envFrom": [{"secretRef": {"name": "nowhere"}}]}],
        "volumes": [{"name": "here", "hostPath": {"path": "/srv/here"}}]}}
    shown = deploy("--registry", prefix, "--yes", code=1, objects=[deploy.notebook, local])
    assert shown["report"]["summary"]["not-portable"] > 0 and not pushed(), shown
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "stringData": {"token": "t"}}
    shown = deploy("--registry", prefix, "--yes", code=1, objects=[deploy.notebook, secret])
    assert "refused" in [one["would"]["state"] for one in shown["preview"]["objects"]] and not pushed(), shown
    on_docker.environment["CORACLE_PROTECTED_CONTEXTS"] = "adm*"
    refused = deploy("--registry", prefix, "--yes", code=2)["error"]
    assert "protected" in refused["message"] and "--confirm admin" in refused["hint"] and not pushed(), refused
    assert in_namespace.get("notebooks")["items"] == []
    deploy("--registry", prefix, "--yes", "--confirm", "admin")
    assert pushed() and len(in_namespace.get("notebooks")["items"]) == 1


def test_a_registry_that_cannot_be_reached_keeps_the_objects_here(deploy, in_namespace):  # noqa: F811
    refused = deploy("--registry", "127.0.0.1:1/team", "--yes", code=1)["error"]
    assert refused["code"] == "registry" and "127.0.0.1:1" in refused["message"], refused
    assert in_namespace.get("notebooks")["items"] == []
    bad = deploy("--registry", "team", "--yes", code=2)["error"]
    assert "names no registry" in bad["message"], bad
