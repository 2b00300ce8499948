"""Runs by KFP's API: made, archived, terminated, retried and deleted, with their parameters and logs."""

import base64
import json
import time

import pytest
from conftest import OUTPUT, wait_for
from kfp_api import (
    DEFAULT, HELLO, NOBODY, ODD, OTHER, Api, create_experiment, create_run, made_of, names, noun, quoted, upload,
    versions, where,
)


def check_run(api, experiment, made, version, **more):
    """Makes a run of a version and compares what comes back with what was sent."""
    body = {
        "display_name": "the same name for all", "description": "about it", "experiment_id": experiment["experiment_id"],
        "service_account": "pipeline-runner", "runtime_config": {"parameters": {}},
        "pipeline_version_reference": {"pipeline_id": made["pipeline_id"], "pipeline_version_id": version["pipeline_version_id"]},
        # A client in Go sends these, too.
        "created_at": "0001-01-01T00:00:00Z", "scheduled_at": "0001-01-01T00:00:00Z", "finished_at": "0001-01-01T00:00:00Z",
        "state_history": None, **more,
    }
    run = api.post("/runs", body).ok()
    again = api.get(f"/runs/{run['run_id']}").ok()
    for answer in (run, again):
        for key in ("display_name", "description", "experiment_id", "service_account", "pipeline_version_reference"):
            assert answer[key] == body[key], key
        assert answer["storage_state"] == "AVAILABLE"
        assert "pipeline_spec" not in answer and "pipeline_version_id" not in answer
    assert again["created_at"] <= run["created_at"]
    return run


def test_runs_of_versions(api):
    experiment, one, two = create_experiment(api), upload(api), upload(api, content=OTHER)
    for made in (one, one, two):
        check_run(api, experiment, made, versions(api, made)[0])
    run = check_run(api, experiment, two, versions(api, two)[0], runtime_config={"parameters": {"text": "http_proxy"}})
    assert run["runtime_config"] == {"parameters": {"text": "http_proxy"}}
    listed = api.get("/runs", experiment_id=experiment["experiment_id"], sort_by="created_at").ok()
    assert listed["total_size"] == 4
    assert api.get("/runs", namespace="kubeflow").ok()["total_size"] >= 4


def test_archiving_keeps_the_state_of_a_run(api):
    done = create_run(api, pipeline_spec=json.loads(HELLO))
    ended = api.wait(done["run_id"])
    slow = create_run(api, pipeline_spec=json.loads(made_of("sleep 30")))
    for run, states in ((done, {ended["state"]}), (slow, {"PENDING", "RUNNING"})):
        path = f"/runs/{run['run_id']}"
        assert api.get(path).ok()["state"] in states
        assert api.post(f"{path}:archive").ok() == {}
        archived = api.get(path).ok()
        assert archived["state"] in states and archived["storage_state"] == "ARCHIVED"
        assert archived in api.get("/runs", filter=where(("storage_state", "EQUALS", "ARCHIVED"))).ok()["runs"] or run is slow
        assert api.post(f"{path}:archive").ok() == {}
        assert api.post(f"{path}:unarchive").ok() == {}
        assert api.get(path).ok()["storage_state"] == "AVAILABLE"
        assert api.post(f"{path}:unarchive").ok() == {}
    api.post(f"/runs/{slow['run_id']}:terminate").ok()


def test_runs_are_terminated_in_some_states_only(api):
    run = create_run(api, pipeline_spec=json.loads(made_of("sleep 60")))
    path = f"/runs/{run['run_id']}"
    assert api.post(f"{path}:terminate").ok() == {}
    assert api.get(path).ok()["state"] in ("CANCELING", "FAILED")
    assert api.wait(run["run_id"])["state"] == "FAILED"
    api.post(f"{path}:terminate").refused(400, "Row not found")
    second = create_run(api, pipeline_spec=json.loads(made_of("sleep 60")))
    wait_for(lambda: api.get(f"/runs/{second['run_id']}").ok()["state"] == "RUNNING", what="the run's begin")
    api.post(f"/runs/{second['run_id']}:terminate").ok()
    assert api.wait(second["run_id"])["state"] == "FAILED"
    done = create_run(api, pipeline_spec=json.loads(HELLO))
    assert api.wait(done["run_id"])["state"] == "SUCCEEDED"
    api.post(f"/runs/{done['run_id']}:terminate").refused(400, "Row not found")
    assert api.get(f"/runs/{done['run_id']}").ok()["state"] == "SUCCEEDED"


@pytest.mark.parametrize("kind", ["deleted", "never there", "odd"])
def test_verbs_on_runs_that_are_not_there(api, kind):
    id = {"never there": NOBODY, "odd": ODD}.get(kind)
    if id is None:
        id = create_run(api, pipeline_spec=json.loads(HELLO))["run_id"]
        api.wait(id)
        api.delete(f"/runs/{id}").ok()
    path = f"/runs/{quoted(id)}"
    for verb in ("archive", "unarchive", "terminate", "retry"):
        api.post(f"{path}:{verb}").refused(404, f"Run {id} not found")
    api.get(path).refused(404, f"Run {id} not found")
    api.delete(path).refused(404, f"Run {id} not found")


@pytest.mark.parametrize("before", ["", "terminate", "terminate and wait"])
def test_runs_are_deleted_at_any_moment(coracle, before):
    """What still happens to a run that is gone must not hold up the others."""
    api = Api(coracle.serve().address)
    for number in range(20):
        run = create_run(api, pipeline_spec=json.loads(made_of("sleep 60")))["run_id"]
        time.sleep(0.013 * number)  # the moment is what is tested
        if before:
            api.post(f"/runs/{run}:terminate").ok()
        if "wait" in before:
            api.wait(run)
        assert api.delete(f"/runs/{run}").ok() == {}
        api.get(f"/runs/{run}").refused(404)
    assert api.wait(create_run(api, pipeline_spec=json.loads(HELLO))["run_id"])["state"] == "SUCCEEDED"


def test_runs_in_experiments(api):
    spec = json.loads(HELLO)
    for id in (NOBODY, ODD):
        api.post("/runs", {"display_name": "x", "experiment_id": id, "pipeline_spec": spec}).refused(404, f"Experiment {id} not found")
    gone = create_experiment(api)["experiment_id"]
    api.delete(f"/experiments/{gone}").ok()
    api.post("/runs", {"display_name": "x", "experiment_id": gone, "pipeline_spec": spec}).refused(404)
    api.get("/runs", experiment_id=gone).refused(404, f"Experiment {gone} not found")
    shelved = create_experiment(api)["experiment_id"]
    api.post(f"/experiments/{shelved}:archive").ok()
    assert create_run(api, experiment_id=shelved, pipeline_spec=spec)["experiment_id"] == shelved
    # Without one, it is the default experiment.
    default = api.get("/experiments", filter=where(("display_name", "EQUALS", DEFAULT))).ok()["experiments"][0]
    assert create_run(api, pipeline_spec=spec)["experiment_id"] == default["experiment_id"]


def test_a_failed_run_is_retried(api):
    run = create_run(api, pipeline_spec=json.loads(made_of("exit 1", "fails")))
    failed = api.wait(run["run_id"])
    assert failed["state"] == "FAILED"
    assert api.post(f"/runs/{run['run_id']}:retry").ok() == {}
    again = wait_for(
        lambda: (found := api.wait(run["run_id"])) and len(found["state_history"]) > len(failed["state_history"]) + 1 and found,
        what="the second failure",
    )
    assert again["state"] == "FAILED"
    assert names(again["state_history"], "state")[len(failed["state_history"]) :] == ["RUNNING", "FAILED"]
    assert again["run_id"] == run["run_id"]


def test_an_inline_definition_comes_back_as_it_was_sent(api):
    spec = json.loads(OTHER)
    run = create_run(api, pipeline_spec=spec, runtime_config={"parameters": {"text": "y"}, "pipeline_root": "minio://b/k"})
    assert run["pipeline_spec"] == spec
    assert run["runtime_config"] == {"parameters": {"text": "y"}, "pipeline_root": "minio://b/k"}
    assert "pipeline_version_reference" not in run
    assert api.get(f"/runs/{run['run_id']}").ok()["pipeline_spec"] == spec
    assert run["service_account"] == "pipeline-runner"


PARAMETERS = {
    "s": ("STRING", "x", 1), "i": ("NUMBER_INTEGER", 2, "2"), "d": ("NUMBER_DOUBLE", 0.5, "0.5"), "b": ("BOOLEAN", True, "true"),
    "l": ("LIST", [1, "a"], {}), "t": ("STRUCT", {"a": [1]}, []),
}


def test_parameters_are_checked_by_type(api):
    spec = json.loads(made_of("true", "typed", {name: kind for name, (kind, _, _) in PARAMETERS.items()}))
    good = {name: fits for name, (_, fits, _) in PARAMETERS.items()}

    def start(parameters):
        return api.post("/runs", {"display_name": "x", "pipeline_spec": spec, "runtime_config": {"parameters": parameters}})

    run = start(good).ok()
    assert run["runtime_config"]["parameters"] == good
    assert api.wait(run["run_id"])["state"] == "SUCCEEDED"
    for name, (_, _, unfit) in PARAMETERS.items():
        start({**good, name: unfit}).refused(400, f"input parameter {name} requires type")
        start({key: value for key, value in good.items() if key != name}).refused(400, f"parameter {name} is not optional")
    start({**good, "colour": "red"}).refused(400, "not required by pipeline: colour")


@pytest.mark.parametrize("levels", [50, 100, 120, 124, 126, 127, 128, 130, 200, 5_000, 100_000])
def test_values_that_are_nested_deeply_are_kept_or_refused(on_processes, levels):
    """Whatever is taken can be read again: one value must not spoil the lists."""
    api = Api(on_processes.serve().address)
    deep = "[" * levels + "]" * levels
    body = json.dumps({
        "display_name": "deep", "pipeline_spec": json.loads(made_of("true", "deep", {"l": "LIST"})), "max_concurrency": 1,
        "trigger": {"periodic_schedule": {"interval_second": 3600}}, "runtime_config": {"parameters": {"l": "@"}},
    }).replace('"@"', deep)
    recurring = api.post("/recurringruns", body.encode())
    body = json.loads(body.replace(deep, '"@"'))
    body = json.dumps({key: body[key] for key in ("display_name", "pipeline_spec", "runtime_config")}).replace('"@"', deep)
    run = api.post("/runs", body.encode())
    for answer in (run, recurring):
        assert answer.status in ((200,) if levels <= 50 else (200, 400)), answer
    for path, key, answer in (("/runs", "run_id", run), ("/recurringruns", "recurring_run_id", recurring)):
        listed = api.get(path).ok().get(noun(path), [])
        assert names(listed, key) == ([answer.json[key]] if answer.status == 200 else [])
    if run.status == 200:
        assert api.wait(run.json["run_id"])["state"] == "SUCCEEDED"
        assert on_processes.json("get", run.json["run_id"])["state"] == "SUCCEEDED"


@pytest.mark.parametrize("levels", [100, 120, 124, 126, 130])
def test_outputs_that_are_nested_deeply_are_kept_or_refused(on_processes, levels):
    api = Api(on_processes.serve().address)
    spec = json.loads(made_of(f'python3 -c "print(chr(91) * {levels} + chr(93) * {levels}, end=str())" > "$1"', "deep"))
    spec["components"]["comp-work"]["outputDefinitions"] = {"parameters": {"out": {"parameterType": "LIST"}}}
    spec["deploymentSpec"]["executors"]["exec-work"]["container"]["args"] = [OUTPUT]
    run = create_run(api, pipeline_spec=spec)["run_id"]
    state = api.wait(run)["state"]
    assert on_processes.json("get", run)["state"] == state
    assert api.get("/runs").ok()["total_size"] == 1


def test_logs_of_tasks_are_read(api):
    run = create_run(api, pipeline_spec=json.loads(made_of("echo told", "tells")))["run_id"]
    ended = api.wait(run)
    task = next(task for task in ended["run_details"]["task_details"] if task["display_name"] == "work")
    api.post(f"/runs/{run}:archive").ok()
    for node in (task["task_id"], "work"):
        log = api("GET", f"/runs/{run}/nodes/{node}/log", root="/apis/v1alpha1", follow="false")
        assert log.status == 200 and "told" in log.text
        assert log.headers["Content-Type"].startswith("text/plain")
        data = api.get(f"/runs/{run}/nodes/{node}/artifacts/main-logs:read").ok()["data"]
        assert "told" in base64.b64decode(data).decode()
    api.get(f"/runs/{run}/nodes/{node}/artifacts/main-logs").refused(404)
    api.get(f"/runs/{run}/nodes/{node}/artifacts/none:read").refused(404)
    api.get(f"/runs/{NOBODY}/nodes/{node}/artifacts/main-logs:read").refused(404)
