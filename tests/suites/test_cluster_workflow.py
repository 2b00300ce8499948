"""Pipelines as Argo's workflows, run by a real controller on a real node: they end there as they end here."""

import concurrent.futures
import json
import os
import signal
import subprocess

import pytest
from conftest import EXAMPLES, OUTPUT, Coracle, pipeline, step, wait_for
from kfp_api import Api

from cluster import SCRIPTS, argo_cluster, cluster, node_cluster  # noqa: F401

CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "runs"},
         "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}}

# The label of a workflow that is over, as JSONPath has it.
COMPLETED = r"workflows\.argoproj\.io/completed"


@pytest.fixture(scope="module")
def namespace(argo_cluster):
    """A namespace with a claim that all runs share, and the image of the executor on the node."""
    built = subprocess.run([SCRIPTS / "step-image"], capture_output=True, text=True, timeout=1800)
    assert built.returncode == 0, built.stderr
    argo_cluster.namespace("workflows")
    there = argo_cluster.on(namespace="workflows")
    there.apply(CLAIM)
    there.image = built.stdout.strip()
    yield there
    argo_cluster.ok("delete", "namespace", "workflows", "--wait=false")


def lowered(coracle, namespace, file, *words, code=0):
    """What the command says of a pipeline."""
    answer = coracle("-o", "json", "workflow", file, "--step-image", namespace.image, "--image-pull-policy", "IfNotPresent",
                     "--claim", "runs", *words)
    assert answer.returncode == code, answer.stderr
    return json.loads(answer.stdout)


def ended_there(namespace, workflow, seconds=600):
    """How a workflow ended: its phase, and the records of its steps by their paths."""
    made = namespace.ok("create", "-f", "-", "-o", "name", stdin=json.dumps(workflow)).strip()
    namespace.ok("wait", made, rf"--for=jsonpath={{.metadata.labels.{COMPLETED}}}=true", f"--timeout={seconds}s", seconds=seconds + 10)
    status = namespace.get(made)["status"]
    values = [parameter for node in status["nodes"].values() for parameter in node.get("outputs", {}).get("parameters", [])]
    records = [json.loads(one["value"]) for one in values if one["name"] == "record" and one.get("value")]
    outputs = [json.loads(one["value"]) for one in values if one["name"] == "outputs" and one.get("value")]
    return status["phase"], {record["path"]: record for record in records}, outputs


class UnderWay:
    """Pipelines on the cluster side by side, each with a home of its own: most of their time is waiting. A test asks for what came of its
    one."""

    def __init__(self, namespace, homes):
        self.namespace, self.homes = namespace, homes
        self.pool = concurrent.futures.ThreadPoolExecutor(len(CASES))
        self.commands = []
        self.cases = {name: self.pool.submit(case, namespace, self.home()) for name, case in CASES.items()}

    def home(self):
        self.commands.append(Coracle(self.homes.mktemp("home"), "process"))
        return self.commands[-1]

    def __getitem__(self, name):
        return self.cases[name].result(600)

    def close(self):
        for case in self.cases.values():
            case.cancel()
        for command in self.commands:
            command.close()
        self.pool.shutdown()


# What is under way from the first test on, by its name.
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


@pytest.fixture(scope="module")
def under_way(namespace, tmp_path_factory):
    under_way = UnderWay(namespace, tmp_path_factory)
    try:
        yield under_way
    finally:
        under_way.close()


def same(here, there):
    """Asserts that steps came to the same ends, with the same parameters."""
    (phase, records, _) = there
    assert phase.upper() == here["state"]
    steps = {task["path"]: task for task in here["tasks"] if task["kind"] == "container" and task["path"] in records}
    assert steps and all(records[path]["state"] == task["state"] for path, task in steps.items())
    for path, task in steps.items():
        assert records[path]["outputs"]["parameters"] == task["outputs"]["parameters"], path
    return steps


def local(coracle, file, *words):
    """How a run ends here, as the server tells of it."""
    run = coracle.run(file, *words)
    return coracle.json("get", run["run_id"])


# The words of an example that is run with others than its own: more than are worked on at a time.
FEWER = {"loop": ("-p", "sentence=one oar more")}


def example(name):
    return lambda namespace, coracle: ended_there(
        namespace, lowered(coracle, namespace, EXAMPLES / name / "pipeline.yaml", *FEWER.get(name, ()))["workflow"])


CASES.update({name: example(name) for name in ("hello", "loop", "exit-handler")})


def failing(folder):
    return pipeline(folder, {"a": step("exit 3"), "b": step("true"), "c": step('printf c > "$1"', args=[OUTPUT], outputs=["out"])},
                    b={"dependentTasks": ["a"]})


@case
def fails(namespace, coracle):
    return ended_there(namespace, lowered(coracle, namespace, failing(coracle.home))["workflow"])


@case
def scheduled(namespace, coracle):
    """The first workflow of a schedule, once it has ended, and the logs of its pods."""
    steps = {"a": step('printf %s "$1" > "$2"', args=["{{$.pipeline_job_schedule_time_utc}}", OUTPUT], outputs=["out"])}
    workflow = lowered(coracle, namespace, pipeline(coracle.home, steps), "--every", "20")["workflow"]
    made = namespace.ok("create", "-f", "-", "-o", "name", stdin=json.dumps(workflow)).strip()
    label = "workflows.argoproj.io/cron-workflow=" + made.split("/")[1]

    def ended():
        runs = json.loads(namespace.ok("get", "workflows", "-l", label, "-o", "json"))["items"]
        return [run for run in runs if run.get("status", {}).get("phase") in ("Succeeded", "Failed", "Error")]

    try:
        [run, *_] = wait_for(ended, 300, "a workflow of the schedule", every=1)
        logs = namespace("logs", "-l", "workflows.argoproj.io/workflow=" + run["metadata"]["name"], "--all-containers", "--prefix").stdout
    finally:
        namespace.ok("delete", made)
    return run, logs


@pytest.mark.parametrize("name", ["hello", "loop", "exit-handler"])
def test_examples_end_there_as_here(on_docker, under_way, name):
    here = local(on_docker, EXAMPLES / name / "pipeline.yaml", *FEWER.get(name, ()))
    steps = same(here, under_way[name])
    ran = {task["path"] for task in here["tasks"] if task["kind"] == "container"}
    assert ran == set(steps)


def test_a_step_that_fails_fails_the_workflow_and_what_depends_on_it_is_not_run(on_docker, under_way, tmp_path):
    here = local(on_docker, failing(tmp_path))
    (phase, records, _) = under_way["fails"]
    assert (here["state"], phase) == ("FAILED", "Failed")
    assert records["a"]["state"] == "FAILED" and records["c"]["state"] == "SUCCEEDED"
    assert records["c"]["outputs"]["parameters"] == {"out": "c"}
    assert records.get("b", {}).get("state") != "SUCCEEDED"


def test_a_schedule_starts_workflows_that_know_their_slot(under_way):
    run, logs = under_way["scheduled"]
    assert run["status"]["phase"] == "Succeeded", logs
    slot = run["metadata"]["annotations"]["workflows.argoproj.io/scheduled-time"]
    values = [one for node in run["status"]["nodes"].values() for one in node.get("outputs", {}).get("parameters", [])]
    [record] = [json.loads(one["value"]) for one in values if one["name"] == "record" and one.get("value")]
    assert record["outputs"]["parameters"] == {"out": slot}


def test_a_schedule_that_the_cluster_reads_otherwise_is_refused(on_processes, namespace, tmp_path):
    file = pipeline(tmp_path, {"a": step("true")})
    answer = lowered(on_processes, namespace, file, "--cron", "30 0 * * * *", code=1)
    assert answer["workflow"] is None
    assert any("seconds" in finding["reason"] for finding in answer["findings"])
    coracle = on_processes("-o", "json", "workflow", file, "--step-image", "x", "--cron", "61 * * * * *")
    assert coracle.returncode == 2 and "61" in coracle.stderr


def test_what_cannot_go_over_is_said_and_there_is_no_workflow(on_docker, namespace, tmp_path):
    """Argo's waits grow by whole numbers."""
    file = pipeline(tmp_path, {"a": step("true")},
                    a={"retryPolicy": {"maxRetryCount": 2, "backoffFactor": 1.5, "backoffDuration": "1s"}})
    answer = lowered(on_docker, namespace, file, code=1)
    assert answer["workflow"] is None
    [refused] = [finding for finding in answer["findings"] if finding["parity"] == "not_portable"]
    assert "whole" in refused["reason"]


class Sender:
    """The command, which sends pipelines to the cluster's Argo Workflows."""

    def __init__(self, coracle, namespace):
        self.coracle, self.namespace = coracle, namespace
        coracle.environment["KUBECONFIG"] = str(namespace.config)
        self.server = coracle.serve()

    def deploy(self, file, *words, code=0):
        image = ("--step-image", self.namespace.image, "--image-pull-policy", "IfNotPresent", "--claim", "runs")
        answer = self.coracle("-o", "json", "deploy", file, "--context", "admin", "-n", "workflows", *image, *words, seconds=600)
        assert answer.returncode == code, answer.stderr
        return json.loads(answer.stdout or answer.stderr.splitlines()[-1])

    def made(self, run, kind="workflows"):
        found = json.loads(self.namespace.ok("get", kind, "-l", f"coracle.dev/run={run['run_id']}", "-o", "json"))["items"]
        return [one["metadata"]["name"] for one in found]

    def look(self, run):
        """The run as it was seen last."""
        return Api(self.server.address)("GET", f"/clusters/runs/{run['run_id']}", root="/apis/coracle/v1").ok()

    def follow(self, run, code=0):
        answer = self.coracle("-o", "json", "follow", run["run_id"], seconds=600)
        assert answer.returncode == code, answer.stderr
        return json.loads(answer.stdout or answer.stderr.splitlines()[-1])


@pytest.fixture
def sender(on_processes, namespace):
    return Sender(on_processes, namespace)


def states(run):
    return {task["name"]: task["states"][-1] for task in run["tasks"]}


@case
def killed(namespace, coracle):
    """What is told of a run whose workbench was killed when it had sent it, and what was made there."""
    sender = Sender(coracle, namespace)
    steps = {"a": step('printf a > "$1"', args=[OUTPUT], outputs=["out"]), "b": step("true")}
    run = sender.deploy(pipeline(coracle.home, steps, b={"dependentTasks": ["a"]}), "--detach")
    os.killpg(sender.server.pid, signal.SIGKILL)
    sender.server.wait()
    sender.server = sender.coracle.serve()
    return sender.follow(run), sender.made(run)


@case
def failed(namespace, coracle):
    return Sender(coracle, namespace).deploy(pipeline(coracle.home, {"bad": step("exit 3"), "good": step("true")}), code=1)


def test_a_pipeline_is_sent_to_argo_and_followed_over_a_kill_of_the_workbench(under_way):
    ended, made = under_way["killed"]
    assert (ended["state"], ended["stage"]) == ("SUCCEEDED", "DONE")
    assert states(ended) == {"a": "SUCCEEDED", "b": "SUCCEEDED"}
    assert made == [ended["remote_id"]]


def test_one_that_fails_there_fails_the_command_and_says_at_which_step(under_way):
    run = under_way["failed"]
    assert run["state"] == "FAILED"
    assert states(run) == {"bad": "FAILED", "good": "SUCCEEDED"}
    [bad] = [task for task in run["tasks"] if task["name"] == "bad"]
    assert "3" in bad["error"]


def test_one_that_is_removed_there_is_said_to_be_gone(sender, tmp_path):
    run = sender.deploy(pipeline(tmp_path, {"long": step("sleep 300")}), "--detach")
    [name] = wait_for(lambda: sender.made(run), 60, "the workflow")
    sender.namespace.ok("delete", "workflow", name)
    assert sender.follow(run, code=1)["error"]["code"] == "gone"


def test_a_step_is_followed_by_its_pod_and_the_run_is_stopped(sender, tmp_path):
    run = sender.deploy(pipeline(tmp_path, {"long": step("echo epoch 1; sleep 300")}), "--detach")
    pod = wait_for(lambda: [task["pod"] for task in sender.look(run)["tasks"] if task["states"][-1] == "RUNNING"], 240, "the step")[0]
    labels = sender.namespace.get(f"pod/{pod}")["metadata"]["labels"]
    assert labels["workflows.argoproj.io/workflow"] == sender.look(run)["remote_id"]
    wait_for(lambda: "epoch 1" in sender.namespace.ok("logs", pod, "-c", "main"), 60, "its log")

    stopped = sender.coracle("cancel", run["run_id"])
    assert stopped.returncode == 0, stopped.stderr
    ended = wait_for(lambda: (now := sender.look(run))["stage"] == "DONE" and now, 120, "its end")
    assert ended["state"] == "CANCELED"
    # A step that was ended did not succeed.
    assert states(ended)["long"] not in ("SUCCEEDED", "RUNNING")
    assert "is over and cannot be stopped" in sender.coracle("cancel", run["run_id"]).stderr


def test_one_that_recurs_is_one_object_there_however_often_it_is_asked_for(sender, tmp_path):
    file = pipeline(tmp_path, {"a": step("true")})
    run = sender.deploy(file, "--cron", "0 30 6 * * *", "--no-catchup")
    try:
        assert run["stage"] == "DONE" and sender.made(run, "cronworkflows") == [run["remote_id"]]
        listed = [json.loads(sender.coracle("-o", "json", "runs", *words).stdout)["runs"] for words in (
            ("--context", "admin"), ("--context", "admin", "--state", "FAILED"), ("--context", "limited"), ())]
        assert [[one["run_id"] for one in runs] for runs in listed] == [[run["run_id"]], [], [], []]
    finally:
        sender.namespace.ok("delete", "cronworkflow", run["remote_id"])
    # What a cluster does not make up for is not left out in silence.
    refused = sender.deploy(file, "--cron", "0 30 6 * * *", code=2)
    assert "catch up" in refused["error"]["message"]


def compared(sender, file, *words, code=0):
    image = ("--step-image", sender.namespace.image, "--image-pull-policy", "IfNotPresent", "--claim", "runs")
    answer = sender.coracle("-o", "json", "parity", file, "--context", "admin", "-n", "workflows", *image, *words, seconds=600)
    assert answer.returncode == code, answer.stderr
    return json.loads(answer.stdout)


@case
def alike(namespace, coracle):
    steps = {"a": step('printf 42 > "$1"', args=[OUTPUT], outputs=["out"]), "b": step("true")}
    return compared(Sender(coracle, namespace), pipeline(coracle.home, steps, b={"dependentTasks": ["a"]}))["parity"]


@case
def otherwise(namespace, coracle):
    """A pod on a cluster has a service account's token, a step here has none."""
    script = 'if [ -e /var/run/secrets/kubernetes.io ]; then printf 0.505; else printf 0.5; fi > "$1"'
    file = pipeline(coracle.home, {"train": step(script, args=[OUTPUT], outputs=["out"])})
    document = json.loads(file.read_text())
    document["components"]["comp-train"]["outputDefinitions"]["parameters"]["out"]["parameterType"] = "NUMBER_DOUBLE"
    file.write_text(json.dumps(document))
    sender = Sender(coracle, namespace)
    return sender, compared(sender, file, "--tolerance", "out=0.1%", code=1)


def test_a_pipeline_that_comes_out_the_same_here_and_there_is_said_to(under_way):
    # The states of the run and of two steps, and the parameter.
    assert under_way["alike"] == {"differences": [], "same": 4, "not_told": []}


def test_what_is_another_there_is_named_unless_it_is_allowed(under_way):
    sender, runs = under_way["otherwise"]
    [difference] = runs["parity"]["differences"]
    assert difference == {"step": "train", "what": "parameter out", "here": 0.5, "there": 0.505, "is_allowed": False}
    wish = {"run": runs["here"], "tolerances": {"out": {"relative": 0.01}}}
    again = Api(sender.server.address)("POST", f"/clusters/runs/{runs['there']}/parity", wish, root="/apis/coracle/v1").ok()
    assert again["is_fine"] and [one["is_allowed"] for one in again["parity"]["differences"]] == [True]
