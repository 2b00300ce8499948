"""What pods of a namespace ask: models and graphs that have no pods themselves, by their Services."""

import json
import urllib.parse

import pytest
from conftest import wait_for
from kube import Kubectl
from model_servers import SMALL
from onnx_models import service, write

BODY = json.dumps({"instances": [[1, 2, 3]]})

# Prints the status and the body of an answer.
ASK = """
import json, sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(urllib.request.Request(sys.argv[1], sys.argv[2].encode(), json.loads(sys.argv[3])), timeout=10)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
"""


@pytest.fixture(scope="module")
def kubectl(docker_workbench, tmp_path_factory):
    kubectl = Kubectl(docker_workbench)
    folder = write(tmp_path_factory.mktemp("m") / "model.onnx", 2)
    step = {"serviceName": "sum"}
    kubectl.apply(
        service("sum", f"file://{folder}"),
        {"apiVersion": "serving.kserve.io/v1alpha1", "kind": "InferenceGraph", "metadata": {"name": "graph"},
         "spec": {"nodes": {"root": {"routerType": "Sequence", "steps": [step, {**step, "data": "$request"}]}}}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asker"},
         "spec": {"terminationGracePeriodSeconds": 0,
                  "containers": [{"name": "main", "image": "python:3.11", "command": ["sleep", "infinity"], "resources": SMALL}]}},
    )
    kubectl.ok("wait", "--for=condition=Ready", "isvc/sum", "ig/graph", "pod/asker", "--timeout=60s", seconds=70)
    return kubectl


def ask(kubectl, url, body=BODY, **headers):
    """What a pod is answered; none where nobody is found."""
    asked = kubectl("exec", "asker", "--", "python3", "-c", ASK, url, body, json.dumps(headers), seconds=30)
    if asked.returncode != 0:
        return None
    code, said = asked.stdout.split(" ", 1)
    return int(code), said


def predicted(kubectl, url):
    answer = ask(kubectl, url)
    return answer and answer[0] == 200 and json.loads(answer[1])


@pytest.mark.parametrize("host", ["sum-predictor", "sum-predictor.default", "sum-predictor.default.svc.cluster.local"])
def test_a_model_in_the_workbench_answers_by_its_service(kubectl, host):
    wait_for(lambda: predicted(kubectl, f"http://{host}/v1/models/sum:predict") == {"predictions": [[12.0]]}, what="its answer")


def test_a_graph_answers_by_its_service(kubectl):
    wait_for(lambda: predicted(kubectl, "http://graph.default/") == {"predictions": [[12.0]]}, what="its answer")


def test_the_address_of_the_status_answers(kubectl):
    address = kubectl.get("isvc", "sum")["status"]["address"]["url"]
    wait_for(lambda: predicted(kubectl, f"{address}/v1/models/sum:predict") == {"predictions": [[12.0]]}, what="its answer")


def test_the_rest_of_the_workbench_is_not_behind_it(kubectl):
    wait_for(lambda: predicted(kubectl, "http://sum-predictor/v1/models/sum:predict"), what="its answer")
    for path in ("/api/v1/namespaces/default/secrets", "/serving/default/graph/", "/healthz"):
        code, said = ask(kubectl, f"http://sum-predictor{path}")
        assert code == 404 and "Secret" not in said, path


def test_a_page_whose_name_leads_there_is_refused(kubectl):
    url = "http://sum-predictor/v1/models/sum:predict"
    address = kubectl.get("service", "sum-predictor")["spec"]["clusterIP"]
    wait_for(lambda: predicted(kubectl, url), what="its answer")
    assert ask(kubectl, f"http://{address}/v1/models/sum:predict")[0] == 200
    assert ask(kubectl, url, Host="sum-predictor.example.org")[0] == 403
    assert ask(kubectl, url, Origin="http://sum-predictor")[0] == 403


def test_a_pod_without_a_token_does_not_reach_models_past_their_services(kubectl):
    told = kubectl.ok("exec", "asker", "--", "sh", "-c", "echo $CORACLE_API_URL").strip()
    workbench = urllib.parse.urlparse(told).netloc
    code, _ = ask(kubectl, f"http://{workbench}/serving/default/sum/v1/models/sum:predict")
    assert code in (401, 403, 404)


def test_a_model_that_is_stopped_is_found_no_more(kubectl):
    kubectl.ok("annotate", "isvc", "sum", "serving.kserve.io/stop=true")
    wait_for(lambda: kubectl("get", "service", "sum-predictor").returncode != 0, what="the end of its service")
    kubectl.ok("annotate", "isvc", "sum", "serving.kserve.io/stop-")
    wait_for(lambda: predicted(kubectl, "http://sum-predictor/v1/models/sum:predict") == {"predictions": [[12.0]]}, what="its answer")
