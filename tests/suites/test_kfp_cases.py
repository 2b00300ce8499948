"""What KFP's own tests of its API ask of a server, case after case, asked here by raw requests.

`docs/kfp-api.md` says which of those cases each test covers.
"""

import base64
import json
import random
import re
import signal
import string
import threading
import time
import urllib.parse

import pytest
from conftest import OUTPUT, ROOT, Coracle, wait_for
from kfp_api import DEFAULT, NOBODY, Api, fresh, made_of, tarred, where, zipped

HELLO = made_of("echo hello", "hello")
OTHER = made_of("echo other", "other", {"text": {"parameterType": "STRING", "defaultValue": "x"}})
LONG = "2000-01-01T00:00:00Z"
ODD = "odd-!@#$%"


@pytest.fixture(scope="module")
def workbench(tmp_path_factory):
    """A workbench on processes for all tests of this file that need none of their own."""
    command = Coracle(tmp_path_factory.mktemp("home"), "process")
    command.server = command.serve()
    yield command
    command.close()


@pytest.fixture(scope="module")
def api(workbench):
    return Api(workbench.server.address)


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


def ids(path):
    return {
        "/experiments": "experiment_id", "/pipelines": "pipeline_id", "/runs": "run_id", "/recurringruns": "recurring_run_id",
    }.get(path, "pipeline_version_id")


@pytest.fixture(scope="module")
def five(api):
    """Five of each thing, whose names have a part in common and are in no order; `path: (part, names)`."""
    part = fresh("five")
    tails = ["b", "e", "a", "d", "c"]
    made = upload(api, f"{part}-x")
    lists = {path: (part, []) for path in ("/experiments", "/pipelines", "/runs", "/recurringruns")}
    of_versions = f"/pipelines/{made['pipeline_id']}/versions"
    lists["versions"] = (part, [])
    lists["/pipelines"][1].append(f"{part}-x")
    lists["versions"][1].append(f"{part}-x")
    for tail in tails:
        name = f"{part}-{tail}"
        create_experiment(api, display_name=name, description=f"about {tail}")
        create_run(api, display_name=name, description=f"about {tail}", pipeline_spec=json.loads(HELLO))
        create_recurring(api, display_name=name, description=f"about {tail}")
        upload(api, name, description=f"about {tail}")
        add_version(api, made, name, description=f"about {tail}")
        for _, known in lists.values():
            known.append(name)
    return {**lists, of_versions: lists["versions"], "versions of": of_versions}


def listing(five, path):
    """The path of a list, the part that the names in it share, and those names in order."""
    real = five["versions of"] if path == "versions" else path
    part, known = five[path]
    return real, where(("display_name", "IS_SUBSTRING", f"{part}-")), sorted(known)


LISTS = ["/experiments", "/pipelines", "versions", "/runs", "/recurringruns"]


# --- what the lists have in common ------------------------------------------------------------------


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("key", ["name", "display_name"])
def test_lists_are_sorted_by_name(api, five, path, key):
    path, mine, known = listing(five, path)
    for order, expected in (("asc", known), ("desc", known[::-1]), ("", known), ("ASC", known), ("DESC", known[::-1])):
        found = api.get(path, filter=mine, sort_by=f"{key} {order}", namespace="kubeflow").ok()[noun(path)]
        assert names(found, "display_name") == expected, order


@pytest.mark.parametrize("path", LISTS)
def test_lists_are_sorted_by_time_and_by_id(api, five, path):
    path, mine, known = listing(five, path)
    for key in ("created_at", ids(path)):
        found = api.get(path, filter=mine, sort_by=f"{key} asc").ok()[noun(path)]
        assert names(found, key) == sorted(names(found, key))
        backwards = api.get(path, filter=mine, sort_by=f"{key} desc").ok()[noun(path)]
        assert backwards == found[::-1]
        assert sorted(names(found, "display_name")) == known


@pytest.mark.parametrize("path", LISTS)
def test_lists_come_in_pages(api, five, path):
    path, mine, known = listing(five, path)
    first = api.get(path, page_size=1).ok()
    assert len(first[noun(path)]) == 1 and first["next_page_token"] and first["total_size"] >= 5
    for size in (1, 2, 4, 5, 100):
        pages = api.pages(path, noun(path), filter=mine, sort_by="display_name", page_size=size)
        assert names(sum(pages, []), "display_name") == known
        assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
        assert 0 < len(pages[-1]) <= size
    whole = sum(api.pages(path, noun(path), page_size=2), [])
    assert len({item[ids(path)] for item in whole}) == len(whole) == api.get(path).ok()["total_size"]


@pytest.mark.parametrize("path", LISTS)
def test_lists_are_filtered(api, five, path):
    path, mine, known = listing(five, path)
    found = api.get(path, filter=mine, sort_by="display_name").ok()[noun(path)]
    one, key = found[2], ids(path)

    def only(*predicates):
        answer = api.get(path, filter=where(*predicates)).ok()
        got = answer.get(noun(path), [])
        assert answer.get("total_size", 0) == len(got) or len(got) == 20
        return got

    assert only((key, "EQUALS", one[key])) == [one]
    assert only(("name", "EQUALS", one["display_name"])) == [one]
    assert only(("display_name", "EQUALS", one["display_name"])) == [one]
    inside = only(("display_name", "IS_SUBSTRING", known[0][:-1]), ("name", "NOT_EQUALS", one["display_name"]))
    assert sorted(names(inside, "display_name")) == sorted(set(known) - {one["display_name"]})
    described = only(("description", "EQUALS", "about c"), ("display_name", "IS_SUBSTRING", known[0][:-1]))
    assert names(described, "description") == ["about c"]
    assert len(only(("created_at", "GREATER_THAN", LONG))) > 0
    several = {"predicates": [{"key": key, "operation": "IN", "stringValues": {"values": [one[key], found[0][key], NOBODY]}}]}
    both = api.get(path, filter=json.dumps(several)).ok()
    assert {item[key] for item in both[noun(path)]} == {one[key], found[0][key]}
    newest = api.get(
        path, filter=where(("created_at", "GREATER_THAN", LONG)), sort_by="created_at desc", page_size=100
    ).ok()[noun(path)]
    assert names(newest, "created_at") == sorted(names(newest, "created_at"), reverse=True)


@pytest.mark.parametrize("path", LISTS)
def test_times_are_compared_as_times(api, five, path):
    path, mine, known = listing(five, path)
    part = json.loads(mine)["predicates"][0]
    for operation, expected in (("GREATER_THAN", 1), ("GREATER_THAN_EQUALS", 1), ("LESS_THAN", 0), ("LESS_THAN_EQUALS", 0)):
        for value in ({"timestamp_value": LONG}, {"timestampValue": LONG}, {"long_value": "946684800"}, {"string_value": "946684800"}):
            given = {"predicates": [part, {"key": "created_at", "operation": operation, **value}]}
            answer = api.get(path, filter=json.dumps(given)).ok()
            assert answer.get("total_size", 0) == expected * len(known), given


@pytest.mark.parametrize("path", LISTS)
def test_lists_of_what_is_not_there_are_empty(api, five, path):
    path, _, _ = listing(five, path)
    for key, value in (("name", "nothing-like-it"), ("name", ""), (ids(path), NOBODY), (ids(path), "odd-!@#$^&*")):
        assert api.get(path, filter=where((key, "EQUALS", value))).ok() == {}, (key, value)


@pytest.mark.parametrize("path", LISTS)
def test_lists_that_cannot_be_are_refused(api, five, path):
    path, _, _ = listing(five, path)
    api.get(path, filter=where((ids(path), "IN", NOBODY))).refused(400, "cannot use IN operator with scalar type string")
    many = {"predicates": [{"key": "name", "operation": "EQUALS", "string_values": {"values": ["a"]}}]}
    api.get(path, filter=json.dumps(many)).refused(400, "cannot use scalar operator EQUALS on array type []string")
    api.get(path, filter=where(("colour", "EQUALS", "red"))).refused(400, 'unrecognized field "colour"')
    api.get(path, filter=where(("name", "LIKE", "red"))).refused(400)
    api.get(path, filter='{"predicates":[{"key":"name","operation":"EQUALS"}]}').refused(400, "Filter.Predicate.Value")
    api.get(path, filter="{{").refused(400)
    api.get(path, sort_by="colour").refused(400, 'Invalid sorting field: "colour"')
    api.get(path, sort_by="name sideways").refused(400, "Received invalid sort by format")
    api.get(path, sort_by="name asc now").refused(400, "Received invalid sort by format")
    api.get(path, page_size=-1).refused(400, "The page size should be greater than 0. Got -1")
    api.get(path, page_size="many").refused(400, 'parsing field "page_size"')
    api.get(path, page_token="nonsense").refused(400, "Invalid page token")
    # More than there can be on a page is as many as there can be.
    assert len(api.get(path, page_size=100000).ok()[noun(path)]) <= 200


def test_runs_and_recurring_runs_cannot_be_sorted_or_filtered_by_what_they_do_not_have(api):
    for key in ("pipeline_version_id", "updated_at", "owner"):
        api.get("/runs", sort_by=key).refused(400, "Invalid sorting field")
        api.get("/runs", filter=where((key, "EQUALS", "x"))).refused(400, "unrecognized field")
    for key in ("pipeline_version_id", "cron", "experiment_id", "status", "mode"):
        api.get("/recurringruns", sort_by=key).refused(400, "Invalid sorting field")
        api.get("/recurringruns", filter=where((key, "EQUALS", "x"))).refused(400, "unrecognized field")
    for key in ("run_id", "updated_at"):
        api.get("/experiments", sort_by=key).refused(400, "Invalid sorting field")
        api.get("/experiments", filter=where((key, "EQUALS", "x"))).refused(400, "unrecognized field")


def test_recurring_runs_are_sorted_by_their_change(api, five):
    path, mine, known = listing(five, "/recurringruns")
    first = api.get(path, filter=mine, sort_by="display_name").ok()[noun(path)][0]
    time.sleep(1.1)  # times are in whole seconds
    api.post(f"/recurringruns/{first['recurring_run_id']}:enable").ok()
    assert names(api.get(path, filter=mine, sort_by="updated_at desc").ok()[noun(path)], "display_name")[0] == known[0]
    assert names(api.get(path, filter=mine, sort_by="updated_at").ok()[noun(path)], "display_name")[-1] == known[0]
    api.post(f"/recurringruns/{first['recurring_run_id']}:disable").ok()


def test_names_that_differ_only_in_case(api):
    """As the database of KFP's own server has it: one order for both cases."""
    part = fresh("case")
    for tail in ("b", "A", "C", "a2"):
        create_pipeline(api, name=f"{part}-{tail}")
    found = api.get("/pipelines", filter=where(("name", "IS_SUBSTRING", part.upper())), sort_by="name").ok()["pipelines"]
    assert names(found) == [f"{part}-{tail}" for tail in ("A", "a2", "b", "C")]


# --- pipelines ------------------------------------------------------------------------------------------


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


# --- versions -------------------------------------------------------------------------------------------


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


# --- uploads --------------------------------------------------------------------------------------------


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


# --- runs -----------------------------------------------------------------------------------------------


def check_run(api, experiment, made, version, **more):
    """Makes a run of a version and compares what comes back with what was sent."""
    body = {
        "display_name": "the same name for all", "description": "about it", "experiment_id": experiment["experiment_id"],
        "service_account": "pipeline-runner", "runtime_config": {"parameters": {}},
        "pipeline_version_reference": {"pipeline_id": made["pipeline_id"], "pipeline_version_id": version["pipeline_version_id"]},
        # A client in Go sends these, too.
        "created_at": "0001-01-01T00:00:00Z", "scheduled_at": "0001-01-01T00:00:00Z", "finished_at": "0001-01-01T00:00:00Z",
        "state_history": None, **more,
    }
    run = api.post("/runs", body).ok()
    again = api.get(f"/runs/{run['run_id']}").ok()
    for answer in (run, again):
        for key in ("display_name", "description", "experiment_id", "service_account", "pipeline_version_reference"):
            assert answer[key] == body[key], key
        assert answer["storage_state"] == "AVAILABLE"
        assert "pipeline_spec" not in answer and "pipeline_version_id" not in answer
    assert again["created_at"] <= run["created_at"]
    return run


def test_runs_of_versions(api):
    experiment, one, two = create_experiment(api), upload(api), upload(api, content=OTHER)
    for made in (one, one, two):
        check_run(api, experiment, made, versions(api, made)[0])
    run = check_run(api, experiment, two, versions(api, two)[0], runtime_config={"parameters": {"text": "http_proxy"}})
    assert run["runtime_config"] == {"parameters": {"text": "http_proxy"}}
    listed = api.get("/runs", experiment_id=experiment["experiment_id"], sort_by="created_at").ok()
    assert listed["total_size"] == 4
    assert api.get("/runs", namespace="kubeflow").ok()["total_size"] >= 4


def test_archiving_keeps_the_state_of_a_run(api):
    done = create_run(api, pipeline_spec=json.loads(HELLO))
    ended = api.wait(done["run_id"])
    slow = create_run(api, pipeline_spec=json.loads(made_of("sleep 30")))
    for run, states in ((done, {ended["state"]}), (slow, {"PENDING", "RUNNING"})):
        path = f"/runs/{run['run_id']}"
        assert api.get(path).ok()["state"] in states
        assert api.post(f"{path}:archive").ok() == {}
        archived = api.get(path).ok()
        assert archived["state"] in states and archived["storage_state"] == "ARCHIVED"
        assert archived in api.get("/runs", filter=where(("storage_state", "EQUALS", "ARCHIVED"))).ok()["runs"] or run is slow
        assert api.post(f"{path}:archive").ok() == {}
        assert api.post(f"{path}:unarchive").ok() == {}
        assert api.get(path).ok()["storage_state"] == "AVAILABLE"
        assert api.post(f"{path}:unarchive").ok() == {}
    api.post(f"/runs/{slow['run_id']}:terminate").ok()


def test_runs_are_terminated_in_some_states_only(api):
    run = create_run(api, pipeline_spec=json.loads(made_of("sleep 60")))
    path = f"/runs/{run['run_id']}"
    assert api.post(f"{path}:terminate").ok() == {}
    assert api.get(path).ok()["state"] in ("CANCELING", "FAILED")
    assert api.wait(run["run_id"])["state"] == "FAILED"
    api.post(f"{path}:terminate").refused(400, "Row not found")
    second = create_run(api, pipeline_spec=json.loads(made_of("sleep 60")))
    wait_for(lambda: api.get(f"/runs/{second['run_id']}").ok()["state"] == "RUNNING", what="the run's begin")
    api.post(f"/runs/{second['run_id']}:terminate").ok()
    assert api.wait(second["run_id"])["state"] == "FAILED"
    done = create_run(api, pipeline_spec=json.loads(HELLO))
    assert api.wait(done["run_id"])["state"] == "SUCCEEDED"
    api.post(f"/runs/{done['run_id']}:terminate").refused(400, "Row not found")
    assert api.get(f"/runs/{done['run_id']}").ok()["state"] == "SUCCEEDED"


@pytest.mark.parametrize("kind", ["deleted", "never there", "odd"])
def test_verbs_on_runs_that_are_not_there(api, kind):
    id = {"never there": NOBODY, "odd": ODD}.get(kind)
    if id is None:
        id = create_run(api, pipeline_spec=json.loads(HELLO))["run_id"]
        api.wait(id)
        api.delete(f"/runs/{id}").ok()
    path = f"/runs/{quoted(id)}"
    for verb in ("archive", "unarchive", "terminate", "retry"):
        api.post(f"{path}:{verb}").refused(404, f"Run {id} not found")
    api.get(path).refused(404, f"Run {id} not found")
    api.delete(path).refused(404, f"Run {id} not found")


@pytest.mark.parametrize("before", ["", "terminate", "terminate and wait"])
def test_runs_are_deleted_at_any_moment(coracle, before):
    """What still happens to a run that is gone must not hold up the others."""
    api = Api(coracle.serve().address)
    for number in range(20):
        run = create_run(api, pipeline_spec=json.loads(made_of("sleep 60")))["run_id"]
        time.sleep(0.013 * number)  # the moment is what is tested
        if before:
            api.post(f"/runs/{run}:terminate").ok()
        if "wait" in before:
            api.wait(run)
        assert api.delete(f"/runs/{run}").ok() == {}
        api.get(f"/runs/{run}").refused(404)
    assert api.wait(create_run(api, pipeline_spec=json.loads(HELLO))["run_id"])["state"] == "SUCCEEDED"


def test_runs_in_experiments(api):
    spec = json.loads(HELLO)
    for id in (NOBODY, ODD):
        api.post("/runs", {"display_name": "x", "experiment_id": id, "pipeline_spec": spec}).refused(404, f"Experiment {id} not found")
    gone = create_experiment(api)["experiment_id"]
    api.delete(f"/experiments/{gone}").ok()
    api.post("/runs", {"display_name": "x", "experiment_id": gone, "pipeline_spec": spec}).refused(404)
    api.get("/runs", experiment_id=gone).refused(404, f"Experiment {gone} not found")
    shelved = create_experiment(api)["experiment_id"]
    api.post(f"/experiments/{shelved}:archive").ok()
    assert create_run(api, experiment_id=shelved, pipeline_spec=spec)["experiment_id"] == shelved
    # Without one, it is the default experiment.
    default = api.get("/experiments", filter=where(("display_name", "EQUALS", DEFAULT))).ok()["experiments"][0]
    assert create_run(api, pipeline_spec=spec)["experiment_id"] == default["experiment_id"]


def test_a_failed_run_is_retried(api):
    run = create_run(api, pipeline_spec=json.loads(made_of("exit 1", "fails")))
    failed = api.wait(run["run_id"])
    assert failed["state"] == "FAILED"
    assert api.post(f"/runs/{run['run_id']}:retry").ok() == {}
    again = wait_for(
        lambda: (found := api.wait(run["run_id"])) and len(found["state_history"]) > len(failed["state_history"]) + 1 and found,
        what="the second failure",
    )
    assert again["state"] == "FAILED"
    assert names(again["state_history"], "state")[len(failed["state_history"]) :] == ["RUNNING", "FAILED"]
    assert again["run_id"] == run["run_id"]


def test_an_inline_definition_comes_back_as_it_was_sent(api):
    spec = json.loads(OTHER)
    run = create_run(api, pipeline_spec=spec, runtime_config={"parameters": {"text": "y"}, "pipeline_root": "minio://b/k"})
    assert run["pipeline_spec"] == spec
    assert run["runtime_config"] == {"parameters": {"text": "y"}, "pipeline_root": "minio://b/k"}
    assert "pipeline_version_reference" not in run
    assert api.get(f"/runs/{run['run_id']}").ok()["pipeline_spec"] == spec
    assert run["service_account"] == "pipeline-runner"


PARAMETERS = {
    "s": ("STRING", "x", 1), "i": ("NUMBER_INTEGER", 2, "2"), "d": ("NUMBER_DOUBLE", 0.5, "0.5"), "b": ("BOOLEAN", True, "true"),
    "l": ("LIST", [1, "a"], {}), "t": ("STRUCT", {"a": [1]}, []),
}


def test_parameters_are_checked_by_type(api):
    spec = json.loads(made_of("true", "typed", {name: kind for name, (kind, _, _) in PARAMETERS.items()}))
    good = {name: fits for name, (_, fits, _) in PARAMETERS.items()}

    def start(parameters):
        return api.post("/runs", {"display_name": "x", "pipeline_spec": spec, "runtime_config": {"parameters": parameters}})

    run = start(good).ok()
    assert run["runtime_config"]["parameters"] == good
    assert api.wait(run["run_id"])["state"] == "SUCCEEDED"
    for name, (_, _, unfit) in PARAMETERS.items():
        start({**good, name: unfit}).refused(400, f"input parameter {name} requires type")
        start({key: value for key, value in good.items() if key != name}).refused(400, f"parameter {name} is not optional")
    start({**good, "colour": "red"}).refused(400, "not required by pipeline: colour")


@pytest.mark.parametrize("levels", [50, 100, 120, 124, 126, 127, 128, 130, 200, 5_000, 100_000])
def test_values_that_are_nested_deeply_are_kept_or_refused(on_processes, levels):
    """Whatever is taken can be read again: one value must not spoil the lists."""
    api = Api(on_processes.serve().address)
    deep = "[" * levels + "]" * levels
    body = json.dumps({
        "display_name": "deep", "pipeline_spec": json.loads(made_of("true", "deep", {"l": "LIST"})), "max_concurrency": 1,
        "trigger": {"periodic_schedule": {"interval_second": 3600}}, "runtime_config": {"parameters": {"l": "@"}},
    }).replace('"@"', deep)
    recurring = api.post("/recurringruns", body.encode())
    body = json.loads(body.replace(deep, '"@"'))
    body = json.dumps({key: body[key] for key in ("display_name", "pipeline_spec", "runtime_config")}).replace('"@"', deep)
    run = api.post("/runs", body.encode())
    for answer in (run, recurring):
        assert answer.status in ((200,) if levels <= 50 else (200, 400)), answer
    for path, key, answer in (("/runs", "run_id", run), ("/recurringruns", "recurring_run_id", recurring)):
        listed = api.get(path).ok().get(noun(path), [])
        assert names(listed, key) == ([answer.json[key]] if answer.status == 200 else [])
    if run.status == 200:
        assert api.wait(run.json["run_id"])["state"] == "SUCCEEDED"
        assert on_processes.json("get", run.json["run_id"])["state"] == "SUCCEEDED"


@pytest.mark.parametrize("levels", [100, 120, 124, 126, 130])
def test_outputs_that_are_nested_deeply_are_kept_or_refused(on_processes, levels):
    api = Api(on_processes.serve().address)
    spec = json.loads(made_of(f'python3 -c "print(chr(91) * {levels} + chr(93) * {levels}, end=str())" > "$1"', "deep"))
    spec["components"]["comp-work"]["outputDefinitions"] = {"parameters": {"out": {"parameterType": "LIST"}}}
    spec["deploymentSpec"]["executors"]["exec-work"]["container"]["args"] = [OUTPUT]
    run = create_run(api, pipeline_spec=spec)["run_id"]
    state = api.wait(run)["state"]
    assert on_processes.json("get", run)["state"] == state
    assert api.get("/runs").ok()["total_size"] == 1


@pytest.mark.parametrize("body", [
    b"[" * 1_000_000, b'{"a":' * 100_000, b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"display_name":"\x00"}', b'{"display_name":"\\ud800"}',
    b'{"display_name":1e400}', b'{"display_name":"a","displayName":"b"}', b"nul", b'"', b"-", b"1" * 100_000,
], ids=lambda body: repr(body[:30]))
def test_bodies_that_are_no_messages_are_refused(api, body):
    for path in ("/experiments", "/pipelines", "/pipelines/create", "/runs", "/recurringruns"):
        api.post(path, body).refused(400)
    assert api.get("/healthz").status == 200


# --- recurring runs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("trigger", [
    {"cron_schedule": {"cron": "0 */5 * * * *"}}, {"cron_schedule": {"cron": "0 30 9 * * MON"}},
    {"cron_schedule": {"cron": "0 0 0 */2 * *"}}, {"cron_schedule": {"cron": "@daily"}}, {"cron_schedule": {"cron": "*/10 * * * *"}},
    {"periodic_schedule": {"interval_second": "60"}},
    {"cron_schedule": {"cron": "0 * * * * ?", "start_time": "2030-01-01T00:00:00Z", "end_time": "2030-02-01T00:00:00Z"}},
], ids=json.dumps)
def test_recurring_runs_are_kept_as_given(api, trigger):
    experiment, made = create_experiment(api), upload(api)
    reference = {"pipeline_id": made["pipeline_id"], "pipeline_version_id": versions(api, made)[0]["pipeline_version_id"]}
    body = {
        "display_name": fresh("recurring"), "description": "about it", "experiment_id": experiment["experiment_id"],
        "service_account": "pipeline-runner", "pipeline_version_reference": reference, "runtime_config": {"parameters": {}},
        "trigger": trigger, "mode": "DISABLE", "max_concurrency": "1", "no_catchup": True,
    }
    made = api.post("/recurringruns", body).ok()
    for key in set(body) - {"runtime_config"}:
        assert made[key] == body[key], key
    assert made["status"] == "DISABLED"
    path = f"/recurringruns/{made['recurring_run_id']}"
    assert api.get(path).ok() == made
    of_experiment = api.get("/recurringruns", experiment_id=experiment["experiment_id"]).ok()
    assert of_experiment == {"recurringRuns": [made], "total_size": 1}
    assert made in api.get("/recurringruns", namespace="kubeflow", page_size=200).ok()["recurringRuns"]
    assert api.delete(path).ok() == {}
    api.get(path).refused(404)


def test_recurring_runs_are_enabled_and_disabled(api):
    made = create_recurring(api)
    path = f"/recurringruns/{made['recurring_run_id']}"
    for verb, mode in (("disable", "DISABLE"), ("enable", "ENABLE"), ("enable", "ENABLE"), ("disable", "DISABLE"), ("disable", "DISABLE")):
        assert api.post(f"{path}:{verb}").ok() == {}
        found = api.get(path).ok()
        assert (found["mode"], found["status"]) == (mode, mode + "D")


@pytest.mark.parametrize("kind", ["deleted", "never there", "a run"])
def test_verbs_on_recurring_runs_that_are_not_there(api, kind):
    if kind == "deleted":
        id = create_recurring(api)["recurring_run_id"]
        api.delete(f"/recurringruns/{id}").ok()
    else:
        id = NOBODY if kind == "never there" else create_run(api, pipeline_spec=json.loads(HELLO))["run_id"]
    for method, verb in (("GET", ""), ("DELETE", ""), ("POST", ":enable"), ("POST", ":disable")):
        api(method, f"/recurringruns/{id}{verb}").refused(404, f"Job {id} not found")


def test_recurring_runs_in_experiments(api):
    def start(experiment_id):
        return api.post("/recurringruns", {
            "display_name": "x", "experiment_id": experiment_id, "pipeline_spec": json.loads(HELLO), "max_concurrency": 1,
            "trigger": {"periodic_schedule": {"interval_second": 3600}},
        })

    start(NOBODY).refused(404, f"Experiment {NOBODY} not found")
    gone, shelved = create_experiment(api)["experiment_id"], create_experiment(api)["experiment_id"]
    of_gone = start(gone).ok()["recurring_run_id"]
    of_shelved = start(shelved).ok()["recurring_run_id"]
    api.delete(f"/experiments/{gone}").ok()
    api.post(f"/experiments/{shelved}:archive").ok()
    start(gone).refused(404)
    assert start(shelved).ok()["experiment_id"] == shelved
    for id in (of_gone, of_shelved):
        api.post(f"/recurringruns/{id}:enable").ok()
        assert api.get(f"/recurringruns/{id}").ok()["status"] == "ENABLED"
        api.post(f"/recurringruns/{id}:disable").ok()
        api.delete(f"/recurringruns/{id}").ok()
    api.get("/recurringruns", experiment_id=gone).refused(404)


UNFIT_RECURRING = {
    "a cron expression that is none": ({"trigger": {"cron_schedule": {"cron": "whenever"}}}, "Schedule cron is not a supported format"),
    "an empty cron expression": ({"trigger": {"cron_schedule": {"cron": ""}}}, "Empty spec string"),
    "a second past the minute": ({"trigger": {"cron_schedule": {"cron": "60 * * * * *"}}}, "above maximum (59)"),
    "no interval": ({"trigger": {"periodic_schedule": {"interval_second": 0}}}, "invalid period schedule interval 0"),
    "none at once": ({"max_concurrency": 0}, "at least 1 and at most 10. Received 0"),
    "eleven at once": ({"max_concurrency": "11"}, "at least 1 and at most 10. Received 11"),
    "no name": ({"display_name": ""}, "name cannot be empty"),
    "no source": ({"pipeline_spec": None}, ""),
    "an unknown mode": ({"mode": "sometimes"}, "invalid value for enum field mode"),
    "two triggers": ({"trigger": {"cron_schedule": {"cron": "@daily"}, "periodic_schedule": {"interval_second": 1}}}, "already set"),
    "a time that is none": ({"trigger": {"cron_schedule": {"cron": "@daily", "start_time": "yesterday"}}}, "Timestamp"),
    "an unknown parameter": ({"runtime_config": {"parameters": {"colour": "red"}}}, "colour"),
}


@pytest.mark.parametrize("unfit", UNFIT_RECURRING)
def test_unfit_recurring_runs_are_refused(api, unfit):
    given, problem = UNFIT_RECURRING[unfit]
    body = {
        "display_name": fresh("unfit"), "pipeline_spec": json.loads(HELLO), "max_concurrency": 1,
        "trigger": {"cron_schedule": {"cron": "@daily"}}, **given,
    }
    api.post("/recurringruns", body).refused(400, problem)


def test_catching_up_and_not(api):
    """Four slots in a second long past: all of them, or the last."""
    window = {"start_time": "1970-01-01T00:00:00Z", "end_time": "1970-01-01T00:02:00Z"}
    kinds = {
        "cron": {"cron_schedule": {"cron": "0 * * * * ?", **window}},
        "period": {"periodic_schedule": {"interval_second": 60, **window}},
    }
    made = {
        (kind, no_catchup): create_recurring(api, trigger=trigger, no_catchup=no_catchup, mode="ENABLE", max_concurrency=2)
        for kind, trigger in kinds.items() for no_catchup in (False, True)
    }

    def runs(recurring):
        return api.get("/runs", filter=where(("recurring_run_id", "EQUALS", recurring["recurring_run_id"]))).ok().get("runs", [])

    for (kind, no_catchup), recurring in made.items():
        expected = 1 if no_catchup else 2
        wait_for(lambda: len(runs(recurring)) >= expected, 90, f"{expected} runs of {kind}")
    time.sleep(1)
    for (kind, no_catchup), recurring in made.items():
        found = runs(recurring)
        assert len(found) == (1 if no_catchup else 2), (kind, no_catchup)
        slots = sorted(names(found, "scheduled_at"))
        assert slots == ["1970-01-01T00:01:00Z", "1970-01-01T00:02:00Z"][-len(slots) :], kind


# --- experiments ----------------------------------------------------------------------------------------


def test_a_fresh_workbench_has_the_default_experiment(on_processes):
    api = Api(on_processes.serve().address)
    answer = api.get("/experiments").ok()
    assert names(answer["experiments"], "display_name") == [DEFAULT] and answer["total_size"] == 1
    for path in ("/pipelines", "/runs", "/recurringruns"):
        assert api.get(path).ok() == {}
    assert api.get("/healthz").ok()["multi_user"] is False


def test_names_of_experiments(api):
    hundred = "".join(random.Random(8).choices(string.ascii_lowercase + string.digits, k=100))
    for name in (hundred, f"{fresh('ascii')}-!@#$%", f"你好世界-{fresh('cjk')}", "n" * 128, f" {fresh('blank')} "):
        made = create_experiment(api, display_name=name, description="about it")
        assert (made["display_name"], made["description"], made["storage_state"]) == (name, "about it", "AVAILABLE")
        assert api.get(f"/experiments/{made['experiment_id']}").ok() == made
    api.post("/experiments", {"display_name": "n" * 500}).refused(400, "length cannot exceed 128")
    api.post("/experiments", {}).refused(400, "non-empty name")
    api.post("/experiments", {"display_name": hundred}).refused(409, "Please specify a new name")
    long = "d" * 10_000_000
    assert len(create_experiment(api, description=long)["description"]) == len(long)


def test_experiments_are_archived_with_what_is_in_them(api):
    empty, full, done = (create_experiment(api)["experiment_id"] for _ in range(3))
    running = create_run(api, experiment_id=full, pipeline_spec=json.loads(made_of("sleep 60")))["run_id"]
    ended = create_run(api, experiment_id=full, pipeline_spec=json.loads(HELLO))["run_id"]
    api.wait(ended)
    recurring = create_recurring(api, experiment_id=full, mode="ENABLE")["recurring_run_id"]
    gone = create_run(api, experiment_id=done, pipeline_spec=json.loads(HELLO))["run_id"]
    api.wait(gone)
    api.delete(f"/runs/{gone}").ok()
    wait_for(lambda: api.get(f"/runs/{running}").ok()["state"] == "RUNNING", what="the run's begin")

    def storage(experiment):
        return api.get(f"/experiments/{experiment}").ok()["storage_state"]

    for experiment in (empty, full, done, full):
        assert api.post(f"/experiments/{experiment}:archive").ok() == {}
        assert storage(experiment) == "ARCHIVED"
    for run in (running, ended):
        assert api.get(f"/runs/{run}").ok()["storage_state"] == "ARCHIVED"
    assert api.get(f"/runs/{running}").ok()["state"] == "RUNNING"
    assert api.get(f"/recurringruns/{recurring}").ok()["status"] == "DISABLED"
    for experiment in (empty, full, done, full):
        assert api.post(f"/experiments/{experiment}:unarchive").ok() == {}
        assert storage(experiment) == "AVAILABLE"
    for run in (running, ended):
        assert api.get(f"/runs/{run}").ok()["storage_state"] == "ARCHIVED"
    assert api.get(f"/recurringruns/{recurring}").ok()["status"] == "DISABLED"
    api.post(f"/runs/{running}:terminate").ok()


def test_experiments_are_deleted_and_their_runs_stay(api):
    empty, full = create_experiment(api)["experiment_id"], create_experiment(api)["experiment_id"]
    run = create_run(api, experiment_id=full, pipeline_spec=json.loads(HELLO))["run_id"]
    recurring = create_recurring(api, experiment_id=full)["recurring_run_id"]
    api.wait(run)
    for experiment in (empty, full):
        assert api.delete(f"/experiments/{experiment}").ok() == {}
        api.get(f"/experiments/{experiment}").refused(404)
    assert api.get(f"/runs/{run}").ok()["experiment_id"] == full
    assert run in names(api.get("/runs", page_size=200).ok()["runs"], "run_id")
    assert api.get(f"/recurringruns/{recurring}").ok()["experiment_id"] == full
    api.post(f"/runs/{run}:archive").ok()
    api.post(f"/runs/{run}:unarchive").refused(404, f"Experiment {full} not found")


@pytest.mark.parametrize("id", [NOBODY, ODD])
def test_verbs_on_experiments_that_are_not_there(api, id):
    api.get(f"/experiments/{quoted(id)}").refused(404, f"Experiment {id} not found")
    api.delete(f"/experiments/{quoted(id)}").refused(404, f"Experiment {id} not found")
    # KFP's server says 200 to these two and does nothing.
    for verb in ("archive", "unarchive"):
        assert api.post(f"/experiments/{quoted(id)}:{verb}").status in (200, 404)


# --- reports --------------------------------------------------------------------------------------------


def test_reports_of_workflows_are_not_taken(api):
    for path in ("/workflows", "/scheduledworkflows"):
        for body in ({}, b'"{}"', b"x"):
            api.post(path, body).refused(404, "Not Found")


def test_logs_of_tasks_are_read(api):
    run = create_run(api, pipeline_spec=json.loads(made_of("echo told", "tells")))["run_id"]
    ended = api.wait(run)
    task = next(task for task in ended["run_details"]["task_details"] if task["display_name"] == "work")
    api.post(f"/runs/{run}:archive").ok()
    for node in (task["task_id"], "work"):
        log = api("GET", f"/runs/{run}/nodes/{node}/log", root="/apis/v1alpha1", follow="false")
        assert log.status == 200 and "told" in log.text
        assert log.headers["Content-Type"].startswith("text/plain")
        data = api.get(f"/runs/{run}/nodes/{node}/artifacts/main-logs:read").ok()["data"]
        assert "told" in base64.b64decode(data).decode()
    api.get(f"/runs/{run}/nodes/{node}/artifacts/main-logs").refused(404)
    api.get(f"/runs/{run}/nodes/{node}/artifacts/none:read").refused(404)
    api.get(f"/runs/{NOBODY}/nodes/{node}/artifacts/main-logs:read").refused(404)


# --- across a restart -----------------------------------------------------------------------------------


def test_all_is_there_after_a_restart(on_processes):
    server = on_processes.serve()
    api = Api(server.address)
    made = [upload(api, name, description=f"about {name}") for name in ("training", "prediction", "moonshot")]
    experiments = [create_experiment(api, display_name=name, description=f"about {name}") for name in ("training", "prediction", "moonshot")]
    done = create_run(api, display_name="Run 1", description="first", pipeline_version_reference={"pipeline_id": made[0]["pipeline_id"]})
    assert api.wait(done["run_id"])["state"] == "SUCCEEDED"
    slow = create_run(api, display_name="Run 3", experiment_id=experiments[1]["experiment_id"], pipeline_spec=json.loads(made_of("sleep 4")))
    wait_for(lambda: api.get(f"/runs/{slow['run_id']}").ok()["state"] == "RUNNING", what="the run's begin")
    often = create_recurring(api, display_name="Scheduled", mode="ENABLE", trigger={"cron_schedule": {"cron": "0 */10 * * * *"}})
    paths = ["/pipelines", "/recurringruns", f"/pipelines/{made[0]['pipeline_id']}/versions", f"/runs/{done['run_id']}"]
    before = {path: api.get(path, **({} if "/runs/" in path else {"sort_by": "created_at"})).ok() for path in paths}
    listed = names(api.get("/experiments", sort_by="created_at", page_size=1000, namespace="kubeflow").ok()["experiments"], "description")
    server.send_signal(signal.SIGTERM)
    server.wait(30)

    api = Api(on_processes.serve().address)
    for path, answer in before.items():
        assert api.get(path, **({} if "/runs/" in path else {"sort_by": "created_at"})).ok() == answer, path
    again = api.get("/experiments", sort_by="created_at", page_size=1000, namespace="kubeflow").ok()["experiments"]
    assert names(again, "description") == listed and len(again) == 4
    runs = {run["display_name"]: run for run in api.get("/runs", sort_by="created_at", page_size=1000).ok()["runs"]}
    assert runs["Run 1"]["description"] == "first"
    assert runs["Run 3"]["experiment_id"] == experiments[1]["experiment_id"]
    assert api.wait(slow["run_id"])["state"] == "SUCCEEDED"
    found = api.get(f"/recurringruns/{often['recurring_run_id']}").ok()
    assert (found["mode"], found["trigger"]) == ("ENABLE", often["trigger"])
    create_recurring(api, display_name="Scheduled 2", mode="ENABLE")
    assert api.wait(create_run(api, pipeline_spec=json.loads(HELLO))["run_id"])["state"] == "SUCCEEDED"


# --- many at once ---------------------------------------------------------------------------------------


def test_many_callers_at_once_meet_no_failure(on_processes):
    """What one is making another takes away: each answer is a success or a refusal, and the workbench goes on."""
    address = on_processes.serve().address
    ids = {noun: [NOBODY] for noun in ("experiments", "pipelines", "runs", "recurringruns")}
    deadline, failures, counts = time.monotonic() + 5, [], []

    def call(seed):
        api, dice, count = Api(address), random.Random(seed), 0

        def one(noun):
            return dice.choice(ids[noun][-20:])

        def make(noun, key, answer):
            if answer.status == 200:
                ids[noun].append(answer.json[key])
            return answer

        def reference():
            return {"experiment_id": one("experiments"), "pipeline_version_reference": {"pipeline_id": one("pipelines")}}

        actions = [
            lambda: make("experiments", "experiment_id", api.post("/experiments", {"display_name": f"e{dice.randrange(40)}"})),
            lambda: make("pipelines", "pipeline_id", api.upload(HELLO, name=f"p{dice.randrange(40)}")),
            lambda: make("runs", "run_id", api.post("/runs", {"display_name": "x", **reference()})),
            lambda: make("recurringruns", "recurring_run_id", api.post("/recurringruns", {
                "display_name": "x", "max_concurrency": 1, "mode": "ENABLE", "trigger": {"periodic_schedule": {"interval_second": 1}}, **reference(),
            })),
            lambda: api.upload_version(HELLO, name=f"v{dice.randrange(5)}", pipelineid=one("pipelines")),
            lambda: api.delete(f"/pipelines/{one('pipelines')}", cascade="true"),
            lambda: api.delete(f"/experiments/{one('experiments')}"),
            lambda: api.delete(f"/recurringruns/{one('recurringruns')}"),
            lambda: api.post(f"/runs/{one('runs')}:{dice.choice(['archive', 'unarchive', 'terminate', 'retry'])}"),
            lambda: api.post(f"/experiments/{one('experiments')}:{dice.choice(['archive', 'unarchive'])}"),
            lambda: api.get(f"/{dice.choice(list(ids))}", page_size=5, sort_by="created_at desc"),
        ]
        while time.monotonic() < deadline:
            answer = dice.choice(actions)()
            count += 1
            if answer.status >= 500:
                failures.append(answer)
        counts.append(count)

    callers = [threading.Thread(target=call, args=(seed,)) for seed in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not failures, failures[:3]
    assert len(counts) == len(callers), "a caller gave up"
    api = Api(address)
    for page in api.pages("/recurringruns", "recurringRuns"):
        for recurring in page:
            api.delete(f"/recurringruns/{recurring['recurring_run_id']}").ok()
    assert api.wait(create_run(api, pipeline_spec=json.loads(HELLO))["run_id"])["state"] == "SUCCEEDED"
    assert "panicked" not in (on_processes.home / "serve.log").read_text()


# --- who may call ---------------------------------------------------------------------------------------


def test_only_this_machine_and_its_own_page_may_call(api):
    own = api.address.removeprefix("http://")
    port = own.rsplit(":", 1)[1]
    for host in (own, f"localhost:{port}", "127.0.0.1", "[::1]"):
        answer = api("GET", "/runs", headers={"Host": host})
        assert answer.status == 200, host
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    for host in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "10.0.0.7", ""):
        assert api("GET", "/runs", headers={"Host": host}).status in (400, 403), host
    assert api("GET", "/runs", headers={"Origin": f"http://{own}"}).status == 200
    for origin in ("http://evil.example", "null", f"https://{own}", "http://localhost:1"):
        for method, path, body in (("GET", "/runs", None), ("POST", "/experiments", {"display_name": "by a page"}), ("DELETE", "/runs/x", None)):
            assert api(method, path, body, headers={"Origin": origin}).status == 403, (origin, method)
        # A page may send this without asking first.
        assert api("POST", "/experiments", b'{"display_name":"by a page"}', headers={"Origin": origin, "Content-Type": "text/plain"}).status == 403
    assert api("OPTIONS", "/runs").status == 501
    assert api.get("/experiments", filter=where(("name", "EQUALS", "by a page"))).ok() == {}


CALLS = """
import json, os, urllib.error, urllib.request
def get(token):
    request = urllib.request.Request(os.environ["CORACLE_API_URL"] + "/apis/v2beta1/runs", headers={"Authorization": token} if token else {})
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as refusal:
        return refusal.code
token = os.environ["CORACLE_API_TOKEN"]
answers = [get("Bearer " + token), get(None), get("Bearer " + token[:-1]), get(token)]
assert answers == [200, 401, 401, 401], answers
"""


def test_a_step_may_call_with_the_token_of_its_run(on_docker):
    api = Api(on_docker.serve().address)
    spec = json.loads(made_of("true", "calls"))
    spec["deploymentSpec"]["executors"]["exec-work"]["container"]["command"] = ["python3", "-c", CALLS]
    run = create_run(api, pipeline_spec=spec)
    assert api.wait(run["run_id"])["state"] == "SUCCEEDED", on_docker("logs", run["run_id"], "--step", "work").stdout


# --- the form of answers --------------------------------------------------------------------------------


def test_refusals_have_the_form_of_kfps_server(api):
    answer = api.get(f"/runs/{NOBODY}")
    body = answer.json
    assert answer.headers["Content-Type"] == "application/json"
    assert (body["code"], body["details"][0]["code"]) == (5, 5)
    assert body["details"][0] == {
        "@type": "type.googleapis.com/google.rpc.Status", "code": 5, "message": f"Run {NOBODY} not found",
    }
    assert body["message"] == f"Failed to get a run: Failed to fetch run {NOBODY}: ResourceNotFoundError: Run {NOBODY} not found"
    assert api.get("/nothing").json == {"code": 5, "message": "Not Found"}
    wrong = api("PUT", "/runs")
    assert (wrong.status, wrong.json) == (501, {"code": 12, "message": "Method Not Allowed"})
    assert api.post("/experiments/x:explode").status == 501
    assert api.post("/experiments", b"{not json").refused(400, "invalid character 'n'")
    assert api.post("/experiments", {"display_name": "x", "colour": "red"}).refused(400, 'unknown field "colour"')


def test_answers_leave_out_what_is_empty(api):
    made = create_experiment(api)
    assert set(made) == {"experiment_id", "display_name", "created_at", "storage_state", "last_run_created_at"}
    assert made["last_run_created_at"] == "1970-01-01T00:00:00Z"
    run = create_run(api, pipeline_spec=json.loads(HELLO))
    assert {"run_id", "display_name", "experiment_id", "storage_state", "created_at", "scheduled_at", "finished_at", "state",
            "state_history", "service_account", "pipeline_spec"} <= set(run)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", run["created_at"])
    assert run["finished_at"] == "1970-01-01T00:00:00Z"
    assert run["scheduled_at"] == run["created_at"]


def test_the_table_of_cases_names_tests_that_are_there():
    table = (ROOT / "docs" / "kfp-api.md").read_text().split("## KFP's own tests of its API")[1]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+){2,})`", table))
    suites = "".join((ROOT / "tests" / "suites" / f"test_kfp_{name}.py").read_text() for name in ("cases", "client", "fixtures"))
    assert len(named) > 50
    assert {name for name in named if f"def test_{name}(" not in suites} == set()
