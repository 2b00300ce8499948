"""A notebook until its server answers, beside `docker run` of the same image until it does."""

import json
import shutil
import statistics
import subprocess
import time
import urllib.error
import urllib.request

from workbench import Workbench

IMAGE = "coracle/jupyterlab"
DEADLINE_SECONDS = 300

# Where a server of `docker run` answers.
BARE = "/notebook/default/bare"


def measure(folder, table):
    with Workbench(folder / "home") as workbench:
        kubectl = Kubectl(workbench)
        # The first one builds the image, where nobody has yet.
        through_the_workbench(workbench, kubectl, "warm-up")
        image = built_image()
        bare, through = [], []
        for number in range(table.repetitions):
            bare.append(by_docker_alone(["-e", f"NB_PREFIX={BARE}", image], f":8888{BARE}/api"))
            through.append(through_the_workbench(workbench, kubectl, f"notebook-{number}"))
        one, other = statistics.median(through), statistics.median(bare)
        print(f"   notebook ready: {one:.2f} s; `docker run` of its image ready: {other:.2f} s")
        table.row("a notebook's server ready / `docker run` ready", one / other, 1.15, "")


class Kubectl:
    def __init__(self, workbench):
        config = workbench.command("kubeconfig", capture_output=True, text=True).stdout.strip()
        self.command = [shutil.which("kubectl"), "--kubeconfig", config]

    def __call__(self, *arguments, stdin=None):
        subprocess.run([*self.command, *arguments], input=stdin, text=True, check=True, stdout=subprocess.DEVNULL)


def through_the_workbench(workbench, kubectl, name):
    """Seconds from `kubectl apply` to an answer through the proxy."""
    notebook = {
        "apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": name},
        "spec": {"template": {"spec": {"containers": [{"name": name, "image": IMAGE}], "terminationGracePeriodSeconds": 2}}},
    }
    begin = time.monotonic()
    kubectl("apply", "-f", "-", stdin=json.dumps(notebook))
    wait_for(f"{workbench.address}/notebook/default/{name}/api")
    spent = time.monotonic() - begin
    kubectl("delete", "notebook", name)
    kubectl("wait", f"pod/{name}-0", "--for=delete", "--timeout=60s")
    return spent


def by_docker_alone(arguments, place):
    """Seconds from `docker run` to an answer of the container itself, at a port and path."""
    begin = time.monotonic()
    container = docker("run", "-d", *arguments)
    try:
        address = docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", container)
        wait_for(f"http://{address}{place}")
        return time.monotonic() - begin
    finally:
        docker("rm", "-f", container)


def built_image():
    return docker("images", "-q", IMAGE).split()[0]


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def wait_for(url):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.01)
    raise AssertionError(f"{url} did not answer")
