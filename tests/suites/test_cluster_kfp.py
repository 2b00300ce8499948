"""Pipelines sent to another server of Kubeflow Pipelines: a second workbench stands for it, with a proxy in front that can fail."""

import http.client
import http.server
import json
import os
import signal
import socket
import threading

import pytest
from conftest import OUTPUT, Coracle, pipeline, step, wait_for
from kfp_api import Api

OVER = ("SUCCEEDED", "FAILED")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Gate(http.server.ThreadingHTTPServer):
    """Passes requests on; `rule(method, path, headers, body)` may answer instead, with a status, or change the body. An answer whose
    request is in `lost` never arrives."""

    daemon_threads = True

    def __init__(self, target):
        super().__init__(("127.0.0.1", 0), Passing)
        self.target = target.removeprefix("http://")
        self.rule = lambda method, path, headers, body: body
        self.lost = []
        self.seen = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        """Connections that break are what is tested."""


class Passing(http.server.BaseHTTPRequestHandler):
    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        self.server.seen.append((self.command, path))
        found = self.server.rule(self.command, path, self.headers, body)
        if isinstance(found, int):
            return self.answer(found, json.dumps({"code": 3, "message": f"the gate says {found}"}).encode())
        headers = {"Host": self.server.target, "Content-Type": self.headers.get("Content-Type", "application/json")}
        try:
            there = http.client.HTTPConnection(self.server.target, timeout=30)
            there.request(self.command, self.path, found, headers)
            answer = there.getresponse()
            status, text = answer.status, answer.read()
        except OSError:
            return self.answer(503, b"nobody is there")
        if (self.command, path) in self.server.lost:
            self.server.lost.remove((self.command, path))
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        return self.answer(status, text)

    do_GET = do_POST = do_DELETE = pass_on

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def there(tmp_path):
    """The cluster: another workbench, at an address that it has again after a restart."""
    home = tmp_path / "there"
    home.mkdir()
    command = Coracle(home, "process")
    command.listen = f"127.0.0.1:{free_port()}"
    command.server = command.serve(listen=command.listen)
    command.api = Api(command.server.address)
    yield command
    command.close()


@pytest.fixture
def here(tmp_path):
    """The workbench from which it is sent."""
    home = tmp_path / "here"
    home.mkdir()
    command = Coracle(home, "process")
    command.server = command.serve()
    yield command
    command.close()


@pytest.fixture
def gate(there):
    server = Gate(there.server.address)
    yield server
    server.shutdown()
    server.server_close()


def slow(path, gate_file=None, name="slow"):
    """Two steps, the first of which waits for a file."""
    wait = f"while [ ! -e {gate_file} ]; do sleep 0.1; done; " if gate_file else ""
    steps = {
        "first": step(wait + 'printf one > "$1"', args=[OUTPUT], outputs=["out"]),
        "second": step("echo two"),
    }
    return pipeline(path, steps, name, second={"dependentTasks": ["first"]})


def deploy(here, file, endpoint, *arguments):
    return here("deploy", file, "--kfp-endpoint", endpoint, "-o", "json", *arguments)


def sent(here, file, endpoint, *arguments):
    """Sends without following; the run's id here."""
    result = deploy(here, file, endpoint, "--detach", *arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["run_id"]


def runs(there):
    return there.api.get("/runs").ok().get("runs", [])


def heard(here, run):
    """What was told of a run: the states of the run, and those of each task."""
    events = Api(here.server.address)("GET", f"/clusters/runs/{run}/events", root="/apis/coracle/v1", after=0).ok()["events"]
    told = [event["news"] for event in events]
    states = [news["state"] for news in told if news["kind"] == "run"]
    tasks = {}
    for news in told:
        if news["kind"] == "task":
            tasks.setdefault(news["name"], []).append(news["state"])
    numbers = [event["number"] for event in events]
    assert numbers == sorted(set(numbers))
    return states, tasks


def error(result):
    return json.loads(result.stderr[result.stderr.index('{'):])["error"]


def test_a_pipeline_goes_as_it_is_and_is_followed(here, there, tmp_path):
    file = slow(tmp_path)
    result = deploy(here, file, there.server.address)
    assert result.returncode == 0, result.stderr
    run = json.loads(result.stdout)
    assert (run["state"], run["stage"]) == ("SUCCEEDED", "DONE")
    [found] = runs(there)
    assert (found["run_id"], found["state"]) == (run["remote_id"], "SUCCEEDED")
    reference = found["pipeline_version_reference"]
    version = reference["pipeline_version_id"]
    text = there.api("GET", f"/pipeline-versions/{version}/definition", root="/apis/coracle/v1").text
    assert text == file.read_text()
    states, tasks = heard(here, run["run_id"])
    assert states[-1] == "SUCCEEDED" and len(states) == len(set(states))
    assert tasks["first"][-1] == tasks["second"][-1] == "SUCCEEDED"

    # What is over is run anew, of the version that is there.
    again = json.loads(deploy(here, file, there.server.address).stdout)
    assert again["remote_id"] != run["remote_id"] and len(runs(there)) == 2
    versions = there.api.get(f"/pipelines/{reference['pipeline_id']}/versions").ok()["pipeline_versions"]
    assert len(versions) == 1
    listed = here("follow").stdout
    assert there.server.address in listed and run["run_id"] in listed
    # A definition with other bytes is another version of the same pipeline.
    file.write_text(file.read_text() + "\n")
    assert deploy(here, file, there.server.address).returncode == 0
    assert len(there.api.get(f"/pipelines/{reference['pipeline_id']}/versions").ok()["pipeline_versions"]) == 2


def test_parameters_experiment_and_root_arrive(here, there, tmp_path):
    file = slow(tmp_path)
    document = json.loads(file.read_text())
    document["root"]["inputDefinitions"] = {"parameters": {
        "n": {"parameterType": "NUMBER_INTEGER"}, "tags": {"parameterType": "LIST"}}}
    file.write_text(json.dumps(document))
    result = deploy(
        here, file, there.server.address, "-p", "n=3", "-p", 'tags=["a", 1]', "--experiment", "mine", "--name", "mine 1",
        "--pipeline-root", "minio://bucket/root",
    )
    assert result.returncode == 0, result.stderr
    [found] = runs(there)
    assert found["display_name"] == "mine 1"
    assert found["runtime_config"]["parameters"] == {"n": 3, "tags": ["a", 1]}
    assert found["runtime_config"]["pipeline_root"] == "minio://bucket/root"
    assert there.api.get(f"/experiments/{found['experiment_id']}").ok()["display_name"] == "mine"
    # Parameters that do not fit are refused before anything is sent.
    wrong = deploy(here, file, there.server.address, "-p", "n=x", "-p", "tags=[]")
    assert wrong.returncode == 2 and error(wrong)["code"] == "invalid_parameters"
    assert len(runs(there)) == 1


def test_a_failed_run_fails_the_command(here, there, tmp_path):
    result = deploy(here, pipeline(tmp_path, {"bad": step("exit 3")}, "bad"), there.server.address)
    assert result.returncode == 1
    run = json.loads(result.stdout)
    assert run["state"] == "FAILED" and [task["states"][-1] for task in run["tasks"] if task["name"] == "bad"] == ["FAILED"]


def test_recurring_runs_are_made_once(here, there, tmp_path):
    file = slow(tmp_path)
    rhythm = ["--cron", "0 30 9 * * MON", "--max-concurrency", "3", "--no-catchup"]
    for _ in range(2):
        result = deploy(here, file, there.server.address, *rhythm)
        assert result.returncode == 0, result.stderr
    [found] = there.api.get("/recurringruns").ok()["recurringRuns"]
    assert found["trigger"] == {"cron_schedule": {"cron": "0 30 9 * * MON"}}
    assert (found["max_concurrency"], found["no_catchup"], found["mode"]) == ("3", True, "ENABLE")
    # One that was deleted there is made again.
    there.api.delete(f"/recurringruns/{found['recurring_run_id']}").ok()
    assert deploy(here, file, there.server.address, *rhythm).returncode == 0
    assert len(there.api.get("/recurringruns").ok()["recurringRuns"]) == 1
    # It runs there by itself.
    assert deploy(here, file, there.server.address, "--every", "1").returncode == 0
    wait_for(lambda: [run for run in runs(there) if run["state"] == "SUCCEEDED"], what="a run of the rhythm")


@pytest.mark.parametrize("killed", ["here", "there"])
def test_whoever_is_killed_in_the_middle_nothing_is_lost(here, there, tmp_path, killed):
    go = tmp_path / "go"
    file = slow(tmp_path, go)
    run = sent(here, file, there.server.address)
    wait_for(lambda: "RUNNING" in heard(here, run)[0], what="the run at work")
    sides = {"here": here, "there": there}
    side = sides[killed]
    os.killpg(side.server.pid, signal.SIGKILL)
    side.server.wait()
    if killed == "here":
        # It ends while nobody looks.
        go.touch()
        wait_for(lambda: [found for found in runs(there) if found["state"] in OVER], what="the end there")
        here.server = here.serve()
    else:
        there.server = there.serve(listen=there.listen)
        go.touch()
    followed = here("follow", run, "-o", "json")
    assert followed.returncode == 0, followed.stderr
    assert json.loads(followed.stdout)["state"] == "SUCCEEDED"
    assert len(runs(there)) == 1
    states, tasks = heard(here, run)
    assert states[-1] == "SUCCEEDED" and len(states) == len(set(states)), states
    for name in ("first", "second"):
        assert tasks[name][-1] == "SUCCEEDED" and len(tasks[name]) == len(set(tasks[name])), tasks


@pytest.mark.parametrize("takes_ids", [True, False], ids=["ids are taken", "ids are made there"])
def test_a_lost_answer_makes_no_second_run(here, there, gate, tmp_path, takes_ids):
    def without_id(method, path, headers, body):
        if (method, path) != ("POST", "/apis/v2beta1/runs") or takes_ids:
            return body
        return json.dumps({key: value for key, value in json.loads(body).items() if key != "run_id"}).encode()

    gate.rule = without_id
    gate.lost = [("POST", "/apis/v2beta1/runs"), ("POST", "/apis/v2beta1/pipelines"), ("POST", "/apis/v2beta1/pipelines/upload_version")]
    result = deploy(here, slow(tmp_path), gate.address)
    assert result.returncode == 0, result.stderr
    assert gate.lost == []
    assert [run["state"] for run in runs(there)] == ["SUCCEEDED"]


def test_the_same_command_goes_on_with_an_open_run(here, there, tmp_path):
    go = tmp_path / "go"
    file = slow(tmp_path, go)
    run = sent(here, file, there.server.address)
    assert sent(here, file, there.server.address) == run
    assert sent(here, file, there.server.address, "--experiment", "another") != run
    go.touch()
    assert here("follow", run).returncode == 0
    wait_for(lambda: len(runs(there)) == 2, what="the other run")


def test_a_run_is_stopped_there_by_the_command_that_stops_one_here(here, there, tmp_path):
    run = sent(here, slow(tmp_path, tmp_path / "never"), there.server.address)
    wait_for(lambda: [one["state"] for one in runs(there)] == ["RUNNING"], what="the run there")
    stopped = here("cancel", run)
    assert stopped.returncode == 0, stopped.stderr
    assert "was asked to stop slow" in stopped.stderr
    # As Kubeflow Pipelines has it: what was stopped has failed.
    wait_for(lambda: [one["state"] for one in runs(there)] == ["FAILED"], what="its end there")
    assert here("follow", run).returncode == 1
    states, _ = heard(here, run)
    assert states[-1] == "FAILED"
    again = here("cancel", run, "-o", "json")
    assert again.returncode != 0 and "is over and cannot be stopped" in error(again)["message"]
    assert error(here("cancel", "ffffffff", "-o", "json"))["code"] == "not_found"


def test_servers_that_are_none_are_told_by_name(here, there, gate, tmp_path):
    file = slow(tmp_path)
    nobody = deploy(here, file, f"http://127.0.0.1:{free_port()}")
    assert nobody.returncode == 1 and "cannot be reached" in error(nobody)["message"]
    gate.rule = lambda *_: 404
    other = deploy(here, file, gate.address)
    assert other.returncode == 1 and "is not the API of Kubeflow Pipelines" in error(other)["message"]
    assert deploy(here, file, "nowhere").returncode == 2
    gate.rule = lambda method, path, headers, body: 403
    assert "does not let this user" in error(deploy(here, file, gate.address))["message"]
    assert runs(there) == [] and json.loads(here("follow", "-o", "json").stdout)["runs"] == []


def test_a_refused_pipeline_is_told_and_can_be_sent_again(here, there, gate, tmp_path):
    file = slow(tmp_path)
    gate.rule = lambda method, path, headers, body: 400 if path.endswith("upload_version") else body
    refused = deploy(here, file, gate.address)
    assert refused.returncode == 1
    assert error(refused)["code"] == "refused" and "the gate says 400" in error(refused)["message"]
    [run] = json.loads(here("follow", "-o", "json").stdout)["runs"]
    assert run["stage"] == "REFUSED" and runs(there) == []
    gate.rule = lambda method, path, headers, body: body
    assert deploy(here, file, gate.address).returncode == 0
    assert len(runs(there)) == 1


def test_tokens_are_asked_for_and_may_be_changed(here, there, gate, tmp_path):
    tokens = ["right"]
    gate.rule = lambda method, path, headers, body: body if headers.get("Authorization") in [f"Bearer {token}" for token in tokens] else 401
    go = tmp_path / "go"
    file, token = slow(tmp_path, go), tmp_path / "token"
    without = deploy(here, file, gate.address)
    assert without.returncode == 1 and "does not accept the credentials" in error(without)["message"]
    token.write_text("wrong\n")
    wrong = deploy(here, file, gate.address, "--kfp-token-file", token)
    assert wrong.returncode == 1 and "does not accept the credentials" in error(wrong)["message"]
    token.write_text("right\n")
    run = sent(here, file, gate.address, "--kfp-token-file", token)
    wait_for(lambda: runs(there), what="the run at work")
    # It expires while the run is followed.
    tokens[:] = ["newer"]
    expired = here("follow", run, "-o", "json")
    assert expired.returncode == 1 and error(expired)["code"] == "unauthorized"
    token.write_text("newer\n")
    go.touch()
    put = Api(here.server.address)("PUT", f"/clusters/runs/{run}/token", {"token": "newer"}, root="/apis/coracle/v1")
    assert put.status == 204, put
    wait_for(lambda: json.loads(here("follow", "-o", "json").stdout)["runs"][0]["state"] == "SUCCEEDED", what="the end")
    assert "newer" not in here("follow", "-o", "json").stdout and len(runs(there)) == 1


def test_what_the_server_is_is_asked_once_for_a_run_and_again_after_a_failure(here, there, gate, tmp_path):
    go = tmp_path / "go"

    def asked(ending):
        return len([path for method, path in list(gate.seen) if method == "GET" and path.endswith(ending)])

    sent(here, slow(tmp_path, go), gate.address)
    wait_for(lambda: runs(there), what="the run there")
    [run] = runs(there)
    wait_for(lambda: asked("/runs/" + run["run_id"]) >= 4, 60, "four looks at it")
    # Once before it was taken on, and once to follow it.
    assert asked("/healthz") == 2
    gate.rule = lambda method, path, headers, body: 503
    wait_for(lambda: asked("/healthz") >= 3, 60, "the question what it is")
    gate.rule = lambda method, path, headers, body: body
    go.touch()
    wait_for(lambda: json.loads(here("follow", "-o", "json").stdout)["runs"][0]["state"] == "SUCCEEDED", 60, "the end")


def test_runs_that_were_sent_are_told_of_beside_those_that_are_here(here, there, tmp_path):
    assert "sent to clusters" not in here("runs").stderr
    assert deploy(here, slow(tmp_path), there.server.address).returncode == 0
    told = here("runs")
    assert "also sent to clusters: 1 run;" in told.stderr and "`coracle follow`" in told.stderr, told.stderr
    assert json.loads(here("runs", "-o", "json").stdout)["runs"] == []
    # It went to an address, and not to a context.
    assert json.loads(here("runs", "--context", "dev", "-o", "json").stdout) == {"runs": []}
    assert "`dev`" in here("runs", "--context", "dev").stderr


def test_a_workbench_is_found_beside_the_kubernetes_api_of_its_context(here, there, tmp_path):
    kubeconfig = tmp_path / "kubeconfig"
    assert there("kubeconfig", "--file", kubeconfig).returncode == 0
    here.environment["KUBECONFIG"] = str(kubeconfig)
    result = here("deploy", slow(tmp_path), "--context", "coracle", "-o", "json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["place"]["context"]["name"] == "coracle"
    assert len(runs(there)) == 1
    assert "context coracle" in here("follow").stdout
    missing = here("deploy", slow(tmp_path), "--context", "nowhere", "-o", "json")
    assert missing.returncode == 4 and "nowhere" in error(missing)["message"]


def parity(here, file, there, *arguments, code):
    answer = here("parity", file, "--kfp-endpoint", there.server.address, "-o", "json", *arguments)
    assert answer.returncode == code, answer.stderr
    return json.loads(answer.stdout)["parity"]


def test_states_here_and_there_are_compared(here, there, tmp_path):
    compared = parity(here, slow(tmp_path), there, code=0)
    # The run and two steps; that a server tells no values is said.
    assert (compared["differences"], compared["same"], compared["not_told"]) == ([], 3, ["first"])


def test_a_step_that_fails_there_alone_is_named(here, there, tmp_path):
    marker = tmp_path / "ran"
    # The one that comes first makes the folder, and the other fails.
    file = pipeline(tmp_path, {"once": step(f"mkdir {marker}"), "always": step("true")}, "once")
    differences = parity(here, file, there, code=1)["differences"]
    assert {(one["step"], one["what"]) for one in differences} == {(None, "state"), ("once", "state")}
    assert {differences[0]["here"], differences[0]["there"]} == {"SUCCEEDED", "FAILED"}
    wrong = here("parity", file, "--kfp-endpoint", there.server.address, "--tolerance", "loss=x")
    assert wrong.returncode == 2 and "tolerance" in wrong.stderr
