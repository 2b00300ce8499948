"""Models that are trained here, served by the runtimes that KServe ships, and asked as KServe's own tests ask them.

Where an image of a runtime cannot be pulled, the workbench builds it: the first test that needs it waits meanwhile.
"""

import contextlib
import json
import subprocess
import urllib.error
import urllib.request

import pytest
from conftest import ROOT, wait_for
from kube import Kubectl

PYTHON = ROOT / "tests" / "env" / "serving-python"
SCRIPTS = ROOT / "tests" / "serving"
BUILD_SECONDS = 900

# The inputs of KServe's tests: two flowers for v1 and for v2, one flower whose columns have names.
FLOWERS = [[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6]]
V1 = {"instances": FLOWERS}
V2 = {"inputs": [{"name": "input-0", "shape": [2, 4], "datatype": "FP32", "data": FLOWERS}]}
COLUMNS = {"sepal_length_(cm)": 5.1, "sepal_width_(cm)": 3.5, "petal_length_(cm)": 1.4, "petal_width_(cm)": 0.2}
BY_COLUMNS = [
    {"inputs": [{name: [value] for name, value in COLUMNS.items()}]},
    {"inputs": [[{name: value} for name, value in COLUMNS.items()]]},
    {"inputs": [[{name: value} for name, value in COLUMNS.items() if name != "petal_width_(cm)"]]},
]

ROOMY = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}


def runs(script, *arguments, seconds=120):
    """What a script says at its end that speaks with the packages of model servers."""
    told = subprocess.run([PYTHON, SCRIPTS / script, *map(str, arguments)], capture_output=True, text=True, timeout=seconds)
    assert told.returncode == 0, told.stdout + told.stderr
    return json.loads(told.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    """kubectl on a workbench that has none of the images that an older one built."""
    built = subprocess.run(["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "label=dev.coracle.stands-in"],
                           capture_output=True, text=True, check=True).stdout.split()
    names = [name for name in built if not name.startswith("<none>")]
    if names:
        # With their layers, so that the same image is soon built again.
        subprocess.run(["docker", "rmi", "--force", "--no-prune", *names], capture_output=True, check=True)
    return Kubectl(docker_workbench)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The directory of the model of each format, and what it answers where it was trained."""
    if subprocess.run([PYTHON, "-c", ""], capture_output=True).returncode != 0:
        pytest.skip("there is no Python environment for model servers; run tests/env/setup")
    home = tmp_path_factory.mktemp("models")
    answers = runs("train.py", home)
    for path in [home, *home.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return {name: (home / name, answer) for name, answer in answers.items()}


def service(name, directory, model_format, **model):
    model = {"modelFormat": {"name": model_format}, "storageUri": f"file://{directory}", "resources": ROOMY, **model}
    return {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": name},
            "spec": {"predictor": {"terminationGracePeriodSeconds": 0, "model": model}}}


def when_loaded(name):
    """A probe as KServe's tests have it for MLServer, which listens before it has loaded its model."""
    return {"readinessProbe": {"httpGet": {"path": f"/v2/models/{name}/ready", "port": 8080}, "periodSeconds": 1}}


@contextlib.contextmanager
def served(kubectl, name, *arguments, **model):
    """A service that answers; nothing of it is left when the test goes on."""
    kubectl.apply(service(name, *arguments, **model))
    try:
        kubectl.ok("wait", "--for=condition=Ready", f"isvc/{name}", f"--timeout={BUILD_SECONDS}s", seconds=BUILD_SECONDS + 10)
        yield kubectl.get("isvc", name)["status"]
    finally:
        kubectl.ok("delete", "isvc", name)
        wait_for(lambda: not pods(kubectl, name), what="the end of its pods")


def pods(kubectl, name):
    return kubectl.get("pods", "-l", f"serving.kserve.io/inferenceservice={name}")["items"]


def ask(docker_workbench, path, body, **headers):
    """What is answered from outside: status and body."""
    request = urllib.request.Request(docker_workbench.server.address + path, json.dumps(body).encode(),
                                     {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def likeliest(row):
    return row.index(max(row))


def test_sklearn_is_served_by_both_protocols(docker_workbench, kubectl, models):
    directory, _ = models["sklearn"]
    with served(kubectl, "flowers", directory, "sklearn") as status:
        assert status["clusterServingRuntimeName"] == "kserve-sklearnserver"
        right = (200, {"predictions": [1, 1]})
        assert ask(docker_workbench, "/serving/default/flowers/v1/models/flowers:predict", V1) == right
        assert ask(docker_workbench, "/v1/models/flowers:predict", V1, Host="flowers-default.example.com") == right
        code, answer = ask(docker_workbench, "/serving/default/flowers/v2/models/flowers/infer", V2)
        assert code == 200
        [output] = answer["outputs"]
        assert (answer["model_name"], output["name"], output["datatype"]) == ("flowers", "output-0", "INT64")
        assert (output["shape"], output["data"]) == ([2], [1, 1])
        code, answer = ask(docker_workbench, "/serving/default/flowers/v1/models/flowers:predict", {"instances": [[1, 2]]})
        assert code == 500 and "expecting 4 features" in answer["error"]
        assert ask(docker_workbench, "/serving/default/flowers/v1/models/other:predict", V1)[0] == 404
        come_by(kubectl, "flowers", "kserve/sklearnserver:v0.16.0")


def come_by(kubectl, name, image):
    """Sees to it that a pod's image was pulled or, where it was not to be had, built with a word of why."""
    [pod] = pods(kubectl, name)
    told = kubectl.events(pod["metadata"]["name"])
    messages = {reason: message for _, reason, message in told if image in message}
    if "Building" in messages:
        assert messages["Building"].startswith(f'Building image "{image}" on this machine, as it cannot be pulled: ')
        assert messages["Built"].startswith(f'Successfully built image "{image}" in ')
    else:
        assert "Pulled" in messages


def test_sklearn_tells_probabilities_where_it_is_told_to(docker_workbench, kubectl, models):
    directory, answer = models["sklearn-proba"]
    with served(kubectl, "proba", directory, "sklearn", env=[{"name": "PREDICT_PROBA", "value": "true"}]):
        code, told = ask(docker_workbench, "/serving/default/proba/v1/models/proba:predict", V1)
        assert code == 200
        assert [number for row in told["predictions"] for number in row] == pytest.approx([number for row in answer for number in row])


def test_xgboost_is_served_by_both_protocols(docker_workbench, kubectl, models):
    directory, _ = models["xgboost"]
    with served(kubectl, "trees", directory, "xgboost") as status:
        assert status["clusterServingRuntimeName"] == "kserve-xgbserver"
        assert ask(docker_workbench, "/serving/default/trees/v1/models/trees:predict", V1) == (200, {"predictions": [1, 1]})
        code, answer = ask(docker_workbench, "/serving/default/trees/v2/models/trees/infer", V2)
        assert code == 200 and answer["outputs"][0]["data"] == [1.0, 1.0]


def test_lightgbm_is_served_by_both_protocols(docker_workbench, kubectl, models):
    directory, told_there = models["lightgbm"]
    with served(kubectl, "leaves", directory, "lightgbm") as status:
        assert status["clusterServingRuntimeName"] == "kserve-lgbserver"
        for body in BY_COLUMNS:
            code, answer = ask(docker_workbench, "/serving/default/leaves/v1/models/leaves:predict", body)
            assert code == 200 and likeliest(answer["predictions"][0]) == 0
        code, answer = ask(docker_workbench, "/serving/default/leaves/v2/models/leaves/infer", V2)
        assert code == 200
        assert answer["outputs"][0]["data"] == pytest.approx([number for row in told_there for number in row])


@pytest.mark.parametrize("model_format", ["sklearn", "xgboost", "lightgbm"])
def test_mlserver_serves_the_second_protocol(docker_workbench, kubectl, models, model_format):
    directory, told_there = models[model_format]
    with served(kubectl, "second", directory, model_format, protocolVersion="v2", **when_loaded("second")) as status:
        assert status["clusterServingRuntimeName"] == "kserve-mlserver"
        code, answer = ask(docker_workbench, "/serving/default/second/v2/models/second/infer", V2)
        assert code == 200, answer
        flat = [number for row in told_there for number in row] if model_format == "lightgbm" else [1, 1]
        assert answer["outputs"][0]["data"] == pytest.approx(flat)


def test_mlserver_serves_what_mlflow_saved(docker_workbench, kubectl, models):
    directory, _ = models["mlflow"]
    with served(kubectl, "saved", directory, "mlflow", protocolVersion="v2", **when_loaded("saved")) as status:
        assert status["clusterServingRuntimeName"] == "kserve-mlserver"
        columns = [{"name": name, "shape": [1], "datatype": "FP32", "data": [value]} for name, value in COLUMNS.items()]
        body = {"parameters": {"content_type": "pd"}, "inputs": columns}
        code, answer = ask(docker_workbench, "/serving/default/saved/v2/models/saved/infer", body)
        assert code == 200, answer
        assert answer["outputs"][0]["data"] == [0]


def test_a_directory_without_a_model_says_what_was_looked_for(kubectl, models, tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "notes.md").write_text("nothing yet")
    kubectl.apply(service("empty", tmp_path, "sklearn"))
    failure = wait_for(lambda: kubectl.get("isvc", "empty").get("status", {}).get("modelStatus", {}).get("lastFailureInfo"),
                       seconds=BUILD_SECONDS, what="why it is not served")
    assert failure["message"] == (
        "there is no model in /mnt/models: looked for a file that ends in .joblib, .pkl, .pickle, found notes.md"
    )
    kubectl.ok("delete", "isvc", "empty")


def test_the_sdk_of_kserve_makes_waits_and_predicts(docker_workbench, kubectl, models):
    directory, _ = models["sklearn"]
    told = runs("sdk.py", kubectl.config, docker_workbench.server.address, directory, seconds=BUILD_SECONDS)
    both = [[1, 1], [1, 1]]
    assert told == {"url": "http://sdk-default.example.com", "ready": True, "by host": both, "by path": both}
    wait_for(lambda: not pods(kubectl, "sdk"), what="the end of its pods")


def test_the_client_of_triton_infers_over_http(docker_workbench, kubectl, models):
    directory, _ = models["xgboost"]
    place = docker_workbench.server.address.removeprefix("http://")
    with served(kubectl, "asked", directory, "xgboost", protocolVersion="v2", runtime="kserve-xgbserver"):
        right = {"live": True, "ready": True, "data": [1.0, 1.0]}
        assert runs("triton.py", "http", place, "asked-default.example.com", "asked") == right
        assert runs("triton.py", "http", f"{place}/serving/default/asked", place, "asked") == right


@pytest.mark.parametrize(("runtime", "protocol"), [("kserve-xgbserver", "v1"), ("kserve-mlserver", "v2")])
def test_the_client_of_triton_infers_over_grpc(docker_workbench, kubectl, models, runtime, protocol):
    directory, _ = models["xgboost"]
    place = docker_workbench.server.address.removeprefix("http://")
    with served(kubectl, "asked", directory, "xgboost", runtime=runtime, protocolVersion=protocol, **when_loaded("asked")):
        told = runs("triton.py", "grpc", place, "asked-default.example.com", "asked")
        assert told == {"live": True, "ready": True, "data": [1.0, 1.0]}
