"""Recorded conversations with real servers, played to the workbench.

They lie beside the repository, in `../shared/recordings`, or where CORACLE_RECORDINGS points.
"""

import os
import pathlib
import subprocess
import sys

import pytest
from conftest import ROOT


def folder_of(name):
    """The folder of a recording; the test is skipped, by name, where there is none."""
    given = os.environ.get("CORACLE_RECORDINGS")
    places = [pathlib.Path(given)] if given else [ROOT.parent / "shared" / "recordings"]
    for place in places:
        for folder in (place / name, place):
            if folder.name == name and (folder / "recorded.jsonl").is_file() and (folder / "replay.py").is_file():
                return folder
    pytest.skip(f"no recording of {name} in {places[0]}: CORACLE_RECORDINGS can name the folder")


def play(name, address, *options, against=None):
    """The labels of the answers that differ, and the last line; `against` other answers than the recording's own."""
    folder = folder_of(name)
    against = against or folder / "recorded.jsonl"
    played = subprocess.run(
        [sys.executable, folder / "replay.py", address, "--against", against, *options],
        capture_output=True, text=True, timeout=600,
    )
    assert played.returncode in (0, 1), played.stderr
    lines = played.stdout.splitlines()
    print(played.stdout)
    return [line.removeprefix("- ") for line in lines if line.startswith("- ")], lines[-1]
