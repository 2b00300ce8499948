"""kubectl on a workbench, as the suites speak it."""

import json
import shutil
import subprocess

import pytest


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
