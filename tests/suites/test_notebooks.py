"""Notebooks as people use them: a server in a pod, its page, its kernels, its files, its stops and starts."""

import os
import time
import urllib.error
import urllib.request

import pytest
from browser import SHIFT, Browser
from conftest import pipeline, step, wait_for
from jupyter import Jupyter
from kube import Kubectl, notebook

# The workbench's own image. The first test that needs it waits while it is built; the engine keeps it.
IMAGE = "coracle/jupyterlab"
BUILD_SECONDS = 600

# Where a container finds its limit, with the control groups of either version.
MEMORY_LIMITS = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]

ASK_KFP = "import kfp; print(sorted(run.display_name for run in kfp.Client().list_runs().runs or []))"


def workspace(name, **server):
    """A notebook and the claim that holds its home."""
    made = notebook(name, IMAGE, volumeMounts=[{"name": "home", "mountPath": "/home/jovyan"}], **server)
    volume = {"name": "home", "persistentVolumeClaim": {"claimName": f"{name}-workspace"}}
    made["spec"]["template"]["spec"]["volumes"] = [volume]
    claim = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": f"{name}-workspace"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    return made, claim


class Bench:
    """A workbench with its kubectl."""

    def __init__(self, coracle):
        self.coracle = coracle
        self.server = coracle.serve()
        self.kubectl = Kubectl(coracle)

    def apply(self, name, **server):
        self.kubectl.apply(*workspace(name, **server))
        return self.jupyter(name)

    def jupyter(self, name, seconds=BUILD_SECONDS):
        return Jupyter(self.server.address, name).until_it_serves(seconds)

    def restart_hard(self):
        """Kills the workbench and begins it again at the same address."""
        self.server.kill()
        self.server.wait()
        self.server = self.coracle.serve(listen=self.server.address.removeprefix("http://"))

    def pod(self, name):
        return self.kubectl.get("pod", f"{name}-0")

    def until_gone(self, name):
        wait_for(lambda: self.kubectl("get", "pod", f"{name}-0").returncode != 0, 60, f"the end of {name}-0")

    def close(self):
        for kind in ("notebooks", "pods"):
            self.kubectl("delete", kind, "--all", "--wait=false")
        wait_for(lambda: not self.kubectl.get("pods")["items"], 60, "the end of all pods")


@pytest.fixture
def bench(on_docker):
    bench = Bench(on_docker)
    yield bench
    bench.close()


@pytest.fixture
def bench_of_processes(on_processes):
    bench = Bench(on_processes)
    yield bench
    bench.close()


def use(bench, tmp_path):
    """What a notebook is for, whatever runs it: code, files, and the workbench itself."""
    jupyter = bench.apply("used")
    kernel = jupyter.start_kernel()
    assert kernel.run("6 * 7") == "42"
    status, terminals = jupyter.ask("GET", "/api/terminals")
    assert (status, terminals) == (200, [])
    kernel.run("open('kept.txt', 'w').write('here')")
    status, listed = jupyter.ask("GET", "/api/contents")
    assert [entry["name"] for entry in listed["content"]] == ["kept.txt"], listed
    made = pipeline(tmp_path, {"say": step("echo hello")}, name="seen-from-inside")
    bench.coracle.run(made, "--name", "seen", code=0)
    assert kernel.run(ASK_KFP).splitlines()[-1] == "['seen']"
    return jupyter


def test_a_notebook_runs_code_and_sees_the_workbench(bench, tmp_path):
    use(bench, tmp_path)
    events = bench.kubectl.get("events")["items"]
    reasons = {event["reason"] for event in events if event["involvedObject"]["name"] == "used-0"}
    assert {"Scheduled", "Created", "Started"} <= reasons
    assert bench.kubectl.get("notebook", "used")["status"]["readyReplicas"] == 1


FUNCTION = """
from kfp import dsl

@dsl.component(base_image="python:3.11")
def double(n: int) -> int:
    return 2 * n

@dsl.pipeline(name="of-a-function")
def doubled(n: int = 21) -> int:
    return double(n=n).output

import kfp
client = kfp.Client()
begun = client.create_run_from_pipeline_func(doubled, arguments={"n": 4})
print(client.wait_for_run_completion(begun.run_id, timeout=120, sleep_duration=1).state)
"""


def test_a_function_and_tagged_cells_become_steps(bench):
    kernel = bench.apply("steps").start_kernel()
    assert kernel.run(FUNCTION).splitlines()[-1] == "SUCCEEDED"
    cells = [("parameters", "n = 1"), ("step:one", "m = n + 1"), ("step:two", "print(m)")]
    made = {
        "nbformat": 4, "nbformat_minor": 5, "metadata": {},
        "cells": [{"cell_type": "code", "metadata": {"tags": [tag]}, "source": source} for tag, source in cells],
    }
    kernel.run(f"import json; json.dump({made!r}, open('tagged.ipynb', 'w'))")
    said = kernel.run("import subprocess; print(subprocess.run(['run-notebook', 'tagged.ipynb', '-p', 'n=4'], "
                      "stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout)")
    one, two, end = [line.split() for line in said.splitlines()[-3:]]
    assert (one, two, end[-1]) == (["one", "SUCCEEDED"], ["two", "SUCCEEDED"], "SUCCEEDED"), said
    run = next(run for run in bench.coracle.json("runs")["runs"] if run["pipeline"] == "tagged")
    assert bench.coracle("logs", run["run_id"], "--step", "two").stdout.count("\n5\n") == 1


def test_a_token_that_its_user_sets_stands(bench):
    server = {"env": [{"name": "CORACLE_API_TOKEN", "value": "mine"}]}
    kernel = bench.apply("own-token", **server).start_kernel()
    assert kernel.run("import os; print(os.environ['CORACLE_API_TOKEN'])") == "mine"
    context = "import json, pathlib; print(json.loads(pathlib.Path('.config/kfp/context.json').read_text())"
    assert kernel.run(f"{context}['client_authentication_header_value'])") == "Bearer mine"


def test_files_survive_stops_and_changes(bench):
    kernel = bench.apply("changing").start_kernel()
    kernel.run("open('kept.txt', 'w').write('here')")
    context = "import json, pathlib; path = pathlib.Path('.config/kfp/context.json')"
    kernel.run(f"{context}; path.write_text(json.dumps({{**json.loads(path.read_text()), 'namespace': 'team'}}))")
    look = f"print(open('kept.txt').read()); {context}; print(json.loads(path.read_text())['namespace'])"

    bench.kubectl.ok("annotate", "notebook", "changing", "kubeflow-resource-stopped=2026-01-01T00:00:00Z")
    bench.until_gone("changing")
    status, page = Jupyter(bench.server.address, "changing").ask("GET", "/api")
    assert (status, b"stopped" in page) == (503, True)
    bench.kubectl.ok("annotate", "notebook", "changing", "kubeflow-resource-stopped-")
    assert bench.jupyter("changing").start_kernel().run(look).split() == ["here", "team"]

    before = bench.pod("changing")["metadata"]["uid"]
    bench.apply("changing", resources={"limits": {"cpu": "1", "memory": "1Gi"}})
    wait_for(lambda: replaced(bench, "changing", before), 60, "another pod")
    kernel = bench.jupyter("changing").start_kernel()
    assert kernel.run(look).split() == ["here", "team"]
    assert kernel.run(f"import glob; print(open(sum(map(glob.glob, {MEMORY_LIMITS}), [])[0]).read())") == str(1 << 30)

    before = bench.pod("changing")["metadata"]["uid"]
    image = bench.pod("changing")["status"]["containerStatuses"][0]["imageID"]
    change = '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "%s"}]' % f"{IMAGE}:latest"
    bench.kubectl.ok("patch", "notebook", "changing", "--type=json", "-p", change)
    wait_for(lambda: replaced(bench, "changing", before), 60, "another pod")
    assert bench.jupyter("changing").start_kernel().run(look).split() == ["here", "team"]
    assert bench.pod("changing")["status"]["containerStatuses"][0]["imageID"] == image


def replaced(bench, name, before):
    found = bench.kubectl("get", "pod", f"{name}-0", "-o", "jsonpath={.metadata.uid}")
    return found.returncode == 0 and found.stdout not in ("", before)


def test_a_kernel_survives_the_workbench(bench):
    jupyter = bench.apply("lasting")
    kernel = jupyter.start_kernel()
    kernel.run("held = 41")
    pod = bench.pod("lasting")["metadata"]["uid"]
    bench.restart_hard()
    wait_for(lambda: jupyter.ask("GET", "/api")[0] == 200, 60, "the server, again")
    kernel.connect()
    assert kernel.run("print(held + 1)") == "42"
    assert bench.pod("lasting")["metadata"]["uid"] == pod
    assert kernel.run(ASK_KFP).splitlines()[-1] == "[]"


def has_idle_kernel(jupyter):
    """Whether a page is connected to a kernel that waits for work."""
    _, sessions = jupyter.ask("GET", "/api/sessions")
    kernels = [session["kernel"] for session in sessions]
    return any(kernel["execution_state"] == "idle" and kernel["connections"] > 0 for kernel in kernels)


def test_a_browser_runs_a_cell(bench, tmp_path):
    jupyter = bench.apply("shown")
    browser = Browser(tmp_path / "browser")
    try:
        browser.open(f"{bench.server.address}/notebook/default/shown/lab")
        browser.click('.jp-LauncherCard[data-category="Notebook"]')
        browser.until("document.querySelector('.jp-Notebook .jp-InputArea-editor .cm-content') !== null")
        # The page says so before it has a kernel, and forgets what it was asked to run then.
        wait_for(lambda: has_idle_kernel(jupyter), 60, "the page's kernel")
        browser.until("document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'")
        browser.fill(".jp-Notebook .jp-InputArea-editor .cm-content", "print('six times seven is', 6 * 7)")
        browser.press("Enter", SHIFT)
        output = "[...document.querySelectorAll('.jp-OutputArea-output')].map(e => e.innerText.trim()).join()"
        assert browser.until(output) == "six times seven is 42"
    finally:
        browser.close()


def test_a_build_that_fails_is_told_with_its_last_lines(bench_of_processes):
    bench_of_processes.coracle.close()
    coracle = bench_of_processes.coracle
    coracle.environment["PIP_INDEX_URL"] = "http://127.0.0.1:9/nothing"
    coracle.environment["PIP_RETRIES"] = "0"
    coracle.environment.pop("PIP_FIND_LINKS", None)
    bench_of_processes.server = coracle.serve()
    bench_of_processes.kubectl = kubectl = Kubectl(coracle)
    kubectl.apply(*workspace("unbuilt"))

    def waits():
        pod = kubectl("get", "pod", "unbuilt-0", "-o", "jsonpath={.status.containerStatuses[0].state.waiting}").stdout
        return pod if "ErrImagePull" in pod or "ImagePullBackOff" in pod else None

    assert "No matching distribution found for" in wait_for(waits, 120, "the fault")


def test_processes_serve_a_notebook_too(bench_of_processes, tmp_path):
    bench = bench_of_processes
    use(bench, tmp_path)
    # Others on the machine reach the port, and are asked for the token that the workbench sends along.
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen("http://127.0.0.1:8888/notebook/default/used/api/kernels", timeout=20)
    assert refused.value.code == 403
    home = os.environ.get("HOME", "/")
    assert bench.jupyter("used").start_kernel().run("import os; print(os.environ['HOME'])") != home


def test_one_that_nobody_uses_is_stopped(on_docker):
    on_docker.environment.update({"CORACLE_CULL_IDLE": "0.25", "CORACLE_CULL_CHECK": "0.02"})
    bench = Bench(on_docker)
    kernel = bench.apply("idle").start_kernel()

    def annotations():
        return bench.kubectl.get("notebook", "idle")["metadata"].get("annotations", {})

    activity = "notebooks.kubeflow.org/last-activity"
    before = wait_for(lambda: annotations().get(activity), 30, "the first look")
    # Longer than it may be idle, and at work.
    kernel.run("import time; time.sleep(18)")
    assert annotations()[activity] > before
    assert "kubeflow-resource-stopped" not in annotations()
    bench.until_gone("idle")
    assert "kubeflow-resource-stopped" in annotations()
    wait_for(lambda: activity not in annotations(), 30, "the end of looking")
    bench.close()


def test_stopping_is_quick(bench):
    bench.apply("quick").start_kernel().run("1")
    began = time.monotonic()
    bench.kubectl.ok("delete", "notebook", "quick", "--wait=false")
    bench.until_gone("quick")
    # A server that did not listen to the word would be given 30 s.
    assert time.monotonic() - began < 10
