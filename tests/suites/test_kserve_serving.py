"""Inference services that run: what kubectl makes and sees of them, and what they answer."""

import json

import pytest
from conftest import wait_for
from kube import STAY, Kubectl, container, pod
from model_servers import SOON, ask, ready, server, service

# One that asks another before it answers.
TRANSFORMER = """
import http.server, sys, urllib.request
host = sys.argv[sys.argv.index("--predictor_host") + 1]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = urllib.request.urlopen("http://" + host + self.path, body.replace(b"4", b"5")).read()
        self.send_response(200); self.send_header("Content-Length", str(len(answer))); self.end_headers(); self.wfile.write(answer)
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""

@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    kubectl = Kubectl(docker_workbench)
    kubectl.run(pod("client", container(STAY)))
    return kubectl


@pytest.fixture(autouse=True)
def nothing_stays(kubectl):
    yield
    kubectl.ok("delete", "inferenceservices,servingruntimes", "--all", "--wait=false")
    wait_for(lambda: kubectl.get("deployments")["items"] == [], what="the end of the deployments")


def runtime(name, model_format):
    return {"apiVersion": "serving.kserve.io/v1alpha1", "kind": "ServingRuntime", "metadata": {"name": name},
            "spec": {"supportedModelFormats": [{"name": model_format, "version": "1", "autoSelect": True}], "protocolVersions": ["v1"],
                     "containers": [server(name="kserve-container", args=["--name={{.Name}}"])]}}


# What a client does: a Service leads to a pod a moment after that is ready, and refuses until then.
CLIENT = """
import sys, time, urllib.request
host, asked = sys.argv[1:]
for _ in range(100):
    try:
        print(urllib.request.urlopen(f"http://{host}/v1/models/m:predict", asked.encode(), timeout=10).read().decode())
        break
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ConnectionRefusedError): raise
        time.sleep(0.05)
else:
    raise SystemExit("it refuses")
"""


def predict(kubectl, host, instance=4):
    """What is answered from within the cluster."""
    asked = json.dumps({"instances": [instance]})
    return json.loads(kubectl.ok("exec", "client", "--", "python3", "-c", CLIENT, host, asked))["predictions"]


def test_a_container_of_ones_own_is_served_changed_and_stopped(kubectl):
    kubectl.apply(service("own", {"containers": [server(env=[{"name": "MODEL", "value": "first"}])]}))
    ready(kubectl, "own")
    assert predict(kubectl, "own-predictor") == [["first", [], 4]]
    assert predict(kubectl, "own-predictor.default.svc.cluster.local") == [["first", [], 4]]
    shown = kubectl.ok("get", "isvc", "own", "--no-headers").split()
    assert shown[:3] == ["own", "http://own-default.example.com", "True"]
    status = kubectl.get("isvc", "own")["status"]
    assert status["modelStatus"]["states"] == {"activeModelState": "Loaded", "targetModelState": "Loaded"}
    assert status["components"]["predictor"]["url"] == "http://own-predictor-default.example.com"
    kubectl.apply(service("own", {"containers": [server(env=[{"name": "MODEL", "value": "second"}])]}))
    wait_for(lambda: predict(kubectl, "own-predictor") == [["second", [], 4]], what="the second model")
    kubectl.ok("annotate", "isvc", "own", "serving.kserve.io/stop=true")
    wait_for(lambda: kubectl.get("pods", "-l", "serving.kserve.io/inferenceservice=own")["items"] == [], what="the end of its pods")
    conditions = {found["type"]: found for found in kubectl.get("isvc", "own")["status"]["conditions"]}
    assert conditions["Stopped"]["status"] == "True" and conditions["Ready"]["reason"] == "Stopped"
    kubectl.ok("annotate", "isvc", "own", "serving.kserve.io/stop-")
    ready(kubectl, "own")


def test_a_model_of_a_claim_is_served_by_the_runtime_of_its_format(kubectl):
    kubectl.apply(
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "models"},
         "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}},
        runtime("says", "words"),
        pod("fills", container("mkdir -p /m/words && echo claimed > /m/words/model.txt",
                               volumeMounts=[{"name": "m", "mountPath": "/m"}]),
            restartPolicy="Never", volumes=[{"name": "m", "persistentVolumeClaim": {"claimName": "models"}}]),
    )
    kubectl.ends("fills")
    model = {"modelFormat": {"name": "words"}, "storageUri": "pvc://models/words", "args": ["--more"]}
    kubectl.apply(service("claimed", {"model": model}))
    ready(kubectl, "claimed")
    assert predict(kubectl, "claimed-predictor") == [["claimed", ["--name=claimed", "--more"], 4]]
    assert kubectl.get("isvc", "claimed")["status"]["servingRuntimeName"] == "says"
    kubectl.ok("delete", "pod", "fills")


def test_a_directory_of_this_machine_is_a_model(kubectl, tmp_path):
    (tmp_path / "model.txt").write_text("local\n")
    tmp_path.chmod(0o755)
    kubectl.apply(runtime("says", "words"),
                  service("local", {"model": {"modelFormat": {"name": "words"}, "storageUri": f"file://{tmp_path}"}}))
    ready(kubectl, "local")
    assert predict(kubectl, "local-predictor")[0][0] == "local"


def test_it_answers_from_outside_by_path_and_by_its_own_host(kubectl, docker_workbench):
    kubectl.apply(service("out", {"containers": [server(env=[{"name": "MODEL", "value": "m"}])], "minReplicas": 2}))
    ready(kubectl, "out")
    right = (200, {"predictions": [["m", [], 4]]})
    predict_path = "/v1/models/out:predict"
    assert ask(docker_workbench, f"/serving/default/out{predict_path}") == right
    for host in ("out-default.example.com", "out.default.example.com"):
        assert ask(docker_workbench, predict_path, host) == right
    assert ask(docker_workbench, "/serving/default/none/v1") == (
        404, {"error": "there is no model server `none` in the namespace `default`"})
    kubectl.apply(service("out", {"containers": [server("raise SystemExit('bad')")], "minReplicas": 2}))
    wait_for(lambda: kubectl.get("isvc", "out")["status"]["modelStatus"].get("lastFailureInfo"), what="its failure")
    assert ask(docker_workbench, predict_path, "out-default.example.com") == right


def test_one_that_is_not_ready_says_why(kubectl, docker_workbench):
    kubectl.apply(service("early", {"model": {"modelFormat": {"name": "nothing"}}}))
    said = {"error": "`early` is not ready: No runtime found to support specified framework/version"}
    wait_for(lambda: ask(docker_workbench, "/serving/default/early/v1/models/early:predict") == (503, said), what="why it is not ready")


def test_a_transformer_stands_before_the_predictor(kubectl):
    kubectl.apply(service("both", {"containers": [server(env=[{"name": "MODEL", "value": "m"}])]},
                          transformer={"terminationGracePeriodSeconds": 0, "containers": [server(TRANSFORMER)]}))
    ready(kubectl, "both")
    assert predict(kubectl, "both-transformer") == [["m", [], 5]]
    assert kubectl.get("isvc", "both")["status"]["address"]["url"] == "http://both-transformer.default.svc.cluster.local"
    kubectl.ok("patch", "isvc", "both", "--type=json", "-p", '[{"op": "remove", "path": "/spec/transformer"}]')
    wait_for(lambda: [found["metadata"]["name"] for found in kubectl.get("deployments")["items"]] == ["both-predictor"],
             what="the end of the transformer")
    ready(kubectl, "both")


def test_a_runtime_that_comes_later_is_taken(kubectl):
    kubectl.apply(service("waits", {"model": {"modelFormat": {"name": "words"}, "protocolVersion": "v1"}}))
    failure = wait_for(lambda: kubectl.get("isvc", "waits").get("status", {}).get("modelStatus", {}).get("lastFailureInfo"),
                       what="why it is not served")
    assert failure == {"reason": "NoSupportingRuntime", "message": "No runtime found to support specified framework/version"}
    kubectl.apply(runtime("says", "words"))
    ready(kubectl, "waits")
    assert "lastFailureInfo" not in kubectl.get("isvc", "waits")["status"]["modelStatus"]


def test_a_server_that_ends_says_why(kubectl):
    broken = server("import sys; open('/dev/termination-log', 'w').write('no such model'); sys.exit(3)")
    kubectl.apply(service("broken", {"containers": [broken]}))
    failure = wait_for(lambda: kubectl.get("isvc", "broken").get("status", {}).get("modelStatus", {}).get("lastFailureInfo"),
                       what="why it is not served")
    assert failure == {"reason": "ModelLoadFailed", "exitCode": 3, "message": "no such model"}


def test_a_candidate_that_cannot_run_leaves_the_one_before_alone(kubectl):
    kubectl.apply(service("safe", {"containers": [server(env=[{"name": "MODEL", "value": "good"}])]}))
    ready(kubectl, "safe")
    kubectl.apply(service("safe", {"containers": [server("raise SystemExit('bad')")]}))
    wait_for(lambda: kubectl.get("isvc", "safe")["status"]["modelStatus"].get("lastFailureInfo"), what="its failure")
    assert predict(kubectl, "safe-predictor") == [["good", [], 4]]
    kubectl.apply(service("safe", {"containers": [server(env=[{"name": "MODEL", "value": "good"}])]}))
    ready(kubectl, "safe")


BAD = {
    "neither model nor container": ({}, "exactly one of [SKLearn, XGBoost,"),
    "replicas": ({"model": {"modelFormat": {"name": "sklearn"}}, "minReplicas": 3, "maxReplicas": 1}, "'MinReplicas' cannot be greater than MaxReplicas"),
    "two ways to the model": ({"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "pvc://m"}, "storageUris": [{"uri": "pvc://m"}]},
                              "Setting both StorageURI and StorageURIs is not supported."),
    "climbing": ({"model": {"modelFormat": {"name": "sklearn"}}, "storageUris": [{"uri": "pvc://m", "mountPath": "/mnt/../etc"}]},
                 "storage path cannot contain '..'"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_ones_are_refused(kubectl, name):
    predictor, said = BAD[name]
    kubectl.fails("create", "-f", "-", stdin=json.dumps(service("bad", predictor)), says=said)
