"""`coracle serve-model`: a model of this machine is served, or it is said what was looked for."""

import json
import pathlib
import urllib.request

import pytest
from conftest import EXAMPLES, wait_for
from kube import Kubectl
from onnx_models import write

# The first time, the server's image is pulled or built meanwhile.
BUILD_SECONDS = 900


@pytest.fixture(scope="module")
def made(docker_workbench):
    """What the pipeline of the digits made: the paths of its artifacts, by step and name."""
    run = docker_workbench.run(EXAMPLES / "digits" / "pipeline.yaml", seconds=600, code=0)
    listed = docker_workbench.json("artifacts", run["run_id"])["artifacts"]
    return {(one["producers"][0]["task"], one["artifact"]["name"]): one["path"] for one in listed}


@pytest.fixture(scope="module")
def trained(made):
    """The model that it registered."""
    return made["register", "model"]


def pictures(path):
    """Pictures that no model has seen, and what they show."""
    rows = [[float(number) for number in line.split(",")] for line in pathlib.Path(path).read_text().splitlines()]
    return [row[:-1] for row in rows], [int(row[-1]) for row in rows]


@pytest.fixture
def kubectl(docker_workbench):
    kubectl = Kubectl(docker_workbench)
    yield kubectl
    kubectl.ok("delete", "inferenceservices", "--all")
    wait_for(lambda: kubectl.get("pods")["items"] == [], what="the end of the servers")


def ask(url, instances):
    request = urllib.request.Request(url, json.dumps({"instances": instances}).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())["predictions"]


def test_what_a_pipeline_trained_reads_digits(docker_workbench, kubectl, trained):
    served = docker_workbench("serve-model", trained, "--name", "digits", "-o", "json", seconds=BUILD_SECONDS)
    assert served.returncode == 0, served.stderr
    told = json.loads(served.stdout)
    assert told == {
        "name": "digits", "namespace": "default", "format": "sklearn",
        "url": f"{docker_workbench.server.address}/serving/default/digits",
    }
    nothing, one = [0.0] * 64, [0.0] * 64
    for row in range(8):
        one[row * 8 + 3] = one[row * 8 + 4] = 1.0
    predicted = ask(f"{told['url']}/v1/models/digits:predict", [nothing, one])
    assert len(predicted) == 2 and predicted[1] == 1
    # Again: it is there already, and stays.
    again = docker_workbench("serve-model", trained, "--name", "digits", seconds=60)
    assert again.returncode == 0 and again.stdout == f"{told['url']}\n", again.stderr
    assert f"{told['url']}/v1/models/digits:predict" in again.stderr
    assert len(kubectl.get("pods")["items"]) == 1


def test_a_better_one_is_tried_as_a_canary_and_takes_over(docker_workbench, kubectl, made):
    seen, shown = pictures(made["split", "test"])
    forest, machine = made["train-forest", "model"], made["train-svm", "model"]

    def serve(*arguments):
        served = docker_workbench("serve-model", *arguments, "--name", "digits", "-o", "json", seconds=BUILD_SECONDS)
        assert served.returncode == 0, served.stderr
        return json.loads(served.stdout)["url"]

    def right(url):
        predicted = ask(f"{url}/v1/models/digits:predict", seen)
        return sum(answer == truth for answer, truth in zip(predicted, shown)) / len(shown)

    url = serve(forest)
    before = right(url)
    assert 0.9 < before < 1
    assert serve(machine, "--canary", "20") == url
    kept = lambda: docker_workbench.json("requests", "digits", "--limit", "100")["requests"]
    count = len(kept())
    for picture in seen[:50]:
        ask(f"{url}/v1/models/digits:predict", [picture])
    answered = [one["revision"] for one in kept()[:50]]
    assert len(kept()) == count + 50
    assert {name: answered.count(name) for name in set(answered)} == {"digits-predictor": 40, "digits-predictor-canary": 10}
    replayed = docker_workbench("replay", "digits", "--revision", "digits-predictor-canary", "-o", "json")
    report = json.loads(replayed.stdout)
    assert report["same"] + report["different"] == count + 50 and report["failed"] == report["skipped"] == 0
    # The two do not see all pictures alike, as their accuracy says.
    assert report["different"] >= 1 and replayed.returncode == 1
    assert serve(machine) == url
    one_is_left = lambda: [one["status"].get("replicas") for one in kubectl.get("deployments")["items"]] == [1]
    wait_for(one_is_left, what="the end of the canary")
    assert right(url) > before


def test_what_the_workbench_serves_itself_has_no_canary(docker_workbench, tmp_path):
    refused = docker_workbench("serve-model", write(tmp_path / "model.onnx", 2), "--name", "sum", "--canary", "20")
    assert refused.returncode == 2 and "one at a time" in refused.stderr and "--against" in refused.stderr


def test_one_that_cannot_be_loaded_is_told(docker_workbench, kubectl, tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "broken.pkl").write_bytes(b"no pickle")
    served = docker_workbench("serve-model", tmp_path, "--name", "broken", seconds=BUILD_SECONDS)
    assert served.returncode == 1, served.stderr
    assert "the model is not served: /mnt/models/model.pkl cannot be loaded with scikit-learn" in served.stderr
    assert "kubectl delete isvc broken" in served.stderr


def test_processes_serve_no_models(on_processes, tmp_path):
    on_processes.serve()
    model = tmp_path / "model.pkl"
    model.write_bytes(b"\x80")
    refused = on_processes("serve-model", model)
    assert refused.returncode == 1 and "of the format sklearn run in containers, and this workbench runs processes" in refused.stderr


@pytest.mark.parametrize("layout", ["net.onnx", "3/model.onnx"])
def test_an_onnx_model_is_served_with_any_engine(coracle, tmp_path, layout):
    coracle.serve()
    folder = tmp_path / "sum"
    write(folder / layout, 2).chmod(0o700)
    served = coracle("serve-model", folder, seconds=30)
    assert served.returncode == 0, served.stderr
    url = served.stdout.strip()
    assert url.endswith("/serving/default/sum") and f"{url}/v1/models/sum:predict" in served.stderr
    assert ask(f"{url}/v1/models/sum:predict", [[1, 2, 3]]) == [[12.0]]
    assert Kubectl(coracle).get("deployments,pods")["items"] == []


def test_an_onnx_model_that_cannot_be_loaded_is_told(on_processes, tmp_path):
    on_processes.serve()
    write(tmp_path / "odd.onnx", 1, operator="Frobnicate")
    served = on_processes("serve-model", tmp_path / "odd.onnx", seconds=30)
    assert served.returncode == 1 and "the model is not served" in served.stderr and "ai.onnx.Frobnicate" in served.stderr


def test_what_is_no_model_is_refused(on_processes, tmp_path):
    (tmp_path / "notes.md").write_text("nothing yet")
    refused = on_processes("serve-model", tmp_path)
    assert refused.returncode == 2
    assert "looked for .joblib, .pkl, .pickle (sklearn)" in refused.stderr and "found notes.md" in refused.stderr
    assert on_processes("serve-model", tmp_path / "absent").returncode == 4
    closed = tmp_path / "closed.pkl"
    closed.write_bytes(b"\x80")
    closed.chmod(0o600)
    refused = on_processes("serve-model", closed)
    assert refused.returncode == 2 and "may be read by its owner alone" in refused.stderr
