"""The compiled pipelines in KFP's repository, as KFP's own API tests upload them and make runs of them.

They are not part of this repository: CORACLE_KFP_CHECKOUT names a checkout of kubeflow/pipelines. That the pipelines
run to the expected end is tested by `tests/conformance/kfp`.
"""

import json
import os
import pathlib
import random
import zipfile

import pytest
import yaml
from conftest import Coracle
from kfp_api import Api, fresh, where

ENDINGS = {".yaml", ".yml", ".zip", ".json", ".png"}
VALUES = {
    "STRING": lambda draw: "".join(draw.choices("abcdefgh", k=8)),
    "NUMBER_INTEGER": lambda draw: draw.randrange(1, 100),
    "NUMBER_DOUBLE": lambda draw: draw.random(),
    "BOOLEAN": lambda draw: draw.random() < 0.5,
    "LIST": lambda draw: [draw.randrange(9), draw.randrange(9)],
    "STRUCT": lambda draw: {"key": draw.randrange(9)},
}


def files(kind):
    """The files of a folder of compiled pipelines."""
    given = os.environ.get("CORACLE_KFP_CHECKOUT")
    folder = pathlib.Path(given or "", "test_data", "sdk_compiled_pipelines", kind)
    if not given or not folder.is_dir():
        pytest.skip("CORACLE_KFP_CHECKOUT does not name a checkout of kubeflow/pipelines")
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.suffix in ENDINGS}


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    command = Coracle(tmp_path_factory.mktemp("home"), "process")
    yield Api(command.serve().address)
    command.close()


def documents(path):
    """The documents of a package."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return list(yaml.safe_load_all(archive.read(archive.namelist()[0])))
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def plain(value):
    """A definition without what is left out when it is empty."""
    if isinstance(value, dict):
        kept = {key: plain(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in ({}, [], "", None, False, 0, 0.0)}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def check_file(api, path, draw):
    made = api.upload(path.read_bytes(), path.name, name=fresh("apitest"), namespace="kubeflow").ok()
    assert api.get(f"/pipelines/{made['pipeline_id']}").ok() == made
    version = api.get(f"/pipelines/{made['pipeline_id']}/versions").ok()["pipeline_versions"][0]
    spec, *more = documents(path)
    stored = version["pipeline_spec"]
    if more:
        assert plain(stored["platform_spec"]) == plain(more[0])
        stored = stored["pipeline_spec"]
    assert plain(stored) == plain(spec)

    inputs = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    needed = {name: kind for name, kind in inputs.items() if "defaultValue" not in kind and not kind.get("isOptional")}
    reference = {"pipeline_id": made["pipeline_id"], "pipeline_version_id": version["pipeline_version_id"]}
    body = {
        "display_name": fresh("API Test Run - "), "pipeline_version_reference": reference, "service_account": "pipeline-runner",
        "runtime_config": {"parameters": {name: VALUES[kind["parameterType"]](draw) for name, kind in needed.items()}},
    }
    run = api.post("/runs", body)
    if run.status == 200:
        run = run.json
        assert run["pipeline_version_reference"] == reference and "pipeline_spec" not in run
        assert run.get("runtime_config", {}).get("parameters", {}) == body["runtime_config"]["parameters"]
        again = api.get(f"/runs/{run['run_id']}").ok()
        assert again["storage_state"] == "AVAILABLE"
        # Whether it runs well is another test's business.
        assert api.post(f"/runs/{run['run_id']}:terminate").status in (200, 400)
        api.wait(run["run_id"])
        api.delete(f"/runs/{run['run_id']}").ok()
    else:
        return f"a run is refused: {run}"
    api.delete(f"/pipelines/{made['pipeline_id']}", cascade="true").ok()
    return None


# Their roots need artifacts, which a run cannot be given; see docs/kfp-api.md.
NO_RUNS = {
    "component_with_metadata_fields.yaml", "input_artifact.yaml", "pipeline_with_metadata_fields.yaml",
    "pipeline_with_various_io_types.yaml",
}


def test_valid_pipelines_are_uploaded_and_runs_of_them_are_made(api):
    draw, problems = random.Random(11), {}
    valid = files("valid")
    assert len(valid) > 100
    for name, path in valid.items():
        try:
            problem = check_file(api, path, draw)
        except AssertionError as wrong:
            problem = str(wrong)[:600]
        if problem and not (name in NO_RUNS and problem.startswith("a run is refused")):
            problems[name] = problem
    assert problems == {}, json.dumps(problems, indent=1)


def test_invalid_pipelines_are_refused(api):
    for name, path in files("invalid").items():
        given = fresh("invalid")
        answer = api.upload(path.read_bytes(), path.name, name=given)
        assert answer.status == 400, (name, answer)
        assert api.get("/pipelines", filter=where(("name", "EQUALS", given))).ok() == {}
