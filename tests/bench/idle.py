"""A workbench with 1,000 stored runs: how soon it is ready, and what it holds while nothing happens."""

import base64
import statistics
import time

import pipelines
from workbench import Workbench

RUNS = 1000
STARTS = 5
# Resident memory is read when it has stood still for this long.
STILL_SECONDS = 1
DEADLINE_SECONDS = 120


def measure(folder, table):
    home = folder / "home"
    text = pipelines.write(folder, "one", {"dag": {"tasks": {"a": pipelines.step("a"), "b": pipelines.step("b", ["a"])}}}).read_bytes()
    with Workbench(home, engine="fake") as workbench:
        for _ in range(RUNS):
            workbench.ask("/runs", {"definition": base64.b64encode(text).decode(), "file_name": "one.yaml", "cache": False})
        until(lambda: not workbench.ask("/runs?state=PENDING,RUNNING&limit=1")["runs"])
    ready = []
    for _ in range(STARTS):
        with Workbench(home, engine="docker") as workbench:
            ready.append(workbench.ready_seconds)
            workbench.ask("/runs?limit=100")
            resident = at_rest(workbench)
    table.row("ready with 1,000 runs stored", statistics.median(ready) * 1000, 300, " ms")
    table.row("resident when idle", resident, 40, " MB")


def until(condition):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the runs did not end"
        time.sleep(0.1)


def at_rest(workbench):
    """Resident memory once it no longer changes."""
    seen, since = workbench.resident_mb(), time.monotonic()
    while time.monotonic() - since < STILL_SECONDS:
        now = workbench.resident_mb()
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(0.05)
    return seen
