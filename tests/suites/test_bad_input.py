"""Files, parameters, images and outputs that nothing good can come of: each is refused or fails by name."""

import io
import json
import pathlib
import sys
import tarfile
import zipfile

import pytest
from conftest import OUTPUT, finished, pipeline, step, tasks, wait_for

GOOD = {
    "pipelineInfo": {"name": "made"},
    "schemaVersion": "2.1.0",
    "deploymentSpec": {"executors": {"exec-a": {"container": {"image": "python:3.11", "command": ["true"]}}}},
    "components": {"comp-a": {"executorLabel": "exec-a"}},
    "root": {"dag": {"tasks": {"a": {"taskInfo": {"name": "a"}, "componentRef": {"name": "comp-a"}}}}},
}


def changed(**parts):
    return json.dumps({**GOOD, **parts}).encode()


def with_tasks(**given):
    named = {
        name: {"taskInfo": {"name": name}, "componentRef": {"name": "comp-a"}, **task} for name, task in given.items()
    }
    return changed(root={"dag": {"tasks": named}})


def bomb():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 12)]
    return "\n".join(lines).encode()


def zipped(names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, json.dumps(GOOD))
    return file.getvalue()


def tarred(name):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        text = json.dumps(GOOD).encode()
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return file.getvalue()


FILES = {
    "nothing": ("p.yaml", lambda: b"", "empty"),
    "a hundred megabytes": ("p.yaml", lambda: b"# " + b"x" * (100 << 20), "MiB"),
    "ten thousand levels": ("p.yaml", lambda: b"[" * 10_000 + b"]" * 10_000, "deep"),
    "an alias bomb": ("p.yaml", bomb, "alias"),
    "no text": ("p.yaml", lambda: b"pipelineInfo: \xff\xfe\x80", "UTF-8"),
    "a v1 workflow": (
        "p.yaml", lambda: b"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec: {entrypoint: main}\n", "v1"
    ),
    "a cycle": (
        "p.yaml", lambda: with_tasks(a={"dependentTasks": ["b"]}, b={"dependentTasks": ["a"]}), "depend"
    ),
    "an unknown executor": ("p.yaml", lambda: changed(components={"comp-a": {"executorLabel": "exec-z"}}), "exec-z"),
    "an unknown component": ("p.yaml", lambda: with_tasks(a={"componentRef": {"name": "comp-z"}}), "comp-z"),
    "no archive": ("p.zip", lambda: b"PK\x03\x04 and then nothing", "zip"),
    "an archive with nothing of use": ("p.zip", lambda: zipped(["readme.txt"]), "yaml"),
    "a tar that is cut off": ("p.tar.gz", lambda: tarred("pipeline.yaml")[:80], "tar"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_pipeline_is_refused_with_a_reason(on_processes, tmp_path, name):
    file_name, make, named = FILES[name]
    file = tmp_path / file_name
    file.write_bytes(make())
    result = on_processes("run", file)
    assert result.returncode == 2, result.stdout + result.stderr
    assert named.lower() in result.stderr.lower(), result.stderr
    assert "panicked" not in result.stderr and file_name in result.stderr
    assert len(result.stderr) < 20_000
    assert on_processes.json("runs")["runs"] == []


def test_a_problem_is_shown_at_its_place_with_what_to_try(on_processes, tmp_path):
    file = tmp_path / "p.yaml"
    text = json.dumps(GOOD, indent=2).replace('"exec-a"\n', '"exec-b"\n')
    file.write_text(text)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "exec-b" in line)
    shown = on_processes("run", file)
    assert f"p.yaml:{line}:" in shown.stderr, shown.stderr
    refused = on_processes("run", file, "-o", "json")
    assert refused.returncode == 2
    [diagnostic] = json.loads(refused.stderr)["error"]["diagnostics"]
    assert diagnostic["span"]["line"] == line
    assert diagnostic["code"] and diagnostic["message"] and diagnostic["help"]


PARAMETERS = [
    ([], "number"),
    (["-p", "number=three"], "number"),
    (["-p", "number=1", "-p", "other=2"], "other"),
    (["-p", "number"], "number"),
]


@pytest.mark.parametrize(("arguments", "named"), PARAMETERS)
def test_a_parameter_that_does_not_fit_is_refused(on_processes, tmp_path, arguments, named):
    file = tmp_path / "p.yaml"
    parameters = {"number": {"parameterType": "NUMBER_INTEGER"}}
    file.write_bytes(changed(root={**GOOD["root"], "inputDefinitions": {"parameters": parameters}}))
    result = on_processes("run", file, *arguments)
    assert result.returncode == 2, result.stdout + result.stderr
    assert named in result.stderr


def test_the_compilers_own_message_is_shown(on_processes, tmp_path):
    file = tmp_path / "p.py"
    file.write_text(
        "from kfp import dsl\n\n@dsl.component\ndef one(x: int) -> int:\n    return x\n\n"
        "@dsl.pipeline\ndef broken():\n    one(x='a text')\n"
    )
    on_processes.environment["PATH"] = f"{pathlib.Path(sys.executable).parent}:{on_processes.environment['PATH']}"
    result = on_processes("run", file)
    assert result.returncode == 2
    assert "NUMBER_INTEGER" in result.stderr and "STRING" in result.stderr, result.stderr


def reason(run, name="a"):
    task = tasks(run)[name]
    assert task["state"] == "FAILED", task
    return task["reason"]


def failure(command, run, name="a"):
    """The code and the hint of a failed task."""
    [task] = [task for task in command.json("get", run["run_id"])["tasks"] if task["path"] == name]
    return task["reason"]["code"], task["reason"].get("hint")


def test_an_image_that_is_nowhere_is_named_with_what_to_try(on_docker, tmp_path):
    run = on_docker.run(pipeline(tmp_path, {"a": step("true", image="no-such-image-anywhere:1")}), code=1)
    assert "no-such-image-anywhere:1" in reason(run)
    code, hint = failure(on_docker, run)
    assert code == "image_not_found" and "docker pull no-such-image-anywhere:1" in hint


def test_memory_over_the_limit_is_named(on_docker, tmp_path):
    eats = step(["python3", "-c", "x = b'x' * (400 << 20)"], resources={"resourceMemoryLimit": "64Mi"})
    run = on_docker.run(pipeline(tmp_path, {"a": eats}), code=1)
    code, hint = failure(on_docker, run)
    assert code == "out_of_memory" and hint


def test_a_timeout_is_named(coracle, tmp_path):
    platform = {"exec-a": {"activeDeadlineSeconds": "1"}}
    run = coracle.run(pipeline(tmp_path, {"a": step("sleep 60")}, platform=platform), code=1)
    code, hint = failure(coracle, run)
    assert code == "timeout" and hint


def test_a_missing_output_fails_the_step(coracle, tmp_path):
    run = coracle.run(pipeline(tmp_path, {"a": step("true", outputs=["out"])}), code=1)
    assert failure(coracle, run)[0] == "missing_output"
    assert "out" in reason(run)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../../etc/passwd", "/proc/self/environ"])
def test_an_output_that_leads_out_of_its_place_is_not_read(coracle, tmp_path, target):
    file = pipeline(tmp_path, {"a": step(f'ln -s "{target}" "$1"', args=[OUTPUT], outputs=["out"])})
    run = coracle.run(file, code=1)
    assert failure(coracle, run)[0] == "bad_output"
    assert "root:" not in json.dumps(coracle.json("get", run["run_id"]))


def test_what_forks_and_leaves_does_not_keep_the_step(coracle, tmp_path):
    leaves = "(setsid sh -c 'sleep 600' >/dev/null 2>&1 &); echo gone"
    run = coracle.run(pipeline(tmp_path, {"a": step(leaves)}), seconds=60, code=0)
    assert "gone" in coracle("logs", run["run_id"], "--step", "a").stdout


def test_two_hundred_megabytes_on_one_line_are_kept(coracle, tmp_path):
    size = 200 << 20
    text = f"import sys\nfor _ in range({size >> 20}): sys.stdout.write('x' * (1 << 20))"
    coracle.serve()
    run_id = coracle.submit(pipeline(tmp_path, {"a": step(["python3", "-c", text])}))
    ended = wait_for(lambda: finished(coracle, run_id), 120, "the end of the run")
    assert ended["state"] == "SUCCEEDED"
    coracle.keep(tmp_path / "kept", "logs", run_id, "--step", "a")
    assert (tmp_path / "kept").stat().st_size == size
