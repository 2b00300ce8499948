"""What model servers were asked is kept, found again, and sent again to what may come next."""

import http.client
import json
import os
import signal
import urllib.error
import urllib.request

import pytest
from conftest import wait_for
from kube import Kubectl
from onnx_models import write

SERVERS = "/apis/coracle/v1/model-servers/default"


def ask(url, body=None, headers=None, method=None):
    """Status, body and headers of an answer."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **(headers or {})}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=30) as answer:
            return answer.status, json.loads(answer.read()), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), error.headers


class Served:
    """A workbench on processes, whose models are served without containers."""

    def __init__(self, coracle, folder):
        self.coracle, self.folder = coracle, folder
        self.server = coracle.serve()
        self.kubectl = Kubectl(coracle)

    def model(self, name, factor, **annotations):
        place = write(self.folder / f"{name}-{factor}" / "model.onnx", factor)
        self.kubectl.apply({
            "apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService",
            "metadata": {"name": name, "annotations": {f"coracle.serving/{key}": value for key, value in annotations.items()}},
            "spec": {"predictor": {"model": {"modelFormat": {"name": "onnx"}, "storageUri": f"file://{place}"}}},
        })
        self.kubectl.ok("wait", "--for=condition=Ready", f"isvc/{name}", "--timeout=20s", seconds=30)

    def predict(self, name, rows, **headers):
        return ask(f"{self.server.address}/serving/default/{name}/v1/models/{name}:predict", {"instances": rows}, headers)

    def requests(self, name, query=""):
        code, found, _ = ask(f"{self.server.address}{SERVERS}/{name}/requests{query}")
        assert code == 200, found
        return found

    def replay(self, name, **wanted):
        return ask(f"{self.server.address}{SERVERS}/{name}/replay", wanted)[:2]


@pytest.fixture
def served(on_processes, tmp_path):
    return Served(on_processes, tmp_path)


def test_what_was_asked_is_kept_and_found_by_what_it_says(served):
    served.model("sum", 2)
    code, _, headers = served.predict("sum", [[1, 2, 3]], **{"X-Request-Id": "mine"})
    assert (code, headers["x-request-id"]) == (200, "mine")
    _, _, headers = served.predict("sum", [[40, 1, 1]], Authorization="Bearer secret")
    made = headers["x-request-id"]
    assert made not in ("", "mine")
    code, refused, _ = served.predict("sum", [["forty"]])
    assert code == 400, refused
    ask(f"{served.server.address}/serving/default/sum/v2/health/ready")
    found = served.requests("sum")["requests"]
    # How things stand is asked by GET, and is not kept.
    assert [(one["id"] in ("mine", made), one["code"]) for one in found] == [(False, 400), (True, 200), (True, 200)]
    assert all(one["is_whole"] and one["path"] == "/v1/models/sum:predict" and 0 < one["took_ms"] < 10_000 for one in found)
    for query, ids in (("?search=84.0", [made]), ("?search=MINE", ["mine"]), ("?max_code=399", [made, "mine"]),
                       ("?page_size=1&max_code=399", [made]), ("?min_ms=60000", []), ("?search=secret", [])):
        assert [one["id"] for one in served.requests("sum", query)["requests"]] == ids, query
    first = served.requests("sum", "?page_size=2")
    rest = served.requests("sum", f"?page_size=2&page_token={first['next_page_token']}")
    assert [one["id"] for one in rest["requests"]] == ["mine"] and rest["next_page_token"] is None
    _, whole, _ = ask(f"{served.server.address}{SERVERS}/sum/requests/{rest['requests'][0]['number']}")
    assert json.loads(whole["sent"]["text"]) == {"instances": [[1, 2, 3]]}
    assert json.loads(whole["received"]["text"]) == {"predictions": [[12.0]]}
    assert {"name": "content-type", "value": "application/json"} in whole["sent"]["headers"]
    for path, code in (("/sum/requests/999", 404), ("/sum/requests?page_token=x", 400), ("/sum/requests?min_ms=-1", 400), ("/sum/requests/x", 404)):
        assert ask(f"{served.server.address}{SERVERS}{path}")[0] == code, path


def test_what_is_not_to_be_kept_is_not_and_what_is_long_only_by_its_size(served):
    served.model("silent", 1, **{"request-log": "none"})
    served.model("heads", 1, **{"request-log": "heads"})
    served.model("odd", 1, **{"request-log": "sometimes"})
    served.model("long", 1)
    for name in ("silent", "heads", "odd"):
        assert served.predict(name, [[1, 2, 3]])[0] == 200
    assert served.predict("long", [[1, 2, 3]] * 50_000)[0] == 200
    assert served.requests("silent")["requests"] == served.requests("odd")["requests"] == []
    [head], [long] = served.requests("heads")["requests"], served.requests("long")["requests"]
    assert not head["is_whole"] and head["request_size"] > 0 and head["answer_size"] > 0
    assert not long["is_whole"] and long["request_size"] > 256 * 1024
    code, report = served.replay("long")
    assert (code, report["skipped"], report["replayed"]) == (200, 1, [])
    assert served.coracle("replay", "long").returncode == 1, "nothing was compared"


def test_a_body_that_comes_in_pieces_and_an_odd_path_are_kept_as_they_were(served):
    served.model("sum", 2)
    address = served.server.address.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=30)
    pieces = [b'{"instances": ', b"[[1, 2, 3]]}"]
    connection.request("POST", "/serving/default/sum/v1/models/sum:predict?a=%2F", iter(pieces), {"Content-Type": "application/json", "Accept-Encoding": "gzip"}, encode_chunked=True)
    assert json.loads(connection.getresponse().read()) == {"predictions": [[12.0]]}
    connection.request("POST", "/serving/default/sum/v1/models/no%20model:predict", b"{}", {"Content-Type": "application/json"})
    assert connection.getresponse().status == 404
    connection.close()
    odd, pieced = served.requests("sum")["requests"]
    assert (odd["path"], pieced["path"]) == ("/v1/models/no%20model:predict", "/v1/models/sum:predict?a=%2F")
    assert pieced["is_whole"] and pieced["request_size"] == sum(map(len, pieces))
    code, report = served.replay("sum")
    assert (code, report["same"], len(report["replayed"])) == (200, 2, 2)


def test_it_outlives_the_workbench_until_it_is_forgotten(served):
    served.model("sum", 2)
    served.predict("sum", [[1, 2, 3]])
    assert len(served.requests("sum")["requests"]) == 1
    os.killpg(served.server.pid, signal.SIGKILL)
    served.server.wait()
    # Without a workbench at work, too.
    listed = json.loads(served.coracle("requests", "sum", "-o", "json").stdout)
    assert [one["code"] for one in listed["requests"]] == [200]
    served.server = served.coracle.serve()
    wait_for(lambda: served.predict("sum", [[4, 5, 6]])[0] == 200, what="the model after the start")
    kept = served.requests("sum", "?max_code=399")["requests"]
    assert [one["number"] for one in kept][-1] == 1 and len(kept) == 2
    assert "forgot" in served.coracle("requests", "sum", "--forget").stderr
    assert served.requests("sum")["requests"] == []


def test_sent_again_to_another_model_the_answers_that_differ_are_told(served):
    served.model("sum", 2)
    served.model("same", 2)
    served.model("other", 3)
    for row in ([1, 2, 3], [0, 0, 0], [4, 5, 6]):
        served.predict("sum", [row])
    served.predict("sum", [["forty"]])
    code, report = served.replay("sum", against={"namespace": "default", "name": "same"})
    assert code == 200
    # Of the one that was refused, the refusal names the model.
    assert (report["same"] + report["different"], report["failed"], report["skipped"]) == (4, 0, 0)
    assert report["same"] >= 3 and report["before_median_ms"] > 0 and report["after_median_ms"] > 0
    code, report = served.replay("sum", against={"namespace": "default", "name": "other"}, search="instances")
    differ = [one for one in report["replayed"] if one["outcome"] == "different" and one["code"] == 200]
    told = {one["request"]["number"]: one["differences"] for one in differ}
    assert {"path": "predictions[0][0]", "before": "12.0", "after": "18.0"} in told[1]
    assert 2 not in told, "what is nothing twice is nothing three times"
    # The replayed ones are not kept.
    assert served.requests("other")["requests"] == [] and len(served.requests("sum")["requests"]) == 4
    text = served.coracle("replay", "sum", "--against", "other", "--search", "instances")
    assert text.returncode == 1 and "+ 18.0" in text.stdout, text
    assert served.coracle("replay", "sum", "--against", "sum").returncode == 0
    near = served.replay("sum", against={"namespace": "default", "name": "other"}, numbers=[1, 3], tolerance=0.5)[1]
    assert (near["same"], near["different"]) == (2, 0)
    assert served.replay("sum", against={"namespace": "default", "name": "nobody"})[0] == 404
    assert served.replay("sum", numbers=[77])[0] == 404
    code, report = served.replay("sum", revision="nobody", numbers=[1])
    assert (code, report["failed"]) == (200, 1)


def test_how_much_there_is_to_do_is_told_as_it_is_done(served):
    served.model("sum", 2)
    for _ in range(5):
        served.predict("sum", [[1, 2, 3]])
    with urllib.request.urlopen(f"{served.server.address}{SERVERS}/sum/load", timeout=20) as stream:
        def message():
            while not (line := stream.readline()).startswith(b"data:"):
                assert line, "the stream has ended"
            return json.loads(line.removeprefix(b"data:"))

        first = message()
        assert sum(second["requests"] for second in first["seconds"]) == 5 and first["at_work"] == 0
        assert all(0 < second["p50_ms"] <= second["p99_ms"] for second in first["seconds"])
        served.predict("sum", [["forty"]])
        served.predict("sum", [[1, 2, 3]])
        total, last = 0, {}
        while total < 2:
            last.update({second["at"]: second for second in message()["seconds"]})
            total = sum(second["requests"] for at, second in last.items() if at > first["seconds"][-1]["at"]) + (
                last.get(first["seconds"][-1]["at"], first["seconds"][-1])["requests"] - first["seconds"][-1]["requests"])
        assert total == 2 and all(second["failed"] == 0 for second in last.values())
    assert ask(f"{served.server.address}{SERVERS}/nobody/load")[0] == 404
