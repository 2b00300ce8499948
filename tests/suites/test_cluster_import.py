"""Runs that ended elsewhere are brought here: a second workbench stands for Kubeflow Pipelines, with a proxy in front that can fail."""

import json
import os
import signal
import subprocess
import threading
import uuid

import pytest
from buckets import KEYS, bucket  # noqa: F401
from conftest import OUTPUT, pipeline, step, wait_for
from kfp_api import Api
from test_cluster_kfp import deploy, error, gate, here, runs, there  # noqa: F401
from test_cluster_workflow import CLAIM

from cluster import SCRIPTS, argo_cluster, cluster, node_cluster  # noqa: F401

MADE = "{{$.outputs.artifacts['data'].path}}"
DATA = "{{$.inputs.artifacts['data'].path}}"
CONTENT = "/apis/coracle/v1/artifacts/"


def three(tmp_path, folder=False):
    """Three steps, the last of which fails until a file is there. Each says that it ran. The second writes a file or a folder."""
    ran, wanted = tmp_path / "ran", tmp_path / "wanted"
    write = 'mkdir -p "$2/deep"; printf 1 > "$2/deep/one"; : > "$2/empty"' if folder else 'printf "%s rows" "$3" > "$2"'
    read = 'cat "$3/deep/one"; ls "$3"' if folder else 'cat "$3"'
    steps = {
        "first": step(f'echo first >> {ran}; printf %s "$2" > "$1"', args=[OUTPUT, "{{$.inputs.parameters['n']}}"], outputs=["out"],
                      inputs={"n": {"componentInputParameter": "n"}}),
        "second": step(f'echo second >> {ran}; mkdir -p "$(dirname "$2")"; {write}; printf made > "$1"',
                       args=[OUTPUT, MADE, "{{$.inputs.parameters['rows']}}"], outputs=["out"], artifacts=["data"],
                       inputs={"rows": {"taskOutputParameter": {"producerTask": "first", "outputParameterKey": "out"}}}),
        "third": step(f'echo third >> {ran}; {{ {read}; }} > "$1"; test -e {wanted}', args=[OUTPUT, "-", DATA], outputs=["out"]),
    }
    file = pipeline(tmp_path, steps, "brought", second={"dependentTasks": ["first"]}, third={
        "dependentTasks": ["second"],
        "inputs": {"artifacts": {"data": {"taskOutputArtifact": {"producerTask": "second", "outputArtifactKey": "data"}}}}})
    document = json.loads(file.read_text())
    document["root"]["inputDefinitions"] = {"parameters": {"n": {"parameterType": "NUMBER_INTEGER"}}}
    components = document["components"]
    components["comp-first"]["inputDefinitions"]["parameters"]["n"]["parameterType"] = "NUMBER_INTEGER"
    components["comp-third"]["inputDefinitions"] = {"artifacts": {"data": {"artifactType": {
        "schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}}}
    file.write_text(json.dumps(document))
    return file


def ran(tmp_path):
    return (tmp_path / "ran").read_text().split()


def failed_there(there, file, *words):
    """The id of a run that was made there and failed."""
    result = there("run", file, "-p", "n=7", "-o", "json", *words)
    assert result.returncode == 1, result.stderr
    [run] = runs(there)
    return run["run_id"]


def bring(here, *words, code=0):
    result = here("import", *words, "-o", "json")
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout) if code == 0 else error(result)


def shown(coracle, run):
    return coracle.json("get", run)


def steps(run):
    return {task["path"]: task for task in run["tasks"] if task["kind"] == "container"}


@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_a_failed_run_comes_here_and_its_failed_step_runs_here_with_the_same_inputs(here, there, tmp_path, folder):
    run = failed_there(there, three(tmp_path, folder))
    brought = bring(here, run, "--kfp-endpoint", there.server.address)
    assert (brought["run_id"], brought["known"], brought["state"]) == (run, False, "FAILED")
    [artifact] = brought["artifacts"]
    assert (artifact["step"], artifact["missing"]) == ("second", None)
    assert brought["bytes"] == artifact["bytes"] == (1 if folder else len("7 rows"))
    assert not brought["lost_inputs"] and not brought["not_told"]

    mine, theirs = shown(here, run), shown(there, run)
    assert mine["parameters"] == theirs["parameters"] == {"n": 7}
    assert mine["brought"]["place"] == there.server.address and mine["brought"]["state"] == "FAILED"
    assert mine["failure"]["code"] == theirs["failure"]["code"]
    for path, task in steps(theirs).items():
        same = steps(mine)[path]
        assert same["state"] == task["state"], path
        assert same["outputs"]["parameters"] == task["outputs"]["parameters"]
        assert same["inputs"]["parameters"] == task["inputs"]["parameters"]
        assert (same["started_at"], same["finished_at"]) == (task["started_at"], task["finished_at"])
        uris = [[one["uri"] for key in sorted(side["outputs"]["artifacts"]) for one in side["outputs"]["artifacts"][key]] for side in (same, task)]
        assert uris[0] == uris[1]
    assert steps(mine)["third"]["reason"]["code"] == steps(theirs)["third"]["reason"]["code"]
    assert ran(tmp_path) == ["first", "second", "third"]

    there.close()
    (tmp_path / "wanted").touch()
    result = here("retry", run)
    assert result.returncode == 0, result.stderr
    assert ran(tmp_path) == ["first", "second", "third", "third"]
    mine = shown(here, run)
    assert mine["state"] == "SUCCEEDED"
    expected = "1deep\nempty\n" if folder else "7 rows"
    assert steps(mine)["third"]["outputs"]["parameters"] == {"out": expected}


def test_what_is_here_is_not_brought_again_and_can_be_brought_once_it_was_removed(here, there, tmp_path):
    run = failed_there(there, three(tmp_path))
    place = ("--kfp-endpoint", there.server.address)
    bring(here, run, *place)
    again = bring(here, run, *place)
    assert (again["run_id"], again["known"]) == (run, True)
    assert len(here.json("runs")["runs"]) == 1
    assert Api(here.server.address)("DELETE", f"/runs/{run}", root="/apis/coracle/v1").status == 200
    assert bring(here, run, *place)["known"] is False
    assert steps(shown(here, run))["second"]["state"] == "SUCCEEDED"


def test_one_that_was_sent_from_here_is_known_by_its_id_and_keeps_its_text(here, there, tmp_path):
    file = three(tmp_path)
    file.write_text(json.dumps(json.loads(file.read_text()), indent=3))
    result = deploy(here, file, there.server.address, "-p", "n=7")
    assert result.returncode == 1, result.stderr
    sent = json.loads(result.stdout)
    brought = bring(here, sent["run_id"][:13])
    assert brought["run_id"] == sent["remote_id"]
    text = Api(here.server.address)("GET", f"/runs/{brought['run_id']}/definition", root="/apis/coracle/v1").text
    assert text == file.read_text()


def test_a_run_that_succeeded_comes_as_one_that_did(here, there, tmp_path):
    (tmp_path / "wanted").touch()
    result = there("run", three(tmp_path), "-p", "n=7")
    assert result.returncode == 0, result.stderr
    [run] = runs(there)
    brought = bring(here, run["run_id"], "--kfp-endpoint", there.server.address)
    assert brought["state"] == "SUCCEEDED"
    assert here("rerun", run["run_id"], "--from", "third").returncode == 0
    assert ran(tmp_path) == ["first", "second", "third", "third"]


def test_a_kill_in_the_middle_leaves_nothing_half_and_the_same_command_finishes(here, there, gate, tmp_path):
    run = failed_there(there, three(tmp_path))
    reached, go_on = threading.Event(), threading.Event()

    def hold(method, path, headers, body):
        if path.startswith(CONTENT) and path.endswith("/content"):
            reached.set()
            go_on.wait(60)
        return body

    gate.rule = hold
    place = ("--kfp-endpoint", gate.address)
    asking = threading.Thread(target=here, args=("import", run, *place))
    asking.start()
    assert reached.wait(60)
    os.killpg(here.server.pid, signal.SIGKILL)
    here.server.wait()
    go_on.set()
    asking.join()
    gate.rule = lambda method, path, headers, body: body
    here.server = here.serve()
    # The command may have found another workbench, and brought it there.
    brought = bring(here, run, *place)
    assert brought["run_id"] == run
    assert steps(shown(here, run))["second"]["state"] == "SUCCEEDED"
    assert not list(here.home.rglob("arrivals/*"))
    (tmp_path / "wanted").touch()
    assert here("retry", run).returncode == 0


def test_an_artifact_that_breaks_off_leaves_the_run_where_it_was(here, there, gate, tmp_path):
    run = failed_there(there, three(tmp_path))
    place = ("--kfp-endpoint", gate.address)
    broken = []

    def cut(method, path, headers, body):
        if path.endswith("/content"):
            broken.append(path)
            return 503
        return body

    gate.rule = cut
    assert bring(here, run, *place, code=1)["code"] == "cluster"
    assert broken and here.json("runs")["runs"] == []
    gate.rule = lambda method, path, headers, body: body
    assert bring(here, run, *place)["bytes"] == len("7 rows")


def test_bytes_that_are_gone_there_are_said_and_nothing_begins_that_would_need_them(here, there, gate, tmp_path):
    run = failed_there(there, three(tmp_path))
    gate.rule = lambda method, path, headers, body: 404 if path.startswith(CONTENT) or path.endswith(":read") else body
    brought = bring(here, run, "--kfp-endpoint", gate.address)
    [artifact] = brought["artifacts"]
    assert artifact["bytes"] is None and artifact["missing"]
    assert brought["lost_inputs"] == [{"step": "third", "artifact": "data", "made_by": "second"}]
    (tmp_path / "wanted").touch()
    refused = here("retry", run, "-o", "json")
    assert refused.returncode != 0 and "second" in error(refused)["hint"]
    assert here("rerun", run, "--from", "third").returncode != 0
    assert ran(tmp_path) == ["first", "second", "third"]
    assert here("rerun", run, "--from", "second").returncode == 0
    assert ran(tmp_path) == ["first", "second", "third", "second", "third"]


def test_a_server_that_tells_states_alone_gives_what_it_tells_and_the_rest_runs_here(here, there, gate, tmp_path):
    run = failed_there(there, three(tmp_path))
    gate.rule = lambda method, path, headers, body: 404 if path == "/apis/v2beta1/tasks" else body
    brought = bring(here, run, "--kfp-endpoint", gate.address)
    assert brought["state"] == "FAILED" and "first" in brought["not_told"]
    (tmp_path / "wanted").touch()
    assert here("retry", run).returncode == 0
    assert ran(tmp_path) == ["first", "second", "third"] * 2
    assert steps(shown(here, run))["third"]["outputs"]["parameters"] == {"out": "7 rows"}


def test_what_cannot_be_brought_is_refused_by_name(here, there, tmp_path):
    place = ("--kfp-endpoint", there.server.address)
    nobody = str(uuid.uuid4())
    assert nobody in bring(here, nobody, *place, code=1)["message"]
    assert "no id" in bring(here, "train", *place, code=2)["message"]
    assert "--context" in bring(here, nobody, code=4)["hint"]
    file = pipeline(tmp_path, {"long": step(f"while [ ! -e {tmp_path}/end ]; do sleep 0.1; done")}, "long")
    there("run", file, "--detach")
    [run] = wait_for(lambda: [one for one in runs(there) if one["state"] == "RUNNING"], 30, "a run at work")
    refused = bring(here, run["run_id"], *place, code=2)
    assert "RUNNING" in refused["message"]
    assert here.json("runs")["runs"] == []
    (tmp_path / "end").touch()
    wait_for(lambda: runs(there)[0]["state"] == "SUCCEEDED", 30, "its end")
    assert bring(here, run["run_id"], *place)["state"] == "SUCCEEDED"


def apart(tmp_path, length=20000):
    """Three steps, the last of which fails in a pod of a cluster, which has a service account's token. The first hands on more than a
    workflow's status holds; the second leaves a file and a folder."""
    long = f"head -c {length} /dev/zero | tr '\\0' x"
    more = "{{$.outputs.artifacts['more'].path}}"
    steps = {
        "first": step(f'{{ {long}; }} > "$1"', args=[OUTPUT], outputs=["out"]),
        "second": step('mkdir -p "$(dirname "$1")" "$2/deep"; printf "%s" "$3" | wc -c | tr -d " \\n" > "$1"; echo deep > "$2/deep/file"',
                       args=[MADE, more, "{{$.inputs.parameters['text']}}"], artifacts=["data", "more"],
                       inputs={"text": {"taskOutputParameter": {"producerTask": "first", "outputParameterKey": "out"}}}),
        "third": step('cat "$2" "$3/deep/file" > "$1"; test ! -e /var/run/secrets/kubernetes.io',
                      args=[OUTPUT, DATA, "{{$.inputs.artifacts['more'].path}}"], outputs=["out"]),
    }
    of = {key: {"taskOutputArtifact": {"producerTask": "second", "outputArtifactKey": key}} for key in ("data", "more")}
    file = pipeline(tmp_path, steps, "apart", second={"dependentTasks": ["first"]},
                    third={"dependentTasks": ["second"], "inputs": {"artifacts": of}})
    document = json.loads(file.read_text())
    dataset = {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}
    document["components"]["comp-third"]["inputDefinitions"] = {"artifacts": {key: dataset for key in of}}
    file.write_text(json.dumps(document))
    return file


@pytest.fixture(scope="module")
def brought_from(argo_cluster):  # noqa: F811
    """A namespace with a claim that runs share, and an image of the executor of its own."""
    built = subprocess.run([SCRIPTS / "step-image", "coracle.test/coracle-step:import"], capture_output=True, text=True, timeout=1800)
    assert built.returncode == 0, built.stderr
    argo_cluster.namespace("brought")
    there = argo_cluster.on(namespace="brought")  # noqa: F811
    there.apply(CLAIM)
    there.image = built.stdout.strip()
    yield there
    argo_cluster.ok("delete", "namespace", "brought", "--wait=false")


@pytest.fixture
def sender(on_processes, brought_from):
    """The command here, with the way to the cluster."""
    on_processes.environment["KUBECONFIG"] = str(brought_from.config)
    on_processes.server = on_processes.serve()
    return on_processes


def deployed(sender, brought_from, file, *words):
    """A run that was sent to the cluster and failed there."""
    image = ("--step-image", brought_from.image, "--image-pull-policy", "IfNotPresent")
    answer = sender("-o", "json", "deploy", file, "--context", "admin", "-n", "brought", *image, *words, seconds=300)
    assert answer.returncode == 1, answer.stderr
    return json.loads(answer.stdout)


def carriers(brought_from):
    pods = json.loads(brought_from.ok("get", "pods", "-o", "json"))["items"]
    return [pod["metadata"]["name"] for pod in pods if pod["metadata"]["name"].startswith("coracle-carrier-")]


def test_a_run_of_argo_comes_with_its_volume_and_its_failed_step_succeeds_here(sender, brought_from, tmp_path):
    here = sender  # noqa: F811
    run = deployed(here, brought_from, apart(tmp_path), "--claim", "runs")
    brought = bring(here, run["run_id"])
    assert brought["state"] == "FAILED" and not brought["not_told"] and not brought["lost_inputs"]
    assert {(one["name"], one["bytes"], one["missing"]) for one in brought["artifacts"]} == {("data", 5, None), ("more", 5, None)}
    id = brought["run_id"]
    mine = steps(shown(here, id))
    assert {path: task["state"] for path, task in mine.items()} == {"first": "SUCCEEDED", "second": "SUCCEEDED", "third": "FAILED"}
    assert mine["first"]["outputs"]["parameters"] == {"out": "x" * 20000}
    wait_for(lambda: not carriers(brought_from), 60, "the end of the pod that read the volume")
    # By the workflow's name it is the same run.
    again = bring(here, run["remote_id"], "--context", "admin", "-n", "brought")
    assert (again["run_id"], again["known"]) == (id, True)

    result = here("retry", id)
    assert result.returncode == 0, result.stderr
    after = steps(shown(here, id))
    assert after["third"]["outputs"]["parameters"] == {"out": "20000deep\n"}
    assert [after[path]["attempts"] for path in ("first", "second")] == [[], []]


def test_a_run_comes_from_its_bucket_by_a_pod_that_has_the_key(sender, brought_from, bucket, tmp_path):  # noqa: F811
    brought_from.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": KEYS})
    store = ("--bucket", "s3://runs/brought", "--endpoint", bucket.endpoint, "--bucket-secret", "keys")
    run = deployed(sender, brought_from, apart(tmp_path), *store)
    brought_from.ok("delete", "secret", "keys")
    refused = sender("-o", "json", "import", run["run_id"], seconds=300)
    assert refused.returncode and "keys" in refused.stderr, refused.stderr
    brought_from.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": KEYS})
    brought = bring(sender, run["run_id"])
    assert brought["state"] == "FAILED" and not brought["not_told"] and not brought["lost_inputs"]
    assert {(one["name"], one["bytes"], one["missing"]) for one in brought["artifacts"]} == {("data", 5, None), ("more", 5, None)}
    wait_for(lambda: not carriers(brought_from), 60, "the end of the pod that read the bucket")
    result = sender("retry", brought["run_id"])
    assert result.returncode == 0, result.stderr


def test_a_volume_that_went_with_the_run_is_said_and_the_workflow_of_somebody_else_is_refused(sender, brought_from, tmp_path):
    here = sender  # noqa: F811
    brought = bring(here, deployed(here, brought_from, apart(tmp_path, 5), "--size", "64Mi")["run_id"])
    assert ["removed" in one["missing"] for one in brought["artifacts"]] == [True, True]
    assert [(lost["step"], lost["artifact"], lost["made_by"]) for lost in brought["lost_inputs"]] == [
        ("third", "data", "second"), ("third", "more", "second")]
    assert "second" in error(here("retry", brought["run_id"], "-o", "json"))["hint"]
    other = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "other"}, "spec": {
        "entrypoint": "main", "suspend": True, "templates": [{"name": "main", "suspend": {}}]}}
    brought_from.apply(other)
    place = ("--context", "admin", "-n", "brought")
    assert "no pipeline travels in it" in bring(here, "other", *place, code=1)["message"]
    assert "nobody" in bring(here, "nobody", *place, code=4)["message"]
    assert len(here.json("runs")["runs"]) == 1
