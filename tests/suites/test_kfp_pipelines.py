"""Pipelines by KFP's API: made empty, named, tagged, read, changed and deleted."""

import json
import random
import string

import pytest
from kfp_api import HELLO, NOBODY, ODD, create_pipeline, fresh, names, quoted, upload, version_path, versions, where


def test_pipelines_are_listed(api):
    first, second = upload(api), upload(api)
    answer = api.get("/pipelines", namespace="kubeflow", page_size=100, sort_by="created_at desc").ok()
    assert answer["total_size"] >= 2
    assert {first["pipeline_id"], second["pipeline_id"]} <= set(names(answer["pipelines"], "pipeline_id"))


def test_pipelines_are_found_by_tags(api):
    team = fresh("team")
    one, two = upload(api, tags={"team": team, "env": "prod"}), upload(api, tags={"team": team, "env": "dev"})
    plain = upload(api)

    def found(*predicates):
        answer = api.get("/pipelines", filter=where(*predicates), page_size=100).ok()
        got = answer.get("pipelines", [])
        assert answer.get("total_size", 0) == len(got)
        return {item["pipeline_id"] for item in got}

    both = {one["pipeline_id"], two["pipeline_id"]}
    assert found(("tags.team", "EQUALS", team)) == both
    assert found(("tags.team", "EQUALS", team), ("tags.env", "EQUALS", "prod")) == {one["pipeline_id"]}
    assert found(("tags.team", "EQUALS", team), ("name", "EQUALS", two["name"])) == {two["pipeline_id"]}
    assert found(("tags.nonexistent", "EQUALS", team)) == set()
    assert found(("tags.team", "EQUALS", "wrong-value")) == set()
    api.get("/pipelines", filter=where(("tags.team", "NOT_EQUALS", team))).refused(400, "only EQUALS operation is supported")
    api.patch(f"/pipelines/{plain['pipeline_id']}", {"tags": {"team": team}}).ok()
    assert found(("tags.team", "EQUALS", team)) == both | {plain["pipeline_id"]}
    api.delete(f"/pipelines/{one['pipeline_id']}", cascade="true").ok()
    assert found(("tags.team", "EQUALS", team)) == {two["pipeline_id"], plain["pipeline_id"]}


@pytest.mark.parametrize("given", [
    {}, {"description": "about it"}, {"tags": {"team": "ml-ops", "env": "dev"}},
    {"description": "about it", "tags": {"project": "kfp"}}, {"tags": {}}, {"tags": None}, {"display_name": "Another Name "},
], ids=json.dumps)
def test_pipelines_are_created_empty(api, given):
    made = create_pipeline(api, **given)
    assert made["pipeline_id"]
    assert made.get("description", "") == given.get("description", "")
    assert made.get("tags", {}) == (given.get("tags") or {})
    assert made["display_name"] == given.get("display_name", made["name"])
    assert api.get(f"/pipelines/{made['pipeline_id']}").ok() == made
    assert api.get(f"/pipelines/{made['pipeline_id']}/versions").ok() == {}


def test_names_of_pipelines(api):
    hundred = "".join(random.Random(7).choices(string.ascii_lowercase + string.digits, k=100))
    for name in (hundred, f"{fresh('ascii')}-!@#$%", f"你好世界-{fresh('pipeline')}", "n" * 128):
        made = create_pipeline(api, name=name)
        assert made["name"] == name
        assert api.get(f"/pipelines/names/{quoted(name)}").ok() == made
    api.post("/pipelines", {"name": "n" * 500}).refused(400, "Pipeline.Name length cannot exceed 128")
    api.post("/pipelines", {"name": "字" * 43}).refused(400, "Pipeline.Name length cannot exceed 128")
    api.post("/pipelines", {}).refused(400, "name is required")
    api.post("/pipelines", {"name": hundred}).refused(409, f"The name {hundred} already exist")


def test_a_pipeline_is_read_by_id_and_by_name(api):
    made = upload(api, display_name=fresh("Shown As "), tags={"team": "ml-ops", "env": "staging"})
    assert api.get(f"/pipelines/{made['pipeline_id']}").ok() == made
    assert api.get(f"/pipelines/names/{made['name']}", namespace="kubeflow").ok() == made
    api.get(f"/pipelines/names/{quoted(made['display_name'])}").refused(404)
    plain = upload(api)
    assert "tags" not in api.get(f"/pipelines/{plain['pipeline_id']}").ok()


def test_pipelines_are_deleted(api):
    empty = create_pipeline(api, tags={"team": "a", "env": "b"})
    path = f"/pipelines/{empty['pipeline_id']}"
    assert api.get(path).ok()["tags"] == {"team": "a", "env": "b"}
    assert api.delete(path).ok() == {}
    api.get(path).refused(404, f"Pipeline {empty['pipeline_id']} not found")
    api.patch(path, {"tags": {"a": "b"}}).refused(404)
    api.delete(path).refused(404)

    full = upload(api, tags={"team": "a"})
    path = f"/pipelines/{full['pipeline_id']}"
    api.delete(path).refused(400, "Set cascade=true to delete all versions")
    api.delete(path, cascade="false").refused(400)
    api.delete(path, cascade="maybe").refused(400, 'parsing field "cascade"')
    version = versions(api, full)[0]
    assert api.delete(path, cascade="true").ok() == {}
    api.get(path).refused(404)
    api.get(version_path(version)).refused(404)


@pytest.mark.parametrize("id", [NOBODY, ODD, "x" * 300, "ü"])
def test_pipelines_and_versions_that_are_not_there(api, id):
    made = upload(api)
    for path in (f"/pipelines/{quoted(id)}", f"/pipelines/{made['pipeline_id']}/versions/{quoted(id)}", f"/pipelines/invalid-id/versions/{quoted(id)}"):
        for method in ("GET", "DELETE", "PATCH"):
            api(method, path, {} if method == "PATCH" else None).refused(404, f"{id} not found")
    api.get(f"/pipelines/{quoted(id)}/versions").refused(404)
    api.get(f"/pipelines/names/{quoted(id)}").refused(404)


@pytest.mark.parametrize("address", [
    "/nonexistent/path/to/pipeline.yaml", "https://nobody-has-this-name.example/pipeline.yaml", "http://127.0.0.1:1/p.yaml",
    "file:///etc/passwd", "", "https://169.254.169.254/latest.yaml",
])
def test_packages_at_addresses_that_may_not_be_fetched(api, address):
    name = fresh("fetched")
    version = {"display_name": "v", "package_url": {"pipeline_url": address}}
    api.post("/pipelines/create", {"pipeline": {"name": name}, "pipeline_version": version}).refused(400)
    assert api.get("/pipelines", filter=where(("name", "EQUALS", name))).ok() == {}
    made = create_pipeline(api)
    api.post(f"/pipelines/{made['pipeline_id']}/versions", {"pipeline_id": made["pipeline_id"], **version}).refused(400)
    assert versions(api, made) == []


def test_tags_of_a_pipeline_are_changed(api):
    made = create_pipeline(api, description="stays")
    path = f"/pipelines/{made['pipeline_id']}"

    def patch(body):
        answer = api.patch(path, body).ok()
        assert api.get(path).ok() == answer
        assert (answer["name"], answer["description"]) == (made["name"], "stays")
        return answer

    assert patch({"tags": {"team": "ml-ops", "env": "prod"}})["tags"] == {"team": "ml-ops", "env": "prod"}
    assert patch({"tags": {"project": "kfp", "owner": "test"}})["tags"] == {"project": "kfp", "owner": "test"}
    assert patch({"tags": None})["tags"] == {"project": "kfp", "owner": "test"}
    assert patch({"name": "other", "description": "other"})["tags"] == {"project": "kfp", "owner": "test"}
    changed = patch({"display_name": "Updated Display Name", "tags": {"team": "ml-ops"}})
    assert (changed["display_name"], changed["tags"]) == ("Updated Display Name", {"team": "ml-ops"})
    assert "tags" not in patch({"tags": {}})
    letters = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=63))
    assert patch({"tags": {letters: letters[::-1]}})["tags"] == {letters: letters[::-1]}
    api.patch(f"/pipelines/{NOBODY}", {"tags": {"a": "b"}}).refused(404)


UNFIT_TAGS = {
    "a long key": ({"k" * 64: "v"}, "exceeds maximum length of 63 characters"),
    "a long value": ({"k": "v" * 64}, "exceeds maximum length of 63 characters"),
    "an empty key": ({"": "v"}, "tag key cannot be empty"),
    "a dot in a key": ({"team.name": "v"}, "must not contain '.' character"),
    "too many": ({f"k{number}": "v" for number in range(21)}, "number of tags (21) exceeds maximum of 20 per entity"),
}


@pytest.mark.parametrize("unfit", UNFIT_TAGS)
def test_unfit_tags_are_refused(api, unfit):
    tags, problem = UNFIT_TAGS[unfit]
    name, text = fresh("unfit"), json.dumps(tags)
    api.post("/pipelines", {"name": name, "tags": tags}).refused(400, problem)
    api.upload(HELLO, name=name, tags=text).refused(400, problem)
    assert api.get("/pipelines", filter=where(("name", "EQUALS", name))).ok() == {}
    made = upload(api, tags={"kept": "yes"})
    version = versions(api, made)[0]
    api.patch(f"/pipelines/{made['pipeline_id']}", {"tags": tags}).refused(400, problem)
    assert api.get(f"/pipelines/{made['pipeline_id']}").ok() == made
    api.upload_version(HELLO, name="v2", pipelineid=made["pipeline_id"], tags=text).refused(400, problem)
    api.patch(version_path(version), {"tags": tags}).refused(400, problem)
    assert versions(api, made) == [version]
