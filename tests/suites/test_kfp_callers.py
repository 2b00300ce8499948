"""Callers of KFP's API: who may call, many at once, across a restart, and the form of what they are answered."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import ROOT, wait_for
from kfp_api import HELLO, NOBODY, Api, create_experiment, create_recurring, create_run, made_of, names, upload, where


# --- who may call -------------------------------------------------------------------------------------


def test_only_this_machine_and_its_own_page_may_call(api):
    own = api.address.removeprefix("http://")
    port = own.rsplit(":", 1)[1]
    for host in (own, f"localhost:{port}", "127.0.0.1", "[::1]"):
        answer = api("GET", "/runs", headers={"Host": host})
        assert answer.status == 200, host
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    for host in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "10.0.0.7", ""):
        assert api("GET", "/runs", headers={"Host": host}).status in (400, 403), host
    assert api("GET", "/runs", headers={"Origin": f"http://{own}"}).status == 200
    for origin in ("http://evil.example", "null", f"https://{own}", "http://localhost:1"):
        for method, path, body in (("GET", "/runs", None), ("POST", "/experiments", {"display_name": "by a page"}), ("DELETE", "/runs/x", None)):
            assert api(method, path, body, headers={"Origin": origin}).status == 403, (origin, method)
        # A page may send this without asking first.
        assert api("POST", "/experiments", b'{"display_name":"by a page"}', headers={"Origin": origin, "Content-Type": "text/plain"}).status == 403
    assert api("OPTIONS", "/runs").status == 501
    assert api.get("/experiments", filter=where(("name", "EQUALS", "by a page"))).ok() == {}


def test_other_users_of_this_machine_are_refused(api):
    curl = shutil.which("curl")
    if sys.platform != "linux":
        pytest.skip("only Linux tells whose a connection is")
    if os.geteuid() != 0:
        pytest.skip("only root can send a request as another user")
    if not curl:
        pytest.skip("there is no curl that another user could run")

    def ask(**user):
        command = [curl, "--silent", "--noproxy", "*", "--max-time", "20", "--write-out", "\n%{http_code}", f"{api.address}/apis/v2beta1/runs"]
        asked = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60, **user)
        assert asked.returncode == 0, asked
        body, status = asked.stdout.rsplit("\n", 1)
        return int(status), json.loads(body)

    status, body = ask(user=65534, group=65534, extra_groups=[])
    assert (status, body["code"]) == (403, "forbidden"), body
    assert ask()[0] == 200


CALLS = """
import json, os, urllib.error, urllib.request
def get(token):
    request = urllib.request.Request(os.environ["CORACLE_API_URL"] + "/apis/v2beta1/runs", headers={"Authorization": token} if token else {})
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as refusal:
        return refusal.code
token = os.environ["CORACLE_API_TOKEN"]
answers = [get("Bearer " + token), get(None), get("Bearer " + token[:-1]), get(token)]
assert answers == [200, 401, 401, 401], answers
"""


def test_a_step_may_call_with_the_token_of_its_run(on_docker):
    api = Api(on_docker.serve().address)
    spec = json.loads(made_of("true", "calls"))
    spec["deploymentSpec"]["executors"]["exec-work"]["container"]["command"] = ["python3", "-c", CALLS]
    run = create_run(api, pipeline_spec=spec)
    assert api.wait(run["run_id"])["state"] == "SUCCEEDED", on_docker("logs", run["run_id"], "--step", "work").stdout


# --- many at once -------------------------------------------------------------------------------------


def test_many_callers_at_once_meet_no_failure(on_processes):
    """What one is making another takes away: each answer is a success or a refusal, and the workbench goes on."""
    address = on_processes.serve().address
    ids = {noun: [NOBODY] for noun in ("experiments", "pipelines", "runs", "recurringruns")}
    deadline, failures, counts = time.monotonic() + 5, [], []

    def call(seed):
        api, dice, count = Api(address), random.Random(seed), 0

        def one(noun):
            return dice.choice(ids[noun][-20:])

        def make(noun, key, answer):
            if answer.status == 200:
                ids[noun].append(answer.json[key])
            return answer

        def reference():
            return {"experiment_id": one("experiments"), "pipeline_version_reference": {"pipeline_id": one("pipelines")}}

        actions = [
            lambda: make("experiments", "experiment_id", api.post("/experiments", {"display_name": f"e{dice.randrange(40)}"})),
            lambda: make("pipelines", "pipeline_id", api.upload(HELLO, name=f"p{dice.randrange(40)}")),
            lambda: make("runs", "run_id", api.post("/runs", {"display_name": "x", **reference()})),
            lambda: make("recurringruns", "recurring_run_id", api.post("/recurringruns", {
                "display_name": "x", "max_concurrency": 1, "mode": "ENABLE", "trigger": {"periodic_schedule": {"interval_second": 1}}, **reference(),
            })),
            lambda: api.upload_version(HELLO, name=f"v{dice.randrange(5)}", pipelineid=one("pipelines")),
            lambda: api.delete(f"/pipelines/{one('pipelines')}", cascade="true"),
            lambda: api.delete(f"/experiments/{one('experiments')}"),
            lambda: api.delete(f"/recurringruns/{one('recurringruns')}"),
            lambda: api.post(f"/runs/{one('runs')}:{dice.choice(['archive', 'unarchive', 'terminate', 'retry'])}"),
            lambda: api.post(f"/experiments/{one('experiments')}:{dice.choice(['archive', 'unarchive'])}"),
            lambda: api.get(f"/{dice.choice(list(ids))}", page_size=5, sort_by="created_at desc"),
        ]
        while time.monotonic() < deadline:
            answer = dice.choice(actions)()
            count += 1
            if answer.status >= 500:
                failures.append(answer)
        counts.append(count)

    callers = [threading.Thread(target=call, args=(seed,)) for seed in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not failures, failures[:3]
    assert len(counts) == len(callers), "a caller gave up"
    api = Api(address)
    for page in api.pages("/recurringruns", "recurringRuns"):
        for recurring in page:
            api.delete(f"/recurringruns/{recurring['recurring_run_id']}").ok()
    assert api.wait(create_run(api, pipeline_spec=json.loads(HELLO))["run_id"])["state"] == "SUCCEEDED"
    assert "panicked" not in (on_processes.home / "serve.log").read_text()


# --- across a restart ---------------------------------------------------------------------------------


def test_all_is_there_after_a_restart(on_processes):
    server = on_processes.serve()
    api = Api(server.address)
    made = [upload(api, name, description=f"about {name}") for name in ("training", "prediction", "moonshot")]
    experiments = [create_experiment(api, display_name=name, description=f"about {name}") for name in ("training", "prediction", "moonshot")]
    done = create_run(api, display_name="Run 1", description="first", pipeline_version_reference={"pipeline_id": made[0]["pipeline_id"]})
    assert api.wait(done["run_id"])["state"] == "SUCCEEDED"
    slow = create_run(api, display_name="Run 3", experiment_id=experiments[1]["experiment_id"], pipeline_spec=json.loads(made_of("sleep 4")))
    wait_for(lambda: api.get(f"/runs/{slow['run_id']}").ok()["state"] == "RUNNING", what="the run's begin")
    often = create_recurring(api, display_name="Scheduled", mode="ENABLE", trigger={"cron_schedule": {"cron": "0 */10 * * * *"}})
    paths = ["/pipelines", "/recurringruns", f"/pipelines/{made[0]['pipeline_id']}/versions", f"/runs/{done['run_id']}"]
    before = {path: api.get(path, **({} if "/runs/" in path else {"sort_by": "created_at"})).ok() for path in paths}
    listed = names(api.get("/experiments", sort_by="created_at", page_size=1000, namespace="kubeflow").ok()["experiments"], "description")
    server.send_signal(signal.SIGTERM)
    server.wait(30)

    api = Api(on_processes.serve().address)
    for path, answer in before.items():
        assert api.get(path, **({} if "/runs/" in path else {"sort_by": "created_at"})).ok() == answer, path
    again = api.get("/experiments", sort_by="created_at", page_size=1000, namespace="kubeflow").ok()["experiments"]
    assert names(again, "description") == listed and len(again) == 4
    runs = {run["display_name"]: run for run in api.get("/runs", sort_by="created_at", page_size=1000).ok()["runs"]}
    assert runs["Run 1"]["description"] == "first"
    assert runs["Run 3"]["experiment_id"] == experiments[1]["experiment_id"]
    assert api.wait(slow["run_id"])["state"] == "SUCCEEDED"
    found = api.get(f"/recurringruns/{often['recurring_run_id']}").ok()
    assert (found["mode"], found["trigger"]) == ("ENABLE", often["trigger"])
    create_recurring(api, display_name="Scheduled 2", mode="ENABLE")
    assert api.wait(create_run(api, pipeline_spec=json.loads(HELLO))["run_id"])["state"] == "SUCCEEDED"


# --- the form of answers ------------------------------------------------------------------------------


def test_refusals_have_the_form_of_kfps_server(api):
    answer = api.get(f"/runs/{NOBODY}")
    body = answer.json
    assert answer.headers["Content-Type"] == "application/json"
    assert (body["code"], body["details"][0]["code"]) == (5, 5)
    assert body["details"][0] == {
        "@type": "type.googleapis.com/google.rpc.Status", "code": 5, "message": f"Run {NOBODY} not found",
    }
    assert body["message"] == f"Failed to get a run: Failed to fetch run {NOBODY}: ResourceNotFoundError: Run {NOBODY} not found"
    assert api.get("/nothing").json == {"code": 5, "message": "Not Found"}
    wrong = api("PUT", "/runs")
    assert (wrong.status, wrong.json) == (501, {"code": 12, "message": "Method Not Allowed"})
    assert api.post("/experiments/x:explode").status == 501
    assert api.post("/experiments", b"{not json").refused(400, "invalid character 'n'")
    assert api.post("/experiments", {"display_name": "x", "colour": "red"}).refused(400, 'unknown field "colour"')


def test_answers_leave_out_what_is_empty(api):
    made = create_experiment(api)
    assert set(made) == {"experiment_id", "display_name", "created_at", "storage_state", "last_run_created_at"}
    assert made["last_run_created_at"] == "1970-01-01T00:00:00Z"
    run = create_run(api, pipeline_spec=json.loads(HELLO))
    assert {"run_id", "display_name", "experiment_id", "storage_state", "created_at", "scheduled_at", "finished_at", "state",
            "state_history", "service_account", "pipeline_spec"} <= set(run)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", run["created_at"])
    assert run["finished_at"] == "1970-01-01T00:00:00Z"
    assert run["scheduled_at"] == run["created_at"]


@pytest.mark.parametrize("body", [
    b"[" * 1_000_000, b'{"a":' * 100_000, b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"display_name":"\x00"}', b'{"display_name":"\\ud800"}',
    b'{"display_name":1e400}', b'{"display_name":"a","displayName":"b"}', b"nul", b'"', b"-", b"1" * 100_000,
], ids=lambda body: repr(body[:30]))
def test_bodies_that_are_no_messages_are_refused(api, body):
    for path in ("/experiments", "/pipelines", "/pipelines/create", "/runs", "/recurringruns"):
        api.post(path, body).refused(400)
    assert api.get("/healthz").status == 200


def test_reports_of_workflows_are_not_taken(api):
    for path in ("/workflows", "/scheduledworkflows"):
        for body in ({}, b'"{}"', b"x"):
            api.post(path, body).refused(404, "Not Found")


# --- the table of cases -------------------------------------------------------------------------------


def test_the_table_of_cases_names_tests_that_are_there():
    table = (ROOT / "docs" / "kfp-api.md").read_text().split("## KFP's own tests of its API")[1]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+){2,})`", table))
    suites = "".join(file.read_text() for file in (ROOT / "tests" / "suites").glob("test_kfp_*.py"))
    assert len(named) > 50
    assert {name for name in named if f"def test_{name}(" not in suites} == set()
