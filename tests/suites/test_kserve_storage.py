"""Models that are fetched: what is given to the storage initializer, in the hands of its own code, before a small S3."""

import base64
import http.server
import json
import os
import subprocess
import threading

import pytest
from conftest import ROOT, wait_for
from kube import Kubectl

PYTHON = ROOT / "tests" / "env" / "storage-python"
FETCH = "import sys; from kserve_storage import Storage; Storage.download(sys.argv[1], sys.argv[2])"
MODEL = b"the model"
LISTED = b"""<?xml version="1.0"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Name>bucket</Name><Prefix>iris</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>
<Contents><Key>iris/model.txt</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"x"</ETag><Size>9</Size></Contents>
</ListBucketResult>"""


class S3(http.server.BaseHTTPRequestHandler):
    """A bucket with one object. It notes who asks."""

    def do_GET(self):
        self.answer(MODEL if self.path.startswith("/bucket/iris/model.txt") else LISTED)

    def do_HEAD(self):
        self.answer(MODEL)

    def answer(self, body):
        self.server.asked.append(self.headers.get("Authorization", ""))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"x"')
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *words):
        pass


@pytest.fixture
def s3():
    found = subprocess.run([PYTHON, "-c", "import kserve_storage"], capture_output=True, text=True)
    if found.returncode:
        pytest.skip(found.stderr.strip())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), S3)
    server.asked, server.address_text = [], f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def kubectl(on_processes):
    on_processes.serve()
    return Kubectl(on_processes)


def secret(name, data, annotations=None):
    data = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "annotations": annotations or {}}, "data": data}


def service(storage, **predictor):
    model = {"modelFormat": {"name": "sklearn"}, **storage}
    return {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": "iris"},
            "spec": {"predictor": {"model": model, **predictor}}}


def fetched(kubectl, s3, folder):
    """The files that the initializer would have fetched, and that it asked as whom."""
    wait_for(lambda: kubectl("get", "deployment", "iris-predictor").returncode == 0, what="the deployment")
    [initializer] = kubectl.get("deployment", "iris-predictor")["spec"]["template"]["spec"]["initContainers"]

    def value(variable):
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        if not reference:
            return variable["value"]
        return base64.b64decode(kubectl.get("secret", reference["name"])["data"][reference["key"]]).decode()

    environment = {variable["name"]: value(variable) for variable in initializer["env"]}
    own = {name: os.environ[name] for name in ("PATH", "HOME", "CORACLE_TEST_CACHE", "XDG_CACHE_HOME") if name in os.environ}
    uri, place = initializer["args"]
    assert (uri, place) == ("s3://bucket/iris", "/mnt/models")
    subprocess.run([PYTHON, "-c", FETCH, uri, folder], env={**own, **environment}, check=True, timeout=120)
    users = {said.split("Credential=")[1].split("/")[0] for said in s3.asked}
    return {found.name: found.read_bytes() for found in folder.iterdir() if found.is_file()}, users


def test_a_model_is_fetched_as_whom_the_service_account_says(kubectl, s3, tmp_path):
    where = {"serving.kserve.io/s3-endpoint": s3.address_text, "serving.kserve.io/s3-usehttps": "0", "serving.kserve.io/s3-region": "here"}
    kubectl.apply(
        secret("s3", {"AWS_ACCESS_KEY_ID": "account-user", "AWS_SECRET_ACCESS_KEY": "key"}, where),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sa"}, "secrets": [{"name": "s3"}]},
        service({"storageUri": "s3://bucket/iris"}, serviceAccountName="sa"),
    )
    folder = tmp_path / "models"
    folder.mkdir()
    assert fetched(kubectl, s3, folder) == ({"model.txt": MODEL}, {"account-user"})


def test_a_model_is_fetched_as_whom_its_key_says_once_that_is_there(kubectl, s3, tmp_path):
    kubectl.apply(service({"storage": {"key": "mine", "path": "iris"}}))
    said = lambda: kubectl.get("isvc", "iris").get("status", {}).get("modelStatus", {}).get("lastFailureInfo", {}).get("message")
    wait_for(lambda: said() == 'can\'t read storage secret storage-config: secrets "storage-config" not found', what="the reason")
    entry = {"type": "s3", "bucket": "bucket", "access_key_id": "key-user", "secret_access_key": "key",
             "endpoint_url": f"http://{s3.address_text}", "region": "here"}
    kubectl.apply(secret("storage-config", {"mine": json.dumps(entry)}))
    folder = tmp_path / "models"
    folder.mkdir()
    assert fetched(kubectl, s3, folder) == ({"model.txt": MODEL}, {"key-user"})
