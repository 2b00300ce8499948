"""Versions of pipelines by KFP's API, and the uploads that make both."""

import json

import pytest
from kfp_api import (
    HELLO, NOBODY, OTHER, Api, add_version, create_pipeline, fresh, names, tarred, upload, version_path, versions,
    where, zipped,
)


# --- versions -----------------------------------------------------------------------------------------


def test_versions_are_listed(api):
    empty = create_pipeline(api, namespace="kubeflow")
    assert versions(api, empty) == []
    one, two = upload(api), upload(api)
    assert names(versions(api, one), "pipeline_id") == [one["pipeline_id"]]
    added = [add_version(api, one) for _ in range(3)]
    listed = versions(api, one)
    assert len(listed) == 4 and all(version in listed for version in added)
    assert {version["pipeline_id"] for version in listed} == {one["pipeline_id"]}
    assert names(versions(api, two), "pipeline_id") == [two["pipeline_id"]]


def test_versions_are_found_by_tags(api):
    made = upload(api)
    tagged = add_version(api, made, tags={"env": "staging", "team": "data"})
    other = add_version(api, made, tags={"env": "prod"})
    assert tagged in versions(api, made) and other in versions(api, made)
    assert "tags" not in next(version for version in versions(api, made) if version["name"] == made["name"])

    def found(*predicates):
        return versions(api, made, filter=where(*predicates))

    assert found(("tags.env", "EQUALS", "prod")) == [other]
    assert found(("tags.env", "EQUALS", "staging"), ("tags.team", "EQUALS", "data")) == [tagged]
    assert found(("tags.env", "EQUALS", "staging"), ("name", "EQUALS", tagged["name"])) == [tagged]
    assert found(("tags.env", "EQUALS", "staging"), ("name", "EQUALS", other["name"])) == []
    assert found(("tags.nonexistent", "EQUALS", "value")) == []
    assert found(("tags.env", "EQUALS", "wrong-value")) == []
    path = f"/pipelines/{made['pipeline_id']}/versions"
    api.get(path, filter=where(("tags.env", "NOT_EQUALS", "prod"))).refused(400, "only EQUALS operation is supported")


def test_a_version_is_found_under_any_pipeline(api):
    """KFP's server does not look at the pipeline in the path of a version."""
    one, two = upload(api), upload(api)
    version = versions(api, one)[0]
    assert api.get(version_path(version, two["pipeline_id"])).ok() == version
    assert api.delete(version_path(version, two["pipeline_id"])).ok() == {}
    api.get(version_path(version)).refused(404)
    assert versions(api, one) == []
    assert api.get(f"/pipelines/{one['pipeline_id']}").ok() == one
    assert len(versions(api, two)) == 1


def test_versions_are_changed(api):
    made = upload(api)
    version = add_version(api, made, tags={"team": "ml-ops"}, description="stays")
    path = version_path(version)
    changed = api.patch(path, {"tags": {"project": "kfp", "owner": "test"}}).ok()
    assert changed == {**version, "tags": {"project": "kfp", "owner": "test"}} == api.get(path).ok()
    changed = api.patch(path, {"display_name": "Updated Version Name", "tags": {"team": "ml-ops"}}).ok()
    assert (changed["display_name"], changed["tags"]) == ("Updated Version Name", {"team": "ml-ops"})
    assert "tags" not in api.patch(path, {"tags": {}}).ok()
    plain = versions(api, made, filter=where(("name", "EQUALS", made["name"])))[0]
    assert api.patch(version_path(plain), {"tags": {"team": "ml-ops", "env": "dev"}}).ok()["tags"] == {"team": "ml-ops", "env": "dev"}


# --- uploads ------------------------------------------------------------------------------------------


def test_uploads_with_names_descriptions_and_tags(api):
    upload(api, description="about it")
    upload(api, display_name="Shown As ", description="about it")
    upload(api, tags={"team": "ml-ops", "env": "prod"})
    upload(api, tags={})
    made = upload(api)
    add_version(api, made, description="the same file")
    add_version(api, made, content=OTHER, description="another file")
    add_version(api, made, tags={"team": "ml-ops", "env": "prod"})
    add_version(api, made, tags={})
    assert len(versions(api, made)) == 5


def test_uploads_of_every_kind_of_file(api):
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-work": {"nodeSelector": {"labels": {"a": "b"}}}}}}}}
    two = HELLO + "\n---\n" + json.dumps(platform)
    files = {
        "p.yaml": HELLO, "p.yml": HELLO, "p.json": HELLO, "p.zip": zipped({"arguments.yaml": HELLO}),
        "p.tar.gz": tarred({"pipeline.yaml": HELLO}), "p.tgz": tarred({"pipeline.yml": HELLO}), "two.yaml": two,
    }
    for file_name, content in files.items():
        made = api.upload(content, file_name, name=fresh("file")).ok()
        spec = versions(api, made)[0]["pipeline_spec"]
        if file_name == "two.yaml":
            assert spec == {"pipeline_spec": json.loads(HELLO), "platform_spec": platform}
        else:
            assert spec == json.loads(HELLO), file_name


NO_PIPELINES = {
    "comments only": ("p.yaml", "# nothing\n"),
    "a zip in name only": ("p.zip", "# nothing\n"),
    "a zip of what is no pipeline": ("p.zip", zipped({"invalid.yaml": '{"a": 1}'})),
    "a zip without yaml": ("p.zip", zipped({"readme.md": "x"})),
    "an unknown key": ("p.yaml", HELLO[:-1] + ', "components_1": {}}'),
    "no name": ("p.yaml", HELLO.replace('{"name": "hello"}', '{"name": null}')),
    "a picture": ("p.png", "# nothing\n"),
    "nothing": ("p.yaml", ""),
    "text": ("p.txt", "hello"),
    "broken yaml": ("p.yaml", "a: [1\n"),
    "a list": ("p.yaml", "- a\n"),
    "another schema": ("p.yaml", HELLO.replace('"2.1.0"', '"2.0.0"')),
    "two pipelines": ("p.yaml", HELLO + "\n---\n" + HELLO),
    "binary": ("p.yaml", b"\x00\xff\xfe"),
}


@pytest.mark.parametrize("kind", NO_PIPELINES)
def test_uploads_of_what_is_no_pipeline(api, kind):
    file_name, content = NO_PIPELINES[kind]
    name = fresh("bad")
    body = json.loads(api.upload(content, file_name, name=name).refused(400))
    assert body["error_message"] and body["error_details"]
    assert api.get("/pipelines", filter=where(("name", "EQUALS", name))).ok() == {}
    made = upload(api)
    api.upload(content, file_name, path="/pipelines/upload_version", name="v", pipelineid=made["pipeline_id"]).refused(400)
    assert len(versions(api, made)) == 1


LARGE = 100 << 20
HOSTILE = {
    "a zip with an entry that climbs": lambda: ("p.zip", zipped({"pipeline.yaml": HELLO, "../../x.yaml": HELLO})),
    "a tar with an entry that climbs": lambda: ("p.tgz", tarred({"../x.yaml": HELLO, "pipeline.yaml": HELLO})),
    "a zip that unpacks to 100 MiB": lambda: ("p.zip", zipped({"pipeline.yaml": " " * LARGE})),
    "a tar that unpacks to 100 MiB": lambda: ("p.tgz", tarred({"pipeline.yaml": " " * LARGE})),
    "more than 32 MiB": lambda: ("p.yaml", HELLO + " " * (32 << 20)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_uploads_are_refused(api, kind):
    file_name, content = HOSTILE[kind]()
    name = fresh("hostile")
    body = json.loads(api.upload(content, file_name, name=name).refused(400))
    assert body["error_message"] == "Failed to read a pipeline spec file"
    assert api.get("/pipelines", filter=where(("name", "EQUALS", name))).ok() == {}


def test_the_largest_upload_is_taken(api):
    upload(api, content=HELLO + " " * ((32 << 20) - len(HELLO)))


# What KFP's server takes although no run of it can ever begin.
NEVER_RUN = {
    "a workflow of KFP 1": ("p.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec: {entrypoint: a}\n"),
    "a zip whose only entry climbs": ("p.zip", zipped({"../../x.yaml": HELLO.replace("comp-", "other-", 1)})),
    "an executor that is not there": ("p.yaml", HELLO.replace('"executorLabel": "exec-', '"executorLabel": "none-', 1)),
}


@pytest.mark.parametrize("kind", NEVER_RUN)
def test_what_can_never_run_is_taken_or_refused_as_is_asked(api, on_processes, kind):
    file_name, content = NEVER_RUN[kind]
    name = fresh("never")
    made = api.upload(content, file_name, name=name).ok()
    api.post("/runs", {"display_name": "x", "pipeline_version_reference": {"pipeline_id": made["pipeline_id"]}}).refused(400)
    on_processes.environment["CORACLE_KFP_UPLOADS"] = "runnable"
    strict = Api(on_processes.serve().address)
    body = json.loads(strict.upload(content, file_name, name=name).refused(400))
    assert body["error_message"] and body["error_details"]
    assert strict.get("/pipelines").ok() == {}


def test_uploads_whose_form_is_wrong(api):
    made = upload(api)
    taken = json.loads(api.upload(HELLO, name=made["name"]).refused(409))
    assert "Failed to create a pipeline and a pipeline version" in taken["error_message"]
    # The first version bears the name of the pipeline.
    api.upload_version(HELLO, name=made["name"], pipelineid=made["pipeline_id"]).refused(409)
    api.upload_version(HELLO, pipelineid="12345").refused(400)
    api.upload_version(HELLO, name="v").refused(400)
    api.upload_version(HELLO, name="v", pipelineid=NOBODY).refused(400)
    api.upload_version(HELLO, name="v", pipelineid=made["pipeline_id"], tags="not-valid-json").refused(400, "tags")
    api.upload(HELLO, name=fresh("x"), tags="[]").refused(400, "tags")
    api.upload(HELLO, name="n" * 129).refused(400, "Pipeline.Name length cannot exceed 128")
    api.upload_version(HELLO, name="n" * 128, pipelineid=made["pipeline_id"]).refused(400, "PipelineVersion.Name length cannot exceed 127")
    api.upload(HELLO, name=fresh("x"), field="file").refused(400, "Failed to read pipeline from file")
    api.post("/pipelines/upload", b"").refused(400, "Failed to read pipeline from file")
    api.post("/pipelines/upload_version", b"").refused(400, "Failed to create a pipeline version")
    assert api.upload(HELLO, "a/b/given.yaml").ok()["name"] == "given.yaml"
