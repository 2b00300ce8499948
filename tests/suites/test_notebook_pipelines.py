"""Notebooks whose cells are tagged, as pipelines: what passes between steps, and what their authors are told."""

import json
import re
import sys

import pytest
from conftest import EXAMPLES, tasks


@pytest.fixture(autouse=True)
def kfp_is_there(monkeypatch):
    """The environment with kfp is the active one, as where such a notebook is written."""
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)


def notebook(tmp_path, *cells, name="tagged", **metadata):
    """A file with a cell for each pair of tags, in one text, and source."""
    made = {
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {"language_info": {"name": "python", "version": "3.11.7"}, **metadata},
        "cells": [
            {"cell_type": "code", "metadata": {"tags": tags.split()}, "source": source, "outputs": []} for tags, source in cells
        ],
    }
    path = tmp_path / f"{name}.ipynb"
    path.write_text(json.dumps(made))
    return path


def refusal(coracle, path):
    result = coracle("run", path)
    assert result.returncode == 2, result.stderr
    return result.stderr


def printed(coracle, run, step):
    """The lines that a step's cells print, without what kfp's executor tells around them."""
    lines = coracle("logs", run["run_id"], "--step", step).stdout.splitlines()
    begin = 1 + max(index for index, line in enumerate(lines) if line in ("}", "{}"))
    return [line for line in lines[begin:] if line and not line.startswith("[KFP Executor")]


def test_the_example_fits_its_line(coracle):
    run = coracle.run(EXAMPLES / "tagged-notebook" / "train.ipynb", "-p", "points=100", code=0)
    assert coracle.json("get", run["run_id"])["pipeline"] == "line"
    done = tasks(run)
    assert set(done) == {"load", "guess", "fit", "compare", "pipeline-metrics"}
    [line] = printed(coracle, run, "fit")
    start, slope = (float(number) for number in re.findall(r"\d\.\d+", line))
    assert abs(start - 2) < 0.5 and abs(slope - 3) < 0.1, line
    listed = coracle.json("artifacts", run["run_id"])["artifacts"]
    [metrics] = [entry["artifact"] for entry in listed if entry["artifact"]["schema_title"] == "system.Metrics"]
    assert metrics["metadata"]["line-error"] < metrics["metadata"]["guess-error"]


def test_variables_go_where_they_are_used(coracle, tmp_path):
    """Objects of classes, functions that a step defines, and what a later step changes in place."""
    path = notebook(
        tmp_path,
        ("imports", "import json"),
        ("parameters", "start: int = 1\nname = 'a'\nfactors = [2, 3]"),
        ("functions", "def scaled(value):\n    return value * factors[0]"),
        ("step:make", "from collections import Counter\n\nclass Box:\n    def __init__(self, held):\n        self.held = held\n"),
        ("", "%matplotlib inline\nbox = Box([scaled(start)])\n\ndef total(box):\n    return sum(box.held)"),
        ("skip", "%%bash\nls"),
        ("step:change prev:make", "box.held.append(Counter('aab')['a'])\nstart += 1"),
        ("step:show prev:change", "print(json.dumps([total(box), start, name, [box for box in 'xy'][-1]]))"),
    )
    run = coracle.run(path, "-p", "start=5", "-p", "factors=[10]", code=0)
    assert printed(coracle, run, "show")[-1] == '[52, 6, "a", "y"]'


def test_a_step_finds_what_it_uses_without_a_word_of_it(coracle, tmp_path):
    path = notebook(
        tmp_path, ("step:one", "x = 20"), ("step:two", "y = 1"), ("step:three cache:disabled", "print(x + y)"),
    )
    run = coracle.run(path, code=0)
    assert printed(coracle, run, "three") == ["21"]


def test_a_failure_is_told_with_its_cell(coracle, tmp_path):
    path = notebook(tmp_path, ("step:fails", "x = 1\n\ny = x / 0"))
    run = coracle.run(path, code=1)
    said = "\n".join(printed(coracle, run, "fails"))
    assert said.startswith("Traceback") and said.endswith("ZeroDivisionError: division by zero"), said
    assert 'File "cell 1", line 3' in said and "y = x / 0" in said, said


def test_limits_and_images_are_those_of_the_tags(coracle, tmp_path):
    path = notebook(
        tmp_path, ("step:one image:python:3.11-slim limit:memory:300Mi limit:cpu:1", "x = 1"), ("step:two", "print(x)"),
        kubeflow_notebook={"base_image": "python:3.11"},
    )
    run = coracle.run(path, code=0)
    done = coracle.json("get", run["run_id"])
    attempts = {task["path"]: task["attempts"][0] for task in done["tasks"] if task["attempts"]}
    assert attempts["one"]["image"] == "python:3.11-slim"
    assert attempts["one"]["resources"]["memory_limit"] == 300 << 20
    assert attempts["two"]["image"] == "python:3.11"


def test_what_cannot_be_passed_on_is_named(coracle, tmp_path):
    path = notebook(tmp_path, ("step:one", "thing = (lambda: 1)"), ("step:two", "print(thing())"))
    run = coracle.run(path, code=1)
    assert "`thing` cannot be passed on to another step" in printed(coracle, run, "one")[-1]


@pytest.mark.parametrize(("cells", "said"), [
    ([("step:a", "print(q)")], "step `a` (cell 1) uses `q`, which nothing before it defines"),
    ([("step:a", "x = 1\n!ls")], "cell 1, line 2: `!ls` is of notebooks alone"),
    ([("step:a", "%%bash\nls")], "cell 1: `%%bash` is of notebooks alone"),
    ([("step:a", "%pip install -r needs.txt")], "cell 1, line 1: `-r` names a file that a step does not have"),
    ([("", "x = 1")], "cell 1 belongs to no step: tag it `step:NAME`"),
    ([("imports", "import json")], "has no step"),
    ([("step:a", "x = 1"), ("step:b prev:c", "x")], "cell 2: `prev:c` names no step before `b`"),
    ([("step:a", "x = (1")], "cell 1, line 1: '(' was never closed"),
    ([("parameters", "x = open('f')"), ("step:a", "x")], "cell 1, line 1: a pipeline parameter is written `name = value`"),
    ([("step-a", "x = 1")], "cell 1: there is no tag `step-a`"),
    ([("step:a limit:disk:3", "x = 1")], "`limit:disk:3` is not understood"),
    ([("parameters", "a = 1"), ("step:a", "print(a)")], "step `a` (cell 2) has the name of a parameter"),
    ([("step:a", "x = 1"), ("pipeline-metrics", "x")], "is tagged `pipeline-metrics` and prints nothing"),
])
def test_mistakes_are_told_with_their_place(on_processes, tmp_path, cells, said):
    assert said in refusal(on_processes, notebook(tmp_path, *cells))


def test_a_file_beside_the_notebook_is_not_in_its_steps(on_processes, tmp_path):
    (tmp_path / "helpers.py").write_text("x = 1")
    said = refusal(on_processes, notebook(tmp_path, ("imports", "import helpers"), ("step:a", "print(helpers.x)")))
    assert "cell 1 imports `helpers`, a file beside the notebook" in said


def test_what_is_no_notebook_is_refused(on_processes, tmp_path):
    path = tmp_path / "broken.ipynb"
    for text in ("{", "[]", '{"cells": [{"cell_type": "code"}]}', '{"worksheets": []}'):
        path.write_text(text)
        assert "broken.ipynb` is no pipeline" in refusal(on_processes, path), text


def test_packages_are_those_that_the_notebook_installs_and_imports(on_docker, tmp_path):
    """A package of the index, in the version that the notebook names."""
    path = notebook(tmp_path, ("imports", "%pip install -q six==1.16.0\nimport six"), ("step:a", "print(six.__version__)"))
    run = on_docker.run(path, seconds=300, code=0)
    assert printed(on_docker, run, "a") == ["1.16.0"]
