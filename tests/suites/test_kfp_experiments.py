"""Experiments by KFP's API, and what becomes of the runs in them."""

import json
import random
import string

import pytest
from conftest import wait_for
from kfp_api import (
    DEFAULT, HELLO, NOBODY, ODD, Api, create_experiment, create_recurring, create_run, fresh, made_of, names,
    quoted,
)


def test_a_fresh_workbench_has_the_default_experiment(on_processes):
    api = Api(on_processes.serve().address)
    answer = api.get("/experiments").ok()
    assert names(answer["experiments"], "display_name") == [DEFAULT] and answer["total_size"] == 1
    for path in ("/pipelines", "/runs", "/recurringruns"):
        assert api.get(path).ok() == {}
    assert api.get("/healthz").ok()["multi_user"] is False


def test_names_of_experiments(api):
    hundred = "".join(random.Random(8).choices(string.ascii_lowercase + string.digits, k=100))
    for name in (hundred, f"{fresh('ascii')}-!@#$%", f"你好世界-{fresh('cjk')}", "n" * 128, f" {fresh('blank')} "):
        made = create_experiment(api, display_name=name, description="about it")
        assert (made["display_name"], made["description"], made["storage_state"]) == (name, "about it", "AVAILABLE")
        assert api.get(f"/experiments/{made['experiment_id']}").ok() == made
    api.post("/experiments", {"display_name": "n" * 500}).refused(400, "length cannot exceed 128")
    api.post("/experiments", {}).refused(400, "non-empty name")
    api.post("/experiments", {"display_name": hundred}).refused(409, "Please specify a new name")
    long = "d" * 10_000_000
    assert len(create_experiment(api, description=long)["description"]) == len(long)


def test_experiments_are_archived_with_what_is_in_them(api):
    empty, full, done = (create_experiment(api)["experiment_id"] for _ in range(3))
    running = create_run(api, experiment_id=full, pipeline_spec=json.loads(made_of("sleep 60")))["run_id"]
    ended = create_run(api, experiment_id=full, pipeline_spec=json.loads(HELLO))["run_id"]
    api.wait(ended)
    recurring = create_recurring(api, experiment_id=full, mode="ENABLE")["recurring_run_id"]
    gone = create_run(api, experiment_id=done, pipeline_spec=json.loads(HELLO))["run_id"]
    api.wait(gone)
    api.delete(f"/runs/{gone}").ok()
    wait_for(lambda: api.get(f"/runs/{running}").ok()["state"] == "RUNNING", what="the run's begin")

    def storage(experiment):
        return api.get(f"/experiments/{experiment}").ok()["storage_state"]

    for experiment in (empty, full, done, full):
        assert api.post(f"/experiments/{experiment}:archive").ok() == {}
        assert storage(experiment) == "ARCHIVED"
    for run in (running, ended):
        assert api.get(f"/runs/{run}").ok()["storage_state"] == "ARCHIVED"
    assert api.get(f"/runs/{running}").ok()["state"] == "RUNNING"
    assert api.get(f"/recurringruns/{recurring}").ok()["status"] == "DISABLED"
    for experiment in (empty, full, done, full):
        assert api.post(f"/experiments/{experiment}:unarchive").ok() == {}
        assert storage(experiment) == "AVAILABLE"
    for run in (running, ended):
        assert api.get(f"/runs/{run}").ok()["storage_state"] == "ARCHIVED"
    assert api.get(f"/recurringruns/{recurring}").ok()["status"] == "DISABLED"
    api.post(f"/runs/{running}:terminate").ok()


def test_experiments_are_deleted_and_their_runs_stay(api):
    empty, full = create_experiment(api)["experiment_id"], create_experiment(api)["experiment_id"]
    run = create_run(api, experiment_id=full, pipeline_spec=json.loads(HELLO))["run_id"]
    recurring = create_recurring(api, experiment_id=full)["recurring_run_id"]
    api.wait(run)
    for experiment in (empty, full):
        assert api.delete(f"/experiments/{experiment}").ok() == {}
        api.get(f"/experiments/{experiment}").refused(404)
    assert api.get(f"/runs/{run}").ok()["experiment_id"] == full
    assert run in names(api.get("/runs", page_size=200).ok()["runs"], "run_id")
    assert api.get(f"/recurringruns/{recurring}").ok()["experiment_id"] == full
    api.post(f"/runs/{run}:archive").ok()
    api.post(f"/runs/{run}:unarchive").refused(404, f"Experiment {full} not found")


@pytest.mark.parametrize("id", [NOBODY, ODD])
def test_verbs_on_experiments_that_are_not_there(api, id):
    api.get(f"/experiments/{quoted(id)}").refused(404, f"Experiment {id} not found")
    api.delete(f"/experiments/{quoted(id)}").refused(404, f"Experiment {id} not found")
    # KFP's server says 200 to these two and does nothing.
    for verb in ("archive", "unarchive"):
        assert api.post(f"/experiments/{quoted(id)}:{verb}").status in (200, 404)
