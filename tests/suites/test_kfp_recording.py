"""A recorded conversation with Kubeflow Pipelines' own server, played to the workbench.

The recording lies beside the repository, in `../shared/recordings/kfp-api`, or where CORACLE_RECORDINGS points.
"""

import os
import pathlib
import subprocess
import sys

import pytest
from conftest import ROOT


def recording():
    """The folder of the recording; the test is skipped, by name, where there is none."""
    given = os.environ.get("CORACLE_RECORDINGS")
    places = [pathlib.Path(given)] if given else [ROOT.parent / "shared" / "recordings"]
    for place in places:
        for folder in (place / "kfp-api", place):
            if (folder / "recorded.jsonl").is_file() and (folder / "replay.py").is_file():
                return folder
    pytest.skip(f"no recording in {places[0]}: CORACLE_RECORDINGS can name the folder")


def play(command, *options):
    """The labels of the answers that differ, and the last line."""
    folder = recording()
    server = command.serve()
    played = subprocess.run(
        [sys.executable, folder / "replay.py", server.address, "--against", folder / "recorded.jsonl", *options],
        capture_output=True, text=True, timeout=600,
    )
    assert played.returncode in (0, 1), played.stderr
    lines = played.stdout.splitlines()
    print(played.stdout)
    return [line.removeprefix("- ") for line in lines if line.startswith("- ")], lines[-1]


def test_all_answers_are_as_recorded(on_docker):
    differing, last = play(on_docker)
    assert differing == []
    assert last == "141 passed, 0 failed"


def test_messages_are_as_recorded(on_docker):
    # What is wrong with YAML is said in the words of another reader.
    differing, last = play(on_docker, "--messages")
    assert differing == ["upload broken yaml"]
    assert last == "140 passed, 1 failed"


def test_with_runnable_uploads_only_what_could_never_run_is_missing(on_docker):
    # What is refused at upload is not in these two lists; everything else is as recorded.
    on_docker.environment["CORACLE_KFP_UPLOADS"] = "runnable"
    differing, last = play(on_docker)
    assert differing == ["pipelines sorted", "pipelines next"]
    assert last == "139 passed, 2 failed"
