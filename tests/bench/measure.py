"""Measures steps, caching, start-up and logs, each beside a peer in the same run.

Machines are noisy, so a figure is a ratio: what Coracle takes over what the peer takes, medians of interleaved
repetitions. A target that is missed is marked, and the exit status says so.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from kfp import compiler, dsl

BINARY = os.environ["CORACLE_BIN"]
IMAGE = "python:3.11"
ROWS = []


def row(name, value, target, unit="", below=True):
    """Adds a line to the table."""
    met = value <= target if below else value >= target
    ROWS.append((name, f"{value:.3g}{unit}", f"{'<=' if below else '>='} {target:g}{unit}", "ok" if met else "MISSED"))


def timed(action):
    begin = time.monotonic()
    action()
    return time.monotonic() - begin


@dsl.component(base_image=IMAGE)
def add_one(x: int) -> int:
    return x + 1


@dsl.pipeline(name="chain-of-five")
def chain_of_five(x: int = 0) -> int:
    task = add_one(x=x)
    for _ in range(4):
        task = add_one(x=task.output)
    return task.output


@dsl.pipeline(name="sixteen")
def sixteen():
    with dsl.ParallelFor(list(range(16))) as item:
        add_one(x=item)


class Workbench:
    """One `coracle serve` on a home of its own."""

    def __init__(self, home, engine="docker"):
        self.home = home
        self.environment = {**os.environ, "CORACLE_HOME": str(home), "CORACLE_ENGINE": engine, "NO_COLOR": "1"}
        begin = time.monotonic()
        self.server = subprocess.Popen(
            [BINARY, "serve", "--listen", "127.0.0.1:0"], env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True,
        )
        line = self.server.stdout.readline()
        self.ready = time.monotonic() - begin
        self.address = line.removeprefix("listening on ").strip()

    def run(self, file, *arguments):
        result = subprocess.run(
            [BINARY, "run", str(file), "-o", "json", *arguments], env=self.environment, capture_output=True, text=True,
        )
        if result.returncode != 0:
            sys.exit(f"{file}: {result.stdout}\n{result.stderr}")
        return json.loads(result.stdout)

    def resident(self):
        """Resident memory in MB."""
        status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def close(self):
        self.server.terminate()
        self.server.wait(30)


def docker_run():
    """What one step costs with nothing around it: the same image, the same Python import, the bridge network."""
    subprocess.run(
        ["docker", "run", "--rm", "coracle-bench", "python3", "-c", "import kfp.dsl.executor_main"],
        check=True, capture_output=True,
    )


def local_runner(pipeline):
    """The same pipeline on kfp.local's DockerRunner, in a process of its own."""
    script = (
        "import sys; sys.path.insert(0, %r)\n"
        "from kfp import local\n"
        "import measure\n"
        "local.init(runner=local.DockerRunner(), pipeline_root=%r)\n"
        "measure.%s()\n"
    )
    with tempfile.TemporaryDirectory() as root:
        text = script % (str(pathlib.Path(__file__).parent), root, pipeline)
        subprocess.run([sys.executable, "-c", text], check=True, capture_output=True)


def steps(workbench, folder, repetitions):
    chain, loop = folder / "chain.yaml", folder / "sixteen.yaml"
    compiler.Compiler().compile(chain_of_five, str(chain))
    compiler.Compiler().compile(sixteen, str(loop))
    workbench.run(chain, "--no-cache")
    container = "coracle-bench-make"
    subprocess.run(["docker", "rm", "-f", container], capture_output=True)
    subprocess.run(
        ["docker", "run", "--name", container, IMAGE, "python3", "-m", "pip", "install", "--quiet", "--no-deps", "kfp==2.17.0"],
        check=True, capture_output=True,
    )
    subprocess.run(["docker", "commit", container, "coracle-bench"], check=True, capture_output=True)
    subprocess.run(["docker", "rm", "-f", container], capture_output=True)

    ours, bare = [], []
    for _ in range(repetitions):
        ours.append(timed(lambda: workbench.run(chain, "--no-cache")) / 5)
        bare.append(timed(docker_run))
    row("a warm step of a chain of five / docker run", statistics.median(ours) / statistics.median(bare), 0.8)
    print(f"   step {statistics.median(ours) * 1000:.0f} ms, docker run {statistics.median(bare) * 1000:.0f} ms")
    peer = timed(lambda: local_runner("chain_of_five"))
    print(f"   chain of five: {statistics.median(ours) * 5:.2f} s, kfp.local {peer:.2f} s")
    row("a chain of five / kfp.local", statistics.median(ours) * 5 / peer, 1 / 6)
    mine = statistics.median(timed(lambda: workbench.run(loop, "--no-cache")) for _ in range(max(1, repetitions // 2)))
    peer = timed(lambda: local_runner("sixteen"))
    print(f"   sixteen in a loop: {mine:.2f} s, kfp.local {peer:.2f} s")
    row("a loop of sixteen / kfp.local", mine / peer, 1 / 6)

    workbench.run(chain)
    run = workbench.run(chain)
    assert all(task["cached"] for task in run["tasks"] if task["name"].startswith("add-one")), run
    from datetime import datetime
    begin = min(datetime.fromisoformat(task["started_at"]) for task in run["tasks"])
    end = max(datetime.fromisoformat(task["finished_at"]) for task in run["tasks"])
    row("a cached step", (end - begin).total_seconds() * 1000 / 5, 10, " ms")


def idle(home):
    """Ready time and memory with 1,000 stored runs."""
    workbench = Workbench(home, engine="process")
    stored = json.load(urllib.request.urlopen(f"{workbench.address}/apis/coracle/v1/runs?limit=1"))
    assert stored is not None
    row("ready after", workbench.ready * 1000, 300, " ms")
    time.sleep(1)
    row("resident when idle", workbench.resident(), 40, " MB")
    workbench.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="coracle-bench-"))
    try:
        (folder / "home").mkdir()
        workbench = Workbench(folder / "home")
        steps(workbench, folder, 2 if options.quick else 5)
        workbench.close()
        idle(folder / "home")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    width = max(len(name) for name, *_ in ROWS)
    for name, value, target, outcome in ROWS:
        print(f"{name:{width}}  {value:>10}  {target:>10}  {outcome}")
    return 1 if any(outcome == "MISSED" for *_, outcome in ROWS) else 0


if __name__ == "__main__":
    sys.exit(main())
