"""An image of 300 MB to a registry that has nothing of it, beside `docker push`.

A third of it cannot be packed, a third is text, and a third is some of both. Each push has a registry of its own, since Docker
remembers which registry has which layer.
"""

import contextlib
import io
import json
import os
import pathlib
import random
import socket
import statistics
import subprocess
import tarfile

from table import timed
from workbench import BINARY

IMAGE = "coracle.test/push-bench:1"
LAYER_BYTES = 100_000_000
SCRIPT = pathlib.Path(__file__).parents[1] / "cluster" / "registry"


def measure(folder, table):
    build()
    home = {**os.environ, "CORACLE_HOME": str(folder / "home"), "CORACLE_ENGINE": "docker", "NO_COLOR": "1"}
    times = {ours: [], dockers: []}
    # The first push of each is not counted.
    for repetition in range(table.repetitions + 1):
        for push, seconds in times.items():
            with registry() as address:
                taken = push(f"{address}/bench/image:1", home)
            if repetition:
                seconds.append(taken)
    run(["docker", "rmi", IMAGE])
    coracle, docker = map(statistics.median, times.values())
    print(f"   coracle push {coracle:.2f} s, docker push {docker:.2f} s")
    table.row("speed of a push / docker push", docker / coracle, 0.9, least=True)


def ours(destination, home):
    def push():
        done = run([BINARY, "push", IMAGE, destination, "-o", "json"], env=home)
        assert json.loads(done.stdout)["pushed"]["layers_there"] == 0

    return timed(push)


def dockers(destination, _):
    run(["docker", "tag", IMAGE, destination])
    taken = timed(lambda: run(["docker", "push", "--quiet", destination]))
    run(["docker", "rmi", destination])
    return taken


def build():
    """Makes the image: three layers, the same each time."""
    chance = random.Random(1)
    words = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(5000)]
    noise = chance.randbytes(LAYER_BYTES)
    text = " ".join(chance.choices(words, k=LAYER_BYTES // 6)).encode()[:LAYER_BYTES].ljust(LAYER_BYTES)
    half = LAYER_BYTES // 2
    files = {"noise": noise, "text": text, "both": noise[half:] + text[half:]}
    dockerfile = "\n".join(["FROM scratch", *(f"COPY {name} /" for name in files)]).encode()
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, content in {"Dockerfile": dockerfile, **files}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    run(["docker", "build", "--tag", IMAGE, "-"], input=context.getvalue(), env={**os.environ, "DOCKER_BUILDKIT": "0"})


@contextlib.contextmanager
def registry():
    """One that has nothing; its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    # The script's port is three above that of the cluster that it belongs to.
    environment = {**os.environ, "CORACLE_CLUSTER": f"bench-{port}", "CORACLE_CLUSTER_PORT": str(port - 3)}
    try:
        yield run([SCRIPT, "up"], env=environment).stdout.decode().strip()
    finally:
        run([SCRIPT, "down"], env=environment)


def run(command, **options):
    return subprocess.run(command, check=True, capture_output=True, **options)
