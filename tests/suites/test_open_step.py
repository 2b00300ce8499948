"""A step, opened as a notebook: its image, what it was given, and its code to run again."""

import json
import sys

import pytest
from conftest import pipeline, step, wait_for
from jupyter import Jupyter
from kube import Kubectl

PIPELINE = '''
from kfp import dsl, kubernetes

@dsl.component(base_image="python:3.11")
def make(data: dsl.Output[dsl.Dataset]):
    with open(data.path, "w") as file:
        file.write("1 2 3")

@dsl.component(base_image="python:3.11", packages_to_install=["six==1.16.0"])
def total(data: dsl.Input[dsl.Dataset], factor: int, result: dsl.Output[dsl.Model]) -> int:
    import os
    import six
    numbers = [int(word) for word in open(data.path).read().split()]
    assert factor < 3, f"{factor} is too much"
    with open(result.path, "w") as file:
        file.write(os.environ["KEY"] + six.__version__)
    return factor * sum(numbers)

@dsl.pipeline(name="opened")
def opened(factor: int = 5):
    task = total(data=make().output, factor=factor)
    kubernetes.use_secret_as_env(task, secret_name="keys", secret_key_to_env={"key": "KEY"})
'''

# From an index, the first time.
INSTALL_SECONDS = 600


@pytest.fixture
def workbench(on_docker):
    on_docker.environment["VIRTUAL_ENV"] = sys.prefix
    on_docker("secret", "set", "keys", "key=hidden")
    server = on_docker.serve()
    Kubectl(on_docker).ok("create", "secret", "generic", "keys", "--from-literal=key=hidden")
    yield on_docker, server
    kubectl = Kubectl(on_docker)
    for kind in ("notebooks", "pods"):
        kubectl("delete", kind, "--all", "--wait=false")
    wait_for(lambda: not kubectl.get("pods")["items"], 60, "the end of all pods")


def opened(coracle, server, *arguments):
    result = coracle("open", *arguments, "-o", "json", seconds=INSTALL_SECONDS)
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["path"] == f"/notebook/default/{said['notebook']}/lab/tree/step.ipynb"
    return said, Jupyter(server.address, said["notebook"]).until_it_serves(60)


def cells(jupyter):
    status, found = jupyter.ask("GET", "/api/contents/step.ipynb")
    assert status == 200, found
    return found["content"]["cells"]


def test_a_failed_step_is_mended_where_it_failed(workbench, tmp_path):
    coracle, server = workbench
    source = tmp_path / "opened.py"
    source.write_text(PIPELINE)
    run = coracle.run(source, code=1, seconds=300)
    said, jupyter = opened(coracle, server, "total")
    assert (said["run_id"], said["step"]) == (run["run_id"], "total")

    about, given, code, call = cells(jupyter)
    assert "5 is too much" in about["source"] and "**FAILED**" in about["source"]
    kernel = jupyter.start_kernel()
    kernel.run(given["source"])
    assert kernel.run("print(parameters['factor'], open(inputs['data'][0]['path']).read())") == "5 1 2 3"
    kernel.run(code["source"])
    with pytest.raises(AssertionError, match="5 is too much"):
        kernel.run(call["source"])
    # Mended, it runs with the step's package and its secret; what it writes is the notebook's own.
    kernel.run(code["source"].replace("factor < 3", "factor < 9"))
    kernel.run(call["source"])
    assert kernel.run("print(open('outputs/result').read())") == "hidden1.16.0"
    output = json.loads(kernel.run("print(open('outputs/output_metadata.json').read())"))
    assert output["parameterValues"] == {"Output": 30}
    with pytest.raises(AssertionError, match="Read-only"):
        kernel.run("open(inputs['data'][0]['path'], 'w')")
    kubectl = Kubectl(coracle)
    assert "hidden" not in json.dumps(kubectl.get("notebook", said["notebook"]))

    # Opened again, it is the same one, as it was left.
    kernel.run("open('notes.txt', 'w').write('mine')")
    kubectl.ok("annotate", "notebook", said["notebook"], "kubeflow-resource-stopped=2026-01-01T00:00:00Z")
    pod = f"{said['notebook']}-0"
    wait_for(lambda: kubectl("get", "pod", pod).returncode != 0, 60, f"the end of {pod}")
    again, jupyter = opened(coracle, server, "total", "--run", run["run_id"][:8])
    assert again == said
    assert jupyter.start_kernel().run("print(open('notes.txt').read())") == "mine"

    # It goes as a whole.
    kubectl.ok("delete", "notebook", said["notebook"])
    for kind in ("configmap", "pvc"):
        wait_for(lambda: kubectl("get", kind, said["notebook"]).returncode != 0, 30, f"the end of its {kind}")


def test_a_command_is_opened_too(workbench, tmp_path):
    coracle, server = workbench
    made = pipeline(tmp_path, {"say": step("echo said $0")}, name="plain")
    coracle.run(made, code=0)
    _, jupyter = opened(coracle, server, "say")
    about, _, command = cells(jupyter)
    assert "**SUCCEEDED**" in about["source"]
    kernel = jupyter.start_kernel()
    said = command["source"].replace("check=True", "check=True, stdout=subprocess.PIPE, text=True")
    assert kernel.run(f"{said}.stdout").strip("'\\n") == "said step"


def test_what_cannot_be_opened_is_said(workbench, tmp_path):
    coracle, _ = workbench
    missing = coracle("open", "nowhere")
    assert missing.returncode == 4 and "there is no step `nowhere`" in missing.stderr
    made = pipeline(tmp_path, {"one": step("exit 1"), "two": step("true")}, name="half", two={"dependentTasks": ["one"]})
    run = coracle.run(made, code=1)
    never = coracle("open", "two", "--run", run["run_id"])
    assert never.returncode == 4 and "`two` has not run yet" in never.stderr, never.stderr


def test_processes_have_no_image_to_open(on_processes, tmp_path):
    run = on_processes.run(pipeline(tmp_path, {"one": step("true")}, name="plain"), code=0)
    refused = on_processes("open", "one", "--run", run["run_id"])
    assert refused.returncode == 2 and "a step is opened in its image" in refused.stderr, refused.stderr
