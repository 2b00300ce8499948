"""The API of Kubeflow Pipelines as the suites speak it: raw requests, and pipelines to upload."""

import io
import itertools
import json
import tarfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

NOBODY = "00000000-0000-0000-0000-000000000000"
DEFAULT = "Default"
OVER = ("SUCCEEDED", "FAILED", "SKIPPED", "CANCELED")

_numbers = itertools.count(1)


def fresh(what):
    """A name that nothing has yet."""
    return f"{what}-{next(_numbers)}"


class Answer:
    """What came back."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.text = body.decode("utf-8", "replace")

    def __repr__(self):
        return f"{self.status} {self.text[:600]}"

    @property
    def json(self):
        return json.loads(self.text)

    def ok(self):
        """The body of an answer that has to be 200."""
        assert self.status == 200, self
        return self.json

    def refused(self, status, text=""):
        """The body of an answer that has to be a refusal that says `text`."""
        assert self.status == status, self
        assert text in self.text.replace('\\"', '"'), f"no {text!r} in {self}"
        return self.text


class Api:
    """Raw requests to a workbench."""

    def __init__(self, address):
        self.address = address.rstrip("/")

    def __call__(self, method, path, body=None, headers=None, root="/apis/v2beta1", **query):
        """Sends an object as JSON, bytes as they are; a query value of None is left out."""
        given = {name: value for name, value in query.items() if value is not None}
        url = self.address + root + path + ("?" + urllib.parse.urlencode(given) if given else "")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json", **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as refusal:
            return Answer(refusal.code, refusal.headers, refusal.read())

    def get(self, path, **query):
        return self("GET", path, **query)

    def post(self, path, body=None, **query):
        return self("POST", path, body, **query)

    def patch(self, path, body=None, **query):
        return self("PATCH", path, body, **query)

    def delete(self, path, **query):
        return self("DELETE", path, **query)

    def upload(self, content, file_name="pipeline.yaml", path="/pipelines/upload", field="uploadfile", **query):
        """Sends a file as a form."""
        edge = "----edge-of-a-part"
        if isinstance(content, str):
            content = content.encode()
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{file_name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        return self("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={edge}"}, **query)

    def upload_version(self, content, **query):
        return self.upload(content, path="/pipelines/upload_version", **query)

    def pages(self, path, key, **query):
        """The pages of a list to its end."""
        pages, token = [], ""
        while True:
            page = self.get(path, page_token=token, **query).ok()
            pages.append(page.get(key, []))
            token = page.get("next_page_token", "")
            if not token:
                return pages
            assert len(pages) < 1000, "the list does not end"

    def wait(self, run_id, seconds=60):
        """A run once it is over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.get(f"/runs/{run_id}").ok()
            if run["state"] in OVER:
                return run
            time.sleep(0.05)
        raise AssertionError(f"run {run_id} is not over after {seconds} s")


def where(*predicates):
    """A filter as text. A predicate is (key, operation, text)."""
    return json.dumps(
        {"predicates": [{"key": key, "operation": operation, "string_value": text} for key, operation, text in predicates]}
    )


def zipped(files):
    """A zip of names and contents."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def tarred(files):
    """A gzip'ed tar of names and contents."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def made_of(command, name="made", inputs=None, **task):
    """The text of a pipeline of one container step `work`, with root parameters of the given types or definitions."""
    given = {key: kind if isinstance(kind, dict) else {"parameterType": kind} for key, kind in (inputs or {}).items()}
    root = {"dag": {"tasks": {"work": {"taskInfo": {"name": "work"}, "componentRef": {"name": "comp-work"}, **task}}}}
    component = {"executorLabel": "exec-work"}
    args = []
    if given:
        root["inputDefinitions"] = {"parameters": given}
        component["inputDefinitions"] = {"parameters": {key: {"parameterType": kind["parameterType"]} for key, kind in given.items()}}
        root["dag"]["tasks"]["work"]["inputs"] = {"parameters": {key: {"componentInputParameter": key} for key in given}}
        args = [f"{{{{$.inputs.parameters['{key}']}}}}" for key in given]
    container = {"image": "python:3.11", "command": ["sh", "-c", command, "work"], "args": args}
    return json.dumps({
        "pipelineInfo": {"name": name},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "deploymentSpec": {"executors": {"exec-work": {"container": container}}},
        "components": {"comp-work": component},
        "root": root,
    })
