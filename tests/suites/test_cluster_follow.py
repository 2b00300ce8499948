"""A workload of a cluster is followed from here to its end: states, events and logs, over connections that break."""

import contextlib
import json
import socket
import subprocess
import threading

import pytest
import yaml
from conftest import BINARY, wait_for
from faults import relay
from kube import STAY, container

from cluster import cluster, in_namespace, node_cluster  # noqa: F401

pytestmark = pytest.mark.usefixtures("node_cluster")

COUNT = 5000

# Some 8 seconds; lines of one moment, and pieces of lines, are on the way whenever it is cut.
COUNTS = f"""
import time
for number in range({COUNT}):
    print(number, flush=True)
    if number % 10 == 0: time.sleep(0.015)
"""


class Way:
    """A way to the API server that can be cut."""

    def __init__(self, server):
        self.target = server
        self.ends = []
        self.door = socket.create_server(("127.0.0.1", 0))
        self.address = f"https://127.0.0.1:{self.door.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.door.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            self.ends += [near, far]
            for source, sink in [(near, far), (far, near)]:
                threading.Thread(target=relay, args=(source, sink), daemon=True).start()

    def cut(self):
        """Ends all connections, in the middle of whatever they carry; the number of them."""
        ends, self.ends = self.ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        return len(ends) // 2

    def close(self):
        self.door.close()
        self.cut()


class Followed:
    """The command at work, and what it has told so far."""

    def __init__(self, coracle, kubectl, workload):
        words = [BINARY, "-o", "json", "follow", workload, "--context", "admin", "-n", kubectl.home]
        self.process = subprocess.Popen(
            words, env=coracle.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.news = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.news.append(json.loads(line))

    def of(self, kind):
        return [news for news in list(self.news) if news["type"] == kind]

    def states(self, kind):
        return [news["state"] for news in self.of(kind)]

    def lines(self):
        return [news["text"] for news in self.of("line")]

    def ends(self, seconds=120):
        """Waits for its end: the exit code and the last of the news."""
        code = self.process.wait(seconds)
        self.reader.join(20)
        assert self.news, self.process.stderr.read()
        return code, self.news[-1]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def way(cluster):  # noqa: F811
    server = yaml.safe_load(open(cluster.config))["clusters"][0]["cluster"]["server"]
    host, port = server.removeprefix("https://").rsplit(":", 1)
    way = Way((host, int(port)))
    yield way
    way.close()


@pytest.fixture
def follow(on_processes, in_namespace, way, tmp_path):  # noqa: F811
    """Follows a workload by that way."""
    config = yaml.safe_load(open(in_namespace.config))
    config["clusters"][0]["cluster"]["server"] = way.address
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    on_processes.environment["KUBECONFIG"] = str(file)
    on_processes.serve()
    begun = []

    def follow(workload):
        begun.append(Followed(on_processes, in_namespace, workload))
        return begun[-1]

    yield follow
    for followed in begun:
        followed.close()


def job(name, *containers, **spec):
    template = {"spec": {"restartPolicy": spec.pop("restartPolicy", "Never"), "terminationGracePeriodSeconds": 0,
                         "containers": list(containers)}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {"backoffLimit": 0, "template": template, **spec}}


def counting():
    return {"name": "main", "image": "python:3.11", "command": ["python3", "-c", COUNTS]}


def test_every_line_of_a_job_is_told_once_and_in_order_though_the_connection_breaks_twice(follow, in_namespace, way):
    in_namespace.apply(job("counts", counting()))
    followed = follow("job/counts")
    for lines in [1000, 3000]:
        wait_for(lambda: len(followed.of("line")) >= lines, 60, f"{lines} lines")
        assert way.cut() > 0
    code, last = followed.ends()
    assert followed.lines() == [str(number) for number in range(COUNT)]
    assert (code, last["type"], last["end"]) == (0, "ended", "complete")
    assert len(followed.of("trouble")) == len(followed.of("back")) >= 2
    assert followed.states("state")[-1] == "0 active, 1 of 1 succeeded"
    assert followed.states("container")[-1] == "Completed"
    # Those of the job and those of its pod, each once.
    told = [(news["object"].split("/")[0], news["reason"]) for news in followed.of("event")]
    assert len(told) == len(set(told))
    assert {("Job", "SuccessfulCreate"), ("Pod", "Scheduled"), ("Pod", "Started"), ("Job", "Completed")} <= set(told)


def test_a_line_that_is_too_long_is_told_in_parts_and_no_byte_is_lost(follow, in_namespace, way):
    script = "import sys\nfor number in range(100000): sys.stdout.write(f'{number},')\nprint('\\nbehind it')"
    in_namespace.apply(job("long", {"name": "main", "image": "python:3.11", "command": ["python3", "-c", script]}))
    followed = follow("job/long")
    wait_for(lambda: followed.of("line"), 60, "its first part")
    way.cut()
    code, last = followed.ends()
    assert (code, last["end"]) == (0, "complete")
    *parts, behind = followed.of("line")
    assert "".join(part["text"] for part in parts) == "".join(f"{number}," for number in range(100000))
    assert [part["is_continued"] for part in parts] == [False] + [True] * (len(parts) - 1) and len(parts) > 1
    assert (behind["text"], behind["is_continued"]) == ("behind it", False)


def test_a_way_that_is_closed_for_a_while_is_gone_on_with(follow, in_namespace, way):
    in_namespace.apply(job("counts", counting()))
    followed = follow("job/counts")
    wait_for(lambda: len(followed.of("line")) >= 500, 60, "some lines")
    # Nobody gets through until the job has ended.
    open_way, way.target = way.target, ("127.0.0.1", 1)
    way.cut()
    in_namespace.ok("wait", "--for=condition=Complete", "job/counts", "--timeout=60s", seconds=70)
    way.target = open_way
    code, last = followed.ends()
    assert (code, last["end"]) == (0, "complete")
    assert followed.lines() == [str(number) for number in range(COUNT)]
    # It is one trouble, however often it was tried and by however many.
    assert (len(followed.of("trouble")), len(followed.of("back"))) == (1, 1)


def test_a_job_that_fails_ends_with_its_reason(follow, in_namespace):
    in_namespace.apply(job("fails", container("echo before; exit 3")))
    followed = follow("job/fails")
    code, last = followed.ends()
    assert (code, last["end"], last["reason"]) == (1, "failed", "BackoffLimitExceeded")
    assert "backoff limit" in last["message"]
    assert followed.lines() == ["before"]
    assert "Error (exit code 3)" in followed.states("container")


@pytest.mark.parametrize("seconds", [0, 3])
def test_each_run_of_a_container_that_is_started_again_has_its_lines_told(follow, in_namespace, seconds):
    # The first run fails, and the kubelet starts it again at once in the same pod, so that its log is there by another name.
    script = f"if [ -e /kept/again ]; then echo second; else touch /kept/again; echo first; sleep {seconds}; echo fails; exit 1; fi"
    again = job("again", container(script, volumeMounts=[{"name": "kept", "mountPath": "/kept"}]), restartPolicy="OnFailure", backoffLimit=3)
    again["spec"]["template"]["spec"]["volumes"] = [{"name": "kept", "emptyDir": {}}]
    # Followed from before there is a pod.
    again["spec"]["suspend"] = True
    in_namespace.apply(again)
    followed = follow("job/again")
    wait_for(lambda: followed.states("state")[-1:] == ["0 active, 0 of 1 succeeded, suspended"], 30, "that it waits")
    in_namespace.ok("patch", "job", "again", "--type=merge", "-p", '{"spec": {"suspend": false}}')
    code, _ = followed.ends()
    assert code == 0
    assert sorted(followed.lines()) == ["fails", "first", "second"]


def test_an_image_that_cannot_be_pulled_is_told_and_a_job_that_is_removed_too(follow, in_namespace):
    in_namespace.apply(job("unpulled", container("true", image="nowhere.invalid/none:1")))
    followed = follow("job/unpulled")
    wait_for(lambda: "ImagePullBackOff" in followed.states("container"), 90, "why it waits")
    told = [news for news in followed.of("container") if news["state"] == "ImagePullBackOff"][0]
    assert "nowhere.invalid/none:1" in told["message"]
    in_namespace.ok("delete", "job", "unpulled")
    code, last = followed.ends()
    assert (code, last["type"], last["end"]) == (1, "ended", "deleted")


def test_a_pod_and_a_deployment_are_followed_as_well(follow, in_namespace):
    in_namespace.apply(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "alone"},
         "spec": {"restartPolicy": "Never", "initContainers": [container("echo prepared", name="first")],
                  "containers": [container("printf done")]}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "stays"},
         "spec": {"selector": {"matchLabels": {"app": "stays"}},
                  "template": {"metadata": {"labels": {"app": "stays"}},
                               "spec": {"terminationGracePeriodSeconds": 1, "containers": [container(f"echo up; {STAY}")]}}}},
    )
    alone, stays = follow("pod/alone"), follow("deployment/stays")
    code, last = alone.ends()
    assert (code, last["end"]) == (0, "complete")
    # The last line has no end of its own.
    assert [(news["container"], news["text"]) for news in alone.of("line")] == [("first", "prepared"), ("main", "done")]
    wait_for(lambda: "1 of 1 ready, 1 up to date" in stays.states("state") and stays.lines() == ["up"], 60, "the deployment")
    in_namespace.ok("delete", "deployment", "stays", "--wait=false")
    assert stays.ends()[1]["end"] == "deleted"


def test_what_is_not_there_or_may_not_be_seen_is_said_at_once(on_processes, in_namespace):
    on_processes.environment["KUBECONFIG"] = str(in_namespace.config)
    on_processes.serve()

    def refusal(workload, user="admin"):
        answer = on_processes("follow", workload, "--context", user, "-n", in_namespace.home)
        return answer.returncode, answer.stderr

    code, said = refusal("job/none")
    assert code == 4 and "Job/none" in said
    code, said = refusal("cronjob/none")
    assert code == 2 and "names no workload" in said
    code, said = refusal("job/none", "limited")
    assert code == 1 and 'User "limited" cannot get resource "jobs"' in said
