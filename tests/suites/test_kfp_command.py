"""The `kfp` command as users install it, unchanged: every verb that speaks with a server."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from conftest import pipeline, step
from kfp_api import DEFAULT, NOBODY, fresh, made_of

KFP = pathlib.Path(sys.executable).parent / "kfp"

# The verbs of each noun, as `--help` lists them.
VERBS = {
    "run": "archive create delete get list unarchive",
    "recurring-run": "create delete disable enable get list",
    "experiment": "archive create delete get list unarchive",
    "pipeline": "create create-version delete delete-version get get-version list list-versions",
}

USED = set()


class Kfp:
    """The command against one workbench."""

    def __init__(self, address, home):
        self.address = address
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("KFP_", "KF_PIPELINES_"))},
            "HOME": str(home), "KFP_ENDPOINT": address, "PYTHONWARNINGS": "ignore", "COLUMNS": "200",
        }

    def __call__(self, *arguments, answer="", code=0):
        """What it prints; `answer` is what it reads. It has to end with the exit code."""
        arguments = [str(argument) for argument in arguments]
        ended = subprocess.run(
            [KFP, *arguments], env=self.environment, input=answer, capture_output=True, text=True, timeout=180
        )
        assert ended.returncode == code, f"{arguments}: exit {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        words = [word for word in arguments if word not in ("--output", "json", "table")]
        USED.add(tuple(words[:2]))
        return ended.stdout if code == 0 else ended.stdout + ended.stderr

    def json(self, *arguments, **options):
        """The object that it prints, behind whatever it says before."""
        said = self("--output", "json", *arguments, **options)
        return json.loads(said[re.search(r"^[\[{]", said, re.MULTILINE).start() :])

    def rows(self, *arguments, **options):
        """The header and the rows of the table that it prints."""
        lines = self(*arguments, **options).splitlines()
        begin = next(number for number, line in enumerate(lines) if line.startswith("ID "))
        return [re.split(r"  +", line.strip()) for line in lines[begin:] if line.strip()]


@pytest.fixture(scope="module")
def kfp(workbench, tmp_path_factory):
    return Kfp(workbench.server.address, tmp_path_factory.mktemp("user"))


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "asks.yaml"
    path.write_text(made_of('test "$1" = 7 -a "$2" = "some text"', "asks", {"number": "NUMBER_INTEGER", "text": "STRING"}))
    return path


@pytest.fixture
def asks_text(tmp_path):
    path = tmp_path / "text.yaml"
    path.write_text(made_of("true", "text", {"text": "STRING"}))
    return path


@pytest.fixture
def quick(tmp_path):
    return pipeline(tmp_path, {"a": step("echo done")}, "quick")


TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"


# --- experiments --------------------------------------------------------------------------------------


def test_experiments(kfp):
    name = fresh("experiment")
    header, row = kfp.rows("experiment", "create", name, "-d", "about it")
    assert header == ["ID", "NAME", "CREATED AT", "STORAGE STATE"]
    assert row[1] == name and row[3] == "AVAILABLE" and re.fullmatch(TIME, row[2])
    experiment = row[0]
    again = kfp("experiment", "create", name)
    assert f"Experiment details: {kfp.address}/#/experiments/details/{experiment}" in again

    found = kfp.json("experiment", "get", experiment)
    assert (found["display_name"], found["description"], found["storage_state"]) == (name, "about it", "AVAILABLE")
    assert found == kfp.json("experiment", "create", name)
    assert kfp.rows("experiment", "get", experiment)[1] == row

    assert row in kfp.rows("experiment", "list")
    assert DEFAULT in [listed[1] for listed in kfp.rows("experiments", "list")]
    assert found in kfp.json("experiment", "list", "--sort-by", "display_name asc", "-m", 200)
    only = json.dumps({"predicates": [{"operation": 1, "key": "display_name", "stringValue": name}]})
    assert kfp.json("experiment", "list", "--filter", only) == [found]
    assert len(kfp.json("experiment", "list", "-m", 1)) == 1

    assert kfp.rows("experiment", "archive", "--experiment-id", experiment)[1][3] == "ARCHIVED"
    assert kfp.rows("experiment", "unarchive", "--experiment-name", name)[1][3] == "AVAILABLE"
    assert kfp.json("experiment", "archive", "--experiment-name", name)["storage_state"] == "ARCHIVED"
    assert kfp.json("experiment", "unarchive", "--experiment-id", experiment)["storage_state"] == "AVAILABLE"

    kfp("experiment", "delete", experiment, answer="n\n")
    assert kfp.json("experiment", "get", experiment) == found
    assert "Aborted!" in kfp("experiment", "delete", experiment, code=1)
    assert f"Experiment {experiment} deleted." in kfp("experiment", "delete", experiment, answer="y\n")
    assert "(404)" in kfp("experiment", "get", experiment, code=1)
    assert f"Experiment {experiment} not found" in kfp("experiment", "delete", experiment, answer="y\n", code=1)
    second = kfp.json("experiment", "create", fresh("experiment"))["experiment_id"]
    assert kfp("--output", "json", "experiment", "delete", second, answer="y\n").endswith(f'"{second}"')


# --- pipelines ----------------------------------------------------------------------------------------


def test_pipelines_and_versions(kfp, package, quick):
    name = fresh("pipeline")
    said = kfp("pipeline", "create", "-p", name, "-d", "asks two things", package)
    made = kfp.json("pipeline", "create", quick)
    assert (made["name"], made["display_name"]) == ("quick", "quick")
    header, row = kfp.rows("pipeline", "list", "--filter", json.dumps(
        {"predicates": [{"operation": "EQUALS", "key": "display_name", "string_value": name}]}
    ))
    assert header == ["ID", "NAME", "CREATED AT"]
    pipeline_id = row[0]
    assert row[1] == name and re.fullmatch(TIME, row[2])
    assert f"Pipeline details: {kfp.address}/#/pipelines/details/{pipeline_id}" in said
    assert kfp.rows("pipeline", "get", pipeline_id) == [header, row]
    assert kfp.json("pipeline", "get", pipeline_id)["description"] == "asks two things"
    assert {name, "quick"} <= {listed["name"] for listed in kfp.json("pipelines", "list")}
    # `upload` is the old word for `create`.
    assert "(409)" in kfp("pipeline", "upload", "-p", name, package, code=1)

    second = kfp.json("pipeline", "create-version", "-v", "second", "-p", pipeline_id, "-d", "d", package)
    assert (second["pipeline_id"], second["display_name"], second["description"]) == (pipeline_id, "second", "d")
    third = kfp("pipeline", "create-version", "-v", "third", "-n", name, quick)
    assert f"/#/pipelines/details/{pipeline_id}/version/" in third
    assert "Can't find a pipeline with name: nothing-like-it" in kfp(
        "pipeline", "create-version", "-v", "x", "-n", "nothing-like-it", quick, code=1
    )
    assert "(409)" in kfp("pipeline", "upload-version", "-v", "second", "-p", pipeline_id, package, code=1)

    header, *rows = kfp.rows("pipeline", "list-versions", pipeline_id, "--sort-by", "name desc")
    assert header == ["ID", "NAME", "CREATED AT", "PARENT ID"]
    assert [row[1] for row in rows] == ["third", "second", name]
    assert {row[3] for row in rows} == {pipeline_id}
    listed = kfp.json("pipeline", "list-versions", pipeline_id)
    assert len(listed) == 3 and second in listed
    version_id = second["pipeline_version_id"]
    assert kfp.json("pipeline", "get-version", pipeline_id, version_id) == second
    assert kfp.rows("pipeline", "get-version", pipeline_id, version_id)[1][:2] == [pipeline_id, "second"]

    assert "as it has existing pipeline versions" in kfp("pipeline", "delete", pipeline_id, answer="y\n", code=1)
    for version in listed:
        version_id = version["pipeline_version_id"]
        said = kfp("pipeline", "delete-version", pipeline_id, version_id, answer="y\n")
        assert f"Pipeline version {version_id} deleted." in said
    assert kfp.json("pipeline", "list-versions", pipeline_id) == []
    assert kfp.rows("pipeline", "list-versions", pipeline_id) == [header]
    assert f"Pipeline {pipeline_id} deleted." in kfp("pipeline", "delete", pipeline_id, answer="y\n")
    assert "(404)" in kfp("pipeline", "get", pipeline_id, code=1)
    assert "(404)" in kfp("pipeline", "get-version", pipeline_id, version_id, code=1)


def test_what_is_no_pipeline_is_refused(kfp, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: 1\n")
    assert "(400)" in kfp("pipeline", "create", "-p", fresh("bad"), bad, code=1)
    assert "cannot be empty" in kfp("pipeline", "create", "-p", "", bad, code=1)


# --- runs ---------------------------------------------------------------------------------------------


def test_runs(kfp, api, package, quick):
    experiment = fresh("runs")
    said = kfp("run", "create", "-e", experiment, "-r", "from a file", "-f", package, "number=7", "text=some text", "-w")
    assert "Run is finished with state SUCCEEDED." in said
    assert f"Experiment details: {kfp.address}/#/experiments/details/" in said
    run_id = re.search(r"/#/runs/details/(\S+)", said)[1]
    experiment_id = re.search(r"/#/experiments/details/(\S+)", said)[1]
    header, row = kfp.rows("run", "get", run_id)
    assert header == ["ID", "NAME", "CREATED AT", "STATE", "STORAGE STATE"]
    assert [row[0], row[1], row[3], row[4]] == [run_id, "from a file", "SUCCEEDED", "AVAILABLE"]
    assert re.fullmatch(TIME, row[2])
    found = kfp.json("run", "get", run_id)
    assert found["runtime_config"]["parameters"] == {"number": 7, "text": "some text"}
    assert found["experiment_id"] == experiment_id
    assert "Run is finished with state SUCCEEDED." in kfp("run", "get", run_id, "-w")

    made = kfp.json("pipeline", "create", "-p", fresh("stored"), package)
    version = kfp.json("pipeline", "list-versions", made["pipeline_id"])[0]["pipeline_version_id"]
    ended = kfp.json(
        "run", "create", "-e", experiment, "-r", "from a version", "-p", made["pipeline_id"], "-v", version, "-t", 60,
        "number=7", "text=some text",
    )
    assert ended["state"] == "SUCCEEDED"
    assert ended["pipeline_version_reference"]["pipeline_version_id"] == version
    by_name = kfp.json("run", "submit", "-e", experiment, "-n", made["name"], "-v", version, "number=8", "text=x")
    assert by_name["display_name"] == experiment
    assert api.wait(by_name["run_id"])["state"] == "FAILED"
    assert "Run is finished with state FAILED." in kfp("run", "get", by_name["run_id"], "-w")

    rows = kfp.rows("run", "list", "-e", experiment_id)
    assert rows[0] == header and row in rows
    assert {listed[1] for listed in rows[1:]} == {"from a file", "from a version", experiment}
    assert {listed["run_id"] for listed in kfp.json("runs", "list", "-m", 200)} >= {run_id, ended["run_id"]}
    failed = json.dumps({"predicates": [{"operation": "EQUALS", "key": "state", "string_value": "FAILED"}]})
    assert [listed["run_id"] for listed in kfp.json("run", "list", "-e", experiment_id, "--filter", failed)] == [by_name["run_id"]]

    assert kfp.rows("run", "archive", run_id)[1][4] == "ARCHIVED"
    assert kfp.rows("run", "unarchive", run_id)[1][4] == "AVAILABLE"
    assert kfp.json("run", "archive", run_id)["storage_state"] == "ARCHIVED"
    assert f"Run {run_id} deleted." in kfp("run", "delete", run_id, answer="y\n")
    for verb in ("get", "archive", "unarchive"):
        assert f"Run {run_id} not found" in kfp("run", verb, run_id, code=1)
    assert "(404)" in kfp("run", "delete", run_id, answer="y\n", code=1)


def test_runs_that_cannot_be(kfp, package):
    create = ("run", "create", "-e", fresh("refused"))
    assert "You must provide one of" in kfp(*create, code=1)
    assert "Invalid argument format" in kfp(*create, "-f", package, "number", code=1)
    assert "parameter number is not optional" in kfp(*create, "-f", package, "text=x", code=1)
    assert "not of number value type" in kfp(*create, "-f", package, "text=x", "number=seven", code=1)
    assert "not required by pipeline" in kfp(*create, "-f", package, "text=x", "number=7", "colour=red", code=1)
    assert "(404)" in kfp("run", "list", "-e", NOBODY, code=1)
    assert "(400)" in kfp("run", "list", "--sort-by", "colour", code=1)


# --- recurring runs -----------------------------------------------------------------------------------


def test_recurring_runs(kfp, asks_text):
    experiment = kfp.json("experiment", "create", fresh("recurring"))
    name = fresh("nightly")
    header, row = kfp.rows(
        "recurring-run", "create", "--job-name", name, "--experiment-id", experiment["experiment_id"],
        "--cron-expression", "0 0 2 * * *", "--enabled", "--catchup", "--description", "at two",
        "--start-time", "2030-01-01T00:00:00Z", "--end-time", "2031-01-01T00:00:00Z", "--max-concurrency", 2,
        "--pipeline-package-path", asks_text, "text=1",
    )
    assert header == ["ID", "NAME", "CREATED AT", "EXPERIMENT ID", "STATUS"]
    assert row[1] == name and row[3:] == [experiment["experiment_id"], "ENABLED"]
    recurring_id = row[0]
    found = kfp.json("recurring-run", "get", recurring_id)
    assert found["runtime_config"]["parameters"] == {"text": "1"}
    assert found["trigger"]["cron_schedule"]["cron"] == "0 0 2 * * *"
    assert found["max_concurrency"] == "2" and not found["no_catchup"]

    made = kfp.json("pipeline", "create", "-p", fresh("often"), asks_text)
    version = kfp.json("pipeline", "list-versions", made["pipeline_id"])[0]["pipeline_version_id"]
    hourly = kfp.json(
        "recurring-run", "create", "--job-name", fresh("hourly"), "--experiment-name", experiment["display_name"],
        "--interval-second", 3600, "--pipeline-id", made["pipeline_id"], "--version-id", version, "text=x",
    )
    # Without --enabled and --catchup the command asks for neither.
    assert (hourly["mode"], hourly["status"], hourly["no_catchup"]) == ("DISABLE", "DISABLED", True)
    assert hourly["trigger"]["periodic_schedule"]["interval_second"] == "3600"

    rows = kfp.rows("recurring-run", "list", "-e", experiment["experiment_id"])
    assert rows[0] == header and row in rows and len(rows) == 3
    assert hourly in kfp.json("recurring-runs", "list")
    assert kfp.rows("recurring-run", "disable", recurring_id)[1][4] == "DISABLED"
    assert kfp.rows("recurring-run", "enable", recurring_id)[1][4] == "ENABLED"
    assert kfp.json("recurring-run", "enable", hourly["recurring_run_id"])["status"] == "ENABLED"
    for gone in (recurring_id, hourly["recurring_run_id"]):
        assert f"Recurring_run {gone} deleted." in kfp("recurring-run", "delete", gone, answer="y\n")
        assert "(404)" in kfp("recurring-run", "get", gone, code=1)
        assert "(404)" in kfp("recurring-run", "enable", gone, code=1)


def test_recurring_runs_that_cannot_be(kfp, quick):
    create = ("recurring-run", "create", "--experiment-name", DEFAULT, "--pipeline-package-path", quick)
    assert "Schedule cron is not a supported format" in kfp(*create, "--job-name", "x", "--cron-expression", "whenever", code=1)
    assert "Max concurrency" in kfp(*create, "--job-name", "x", "--interval-second", 60, "--max-concurrency", 11, code=1)
    assert "name cannot be empty" in kfp(*create, "--interval-second", 60, code=1)


# --- completeness -------------------------------------------------------------------------------------


def test_every_verb_is_used(kfp, request):
    wanted = set()
    for noun, verbs in VERBS.items():
        listed = re.split(r"\nCommands:\n", kfp(noun, "--help"))[1]
        assert re.findall(r"^  ([a-z-]+)", listed, re.MULTILINE) == verbs.split(), noun
        wanted |= {(noun, verb) for verb in verbs.split()}
    here = pathlib.Path(__file__).name
    selected = {item.originalname for item in request.session.items if item.path.name == here}
    if len(selected) < sum(name.startswith("test_") for name in globals()):
        pytest.skip("only with all tests of this file can be said which verbs they use")
    assert wanted - USED == set()
    assert "Unrecognized command" in kfp("run", "terminate", NOBODY, code=2)
    assert kfp("--version").startswith("kfp 2.17.0")
