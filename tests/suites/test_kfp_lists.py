"""The lists of KFP's API, which have order, pages and filters in common."""

import json
import time

import pytest
from kfp_api import (
    HELLO, LONG, NOBODY, add_version, create_experiment, create_pipeline, create_recurring, create_run, fresh,
    names, noun, upload, where,
)

LISTS = ["/experiments", "/pipelines", "versions", "/runs", "/recurringruns"]


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
