"""kubectl on a workbench, as the suites speak it."""

import json
import shutil
import subprocess

import pytest
from conftest import wait_for

# What a container runs that is to stay until it is told to end, and to end then at once.
STAY = "trap 'exit 0' TERM; sleep 1000 & wait"


class Kubectl:
    """kubectl with the workbench's own kubeconfig."""

    def __init__(self, command):
        self.program = shutil.which("kubectl")
        if self.program is None:
            pytest.skip("kubectl is not installed")
        self.config = command("kubeconfig").stdout.strip()
        self.cache = command.home / "kubectl-cache"

    def arguments(self, *arguments):
        return [self.program, "--kubeconfig", self.config, "--cache-dir", str(self.cache), *map(str, arguments)]

    def __call__(self, *arguments, stdin=None, seconds=60):
        return subprocess.run(
            self.arguments(*arguments), input=stdin, capture_output=True, text=True, timeout=seconds,
        )

    def ok(self, *arguments, stdin=None, seconds=60):
        """What it prints when it goes well."""
        answer = self(*arguments, stdin=stdin, seconds=seconds)
        assert answer.returncode == 0, f"kubectl {' '.join(map(str, arguments))}\n{answer.stdout}\n{answer.stderr}"
        return answer.stdout

    def fails(self, *arguments, stdin=None, says=""):
        """What it complains about when it does not."""
        answer = self(*arguments, stdin=stdin)
        assert answer.returncode != 0, answer.stdout
        assert says in answer.stderr, answer.stderr
        return answer.stderr

    def apply(self, *objects, options=()):
        """Applies objects that are given as dictionaries."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        return self.ok("apply", *options, "-f", "-", stdin=text)

    def get(self, *what):
        """An object, or a list of them."""
        return json.loads(self.ok("get", *what, "-o", "json"))

    def begin(self, *arguments, **options):
        """Starts one that goes on; the caller ends it."""
        return subprocess.Popen(
            self.arguments(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
        )

    def namespace(self, name):
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        return name

    def run(self, *pods, seconds=30):
        """Makes pods and waits until they are ready."""
        self.apply(*pods)
        for made in pods:
            self.ready(made["metadata"]["name"], seconds=seconds)

    def ready(self, name, seconds=30):
        self.ok("wait", "--for=condition=Ready", f"pod/{name}", f"--timeout={seconds}s", seconds=seconds + 10)

    def ends(self, name, phase="Succeeded", seconds=30):
        """Waits until a pod has ended; the pod."""
        self.until(name, lambda pod: pod["status"].get("phase") in ("Succeeded", "Failed"), seconds)
        ended = self.get("pod", name)
        assert ended["status"]["phase"] == phase, json.dumps(ended["status"], indent=1)
        return ended

    def until(self, name, condition, seconds=30):
        """Waits until a pod is as is wanted; what was found."""
        last = {}

        def look():
            found = self("get", "pod", name, "-o", "json")
            if found.returncode != 0:
                return None
            last.update(json.loads(found.stdout))
            return condition(last)

        try:
            return wait_for(look, seconds)
        except AssertionError:
            raise AssertionError(json.dumps(last.get("status"), indent=1)) from None

    def state(self, name, container="main"):
        """What a pod's status says of one of its containers."""
        return container_status(self.get("pod", name), container)

    def events(self, name):
        """What was told of an object: type, reason and message, in order."""
        found = self.get("events", "--field-selector", f"involvedObject.name={name}")["items"]
        return [(event["type"], event["reason"], event["message"]) for event in found]

    def told(self, name, reason, seconds=20):
        """Waits for an event; its message."""
        def look():
            return [message for _, found, message in self.events(name) if found == reason]

        return wait_for(look, seconds, f"{reason} of {name}")[0]


def container_status(pod, container="main"):
    """What a pod's status says of one of its containers; nothing while it says nothing."""
    status = pod.get("status", {})
    lists = ("containerStatuses", "initContainerStatuses")
    found = [entry for name in lists for entry in status.get(name, []) if entry["name"] == container]
    return found[0] if found else {}


def waits_for(reason, container="main"):
    """Whether a container of a pod waits for that reason, for `until`."""
    return lambda pod: container_status(pod, container).get("state", {}).get("waiting", {}).get("reason") == reason


def config_map(name, data=None, **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data or {"a": "1"}}


def container(script, name="main", image="python:3.11", **more):
    """A container that runs a shell text."""
    return {"name": name, "image": image, "command": ["sh", "-c", script], **more}


def pod(name, *containers, **spec):
    metadata = spec.pop("metadata", {})
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata},
        "spec": {"containers": list(containers), "terminationGracePeriodSeconds": 1, **spec},
    }


def notebook(name, image="python:3.11", **server):
    metadata = server.pop("metadata", {})
    return {
        "apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": name, **metadata},
        "spec": {"template": {"spec": {"containers": [{"name": name, "image": image, **server}]}}},
    }
