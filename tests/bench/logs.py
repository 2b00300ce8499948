"""A step that writes 1,000,000 lines, beside `docker logs -f` of the same program.

Both are taken from the start of the container to the last byte in a file.
"""

import subprocess

import pipelines
from table import interleaved
from workbench import Workbench

LINES = 1_000_000
PROGRAM = ["seq", "-f", "line %.0f of many, about as long as what a training loop says", "1", str(LINES)]


def measure(folder, table):
    file = pipelines.write(folder, "lines", {"dag": {"tasks": {"talk": pipelines.step("talk")}}}, PROGRAM)
    kept = folder / "kept"
    expected = subprocess.run(PROGRAM, check=True, capture_output=True).stdout
    with Workbench(folder / "home") as workbench:

        def ours():
            run = workbench.run(file, "--no-cache")
            with open(kept, "wb") as target:
                workbench.command("logs", run["run_id"], "--step", "talk", stdout=target)

        ours()
        assert kept.read_bytes() == expected, "the log is not what was written"
        mine, peer = interleaved(max(2, table.repetitions // 2), ours, lambda: docker_logs(folder / "docker"))
    print(f"   kept and read back {mine:.2f} s, docker logs {peer:.2f} s")
    table.row("1,000,000 lines: rate / docker logs", peer / mine, 0.5, least=True)


def docker_logs(target):
    name = "coracle-bench-lines"
    subprocess.run(["docker", "run", "-d", "--name", name, "python:3.11", *PROGRAM], check=True, capture_output=True)
    try:
        with open(target, "wb") as file:
            subprocess.run(["docker", "logs", "-f", name], check=True, stdout=file)
    finally:
        subprocess.run(["docker", "rm", "-f", name], check=True, capture_output=True)
