"""Recurring runs by KFP's API: kept as given, switched on and off, and catching up."""

import json
import time

import pytest
from conftest import wait_for
from kfp_api import HELLO, NOBODY, create_experiment, create_recurring, create_run, fresh, names, upload, versions, where


@pytest.mark.parametrize("trigger", [
    {"cron_schedule": {"cron": "0 */5 * * * *"}}, {"cron_schedule": {"cron": "0 30 9 * * MON"}},
    {"cron_schedule": {"cron": "0 0 0 */2 * *"}}, {"cron_schedule": {"cron": "@daily"}}, {"cron_schedule": {"cron": "*/10 * * * *"}},
    {"periodic_schedule": {"interval_second": "60"}},
    {"cron_schedule": {"cron": "0 * * * * ?", "start_time": "2030-01-01T00:00:00Z", "end_time": "2030-02-01T00:00:00Z"}},
], ids=json.dumps)
def test_recurring_runs_are_kept_as_given(api, trigger):
    experiment, made = create_experiment(api), upload(api)
    reference = {"pipeline_id": made["pipeline_id"], "pipeline_version_id": versions(api, made)[0]["pipeline_version_id"]}
    body = {
        "display_name": fresh("recurring"), "description": "about it", "experiment_id": experiment["experiment_id"],
        "service_account": "pipeline-runner", "pipeline_version_reference": reference, "runtime_config": {"parameters": {}},
        "trigger": trigger, "mode": "DISABLE", "max_concurrency": "1", "no_catchup": True,
    }
    made = api.post("/recurringruns", body).ok()
    for key in set(body) - {"runtime_config"}:
        assert made[key] == body[key], key
    assert made["status"] == "DISABLED"
    path = f"/recurringruns/{made['recurring_run_id']}"
    assert api.get(path).ok() == made
    of_experiment = api.get("/recurringruns", experiment_id=experiment["experiment_id"]).ok()
    assert of_experiment == {"recurringRuns": [made], "total_size": 1}
    assert made in api.get("/recurringruns", namespace="kubeflow", page_size=200).ok()["recurringRuns"]
    assert api.delete(path).ok() == {}
    api.get(path).refused(404)


def test_recurring_runs_are_enabled_and_disabled(api):
    made = create_recurring(api)
    path = f"/recurringruns/{made['recurring_run_id']}"
    for verb, mode in (("disable", "DISABLE"), ("enable", "ENABLE"), ("enable", "ENABLE"), ("disable", "DISABLE"), ("disable", "DISABLE")):
        assert api.post(f"{path}:{verb}").ok() == {}
        found = api.get(path).ok()
        assert (found["mode"], found["status"]) == (mode, mode + "D")


@pytest.mark.parametrize("kind", ["deleted", "never there", "a run"])
def test_verbs_on_recurring_runs_that_are_not_there(api, kind):
    if kind == "deleted":
        id = create_recurring(api)["recurring_run_id"]
        api.delete(f"/recurringruns/{id}").ok()
    else:
        id = NOBODY if kind == "never there" else create_run(api, pipeline_spec=json.loads(HELLO))["run_id"]
    for method, verb in (("GET", ""), ("DELETE", ""), ("POST", ":enable"), ("POST", ":disable")):
        api(method, f"/recurringruns/{id}{verb}").refused(404, f"Job {id} not found")


def test_recurring_runs_in_experiments(api):
    def start(experiment_id):
        return api.post("/recurringruns", {
            "display_name": "x", "experiment_id": experiment_id, "pipeline_spec": json.loads(HELLO), "max_concurrency": 1,
            "trigger": {"periodic_schedule": {"interval_second": 3600}},
        })

    start(NOBODY).refused(404, f"Experiment {NOBODY} not found")
    gone, shelved = create_experiment(api)["experiment_id"], create_experiment(api)["experiment_id"]
    of_gone = start(gone).ok()["recurring_run_id"]
    of_shelved = start(shelved).ok()["recurring_run_id"]
    api.delete(f"/experiments/{gone}").ok()
    api.post(f"/experiments/{shelved}:archive").ok()
    start(gone).refused(404)
    assert start(shelved).ok()["experiment_id"] == shelved
    for id in (of_gone, of_shelved):
        api.post(f"/recurringruns/{id}:enable").ok()
        assert api.get(f"/recurringruns/{id}").ok()["status"] == "ENABLED"
        api.post(f"/recurringruns/{id}:disable").ok()
        api.delete(f"/recurringruns/{id}").ok()
    api.get("/recurringruns", experiment_id=gone).refused(404)


UNFIT_RECURRING = {
    "a cron expression that is none": ({"trigger": {"cron_schedule": {"cron": "whenever"}}}, "Schedule cron is not a supported format"),
    "an empty cron expression": ({"trigger": {"cron_schedule": {"cron": ""}}}, "Empty spec string"),
    "a second past the minute": ({"trigger": {"cron_schedule": {"cron": "60 * * * * *"}}}, "above maximum (59)"),
    "no interval": ({"trigger": {"periodic_schedule": {"interval_second": 0}}}, "invalid period schedule interval 0"),
    "none at once": ({"max_concurrency": 0}, "at least 1 and at most 10. Received 0"),
    "eleven at once": ({"max_concurrency": "11"}, "at least 1 and at most 10. Received 11"),
    "no name": ({"display_name": ""}, "name cannot be empty"),
    "no source": ({"pipeline_spec": None}, ""),
    "an unknown mode": ({"mode": "sometimes"}, "invalid value for enum field mode"),
    "two triggers": ({"trigger": {"cron_schedule": {"cron": "@daily"}, "periodic_schedule": {"interval_second": 1}}}, "already set"),
    "a time that is none": ({"trigger": {"cron_schedule": {"cron": "@daily", "start_time": "yesterday"}}}, "Timestamp"),
    "an unknown parameter": ({"runtime_config": {"parameters": {"colour": "red"}}}, "colour"),
}


@pytest.mark.parametrize("unfit", UNFIT_RECURRING)
def test_unfit_recurring_runs_are_refused(api, unfit):
    given, problem = UNFIT_RECURRING[unfit]
    body = {
        "display_name": fresh("unfit"), "pipeline_spec": json.loads(HELLO), "max_concurrency": 1,
        "trigger": {"cron_schedule": {"cron": "@daily"}}, **given,
    }
    api.post("/recurringruns", body).refused(400, problem)


def test_catching_up_and_not(api):
    """Four slots in a second long past: all of them, or the last."""
    window = {"start_time": "1970-01-01T00:00:00Z", "end_time": "1970-01-01T00:02:00Z"}
    kinds = {
        "cron": {"cron_schedule": {"cron": "0 * * * * ?", **window}},
        "period": {"periodic_schedule": {"interval_second": 60, **window}},
    }
    made = {
        (kind, no_catchup): create_recurring(api, trigger=trigger, no_catchup=no_catchup, mode="ENABLE", max_concurrency=2)
        for kind, trigger in kinds.items() for no_catchup in (False, True)
    }

    def runs(recurring):
        return api.get("/runs", filter=where(("recurring_run_id", "EQUALS", recurring["recurring_run_id"]))).ok().get("runs", [])

    for (kind, no_catchup), recurring in made.items():
        expected = 1 if no_catchup else 2
        wait_for(lambda: len(runs(recurring)) >= expected, 90, f"{expected} runs of {kind}")
    time.sleep(1)
    for (kind, no_catchup), recurring in made.items():
        found = runs(recurring)
        assert len(found) == (1 if no_catchup else 2), (kind, no_catchup)
        slots = sorted(names(found, "scheduled_at"))
        assert slots == ["1970-01-01T00:01:00Z", "1970-01-01T00:02:00Z"][-len(slots) :], kind
