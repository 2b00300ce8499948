"""Lightweight steps on Docker, beside `docker run` and kfp.local's DockerRunner.

A bare `docker run --rm` of an image in which kfp is installed already, on the bridge network, is what one step costs
with nothing around it.
"""

import pathlib
import subprocess
import sys
import tempfile

import pipelines
from kfp import compiler, dsl
from table import interleaved, timed
from workbench import Workbench

IMAGE, PREPARED = "python:3.11", "coracle-bench"
CHAIN, LOOP, CACHED = 5, 16, 20


@dsl.component(base_image=IMAGE)
def add_one(x: int) -> int:
    return x + 1


@dsl.pipeline(name="chain-of-five")
def chain_of_five(x: int = 0) -> int:
    task = add_one(x=x)
    for _ in range(CHAIN - 1):
        task = add_one(x=task.output)
    return task.output


@dsl.pipeline(name="sixteen")
def sixteen():
    with dsl.ParallelFor(list(range(LOOP))) as item:
        add_one(x=item)


def measure(folder, table):
    chain, loop = folder / "chain.yaml", folder / "sixteen.yaml"
    compiler.Compiler().compile(chain_of_five, str(chain))
    compiler.Compiler().compile(sixteen, str(loop))
    prepare_peer()
    with Workbench(folder / "home") as workbench:
        workbench.run(chain, "--no-cache")
        ours, bare = interleaved(table.repetitions, lambda: workbench.run(chain, "--no-cache"), docker_run)
        print(f"   chain of five {ours:.2f} s, one docker run {bare:.2f} s")
        table.row("a warm step of a chain of five / docker run", ours / CHAIN / bare, 0.8)
        compare(table, "a chain of five", "chain_of_five", ours)
        loops, = interleaved(table.repetitions, lambda: workbench.run(loop, "--no-cache"))
        compare(table, "a loop of sixteen", "sixteen", loops)
        cached = pipelines.write(folder, "cached", pipelines.layers(CACHED, 1, cache=True), ["true"])
        workbench.run(cached)
        seconds, = interleaved(table.repetitions, lambda: all_cached(workbench.run(cached)))
        table.row("a cached step, start of the command included", seconds * 1000 / CACHED, 10, " ms")


def compare(table, name, pipeline, seconds):
    peer = timed(lambda: local_runner(pipeline))
    print(f"   {name} {seconds:.2f} s, kfp.local {peer:.2f} s")
    table.row(f"{name} / kfp.local", seconds / peer, 1 / 6)


def all_cached(run):
    assert all(task["cached"] for task in run["tasks"]) and len(run["tasks"]) == CACHED, run


def prepare_peer():
    """Makes the image with kfp in it that `docker_run` starts."""
    maker = f"{PREPARED}-maker"
    install = ["python3", "-m", "pip", "install", "--quiet", "--no-deps", "kfp==2.17.0", "typing-extensions>=3.7.4,<5"]
    subprocess.run(["docker", "rm", "-f", maker], capture_output=True)
    for command in (["run", "--name", maker, IMAGE, *install], ["commit", maker, PREPARED], ["rm", maker]):
        subprocess.run(["docker", *command], check=True, capture_output=True)


def docker_run():
    subprocess.run(
        ["docker", "run", "--rm", "--env", "_KFP_RUNTIME=true", PREPARED, "python3", "-c", "import kfp.dsl.executor_main"],
        check=True, capture_output=True,
    )


def local_runner(pipeline):
    """One of the pipelines above on kfp.local's DockerRunner, in a process of its own."""
    with tempfile.TemporaryDirectory() as root:
        text = (
            f"import sys; sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})\n"
            "from kfp import local\n"
            "import steps\n"
            f"local.init(runner=local.DockerRunner(), pipeline_root={root!r})\n"
            f"steps.{pipeline}()\n"
        )
        subprocess.run([sys.executable, "-c", text], check=True, capture_output=True)
