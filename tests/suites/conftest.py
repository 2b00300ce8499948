"""What the black-box suites share: the command under test on a home of its own, and pipelines made on the spot."""

import json
import os
import pathlib
import signal
import subprocess
import time

import pytest
from kfp_api import Api

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples"
BINARY = os.environ.get("CORACLE_BIN") or str(ROOT / "target" / "debug" / "coracle")

# Where a container step writes its output parameter `out`.
OUTPUT = "{{$.outputs.parameters['out'].output_file}}"


class Coracle:
    """The command on one home."""

    def __init__(self, home, engine):
        self.home = home
        self.engine = engine
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CORACLE_")},
            "CORACLE_HOME": str(home),
            "CORACLE_ENGINE": engine,
            "NO_COLOR": "1",
        }
        self.servers = []

    def __call__(self, *arguments, seconds=180, **options):
        return subprocess.run(
            [BINARY, *map(str, arguments)], env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=seconds, **options,
        )

    def run(self, file, *arguments, seconds=180, code=None):
        """Runs a pipeline to its end; the object that it ends with."""
        result = self("run", file, "-o", "json", *arguments, seconds=seconds)
        if code is not None:
            assert result.returncode == code, result.stderr
        assert "panicked" not in result.stderr, result.stderr
        try:
            return json.loads(result.stdout)
        except json.JSONDecodeError:
            raise AssertionError(f"exit {result.returncode}: {result.stdout}\n{result.stderr}") from None

    def json(self, *arguments):
        result = self(*arguments, "-o", "json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def submit(self, file, *arguments):
        """Begins a run on the workbench that is running; its id."""
        started = self("run", file, *arguments, "--detach", "-o", "json")
        assert started.returncode == 0, started.stderr
        return json.loads(started.stdout)["run_id"]

    def keep(self, target, *arguments):
        """Writes what the command prints into a file, byte for byte."""
        with open(target, "wb") as file:
            subprocess.run([BINARY, *map(str, arguments)], env=self.environment, stdout=file, check=True, timeout=180)

    def serve(self, *before, listen="127.0.0.1:0"):
        """Starts a workbench, `before` being what stands in front of the command, and waits until it is ready."""
        log = open(self.home / "serve.log", "ab")
        server = subprocess.Popen(
            [*before, BINARY, "serve", "--listen", listen], env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
        )
        self.servers.append(server)
        line = server.stdout.readline()
        assert line.startswith("listening on http://"), f"{line!r}\n{(self.home / 'serve.log').read_text()}"
        server.address = line.removeprefix("listening on ").strip()
        return server

    def close(self):
        for server in self.servers:
            if server.poll() is None:
                server.send_signal(signal.SIGTERM)
                try:
                    server.wait(20)
                except subprocess.TimeoutExpired:
                    server.kill()
                    server.wait()
        if self.engine == "docker":
            self.sweep()

    def holds(self, *labels):
        """What Docker holds of this home, or what of it has these labels: its containers, and the names of its networks."""
        identity = self.home / "data" / "identity.json"
        if not identity.exists():
            return [], []
        owner = json.loads(identity.read_text())["owner"]

        def lines(*arguments):
            filters = [f"label={label}" for label in (f"coracle.owner={owner}", *labels)]
            listing = ["docker", *arguments, *(word for text in filters for word in ("--filter", text))]
            return subprocess.run(listing, capture_output=True, text=True, timeout=60).stdout.split()

        return lines("ps", "-aq"), lines("network", "ls", "--format", "{{.Name}}")

    def sweep(self):
        """Removes what this home leaves behind: pods go on by design, and an engine has room for about thirty networks."""
        containers, networks = self.holds()
        for command in (["rm", "-f", *containers], ["network", "rm", *networks]):
            if containers or networks:
                subprocess.run(["docker", *command], capture_output=True, timeout=120)


def engine_answers():
    try:
        return subprocess.run(["docker", "version"], capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


ENGINES = ["docker", "process"] if engine_answers() else ["process"]


@pytest.fixture(params=ENGINES)
def coracle(request, tmp_path):
    """The command on each engine that this machine has."""
    command = Coracle(tmp_path, request.param)
    yield command
    command.close()


@pytest.fixture
def on_docker(tmp_path):
    """The command on Docker; the test is skipped, by name, where there is none."""
    if "docker" not in ENGINES:
        pytest.skip("no Docker engine answers")
    command = Coracle(tmp_path, "docker")
    yield command
    command.close()


@pytest.fixture
def on_processes(tmp_path):
    """The command on the process engine."""
    command = Coracle(tmp_path, "process")
    yield command
    command.close()


@pytest.fixture(scope="module")
def workbench(tmp_path_factory):
    """A workbench on processes for all tests of a file that need none of their own."""
    command = Coracle(tmp_path_factory.mktemp("home"), "process")
    command.server = command.serve()
    yield command
    command.close()


@pytest.fixture(scope="module")
def docker_workbench(tmp_path_factory):
    """A workbench on Docker for all tests of a file that need none of their own."""
    if "docker" not in ENGINES:
        pytest.skip("no Docker engine answers")
    command = Coracle(tmp_path_factory.mktemp("home"), "docker")
    command.server = command.serve()
    yield command
    command.close()


@pytest.fixture(scope="module")
def api(workbench):
    """Raw requests to that workbench."""
    return Api(workbench.server.address)


DATASET = {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}


def step(command, image="python:3.11", args=(), outputs=(), artifacts=(), resources=None, env=None, inputs=None):
    """A container step for `pipeline`: a shell text or an argument list."""
    return {
        "image": image,
        "command": ["sh", "-c", command, "step"] if isinstance(command, str) else list(command),
        "args": list(args),
        "outputs": {
            **({"parameters": {name: {"parameterType": "STRING"} for name in outputs}} if outputs else {}),
            **({"artifacts": {name: {"artifactType": DATASET} for name in artifacts}} if artifacts else {}),
        },
        "resources": resources,
        "env": env or {},
        "inputs": inputs or {},
    }


def pipeline(tmp_path, steps, name="made", platform=None, **tasks):
    """Writes a pipeline of container steps. `tasks[step]` is merged into the step's task: dependentTasks and so on."""
    executors, components, root = {}, {}, {}
    for key, given in steps.items():
        container = {"image": given["image"], "command": given["command"], "args": given["args"]}
        if given["resources"]:
            container["resources"] = given["resources"]
        if given["env"]:
            container["env"] = [{"name": name, "value": value} for name, value in given["env"].items()]
        executors[f"exec-{key}"] = {"container": container}
        component = {"executorLabel": f"exec-{key}"}
        if given["outputs"]:
            component["outputDefinitions"] = given["outputs"]
        if given["inputs"]:
            component["inputDefinitions"] = {"parameters": {key: {"parameterType": "STRING"} for key in given["inputs"]}}
        components[f"comp-{key}"] = component
        root[key] = {
            "taskInfo": {"name": key},
            "componentRef": {"name": f"comp-{key}"},
            **({"inputs": {"parameters": given["inputs"]}} if given["inputs"] else {}),
            **tasks.get(key.replace("-", "_"), {}),
        }
    document = {
        "pipelineInfo": {"name": name},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "deploymentSpec": {"executors": executors},
        "components": components,
        "root": {"dag": {"tasks": root}},
    }
    text = json.dumps(document)
    if platform:
        text += "\n---\n" + json.dumps({"platforms": {"kubernetes": {"deploymentSpec": {"executors": platform}}}})
    path = tmp_path / f"{name}.yaml"
    path.write_text(text)
    return path


def wait_for(condition, seconds=30, what="it", every=0.05):
    """Waits until a condition gives something true, and returns that. It is looked at `every` so many seconds: seldom where that is dear."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def finished(coracle, run_id):
    """A run as `get` shows it, once it is over."""
    run = coracle.json("get", run_id)
    return run if run["state"] in ("SUCCEEDED", "FAILED") else None


def tasks(run):
    """The tasks of a finished run, by name."""
    return {task["name"]: task for task in run["tasks"]}
