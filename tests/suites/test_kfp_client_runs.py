"""`kfp.Client`: runs, the generated service for them, and a workbench that is killed meanwhile."""

import json
import os
import signal
import threading
import time

import kfp_server_api
import pytest
import urllib3
from conftest import pipeline, step, wait_for
from kfp_api import DEFAULT, NOBODY, fresh, made_of
# own_context, client and package are fixtures.
from kfp_client import check_nothing_is_left_out, client, connect, greeting, own_context, package, refusal

pytestmark = pytest.mark.filterwarnings("ignore")


def by_path(command, run_id):
    """The tasks of a run as the command shows them, by path; without the run's own."""
    return {task["path"]: task for task in command.json("get", run_id)["tasks"] if task["path"]}


def attempts(command, run_id):
    return {path: len(task["attempts"]) for path, task in by_path(command, run_id).items()}


def greeted(command, run_id):
    return by_path(command, run_id)["greet"]["outputs"]["parameters"]["greeting"]


# --- runs ---------------------------------------------------------------------------------------------


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


# --- the generated service ----------------------------------------------------------------------------


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


# --- the workbench is killed --------------------------------------------------------------------------


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


# --- completeness -------------------------------------------------------------------------------------


def test_nothing_public_is_left_out(request):
    check_nothing_is_left_out(request)
