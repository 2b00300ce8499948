"""`kill -9` at any moment, then start again: running containers are adopted, finished work is not repeated, and the
run ends as it would have."""

import json
import math
import os
import random
import signal
import time

import pytest
from conftest import ENGINES, OUTPUT, finished, pipeline, step, wait_for

MOMENTS = int(os.environ.get("CORACLE_CRASHES", "50"))


def says(text, seconds=0.2):
    return step(f'sleep {seconds}; printf "%s" "{text}" > "$1"; echo said {text}', args=[OUTPUT], outputs=["out"])


def needs(*names):
    return {"dependentTasks": list(names)}


def given(producer):
    return {"in": {"taskOutputParameter": {"producerTask": producer, "outputParameterKey": "out"}}}


def chain(path):
    steps = {"a": says("one")}
    for before, name in zip("abc", "bcd"):
        steps[name] = step(
            'sleep 0.1; printf "%s+" "$2" > "$1"', args=[OUTPUT, "{{$.inputs.parameters['in']}}"], outputs=["out"],
            inputs=given(before),
        )
    return pipeline(path, steps, "chain", b=needs("a"), c=needs("b"), d=needs("c"))


def wide(path):
    return pipeline(path, {name: says(name, 0.4) for name in "abcdef"}, "wide")


def diamond(path):
    steps = {"a": says("top"), "b": says("left"), "c": says("right", 0.5), "d": says("bottom")}
    return pipeline(path, steps, "diamond", b=needs("a"), c=needs("a"), d=needs("b", "c"))


def failing(path):
    steps = {"a": says("fine"), "b": step("sleep 0.3; exit 7"), "c": says("never"), "d": says("aside", 0.6)}
    return pipeline(path, steps, "failing", b=needs("a"), c=needs("b"), d=needs("a"))


def retrying(path):
    retry = {"retryPolicy": {"maxRetryCount": 2, "backoffDuration": "0s", "backoffFactor": 1, "backoffMaxDuration": "1s"}}
    flaky = step('sleep 0.2; test "$KFP_RETRY_INDEX" = 2')
    return pipeline(path, {"a": flaky, "b": says("after")}, "retrying", a=retry, b=needs("a"))


def exiting(path):
    always = {**needs("b"), "triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}}
    steps = {"a": says("body"), "b": step("sleep 0.2; exit 1"), "c": says("cleaned up")}
    return pipeline(path, steps, "exiting", b=needs("a"), c=always)


PIPELINES = [chain, wide, diamond, failing, retrying, exiting]


def summary(run):
    """What must not depend on crashes."""
    return run["state"], sorted(
        (task["path"], task["state"], len(task["attempts"]), json.dumps(task["outputs"]["parameters"], sort_keys=True))
        for task in run["tasks"]
    )


@pytest.mark.parametrize("make", PIPELINES, ids=lambda make: make.__name__)
def test_killed_at_seeded_moments_a_run_ends_as_undisturbed(coracle, tmp_path, make):
    file = make(tmp_path)
    undisturbed_server = coracle.serve()
    begin = time.monotonic()
    run_id = coracle.submit(file, "--no-cache")
    undisturbed = wait_for(lambda: finished(coracle, run_id), 60, "the undisturbed run")
    length = time.monotonic() - begin
    undisturbed_server.send_signal(signal.SIGTERM)
    undisturbed_server.wait(20)

    moments = math.ceil(MOMENTS / len(PIPELINES) / len(ENGINES))
    for seed in range(moments):
        moment = random.Random(f"{make.__name__}-{coracle.engine}-{seed}").uniform(0, length)
        server = coracle.serve()
        run_id = coracle.submit(file, "--no-cache")
        time.sleep(moment)  # the moment is what is tested
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        coracle.serve()
        ended = wait_for(lambda: finished(coracle, run_id), 60, f"the end of run {run_id}, killed at {moment:.2f} s")
        assert summary(ended) == summary(undisturbed), f"killed at {moment:.2f} s"
        coracle.close()
