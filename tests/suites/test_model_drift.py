"""Models that are served, watched: drift of what they are asked and answer, accuracy once labels come, and the events of both."""

import json
import os
import signal
import urllib.error
import urllib.request

import numpy
import pytest
from conftest import wait_for
from kube import Kubectl
from onnx import TensorProto, helper, save

SPECIES = ["setosa", "versicolor", "virginica"]
FEATURES = ["sepal length", "sepal width", "petal length", "petal width"]
# What the means and deviations of the iris data are like, by species.
MEANS = numpy.array([[5.0, 3.4, 1.5, 0.25], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]])
DEVIATIONS = numpy.array([[0.35, 0.38, 0.17, 0.1], [0.5, 0.3, 0.47, 0.2], [0.6, 0.3, 0.55, 0.27]])
# The watcher rests a minute at most, whatever a look took on a machine that is busy.
HEARD_WITHIN = 90


def flowers(seed, count):
    """Rows of numbers, and the species of each by its number."""
    chance = numpy.random.default_rng(seed)
    species = chance.integers(0, 3, count)
    return chance.normal(MEANS[species], DEVIATIONS[species]).astype(numpy.float32), species


def training_data():
    rows, species = flowers(1, 600)
    lines = [",".join([*FEATURES, "species"])]
    lines += [",".join([*(f"{value:.3f}" for value in row), SPECIES[kind]]) for row, kind in zip(rows, species)]
    return "\n".join(lines) + "\n"


def write(folder):
    """A model that gives a score for each species, the highest to that whose mean is nearest."""
    folder.mkdir()
    weights, bias = (2 * MEANS.T).astype(numpy.float32), -(MEANS ** 2).sum(1).astype(numpy.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Add", ["m", "b"], ["scores"])], "nearest",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor("w", TensorProto.FLOAT, [4, 3], weights.ravel()),
         helper.make_tensor("b", TensorProto.FLOAT, [3], bias)],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), folder / "model.onnx")
    return f"file://{folder}"


class Watched:
    """A workbench with services of one model, and what is told of them."""

    def __init__(self, command, folder):
        self.command = command
        self.server = command.serve()
        self.kubectl = Kubectl(command)
        self.storage = write(folder)

    def serves(self, name, annotations=None):
        self.kubectl.apply(self.service(name, annotations))
        self.kubectl.ok("wait", "--for=condition=Ready", f"isvc/{name}", "--timeout=20s", seconds=30)

    def service(self, name, annotations=None):
        return {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService",
                "metadata": {"name": name, "annotations": annotations or {}},
                "spec": {"predictor": {"model": {"modelFormat": {"name": "onnx"}, "storageUri": self.storage}}}}

    def send(self, method, path, body=None, headers=None):
        """Status, headers and body of an answer."""
        request = urllib.request.Request(self.server.address + path, body, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def of(self, method, name, what, body=None, headers=None):
        """Status and JSON of an answer about a model server."""
        path = f"/apis/coracle/v1/model-servers/default/{name}/{what}"
        status, _, answer = self.send(method, path, body, headers)
        return status, json.loads(answer) if answer else None

    def profile(self, name):
        status, made = self.of("PUT", name, "profile?target=species", training_data().encode())
        assert status == 200, made
        return made

    def ask(self, name, rows):
        """Asks for predictions; the id of the request."""
        body = json.dumps({"instances": rows.tolist()}).encode()
        status, headers, answer = self.send("POST", f"/serving/default/{name}/v1/models/{name}:predict", body)
        assert status == 200, answer
        return headers["x-request-id"]

    def asks(self, name, seed, shift=0):
        """Ten requests with 20 flowers each, whose petals are longer by so much."""
        rows, _ = flowers(seed, 200)
        rows[:, 2] += shift
        for some in numpy.split(rows, 10):
            self.ask(name, some)

    def drift(self, name):
        status, found = self.of("GET", name, "drift")
        assert status == 200, found
        return found

    def label(self, name, labels):
        body = json.dumps([{"request": request, "labels": right} for request, right in labels]).encode()
        return self.of("POST", name, "labels", body, {"Content-Type": "application/json"})

    def events(self, name, reason=None, about=""):
        """What was said of a service: how often, and what. A look in the midst of requests may find one thing before another."""
        found = self.kubectl.get("events", "--field-selector", f"involvedObject.name={name}")["items"]
        said = [event for event in found if event["source"]["component"] == "coracle-monitoring"]
        return [(event["type"], event["reason"], event["count"], event["message"])
                for event in said if reason in (None, event["reason"]) and about in event["message"]]

    def hears(self, name, reason, about=""):
        """Waits until something is said; what."""
        [said] = wait_for(lambda: self.events(name, reason, about), seconds=HEARD_WITHIN, what=f"{reason} of {name}")
        return said

    def restart_hard(self):
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()
        self.server = self.command.serve(listen=self.server.address.removeprefix("http://"))


@pytest.fixture
def watched(on_processes, tmp_path):
    return Watched(on_processes, tmp_path / "model")


def verdicts(drift):
    return {feature["name"]: feature["verdict"] for feature in [*drift["features"], drift["prediction"]]}


def test_only_what_drifts_is_said_and_once(watched):
    for name in ("steady", "moved"):
        watched.serves(name, {"coracle.serving/accuracy-min": "0.5"})
        made = watched.profile(name)
    assert (made["rows"], [feature["name"] for feature in made["features"]]) == (600, FEATURES)
    assert {one["category"] for one in made["target"]["values"]["categories"]} == set(SPECIES)

    watched.asks("steady", seed=2)
    watched.asks("moved", seed=2)
    steady = watched.drift("steady")
    assert (steady["requests"], steady["rows"], steady["unread"]) == (10, 200, 0)
    assert verdicts(steady) == dict.fromkeys([*FEATURES, "species"], "stable"), steady
    assert steady["verdict"] == "stable"

    watched.asks("moved", seed=3, shift=3)
    kind, _, times, message = watched.hears("moved", "Drift", "`petal length` (PSI ")
    # Everything that `steady` was asked before has been looked at once this is said of it.
    request = watched.ask("steady", flowers(13, 60)[0])
    watched.label("steady", [(request, ["none of these"] * 60)])
    watched.hears("steady", "LowAccuracy", "only 0.000 of the last 60")
    assert [reason for _, reason, _, _ in watched.events("steady")] == ["LowAccuracy"]
    assert (kind, times) == ("Warning", 1) and "sepal" not in message and "petal width" not in message, message
    described = watched.kubectl.ok("describe", "isvc", "moved")
    assert "Drift" in described and "`petal length`" in described, described

    moved = watched.drift("moved")
    assert moved["verdict"] == verdicts(moved)["petal length"] == "significant"
    [petal] = [feature for feature in moved["features"] if feature["name"] == "petal length"]
    assert petal["psi"] > 0.2 and petal["ks_statistic"] > 0.2 and petal["ks_p_value"] < 0.001
    bins = {one["label"]: one for one in petal["bins"]}
    assert sum(one["expected"] for one in petal["bins"]) == 600 and sum(one["observed"] for one in petal["bins"]) == 400
    [above] = [one for label, one in bins.items() if label.startswith("above ")]
    assert above["expected"] == 0 and above["observed"] > 50


def test_the_predictions_drift_with_what_is_asked(watched):
    watched.serves("iris")
    watched.profile("iris")
    rows, species = flowers(4, 900)
    for some in numpy.split(rows[species == 2][:200], 10):
        watched.ask("iris", some)
    watched.hears("iris", "Drift", "the prediction of `species` (PSI ")
    prediction = watched.drift("iris")["prediction"]
    assert prediction["verdict"] == "significant" and prediction["ks_statistic"] is None
    observed = {one["label"]: one["observed"] for one in prediction["bins"]}
    assert observed["virginica"] > 150 and observed["setosa"] == 0, observed


def test_it_is_said_when_it_is_over(watched):
    watched.serves("iris", {"coracle.serving/drift-window": "15s", "coracle.serving/drift-rows": "100"})
    watched.profile("iris")

    def said(reason, shift):
        watched.asks("iris", seed=5, shift=shift)
        return watched.events("iris", reason, "`petal length`")

    wait_for(lambda: said("Drift", 3), seconds=HEARD_WITHIN, what="the drift")
    # Until what was asked before has left the window.
    [(kind, _, times, _)] = wait_for(lambda: said("DriftOver", 0), seconds=15 + HEARD_WITHIN, what="the end of the drift")
    assert (kind, times) == ("Normal", 1)
    [(_, _, times, _)] = watched.events("iris", "Drift", "`petal length`")
    assert times == 1


def test_labels_make_accuracy_and_an_event(watched):
    watched.serves("iris", {"coracle.serving/accuracy-min": "0.8"})
    watched.profile("iris")
    rows, species = flowers(7, 120)
    names = [SPECIES[kind] for kind in species]
    asked = [watched.ask("iris", some) for some in numpy.split(rows, 12)]
    assert watched.drift("iris")["accuracy"] is None
    right = [(request, names[10 * at:10 * at + 10]) for at, request in enumerate(asked)]
    assert watched.label("iris", [*right, ("of nobody", ["setosa"])]) == (204, None)
    found = watched.drift("iris")["accuracy"]
    scores = rows @ (2 * MEANS.T) - (MEANS ** 2).sum(1)
    predicted = scores.argmax(1)
    assert (found["kind"], found["labelled"]) == ("classification", 120)
    assert found["accuracy"] == pytest.approx((predicted == species).mean())
    for one in found["classes"]:
        kind = SPECIES.index(one["class"])
        both = ((predicted == kind) & (species == kind)).sum()
        assert one["precision"] == pytest.approx(both / (predicted == kind).sum())
        assert one["recall"] == pytest.approx(both / (species == kind).sum())

    # Labels that come again replace those before; a list of another length says nothing.
    wrong = [(request, ["setosa"] * 10) for request in asked[:-1]]
    assert watched.label("iris", [*wrong, (asked[-1], ["setosa"])]) == (204, None)
    share = (predicted[:110] == 0).mean()
    assert watched.hears("iris", "LowAccuracy", f"only {share:.3f} of the last 110 labelled predictions")[0] == "Warning"
    assert watched.drift("iris")["mislabelled"] == 1
    assert watched.label("iris", right)[0] == 204
    assert watched.hears("iris", "LowAccuracyOver")[0] == "Normal"


def test_labels_need_no_profile(watched):
    watched.serves("iris", {"coracle.serving/accuracy-min": "0.9"})
    rows, species = flowers(12, 60)
    request = watched.ask("iris", rows)
    assert watched.label("iris", [(request, species.tolist())]) == (204, None)
    drift = watched.drift("iris")
    assert (drift["features"], drift["rows"], drift["unread"]) == ([], 60, 0)
    assert drift["accuracy"]["accuracy"] > 0.9 and [one["class"] for one in drift["accuracy"]["classes"]] == ["0", "1", "2"]
    assert watched.label("iris", [(request, (2 - species).tolist())]) == (204, None)
    watched.hears("iris", "LowAccuracy")


def test_what_was_found_outlives_the_workbench(watched):
    watched.serves("iris")
    made = watched.profile("iris")
    watched.asks("iris", seed=8, shift=3)
    watched.hears("iris", "Drift", "`petal length`")
    before = watched.drift("iris")
    watched.restart_hard()
    assert watched.of("GET", "iris", "profile") == (200, made)
    after = watched.drift("iris")
    assert (after["features"], after["prediction"]) == (before["features"], before["prediction"])
    # The model is loaded anew.
    wait_for(lambda: watched.send("GET", "/serving/default/iris/v1/models/iris", None, None)[0] == 200, what="the model's return")
    # Another look, which is known by what it finds, does not say again what was said.
    request = watched.ask("iris", flowers(9, 60)[0])
    watched.label("iris", [(request, ["none of these"] * 60)])
    watched.kubectl.ok("annotate", "isvc", "iris", "coracle.serving/accuracy-min=0.5")
    watched.hears("iris", "LowAccuracy", "only 0.000 of the last 60")
    [(_, _, times, _)] = watched.events("iris", "Drift", "`petal length`")
    assert times == 1


def test_a_profile_goes_with_its_server(watched):
    watched.serves("iris")
    watched.profile("iris")
    watched.kubectl.ok("delete", "isvc", "iris")
    watched.serves("iris")
    assert watched.of("GET", "iris", "profile")[0] == 404
    watched.profile("iris")
    assert watched.of("DELETE", "iris", "profile") == (204, None)
    assert watched.of("DELETE", "iris", "profile")[0] == 404
    drift = watched.drift("iris")
    assert (drift["features"], drift["profile_at"], drift["verdict"]) == ([], None, None)


def test_both_protocols_are_read_and_what_is_not_is_counted(watched):
    watched.serves("iris", {"coracle.serving/drift-rows": "1"})
    watched.profile("iris")
    path = "/serving/default/iris/v2/models/iris/infer"
    rows, _ = flowers(10, 30)
    tensor = {"name": "x", "shape": [10, 4], "datatype": "FP32"}
    as_json = json.dumps({"inputs": [{**tensor, "data": rows[:10].ravel().tolist()}]}).encode()
    assert watched.send("POST", path, as_json)[0] == 200
    data = rows[10:20].tobytes()
    head = json.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": len(data)}}],
                       "parameters": {"binary_data_output": True}}).encode()
    status, headers, _ = watched.send("POST", path, head + data, {
        "Inference-Header-Content-Length": str(len(head)), "Content-Type": "application/octet-stream"})
    assert status == 200 and headers["Inference-Header-Content-Length"]
    request = watched.ask("iris", rows[20:])
    # What was refused is no request that could have drifted.
    assert watched.send("POST", path, b"{}")[0] == 400
    drift = watched.drift("iris")
    assert (drift["requests"], drift["rows"], drift["unread"]) == (3, 30, 0), drift
    [petal] = [feature for feature in drift["features"] if feature["name"] == "petal length"]
    assert sum(one["observed"] for one in petal["bins"]) == petal["rows"] == 30
    assert drift["prediction"]["rows"] == 30
    # A profile of other data does not fit what is asked.
    assert watched.of("PUT", "iris", "profile", b"a,b\n1,2\n2,3\n")[0] == 200
    drift = watched.drift("iris")
    assert (drift["rows"], drift["unread"]) == (0, 3) and drift["unread_reason"].startswith("4 features came"), drift
    # What is right does not hang on it.
    assert watched.label("iris", [(request, [0] * 10)]) == (204, None)
    assert watched.drift("iris")["accuracy"]["labelled"] == 10


@pytest.mark.parametrize("annotation, value, why", [
    ("drift-psi", "lots", "invalid float"),
    ("drift-window", "soon", "is no duration"),
    ("drift-rows", "0", "is out of range"),
    ("accuracy-min", "90", "is out of range"),
])
def test_an_annotation_that_says_nothing_is_refused(watched, annotation, value, why):
    bad = watched.service("iris", {f"coracle.serving/{annotation}": value})
    said = watched.kubectl.fails("apply", "-f", "-", stdin=json.dumps(bad), says=f"coracle.serving/{annotation}")
    assert why in said, said


def test_what_is_no_training_data_is_refused(watched):
    watched.serves("iris")
    image = "[[" + ",".join(["0.5"] * 784) + "]]"
    for body, query, why in (
        (b"", "", "no lines"), (b"a,b\n1\n", "", "record 1"), (b"a,b\n", "", "no rows"), (b'{"a": 1}', "", "no instances"),
        (b"a,b\n1,2\n", "?target=c", "no column `c`; it has a, b"), (image.encode(), "", "not for images"),
    ):
        status, answer = watched.of("PUT", "iris", f"profile{query}", body)
        assert status == 400 and why in answer["message"] and answer["hint"], answer
    assert watched.of("GET", "iris", "profile")[0] == 404
    assert watched.label("iris", [("id", [[1, 2]])])[0] == 400
    for method, what in (("PUT", "profile"), ("GET", "profile"), ("DELETE", "profile"), ("GET", "drift")):
        status, answer = watched.of(method, "nobody", what, b"a\n1\n" if method == "PUT" else None)
        assert (status, answer["message"]) == (404, "there is no model server `default/nobody`"), (method, what)


def test_the_command_makes_a_profile_and_tells_the_drift(watched, tmp_path):
    watched.serves("iris")
    data = tmp_path / "train.csv"
    data.write_text(training_data())
    told = watched.command("drift", "iris")
    assert told.returncode == 0 and "make one with `--profile FILE`" in told.stdout + told.stderr, told
    made = watched.command("drift", "iris", "--profile", data, "--target", "species")
    assert made.returncode == 0 and "600 rows, 4 features, `species` to be predicted" in made.stderr, made.stderr
    watched.asks("iris", seed=11, shift=3)
    told = watched.command("drift", "iris")
    lines = {line.split("  ")[0]: line for line in told.stdout.splitlines()}
    assert "drifted" in lines["petal length"] and "above " in lines["petal length"], told.stdout
    assert "stable" in lines["sepal width"], told.stdout
    assert "200 rows of 10 requests since" in told.stderr, told.stderr
    assert watched.command.json("drift", "iris")["verdict"] == "significant"
    assert watched.command("drift", "nobody").returncode == 4
    assert watched.command("drift", "iris", "--target", "species").returncode == 2
