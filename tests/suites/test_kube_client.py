"""Kubernetes' own Python client, as the SDKs on top of it use it: typed, untyped, dynamic, and watching."""

import threading

import pytest
from kube import config_map, notebook
from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException

GROUP = ("kubeflow.org", "v1")


@pytest.fixture(scope="module")
def api(workbench):
    """The client, configured by the workbench's kubeconfig as any other."""
    return config.new_client_from_config(workbench("kubeconfig").stdout.strip())


@pytest.fixture(scope="module")
def core(api):
    return client.CoreV1Api(api)


@pytest.fixture
def namespace(core, request):
    name = request.node.name.replace("_", "-")[:60].rstrip("-")
    core.create_namespace({"metadata": {"name": name}})
    return name


def refused(status, call, *arguments, **options):
    with pytest.raises(ApiException) as refusal:
        call(*arguments, **options)
    assert refusal.value.status == status, refusal.value.body
    return refusal.value


def test_the_version_and_the_groups(api):
    assert client.VersionApi(api).get_code().minor == "34"
    groups = {group.name for group in client.ApisApi(api).get_api_versions().groups}
    assert {"batch", "apps", "kubeflow.org"} <= groups
    assert "v1" in client.CoreApi(api).get_api_versions().versions


def test_objects_by_type(core, namespace):
    made = core.create_namespaced_config_map(namespace, config_map("typed"))
    assert made.metadata.uid and made.metadata.creation_timestamp.tzinfo is not None
    made.data["b"] = "2"
    assert core.replace_namespaced_config_map("typed", namespace, made).data == {"a": "1", "b": "2"}
    refused(409, core.replace_namespaced_config_map, "typed", namespace, made)
    patched = core.patch_namespaced_config_map("typed", namespace, {"data": {"a": None}})
    assert patched.data == {"b": "2"}
    assert core.delete_namespaced_config_map("typed", namespace).status == "Success"
    refused(404, core.read_namespaced_config_map, "typed", namespace)


def test_lists_in_pages(core, namespace):
    for number in range(7):
        core.create_namespaced_config_map(namespace, config_map(f"page-{number}", labels={"paged": "1"}))
    names, token = [], None
    while True:
        page = core.list_namespaced_config_map(namespace, label_selector="paged", limit=3, _continue=token)
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue
        if not token:
            break
        # What comes meanwhile is not in a list that has begun.
        core.create_namespaced_config_map(namespace, config_map(f"page-{len(names)}x", labels={"paged": "1"}))
    assert names == [f"page-{number}" for number in range(7)]


def test_custom_objects_as_the_sdks_use_them(api, namespace):
    custom = client.CustomObjectsApi(api)
    where = (*GROUP, namespace, "notebooks")
    custom.create_namespaced_custom_object(*where, notebook("nb", image="absent:1"))
    found = custom.get_namespaced_custom_object(*where, "nb")
    assert found["metadata"]["generation"] == 1
    stop = {"metadata": {"annotations": {"kubeflow-resource-stopped": "2026-01-01T00:00:00Z"}}}
    custom.patch_namespaced_custom_object(*where, "nb", stop)
    assert len(custom.list_namespaced_custom_object(*where)["items"]) == 1
    assert len(custom.list_cluster_custom_object(*GROUP, "notebooks")["items"]) >= 1
    wrong = notebook("wrong")
    wrong["spec"] = "text"
    refusal = refused(422, custom.create_namespaced_custom_object, *where, wrong)
    assert '"field":"spec"' in refusal.body
    custom.delete_namespaced_custom_object(*where, "nb")
    refused(404, custom.get_namespaced_custom_object, *where, "nb")


def test_the_dynamic_client_discovers_and_applies(api, namespace):
    resources = dynamic.DynamicClient(api).resources
    config_maps = resources.get(api_version="v1", kind="ConfigMap")
    applied = config_maps.server_side_apply(
        body=config_map("dynamic"), namespace=namespace, field_manager="test", force_conflicts=True,
    )
    assert applied.data.a == "1"
    assert [entry.manager for entry in applied.metadata.managedFields] == ["test"]
    assert resources.get(api_version="kubeflow.org/v1", kind="Notebook").namespaced


def test_a_watch_goes_on_where_a_list_was(core, namespace):
    version = core.list_namespaced_config_map(namespace).metadata.resource_version
    seen = []

    def changes():
        stream = watch.Watch().stream(
            core.list_namespaced_config_map, namespace, resource_version=version, label_selector="w", timeout_seconds=20,
        )
        for event in stream:
            seen.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                return

    watching = threading.Thread(target=changes)
    watching.start()
    core.create_namespaced_config_map(namespace, config_map("w", labels={"w": "1"}))
    core.patch_namespaced_config_map("w", namespace, {"data": {"b": "2"}})
    core.delete_namespaced_config_map("w", namespace)
    watching.join(20)
    assert seen == [("ADDED", "w"), ("MODIFIED", "w"), ("DELETED", "w")]


def test_a_watch_from_too_long_ago_says_so(core, namespace):
    with pytest.raises(ApiException) as gone:
        for _ in watch.Watch().stream(core.list_namespaced_config_map, namespace, resource_version="1", timeout_seconds=5):
            pass
    assert gone.value.status == 410


def test_what_is_not_offered_is_refused_and_never_hangs(api, core):
    apps = client.AppsV1Api(api)
    refused(405, apps.create_namespaced_stateful_set, "default", {"metadata": {"name": "x"}, "spec": {}})
    assert apps.list_deployment_for_all_namespaces().items == []
    refused(404, client.NetworkingV1Api(api).list_ingress_for_all_namespaces, _request_timeout=5)
    refused(404, core.list_resource_quota_for_all_namespaces, _request_timeout=5)


def test_finalizers_hold_what_is_deleted(core, namespace):
    core.create_namespaced_config_map(namespace, config_map("held", finalizers=["example.com/hold"]))
    core.delete_namespaced_config_map("held", namespace)
    assert core.read_namespaced_config_map("held", namespace).metadata.deletion_timestamp is not None
    core.patch_namespaced_config_map("held", namespace, {"metadata": {"finalizers": None}})
    refused(404, core.read_namespaced_config_map, "held", namespace)
