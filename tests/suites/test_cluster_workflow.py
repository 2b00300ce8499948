"""Pipelines as Argo's workflows, run by a real controller on a real node: they end there as they end here."""

import json
import subprocess

import pytest
from conftest import EXAMPLES, OUTPUT, pipeline, step, wait_for

from cluster import SCRIPTS, argo_cluster, cluster, node_cluster  # noqa: F401

CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "runs"},
         "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}}


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


def ended_there(namespace, workflow, seconds=240):
    """How a workflow ended: its phase, and the records of its steps by their paths."""
    made = namespace.ok("create", "-f", "-", "-o", "name", stdin=json.dumps(workflow)).strip()

    def ended():
        status = namespace.get(made).get("status", {})
        return status if status.get("phase") in ("Succeeded", "Failed", "Error") else None

    status = wait_for(ended, seconds, f"the end of {made}")
    values = [parameter for node in status["nodes"].values() for parameter in node.get("outputs", {}).get("parameters", [])]
    records = [json.loads(one["value"]) for one in values if one["name"] == "record" and one.get("value")]
    outputs = [json.loads(one["value"]) for one in values if one["name"] == "outputs" and one.get("value")]
    return status["phase"], {record["path"]: record for record in records}, outputs


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


@pytest.mark.parametrize("example", ["hello", "loop", "exit-handler"])
def test_examples_end_there_as_here(on_docker, namespace, example):
    file = EXAMPLES / example / "pipeline.yaml"
    here = local(on_docker, file)
    there = ended_there(namespace, lowered(on_docker, namespace, file)["workflow"])
    steps = same(here, there)
    ran = {task["path"] for task in here["tasks"] if task["kind"] == "container"}
    assert ran == set(steps)


def test_a_step_that_fails_fails_the_workflow_and_what_depends_on_it_is_not_run(on_docker, namespace, tmp_path):
    file = pipeline(tmp_path, {"a": step("exit 3"), "b": step("true"), "c": step('printf c > "$1"', args=[OUTPUT], outputs=["out"])},
                    b={"dependentTasks": ["a"]})
    here = local(on_docker, file)
    (phase, records, _) = ended_there(namespace, lowered(on_docker, namespace, file)["workflow"])
    assert (here["state"], phase) == ("FAILED", "Failed")
    assert records["a"]["state"] == "FAILED" and records["c"]["state"] == "SUCCEEDED"
    assert records["c"]["outputs"]["parameters"] == {"out": "c"}
    assert records.get("b", {}).get("state") != "SUCCEEDED"


def test_a_schedule_starts_workflows_that_know_their_slot(on_processes, namespace, tmp_path):
    file = pipeline(tmp_path, {"a": step('printf %s "$1" > "$2"', args=["{{$.pipeline_job_schedule_time_utc}}", OUTPUT], outputs=["out"])})
    scheduled = lowered(on_processes, namespace, file, "--every", "20")["workflow"]
    made = namespace.ok("create", "-f", "-", "-o", "name", stdin=json.dumps(scheduled)).strip()
    label = "workflows.argoproj.io/cron-workflow=" + made.split("/")[1]

    def ended():
        runs = json.loads(namespace.ok("get", "workflows", "-l", label, "-o", "json"))["items"]
        return [run for run in runs if run.get("status", {}).get("phase") in ("Succeeded", "Failed", "Error")]

    try:
        [run, *_] = wait_for(ended, 240, "a workflow of the schedule")
        logs = ("logs", "-l", "workflows.argoproj.io/workflow=" + run["metadata"]["name"], "--all-containers", "--prefix")
        assert run["status"]["phase"] == "Succeeded", namespace.ok(*logs)
    finally:
        namespace.ok("delete", made)
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
