"""The API of Kubeflow Pipelines as the suites speak it: raw requests, pipelines to upload, and what tests make first."""

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


HELLO = made_of("echo hello", "hello")
OTHER = made_of("echo other", "other", {"text": {"parameterType": "STRING", "defaultValue": "x"}})
LONG = "2000-01-01T00:00:00Z"
ODD = "odd-!@#$%"


def quoted(text):
    return urllib.parse.quote(text, safe="")


def upload(api, name=None, content=HELLO, **query):
    """Uploads a pipeline and looks at what came of it from all sides."""
    name = name or fresh("apitest")
    if "tags" in query:
        query["tags"] = json.dumps(query["tags"])
    made = api.upload(content, name=name, namespace="kubeflow", **query).ok()
    assert made["pipeline_id"] and made["created_at"] > LONG
    assert made["name"] == name
    assert made["display_name"] == query.get("display_name", name)
    assert made.get("description", "") == query.get("description", "")
    assert made.get("tags", {}) == json.loads(query.get("tags", "{}"))
    assert api.get(f"/pipelines/{made['pipeline_id']}").ok() == made
    listed = versions(api, made)
    assert len(listed) == 1
    assert listed[0]["pipeline_spec"] == json.loads(content)
    return made


def versions(api, made, **query):
    answer = api.get(f"/pipelines/{made['pipeline_id']}/versions", **query).ok()
    found = answer.get("pipeline_versions", [])
    if not query.get("page_size"):
        assert answer.get("total_size", 0) == len(found)
    return found


def add_version(api, made, name=None, content=HELLO, **query):
    name = name or fresh("version")
    if "tags" in query:
        query["tags"] = json.dumps(query["tags"])
    added = api.upload_version(content, name=name, pipelineid=made["pipeline_id"], **query).ok()
    assert added["pipeline_version_id"] and added["pipeline_id"] == made["pipeline_id"]
    assert (added["name"], added["display_name"]) == (name, name)
    assert added.get("description", "") == query.get("description", "")
    assert added.get("tags", {}) == json.loads(query.get("tags", "{}"))
    assert added["pipeline_spec"] == json.loads(content)
    assert api.get(version_path(added)).ok() == added
    return added


def version_path(version, pipeline_id=None):
    return f"/pipelines/{pipeline_id or version['pipeline_id']}/versions/{version['pipeline_version_id']}"


def create_pipeline(api, **given):
    return api.post("/pipelines", {"name": fresh("apitest"), **given}).ok()


def create_experiment(api, **given):
    return api.post("/experiments", {"display_name": fresh("experiment"), "namespace": "kubeflow", **given}).ok()


def create_run(api, **given):
    return api.post("/runs", {"display_name": fresh("run"), **given}).ok()


def create_recurring(api, **given):
    body = {
        "display_name": fresh("recurring"), "max_concurrency": "1", "mode": "DISABLE",
        "trigger": {"cron_schedule": {"cron": "0 0 1 1 *"}}, "pipeline_spec": json.loads(HELLO), **given,
    }
    return api.post("/recurringruns", body).ok()


def names(found, key="name"):
    return [item[key] for item in found]


def noun(path):
    """The name of a list in its answer."""
    return {"versions": "pipeline_versions", "recurringruns": "recurringRuns"}.get(path.rsplit("/", 1)[-1], path.strip("/"))
