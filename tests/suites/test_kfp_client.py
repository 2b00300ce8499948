"""`kfp.Client` as users install it, unchanged: every public method, and the generated services behind it."""

import datetime
import functools
import http.server
import json
import os
import pathlib
import signal
import threading
import time
import types

import kfp
import kfp_server_api
import pytest
import urllib3
from conftest import Coracle, pipeline, step, wait_for
from kfp import compiler, dsl
from kfp_api import DEFAULT, NOBODY, Api, fresh, made_of, tarred, zipped
from kfp_server_api import ApiException

pytestmark = pytest.mark.filterwarnings("ignore")

# What `kfp.Client` can be asked in public. The last test compares with the class, and with what the tests called.
METHODS = """
    get_kfp_healthz get_user_namespace set_user_namespace
    create_experiment get_experiment list_experiments archive_experiment unarchive_experiment delete_experiment
    upload_pipeline upload_pipeline_from_pipeline_func get_pipeline get_pipeline_id list_pipelines delete_pipeline
    upload_pipeline_version upload_pipeline_version_from_pipeline_func get_pipeline_version list_pipeline_versions
    delete_pipeline_version
    run_pipeline create_run_from_pipeline_package create_run_from_pipeline_func get_run list_runs archive_run unarchive_run
    terminate_run delete_run wait_for_run_completion
    create_recurring_run get_recurring_run list_recurring_runs enable_recurring_run disable_recurring_run
    delete_recurring_run enable_job disable_job delete_job
""".split()

# The generated services of the client that v2beta1 has on a server of its own.
SERVICES = {
    "experiments": kfp_server_api.ExperimentServiceApi,
    "pipelines": kfp_server_api.PipelineServiceApi,
    "pipeline_uploads": kfp_server_api.PipelineUploadServiceApi,
    "runs": kfp_server_api.RunServiceApi,
    "recurring_runs": kfp_server_api.RecurringRunServiceApi,
    "healthzs": kfp_server_api.HealthzServiceApi,
}

CALLED = set()


def operations(service):
    """The names of what a class offers."""
    return {
        name for name, found in vars(service).items()
        if not name.startswith("_") and isinstance(found, types.FunctionType) and not name.endswith("_with_http_info")
    }


class Noted:
    """A client of which it is noted what tests called on it, when it returned. What it calls itself is not."""

    def __init__(self, real, prefix=""):
        self._real, self._prefix = real, prefix

    def __getattr__(self, name):
        found = getattr(self._real, name)
        if type(found).__name__ == "Struct":  # a generated service
            return Noted(found, f"{name}.")
        if not callable(found):
            return found

        def call(*arguments, **named):
            result = found(*arguments, **named)
            CALLED.add(self._prefix + name)
            return result

        return call


def connect(server):
    return Noted(kfp.Client(host=server.address))


@pytest.fixture(scope="module", autouse=True)
def own_context(tmp_path_factory):
    """The client keeps its context in the home directory: here, in a place of the test."""
    context = tmp_path_factory.mktemp("context") / "kfp" / "context.json"
    before, kfp.Client._LOCAL_KFP_CONTEXT = kfp.Client._LOCAL_KFP_CONTEXT, str(context)
    yield context
    kfp.Client._LOCAL_KFP_CONTEXT = before


@pytest.fixture(scope="module")
def workbench(tmp_path_factory):
    """A workbench on processes for all tests of this file that need none of their own."""
    command = Coracle(tmp_path_factory.mktemp("home"), "process")
    command.server = command.serve()
    yield command
    command.close()


@pytest.fixture(scope="module")
def client(workbench):
    return connect(workbench.server)


@pytest.fixture(scope="module")
def api(workbench):
    return Api(workbench.server.address)


@dsl.container_component
def greet(name: str, times: int, greeting: dsl.OutputPath(str)):
    script = 'mkdir -p "$(dirname "$3")"; printf "%s, %s times" "$1" "$2" > "$3"; echo greeted'
    return dsl.ContainerSpec(image="python:3.11", command=["sh", "-c", script, "greet"], args=[name, times, greeting])


@dsl.pipeline(name="greeting")
def greeting(name: str = "nobody", times: int = 1) -> str:
    return greet(name=name, times=times).outputs["greeting"]


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "greeting.yaml"
    compiler.Compiler().compile(greeting, str(path))
    return path


def refusal(status, call, *arguments, **named):
    """The body of the refusal that a call has to raise."""
    with pytest.raises(ApiException) as raised:
        call(*arguments, **named)
    assert raised.value.status == status, raised.value
    body = json.loads(raised.value.body)
    return body.get("message") or body["error_message"]


def by_path(command, run_id):
    """The tasks of a run as the command shows them, by path; without the run's own."""
    return {task["path"]: task for task in command.json("get", run_id)["tasks"] if task["path"]}


def attempts(command, run_id):
    return {path: len(task["attempts"]) for path, task in by_path(command, run_id).items()}


def greeted(command, run_id):
    return by_path(command, run_id)["greet"]["outputs"]["parameters"]["greeting"]


# --- health, namespace ----------------------------------------------------------------------------


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


# --- experiments ------------------------------------------------------------------------------------


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


# --- runs -----------------------------------------------------------------------------------------------


def test_runs_from_a_function_a_package_and_a_version(coracle, package, capsys):
    client = connect(coracle.serve())
    one = client.create_run_from_pipeline_func(
        greeting, arguments={"name": "ada", "times": 3}, experiment_name="mine", run_name="from a function"
    )
    mine = client.create_experiment("mine").experiment_id
    two = client.create_run_from_pipeline_package(str(package), arguments={"name": "grace"}, experiment_id=mine)
    made = client.upload_pipeline(str(package), "stored")
    version = client.upload_pipeline_version(str(package), "second", pipeline_id=made.pipeline_id)
    experiment = client.create_experiment("other").experiment_id
    three = client.run_pipeline(
        experiment, "from a version", params={"times": 7}, pipeline_id=made.pipeline_id,
        version_id=version.pipeline_version_id, service_account="someone",
    )
    four = client.run_pipeline(experiment, "from a package", pipeline_package_path=str(package), enable_caching=False)
    said = capsys.readouterr().out
    for run_id in (one.run_id, two.run_id, three.run_id, four.run_id):
        assert f"/#/runs/details/{run_id}" in said
    assert three.state in ("PENDING", "RUNNING")
    assert three.storage_state == "AVAILABLE"
    assert three.service_account == "someone"
    assert three.pipeline_version_reference.pipeline_version_id == version.pipeline_version_id
    assert three.pipeline_spec is None
    assert three.runtime_config.parameters == {"times": 7}
    assert four.pipeline_spec["pipelineInfo"]["name"] == "greeting"
    assert one.run_info.experiment_id != three.experiment_id

    ended = one.wait_for_run_completion(timeout=60)
    assert ended.state == "SUCCEEDED"
    assert ended.run_id == one.run_id and ended.display_name == "from a function"
    assert ended.finished_at >= ended.created_at
    assert [entry.state for entry in ended.state_history][-1] == "SUCCEEDED"
    assert ended.error is None
    details = {task.display_name: task for task in ended.run_details.task_details}
    assert details["greet"].state == "SUCCEEDED"
    assert details["greet"].start_time <= details["greet"].end_time
    for run in (two, three, four):
        assert client.wait_for_run_completion(run.run_id, timeout=60, sleep_duration=0.2).state == "SUCCEEDED"
    assert greeted(coracle, one.run_id) == "ada, 3 times"
    assert greeted(coracle, two.run_id) == "grace, 1 times"
    assert greeted(coracle, three.run_id) == "nobody, 7 times"
    assert greeted(coracle, four.run_id) == "nobody, 1 times"

    mine = client.list_runs(experiment_id=one.run_info.experiment_id, sort_by="created_at")
    assert {run.run_id for run in mine.runs} == {one.run_id, two.run_id}
    assert mine.total_size == 2
    seen, token = [], ""
    while token is not None:
        page = client.list_runs(page_token=token, page_size=1, sort_by="created_at desc")
        assert page.total_size == 4
        seen += [run.run_id for run in page.runs]
        token = page.next_page_token
    assert sorted(seen) == sorted([one.run_id, two.run_id, three.run_id, four.run_id])
    assert client.get_experiment(experiment).last_run_created_at.year > 2000


def test_a_second_run_comes_from_the_cache_unless_told_otherwise(workbench, client):
    name = fresh("cached")
    ids = [
        client.create_run_from_pipeline_func(greeting, arguments={"name": name}, enable_caching=caching).run_id
        for caching in (True, True, False)
    ]
    for run_id in ids:
        assert client.wait_for_run_completion(run_id, 60, sleep_duration=0.1).state == "SUCCEEDED"
    first, _, third = (by_path(workbench, run_id)["greet"]["cached"] for run_id in ids)
    assert not first and not third
    fourth = client.create_run_from_pipeline_func(greeting, arguments={"name": name}).run_id
    assert client.wait_for_run_completion(fourth, 60, sleep_duration=0.1).state == "SUCCEEDED"
    assert by_path(workbench, fourth)["greet"]["cached"]
    assert greeted(workbench, fourth) == f"{name}, 1 times"


def test_a_run_is_archived_brought_back_and_deleted(client):
    run = client.create_run_from_pipeline_func(greeting, experiment_name=fresh("shelf"))
    client.wait_for_run_completion(run.run_id, 60, sleep_duration=0.1)
    assert client.archive_run(run.run_id) == {}
    archived = client.get_run(run.run_id)
    assert (archived.storage_state, archived.state) == ("ARCHIVED", "SUCCEEDED")
    assert client.unarchive_run(run.run_id) == {}
    assert client.get_run(run.run_id).storage_state == "AVAILABLE"
    client.archive_experiment(archived.experiment_id)
    assert client.get_run(run.run_id).storage_state == "ARCHIVED"
    assert "must be un-archived first" in refusal(400, client.unarchive_run, run.run_id)
    assert client.delete_run(run.run_id) == {}
    assert f"Run {run.run_id} not found" in refusal(404, client.get_run, run.run_id)
    refusal(404, client.delete_run, run.run_id)


def test_a_terminated_run_ends_failed_and_the_wait_returns(coracle, tmp_path):
    client = connect(coracle.serve())
    file = pipeline(tmp_path, {"a": step("trap '' TERM; sleep 300 & wait"), "b": step("true")}, b={"dependentTasks": ["a"]})
    run = client.create_run_from_pipeline_package(str(file))
    refusal(409, client.runs.run_service_retry_run, run.run_id)
    wait_for(lambda: by_path(coracle, run.run_id)["a"]["state"] == "RUNNING", what="the step's start")
    begin = time.monotonic()
    assert client.terminate_run(run.run_id) == {}
    assert client.get_run(run.run_id).state in ("CANCELING", "FAILED")
    ended = client.wait_for_run_completion(run.run_id, timeout=30, sleep_duration=0.1)
    assert ended.state == "FAILED"
    assert time.monotonic() - begin < 5
    details = {task.display_name: task.state for task in ended.run_details.task_details}
    assert details["a"] == "FAILED"
    assert "Row not found" in refusal(400, client.terminate_run, run.run_id)


def test_a_retry_keeps_what_succeeded(on_processes, tmp_path):
    client = connect(on_processes.serve())
    flag = tmp_path / "flag"
    steps = {"a": step("echo once"), "b": step(f'test -e "{flag}"'), "c": step("true")}
    file = pipeline(tmp_path, steps, b={"dependentTasks": ["a"]}, c={"dependentTasks": ["b"]})
    run = client.create_run_from_pipeline_package(str(file))
    failed = client.wait_for_run_completion(run.run_id, 60, sleep_duration=0.1)
    assert failed.state == "FAILED"
    flag.touch()
    assert client.runs.run_service_retry_run(run.run_id) == {}
    ended = client.wait_for_run_completion(run.run_id, 60, sleep_duration=0.1)
    assert ended.state == "SUCCEEDED"
    states = [entry.state for entry in ended.state_history]
    assert states[: len(failed.state_history)] == [entry.state for entry in failed.state_history]
    assert states[len(failed.state_history) :] == ["RUNNING", "SUCCEEDED"]
    assert attempts(on_processes, run.run_id) == {"a": 1, "b": 2, "c": 1}
    assert "Workflow must be Failed/Error to retry" in refusal(409, client.runs.run_service_retry_run, run.run_id)


def test_a_failing_run_is_waited_for(client, tmp_path):
    file = pipeline(tmp_path, {"boom": step("exit 3"), "after": step("true")}, after={"dependentTasks": ["boom"]})
    run = client.create_run_from_pipeline_package(str(file))
    ended = client.wait_for_run_completion(run.run_id, 60, sleep_duration=0.1)
    assert ended.state == "FAILED"
    details = {task.display_name: task.state for task in ended.run_details.task_details}
    assert details["boom"] == "FAILED"
    assert details["after"] is None
    with pytest.raises(TimeoutError):
        slow = client.create_run_from_pipeline_package(str(pipeline(tmp_path, {"a": step("sleep 30")}, "slow")))
        client.wait_for_run_completion(slow.run_id, 1, sleep_duration=0.2)
    client.terminate_run(slow.run_id)


def test_runs_that_cannot_be_are_refused(client, tmp_path):
    file = tmp_path / "asks.yaml"
    file.write_text(made_of("true", "asks", {"number": "NUMBER_INTEGER"}))
    made = client.upload_pipeline(str(file), fresh("asks"))
    version = client.list_pipeline_versions(made.pipeline_id).pipeline_versions[0].pipeline_version_id
    experiment = client.get_experiment(experiment_name=DEFAULT).experiment_id

    def run(params=None, experiment=experiment, pipeline_id=made.pipeline_id, version_id=version):
        return client.run_pipeline(experiment, "x", params=params, pipeline_id=pipeline_id, version_id=version_id)

    assert "parameter number is not optional" in refusal(400, run)
    assert "not of number value type" in refusal(400, run, {"number": "two"})
    assert "not required by pipeline: colour" in refusal(400, run, {"number": 1, "colour": "red"})
    assert f"Experiment {NOBODY} not found" in refusal(404, run, {"number": 1}, experiment=NOBODY)
    assert f"PipelineVersion {NOBODY} not found" in refusal(404, run, {"number": 1}, version_id=NOBODY)
    assert f"belongs to pipeline {made.pipeline_id}" in refusal(400, run, {"number": 1}, pipeline_id=NOBODY)
    with pytest.raises(ValueError):
        client.run_pipeline(experiment, "x")
    for call in (client.get_run, client.delete_run, client.archive_run, client.unarchive_run, client.terminate_run):
        assert f"Run {NOBODY} not found" in refusal(404, call, NOBODY)


# --- recurring runs ---------------------------------------------------------------------------------------


def test_recurring_runs(client, package):
    experiment = client.create_experiment(fresh("often")).experiment_id
    made = client.upload_pipeline(str(package), fresh("often"))
    version = client.list_pipeline_versions(made.pipeline_id).pipeline_versions[0].pipeline_version_id
    cron = client.create_recurring_run(
        experiment, "nightly", description="at two", cron_expression="0 0 2 * * *", start_time="2030-01-01T00:00:00Z",
        end_time="2031-01-01T00:00:00Z", no_catchup=True, max_concurrency=3, params={"name": "[[Index]]"},
        pipeline_id=made.pipeline_id, version_id=version,
    )
    assert (cron.display_name, cron.description, cron.status, cron.mode) == ("nightly", "at two", "ENABLED", "ENABLE")
    assert cron.trigger.cron_schedule.cron == "0 0 2 * * *"
    assert cron.trigger.cron_schedule.start_time.year == 2030
    assert cron.max_concurrency == "3" and cron.no_catchup is True
    assert cron.pipeline_version_reference.pipeline_version_id == version
    assert client.get_recurring_run(cron.recurring_run_id) == cron
    period = client.create_recurring_run(
        experiment, "hourly", interval_second=3600, pipeline_package_path=str(package), enabled=False
    )
    assert period.trigger.periodic_schedule.interval_second == "3600"
    assert (period.status, period.mode) == ("DISABLED", "DISABLE")
    assert period.pipeline_spec["pipelineInfo"]["name"] == "greeting"

    listed = client.list_recurring_runs(experiment_id=experiment, sort_by="display_name")
    assert [found.display_name for found in listed.recurring_runs] == ["hourly", "nightly"]
    assert listed.total_size == 2
    page = client.list_recurring_runs(experiment_id=experiment, sort_by="display_name", page_size=1)
    rest = client.list_recurring_runs(experiment_id=experiment, page_token=page.next_page_token, page_size=1)
    assert [found.display_name for found in page.recurring_runs + rest.recurring_runs] == ["hourly", "nightly"]
    assert rest.next_page_token is None

    def status(of):
        return client.get_recurring_run(of.recurring_run_id).status

    assert client.disable_recurring_run(cron.recurring_run_id) == {} and status(cron) == "DISABLED"
    assert client.enable_recurring_run(cron.recurring_run_id) == {} and status(cron) == "ENABLED"
    assert client.enable_job(period.recurring_run_id) == {} and status(period) == "ENABLED"
    assert client.disable_job(period.recurring_run_id) == {} and status(period) == "DISABLED"
    client.archive_experiment(experiment)
    assert status(cron) == "DISABLED"
    client.unarchive_experiment(experiment)
    assert status(cron) == "DISABLED"

    assert client.delete_recurring_run(cron.recurring_run_id) == {}
    assert client.delete_job(period.recurring_run_id) == {}
    for found in (cron, period):
        assert f"Job {found.recurring_run_id} not found" in refusal(404, client.get_recurring_run, found.recurring_run_id)
    for call in (client.enable_recurring_run, client.disable_recurring_run, client.delete_recurring_run):
        refusal(404, call, NOBODY)


def test_a_recurring_run_runs(client, package):
    experiment = client.create_experiment(fresh("soon")).experiment_id
    made = client.upload_pipeline(str(package), fresh("soon"))
    version = client.list_pipeline_versions(made.pipeline_id).pipeline_versions[0].pipeline_version_id
    every = client.create_recurring_run(
        experiment, "every second", interval_second=1, pipeline_id=made.pipeline_id, version_id=version,
        params={"times": 2},
    )
    cron = client.create_recurring_run(
        experiment, "each second", cron_expression="* * * * * *", pipeline_package_path=str(package), max_concurrency=10
    )

    def runs_of(recurring):
        given = {"operation": "EQUALS", "key": "recurring_run_id", "stringValue": recurring.recurring_run_id}
        return client.list_runs(filter=json.dumps({"predicates": [given]}), page_size=100).runs or []

    for recurring in (every, cron):
        wait_for(lambda: len(runs_of(recurring)) >= 2, 60, f"the second run of {recurring.display_name}")
        client.disable_recurring_run(recurring.recurring_run_id)
    for recurring in (every, cron):
        for run in runs_of(recurring):
            assert run.recurring_run_id == recurring.recurring_run_id
            assert run.experiment_id == experiment
            assert client.wait_for_run_completion(run.run_id, 60, sleep_duration=0.1).state == "SUCCEEDED"
        names = [run.display_name for run in runs_of(recurring)]
        assert len(set(names)) == len(names), names
        slots = [run.scheduled_at for run in runs_of(recurring)]
        assert len(set(slots)) == len(slots), slots
    number = len(runs_of(every))
    time.sleep(2)  # that nothing happens is what is tested
    assert len(runs_of(every)) == number


def test_recurring_runs_that_cannot_be_are_refused(client, package):
    experiment = client.get_experiment(experiment_name=DEFAULT).experiment_id

    def create(**given):
        return client.create_recurring_run(experiment, "x", pipeline_package_path=str(package), **given)

    assert "Schedule cron is not a supported format" in refusal(400, create, cron_expression="whenever")
    assert "Max concurrency" in refusal(400, create, interval_second=60, max_concurrency=11)
    assert "invalid period schedule interval" in refusal(400, create, interval_second=-1)
    assert "colour" in refusal(400, create, interval_second=60, params={"colour": "red"})
    with pytest.raises(ValueError, match="Either interval_second or cron_expression is required"):
        create()


# --- the generated services ----------------------------------------------------------------------------------


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


def test_generated_run_service(client, package):
    service, models = client.runs, kfp_server_api
    made = client.upload_pipeline(str(package), fresh("generated"))
    run = service.run_service_create_run(models.V2beta1Run(
        display_name="the newest version", description="d",
        pipeline_version_reference=models.V2beta1PipelineVersionReference(pipeline_id=made.pipeline_id),
    ))
    newest = client.list_pipeline_versions(made.pipeline_id).pipeline_versions[0].pipeline_version_id
    assert run.pipeline_version_reference.pipeline_version_id == newest
    assert run.experiment_id == client.get_experiment(experiment_name=DEFAULT).experiment_id
    assert run.service_account == "pipeline-runner"
    assert client.wait_for_run_completion(run.run_id, 60, sleep_duration=0.1).state == "SUCCEEDED"
    assert service.run_service_get_run(run.run_id).description == "d"
    assert service.run_service_archive_run(run.run_id) == {}
    assert service.run_service_unarchive_run(run.run_id) == {}
    assert run.run_id in [found.run_id for found in service.run_service_list_runs(page_size=200).runs]
    assert service.run_service_delete_run(run.run_id) == {}
    slow = service.run_service_create_run(models.V2beta1Run(display_name="slow", pipeline_spec=json.loads(made_of("sleep 60"))))
    assert service.run_service_terminate_run(slow.run_id) == {}
    assert client.wait_for_run_completion(slow.run_id, 60, sleep_duration=0.1).state == "FAILED"


def test_generated_recurring_run_service(client, package):
    service, models = client.recurring_runs, kfp_server_api
    made = client.upload_pipeline(str(package), fresh("generated"))
    recurring = service.recurring_run_service_create_recurring_run(models.V2beta1RecurringRun(
        display_name=fresh("latest"), max_concurrency="1", mode="DISABLE",
        trigger=models.V2beta1Trigger(periodic_schedule=models.V2beta1PeriodicSchedule(interval_second="60")),
        pipeline_version_reference=models.V2beta1PipelineVersionReference(pipeline_id=made.pipeline_id),
    ))
    assert recurring.pipeline_version_reference.pipeline_version_id is None
    recurring_id = recurring.recurring_run_id
    assert service.recurring_run_service_get_recurring_run(recurring_id) == recurring
    assert recurring in service.recurring_run_service_list_recurring_runs(page_size=200).recurring_runs
    assert service.recurring_run_service_enable_recurring_run(recurring_id) == {}
    assert service.recurring_run_service_disable_recurring_run(recurring_id) == {}
    assert service.recurring_run_service_delete_recurring_run(recurring_id, propagation_policy="BACKGROUND") == {}
    refusal(404, service.recurring_run_service_get_recurring_run, recurring_id)


def test_services_that_kfps_server_does_not_have_in_this_version(client):
    calls = [
        lambda: client.auths.auth_service_authorize(namespace="n", resources="VIEWERS", verb="GET"),
        lambda: client.visualizations.visualization_service_create_visualization_v1("n", kfp_server_api.V2beta1Visualization()),
        lambda: client.dummy_filters.dummy_filter_service_get_filter(),
    ]
    for call in calls:
        assert refusal(404, call) == "Not Found"


# --- the workbench is killed ------------------------------------------------------------------------------------


def begin_slow_run(coracle, tmp_path, seconds):
    """A workbench with a run under way: the server, its address as `--listen` takes it, a client, the run's id."""
    server = coracle.serve()
    client = connect(server)
    steps = {"a": step(f"sleep {seconds}; echo slept"), "b": step("echo after")}
    file = pipeline(tmp_path, steps, "slow", b={"dependentTasks": ["a"]})
    made = client.upload_pipeline(str(file), "slow")
    version = client.list_pipeline_versions(made.pipeline_id).pipeline_versions[0].pipeline_version_id
    experiment = client.create_experiment("slow things").experiment_id
    run_id = client.run_pipeline(experiment, "slow", pipeline_id=made.pipeline_id, version_id=version).run_id
    wait_for(lambda: by_path(coracle, run_id)["a"]["state"] == "RUNNING", what="the step's start")
    return server, server.address.removeprefix("http://"), client, run_id


def kill(server):
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def check_undisturbed(coracle, client, ended):
    assert ended.state == "SUCCEEDED"
    assert ended.pipeline_version_reference.pipeline_id == client.get_pipeline_id("slow")
    assert ended.experiment_id == client.get_experiment(experiment_name="slow things").experiment_id
    assert attempts(coracle, ended.run_id) == {"a": 1, "b": 1}


def test_the_workbench_is_killed_while_a_client_waits(coracle, tmp_path):
    server, listen, client, run_id = begin_slow_run(coracle, tmp_path, 6)
    ended = []
    waiter = threading.Thread(target=lambda: ended.append(client.wait_for_run_completion(run_id, 60, sleep_duration=4)))
    waiter.start()
    time.sleep(1)  # it has asked once, and asks again in three seconds
    begin = time.monotonic()
    kill(server)
    coracle.serve(listen=listen)
    assert time.monotonic() - begin < 2.5
    waiter.join(90)
    assert ended, "the client did not survive"
    check_undisturbed(coracle, client, ended[0])


def test_the_workbench_is_killed_and_a_client_waits_after_that(coracle, tmp_path):
    server, listen, client, run_id = begin_slow_run(coracle, tmp_path, 3)
    kill(server)
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        client.get_run(run_id)
    coracle.serve(listen=listen)
    check_undisturbed(coracle, client, client.wait_for_run_completion(run_id, 60, sleep_duration=0.2))


# --- completeness -------------------------------------------------------------------------------------------------


def test_nothing_public_is_left_out(request):
    assert len(METHODS) == 39
    assert set(METHODS) == operations(kfp.Client)
    here = pathlib.Path(__file__).name
    selected = [item for item in request.session.items if item.path.name == here]
    if len({item.originalname for item in selected}) < sum(name.startswith("test_") for name in globals()):
        pytest.skip("only with all tests of this file can be said what they call")
    generated = {f"{group}.{name}" for group, service in SERVICES.items() for name in operations(service)}
    assert set(METHODS) - CALLED == set()
    assert generated - CALLED == set()
