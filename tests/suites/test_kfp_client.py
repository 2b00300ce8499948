"""`kfp.Client`: health, experiments, pipelines and versions, and the generated services for them."""

import datetime
import functools
import http.server
import json
import threading

import kfp_server_api
import pytest
from conftest import pipeline, step
from kfp_api import DEFAULT, NOBODY, fresh, tarred, zipped
# own_context, client and package are fixtures.
from kfp_client import check_nothing_is_left_out, client, connect, greeting, own_context, package, refusal

pytestmark = pytest.mark.filterwarnings("ignore")


# --- health, namespace --------------------------------------------------------------------------------


def test_health(client):
    health = client.get_kfp_healthz()
    assert health.multi_user is False
    assert health.pipeline_store == "database"
    assert client.healthzs.healthz_service_get_healthz().multi_user is False


def test_a_namespace_is_taken_and_means_nothing(client, own_context):
    assert client.get_user_namespace() == ""
    client.set_user_namespace("team")
    try:
        assert client.get_user_namespace() == "team"
        assert json.loads(own_context.read_text())["namespace"] == "team"
        made = client.create_experiment(fresh("in-team"))
        assert made.experiment_id in [found.experiment_id for found in client.list_experiments(page_size=200).experiments]
        assert client.list_runs(namespace="other") == client.list_runs()
    finally:
        client.set_user_namespace("")
        own_context.unlink()


# --- experiments --------------------------------------------------------------------------------------


def test_an_experiment_from_its_creation_to_its_end(client, capsys):
    name = fresh("life")
    made = client.create_experiment(name, description="about it")
    assert f"/#/experiments/details/{made.experiment_id}" in capsys.readouterr().out
    assert (made.display_name, made.description, made.storage_state) == (name, "about it", "AVAILABLE")
    assert isinstance(made.created_at, datetime.datetime)
    assert made.last_run_created_at.year == 1970

    again = client.create_experiment(name, description="something else")
    assert again == made
    assert client.get_experiment(experiment_id=made.experiment_id) == made
    assert client.get_experiment(experiment_name=name) == made

    assert client.archive_experiment(made.experiment_id) == {}
    assert client.get_experiment(made.experiment_id).storage_state == "ARCHIVED"
    assert client.archive_experiment(made.experiment_id) == {}
    assert client.unarchive_experiment(made.experiment_id) == {}
    assert client.get_experiment(made.experiment_id).storage_state == "AVAILABLE"

    assert client.delete_experiment(made.experiment_id) == {}
    assert "Experiment " + made.experiment_id + " not found" in refusal(404, client.get_experiment, made.experiment_id)
    refusal(404, client.delete_experiment, made.experiment_id)
    with pytest.raises(ValueError, match="No experiment is found with name"):
        client.get_experiment(experiment_name=name)


def test_the_default_experiment_is_there_and_stays(client):
    found = client.get_experiment(experiment_name=DEFAULT)
    assert "cannot be deleted" in refusal(409, client.delete_experiment, found.experiment_id)
    assert client.create_experiment(DEFAULT).experiment_id == found.experiment_id


def test_experiments_page_by_page(client):
    prefix = fresh("page")
    names = [f"{prefix}-{number:02}" for number in range(23)]
    for name in names:
        client.create_experiment(name)
    given = json.dumps({"predicates": [{"operation": "IS_SUBSTRING", "key": "display_name", "stringValue": f"{prefix}-"}]})
    for order, expected in (("display_name asc", names), ("display_name desc", names[::-1])):
        seen, token, pages = [], "", 0
        while token is not None:
            page = client.list_experiments(page_token=token, page_size=5, sort_by=order, filter=given)
            assert page.total_size == 23
            seen += [found.display_name for found in page.experiments]
            token, pages = page.next_page_token, pages + 1
        assert seen == expected
        assert pages == 5


def test_a_page_token_is_for_the_list_that_gave_it(client):
    for _ in range(2):
        client.create_experiment(fresh("token"))
    token = client.list_experiments(page_size=1, sort_by="display_name").next_page_token
    refusal(400, client.list_experiments, page_token=token, page_size=1, sort_by="created_at")
    refusal(400, client.list_experiments, page_token="nonsense")
    refusal(400, client.list_experiments, sort_by="colour")
    refusal(400, client.list_experiments, sort_by="display_name asc now")
    refusal(400, client.list_experiments, page_size=-1)
    refusal(400, client.list_experiments, filter="{{")


@pytest.mark.parametrize("operation", ["EQUALS", 1])
@pytest.mark.parametrize("value", ["string_value", "stringValue"])
def test_filters_in_every_spelling(client, api, package, operation, value):
    name = fresh("spelling")
    experiment = client.create_experiment(name).experiment_id
    made = client.upload_pipeline(str(package), name)
    version = client.list_pipeline_versions(made.pipeline_id).pipeline_versions[0]
    client.run_pipeline(experiment, name, pipeline_id=made.pipeline_id, version_id=version.pipeline_version_id)
    client.create_recurring_run(
        experiment, name, cron_expression="0 0 0 1 1 *", pipeline_id=made.pipeline_id,
        version_id=version.pipeline_version_id, enabled=False,
    )
    given = json.dumps({"predicates": [{"operation": operation, "key": "display_name", value: name}]})
    lists = {
        "/experiments": "experiments", "/pipelines": "pipelines", "/runs": "runs", "/recurringruns": "recurringRuns",
        f"/pipelines/{made.pipeline_id}/versions": "pipeline_versions",
    }
    for path, key in lists.items():
        answer = api.get(path, filter=given).ok()
        assert [found["display_name"] for found in answer[key]] == [name], path
        assert answer["total_size"] == 1
        nothing = api.get(path, filter=given.replace(name, "nothing-like-it")).ok()
        assert nothing.get(key, []) == [], path


# --- pipelines ----------------------------------------------------------------------------------------


def test_packages_of_every_kind_are_uploaded(client, package, tmp_path):
    text = package.read_text()
    (tmp_path / "p.yml").write_text(text)
    (tmp_path / "p.zip").write_bytes(zipped({"pipeline.yaml": text, "other.txt": "x"}))
    (tmp_path / "p.tar.gz").write_bytes(tarred({"pipeline.yaml": text}))
    (tmp_path / "p.tgz").write_bytes(tarred({"pipeline.yaml": text}))
    for file in ("greeting.yaml", "p.yml", "p.zip", "p.tar.gz", "p.tgz"):
        made = client.upload_pipeline(str(tmp_path / file), fresh(file.replace(".", "-")), description=f"from {file}")
        assert client.get_pipeline(made.pipeline_id) == made
        assert made.description == f"from {file}"
        versions = client.list_pipeline_versions(made.pipeline_id)
        assert versions.total_size == 1
        spec = versions.pipeline_versions[0].pipeline_spec
        assert spec["root"]["dag"]["tasks"]["greet"]["taskInfo"]["name"] == "greet"
        assert spec["pipelineInfo"]["name"] == "greeting"


def test_a_pipeline_without_a_name_bears_that_of_its_package(client, tmp_path):
    name = fresh("named-inside")
    file = pipeline(tmp_path, {"a": step("true")}, name)
    made = client.upload_pipeline(str(file))
    assert (made.name, made.display_name) == (name, name)
    with pytest.raises(ValueError, match="Invalid pipeline name"):
        client.upload_pipeline(str(file), "  ")


def test_a_pipeline_from_its_upload_to_its_end(client, capsys):
    name = fresh("pipeline")
    made = client.upload_pipeline_from_pipeline_func(greeting, name, description="greets", namespace="kubeflow")
    assert f"/#/pipelines/details/{made.pipeline_id}" in capsys.readouterr().out
    assert (made.name, made.display_name, made.description) == (name, name, "greets")
    assert client.get_pipeline(made.pipeline_id) == made
    assert client.get_pipeline_id(name) == made.pipeline_id
    assert client.get_pipeline_id("nothing-like-it") is None
    assert made in client.list_pipelines(page_size=200, namespace="kubeflow").pipelines
    taken = refusal(409, client.upload_pipeline_from_pipeline_func, greeting, name)
    assert "Failed to create a pipeline and a pipeline version" in taken

    # The first version bears the name of the pipeline.
    first = client.list_pipeline_versions(made.pipeline_id).pipeline_versions[0]
    assert (first.name, first.display_name, first.pipeline_id) == (name, name, made.pipeline_id)
    assert client.get_pipeline_version(made.pipeline_id, first.pipeline_version_id) == first
    message = refusal(400, client.delete_pipeline, made.pipeline_id)
    assert "as it has existing pipeline versions" in message
    assert first.pipeline_version_id in message
    assert client.delete_pipeline_version(made.pipeline_id, first.pipeline_version_id) == {}
    refusal(404, client.get_pipeline_version, made.pipeline_id, first.pipeline_version_id)
    assert client.list_pipeline_versions(made.pipeline_id).pipeline_versions is None
    assert client.delete_pipeline(made.pipeline_id) == {}
    refusal(404, client.get_pipeline, made.pipeline_id)


def test_versions(client, package, capsys):
    name = fresh("versioned")
    made = client.upload_pipeline(str(package), name)
    capsys.readouterr()
    second = client.upload_pipeline_version(str(package), "second", pipeline_id=made.pipeline_id, description="the second")
    assert f"/#/pipelines/details/{made.pipeline_id}/version/{second.pipeline_version_id}" in capsys.readouterr().out
    assert (second.display_name, second.description, second.pipeline_id) == ("second", "the second", made.pipeline_id)
    third = client.upload_pipeline_version_from_pipeline_func(greeting, "third", pipeline_name=name)
    assert third.pipeline_id == made.pipeline_id
    listed = client.list_pipeline_versions(made.pipeline_id, sort_by="name desc")
    assert [version.name for version in listed.pipeline_versions] == [name, "third", "second"]
    assert listed.total_size == 3
    token, seen = "", []
    while token is not None:
        page = client.list_pipeline_versions(made.pipeline_id, page_token=token, page_size=1, sort_by="name")
        seen += [version.name for version in page.pipeline_versions]
        token = page.next_page_token
    assert seen == ["second", "third", name]

    refusal(409, client.upload_pipeline_version, str(package), "second", pipeline_id=made.pipeline_id)
    # An unknown name makes the client upload without saying to which pipeline.
    assert "Failed to create a pipeline version" in refusal(
        400, client.upload_pipeline_version, str(package), "lost", pipeline_name="nothing-like-it"
    )
    refusal(400, client.upload_pipeline_version, str(package), "lost", pipeline_id=NOBODY)
    with pytest.raises(ValueError):
        client.upload_pipeline_version(str(package), "lost")


def test_what_is_no_pipeline_is_refused_at_upload(client, tmp_path):
    file = tmp_path / "bad.yaml"
    for text in ("a: 1\n", "- a\n", "a: [1\n", "", '{"pipelineInfo": {"name": "x"}, "root": {}, "colour": 1}'):
        file.write_text(text)
        refusal(400, client.upload_pipeline, str(file), fresh("bad"))


# --- the generated services ---------------------------------------------------------------------------


def test_generated_experiment_service(client):
    service, models = client.experiments, kfp_server_api
    made = service.experiment_service_create_experiment(models.V2beta1Experiment(display_name=fresh("generated")))
    assert service.experiment_service_get_experiment(made.experiment_id) == made
    assert made in service.experiment_service_list_experiments(page_size=200).experiments
    assert service.experiment_service_archive_experiment(made.experiment_id) == {}
    assert service.experiment_service_unarchive_experiment(made.experiment_id) == {}
    assert "already exists" in refusal(409, service.experiment_service_create_experiment, made)
    assert service.experiment_service_delete_experiment(made.experiment_id) == {}


def test_generated_pipeline_service(client, package):
    service, models = client.pipelines, kfp_server_api
    name = fresh("empty")
    made = service.pipeline_service_create_pipeline(
        models.V2beta1Pipeline(name=name, display_name="An empty one", description="d", tags={"team": "a", "stage": "dev"})
    )
    assert (made.name, made.display_name, made.tags) == (name, "An empty one", {"team": "a", "stage": "dev"})
    assert service.pipeline_service_get_pipeline_by_name(name) == made
    assert "not found" in refusal(404, service.pipeline_service_get_pipeline_by_name, "nothing-like-it")
    changed = service.pipeline_service_update_pipeline(
        made.pipeline_id, models.V2beta1Pipeline(display_name="Renamed", tags={"team": "b"})
    )
    assert (changed.name, changed.display_name, changed.tags) == (name, "Renamed", {"team": "b"})
    unchanged = service.pipeline_service_update_pipeline(made.pipeline_id, models.V2beta1Pipeline())
    assert unchanged == changed
    cleared = service.pipeline_service_update_pipeline(made.pipeline_id, models.V2beta1Pipeline(tags={}))
    assert cleared.tags is None and cleared.display_name == "Renamed"
    assert service.pipeline_service_get_pipeline(made.pipeline_id) == cleared
    by_tag = json.dumps({"predicates": [{"operation": "EQUALS", "key": "tags.team", "stringValue": "b"}]})
    assert service.pipeline_service_list_pipelines(filter=by_tag).pipelines is None

    second = client.pipeline_uploads.upload_pipeline_version(
        str(package), name="v1", display_name="Version One", pipelineid=made.pipeline_id, description="d",
        tags=json.dumps({"stage": "prod"}),
    )
    assert (second.name, second.display_name, second.tags) == ("v1", "Version One", {"stage": "prod"})
    assert service.pipeline_service_get_pipeline_version(made.pipeline_id, second.pipeline_version_id) == second
    updated = service.pipeline_service_update_pipeline_version(
        made.pipeline_id, second.pipeline_version_id, models.V2beta1PipelineVersion(display_name="One", tags={"stage": "old"})
    )
    assert (updated.display_name, updated.tags) == ("One", {"stage": "old"})
    assert service.pipeline_service_list_pipeline_versions(made.pipeline_id).pipeline_versions == [updated]
    assert service.pipeline_service_delete_pipeline_version(made.pipeline_id, second.pipeline_version_id) == {}

    whole = client.pipeline_uploads.upload_pipeline(
        str(package), name=fresh("whole"), display_name="The Whole ", description="d", namespace="n",
        tags=json.dumps({"team": "whole"}),
    )
    assert (whole.display_name, whole.tags) == ("The Whole ", {"team": "whole"})
    refusal(400, service.pipeline_service_delete_pipeline, whole.pipeline_id)
    assert service.pipeline_service_delete_pipeline(whole.pipeline_id, cascade=True) == {}
    refusal(404, service.pipeline_service_get_pipeline, whole.pipeline_id)


def by_address(address, **more):
    """A version as it stands in requests that name a package by its address."""
    return kfp_server_api.V2beta1PipelineVersion(package_url=kfp_server_api.V2beta1Url(pipeline_url=address), **more)


def test_packages_from_addresses(on_processes, package):
    files = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(package.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        on_processes.environment["PIPELINE_URL_VALIDATION_ENABLED"] = "false"
        client = connect(on_processes.serve())
        service, models = client.pipelines, kfp_server_api
        address = f"http://127.0.0.1:{server.server_port}/{package.name}"
        made = service.pipeline_service_create_pipeline_and_version(models.V2beta1CreatePipelineAndVersionRequest(
            pipeline=models.V2beta1Pipeline(name="fetched", display_name="Fetched"), pipeline_version=by_address(address)
        ))
        assert (made.name, made.display_name) == ("fetched", "Fetched")
        first = client.list_pipeline_versions(made.pipeline_id).pipeline_versions[0]
        assert first.package_url.pipeline_url == address
        assert first.pipeline_spec["pipelineInfo"]["name"] == "greeting"
        second = service.pipeline_service_create_pipeline_version(
            made.pipeline_id, by_address(address, pipeline_id=made.pipeline_id, name="second")
        )
        assert (second.name, second.pipeline_spec) == ("second", first.pipeline_spec)
        missing = by_address(address + ".none.yaml", pipeline_id=made.pipeline_id, name="third")
        assert "404 Not Found" in refusal(400, service.pipeline_service_create_pipeline_version, made.pipeline_id, missing)
        server.shutdown()


def test_packages_from_addresses_that_may_not_be_fetched_from(client):
    service, models = client.pipelines, kfp_server_api
    made = service.pipeline_service_create_pipeline(models.V2beta1Pipeline(name=fresh("by-address")))
    for address in ("http://127.0.0.1:1/p.yaml", "https://nobody.example/p.yaml", "/etc/passwd", "file:///etc/passwd"):
        body = models.V2beta1CreatePipelineAndVersionRequest(
            pipeline=models.V2beta1Pipeline(name=fresh("fetched")), pipeline_version=by_address(address)
        )
        refusal(400, service.pipeline_service_create_pipeline_and_version, body)
        version = by_address(address, pipeline_id=made.pipeline_id, name="v")
        refusal(400, service.pipeline_service_create_pipeline_version, made.pipeline_id, version)


def test_services_that_kfps_server_does_not_have_in_this_version(client):
    calls = [
        lambda: client.auths.auth_service_authorize(namespace="n", resources="VIEWERS", verb="GET"),
        lambda: client.visualizations.visualization_service_create_visualization_v1("n", kfp_server_api.V2beta1Visualization()),
        lambda: client.dummy_filters.dummy_filter_service_get_filter(),
    ]
    for call in calls:
        assert refusal(404, call) == "Not Found"


# --- completeness -------------------------------------------------------------------------------------


def test_nothing_public_is_left_out(request):
    check_nothing_is_left_out(request)
