"""The command under measurement, on a home of its own."""

import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

BINARY = os.environ["CORACLE_BIN"]


class Workbench:
    """One `coracle serve`; ends with the `with` block."""

    def __init__(self, home, engine="docker"):
        home.mkdir(exist_ok=True)
        self.environment = {**os.environ, "CORACLE_HOME": str(home), "CORACLE_ENGINE": engine, "NO_COLOR": "1"}

    def __enter__(self):
        begin = time.monotonic()
        self.server = subprocess.Popen(
            [BINARY, "serve", "--listen", "127.0.0.1:0"], env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True,
        )
        line = self.server.stdout.readline()
        self.ready_seconds = time.monotonic() - begin
        self.address = line.removeprefix("listening on ").strip()
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait(30)

    def command(self, *arguments, **options):
        """Runs the command and returns what it did."""
        return subprocess.run([BINARY, *map(str, arguments)], env=self.environment, check=True, **options)

    def run(self, file, *arguments):
        """Runs a pipeline to its end; the object that it ends with."""
        result = subprocess.run(
            [BINARY, "run", str(file), "-o", "json", *arguments], env=self.environment, capture_output=True, text=True,
        )
        if result.returncode != 0:
            sys.exit(f"{file}: {result.stdout[-2000:]}\n{result.stderr[-2000:]}")
        return json.loads(result.stdout)

    def ask(self, path, body=None):
        """An answer of the workbench's own API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.address}/apis/coracle/v1{path}", data=data, headers={"Content-Type": "application/json"}
        )
        return json.load(urllib.request.urlopen(request))

    def resident_mb(self):
        """Resident memory of the server in MB."""
        status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024
