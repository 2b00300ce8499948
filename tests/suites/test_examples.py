"""The examples: compiled copies that match their sources, and runs that end as examples/README.md says."""

import re
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from conftest import BINARY, EXAMPLES, tasks

FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/pipeline.py"))


def example(name):
    return EXAMPLES / name / "pipeline.yaml"


@pytest.mark.parametrize("name", FOLDERS)
def test_the_compiled_copy_is_that_of_its_source(name, tmp_path):
    source = tmp_path / "pipeline.py"
    source.write_bytes((EXAMPLES / name / "pipeline.py").read_bytes())
    subprocess.run([sys.executable, source], check=True, timeout=120)
    fresh = (tmp_path / "pipeline.yaml").read_text()
    assert fresh == example(name).read_text(), f"run `python examples/{name}/pipeline.py` with kfp 2.17.0"


def test_hello_greets(coracle):
    run = coracle.run(example("hello"), "-p", "name=reader", code=0)
    assert run["outputs"] == {"Output": "hello, reader"}


def test_loop_gathers_in_order(coracle):
    run = coracle.run(example("loop"), "-p", "sentence=one three fourteen", code=0)
    assert run["outputs"] == {"Output": 8}
    measured = [tasks(run)[f"for-loop-1[{index}]/length"]["outputs"]["Output"] for index in range(3)]
    assert measured == [3, 5, 8]


@pytest.mark.parametrize(("fail", "state", "code"), [("false", "COMPLETE", 0), ("true", "FAILED", 1)])
def test_exit_handler_reports_either_way(coracle, fail, state, code):
    run = coracle.run(example("exit-handler"), "-p", f"fail={fail}", code=code)
    assert run["state"] == ("FAILED" if code else "SUCCEEDED")
    assert tasks(run)["report"]["outputs"] == {"Output": state}


def test_digits_keeps_the_better_model(on_docker):
    first = on_docker.run(example("digits"), seconds=600, code=0)
    assert first["outputs"]["family"] == "support vector machine"
    assert first["outputs"]["accuracy"] > 0.97
    skipped = [task["name"] for task in first["tasks"] if task["state"] == "SKIPPED"]
    assert "condition-branches-1/condition-3" in skipped

    second = on_docker.run(example("digits"), "-p", "svm_penalty=0.05", seconds=600, code=0)
    assert second["outputs"]["family"] == "random forest"
    cached = {name for name, task in tasks(second).items() if task["cached"]}
    assert cached == {"load", "split", "train-forest"}

    listed = on_docker.json("artifacts", second["run_id"])["artifacts"]
    made = {detail["artifact"]["name"]: detail for detail in listed if detail["producers"][0]["task"] == "register"}
    assert made["model"]["artifact"]["metadata"]["family"] == "random forest"
    assert made["metrics"]["artifact"]["metadata"]["accuracy"] == second["outputs"]["accuracy"]
    matrix = made["confusion"]["artifact"]["metadata"]["confusionMatrix"]
    right = sum(row["row"][digit] for digit, row in enumerate(matrix["rows"]))
    assert right / 450 == pytest.approx(second["outputs"]["accuracy"])


def demonstrate(command, *arguments):
    """`examples/digits/run` as a machine runs it: no terminal."""
    environment = {**command.environment, "CI": "1", "CORACLE_BIN": BINARY}
    return subprocess.run(
        [EXAMPLES / "digits" / "run", *arguments], env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=600,
    )


def test_the_demonstration_leaves_nothing_running(on_processes):
    shown = demonstrate(on_processes)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "on processes of this machine" in shown.stderr
    for name in ("load", "split", "train-svm", "train-forest", "evaluate", "register"):
        assert f"  {name}  SUCCEEDED" in shown.stderr
    assert "The support vector machine is better" in shown.stdout
    address = re.search(r"workbench  (http://127\.0\.0\.1:\d+)", shown.stdout)[1]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{address}/healthz", timeout=5)

    # A workbench that was there before is used, and stays.
    server = on_processes.serve()
    shown = demonstrate(on_processes, "-p", "svm_penalty=0.05")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert server.address in shown.stdout
    assert "The random forest is better" in shown.stdout
    assert server.poll() is None

    refused = demonstrate(on_processes, "-p", "trees=many")
    assert refused.returncode == 2
    assert "trees" in refused.stderr
