"""Pods through what should not happen: the workbench killed, containers killed behind its back, an engine that can less."""

import json
import os
import signal
import subprocess

from conftest import wait_for
from kube import STAY, Kubectl, container, container_status, pod, waits_for

COUNT = "i=0; while [ $i -lt {}0 ]; do i=$((i+1)); echo $i; sleep 0.1; done"


def counted(limit):
    return "".join(f"{number}\n" for number in range(1, limit + 1))


def killed(command, server):
    """Kills a workbench without a word and starts the next one."""
    server.send_signal(signal.SIGKILL)
    server.wait()
    return command.serve(), Kubectl(command)


def container_of(name, container="main"):
    """Docker's id of a pod's container that runs."""
    filters = [f"label=coracle.pod.name={name}", f"label=coracle.pod.container={container}"]
    listing = ["docker", "ps", "-q", *(word for text in filters for word in ("--filter", text))]
    [found] = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    return found


def docker(*arguments):
    subprocess.run(["docker", *arguments], capture_output=True, check=True)


def test_pods_go_on_without_the_workbench(on_docker):
    server = on_docker.serve()
    kubectl = Kubectl(on_docker)
    probe = {"exec": {"command": ["true"]}, "periodSeconds": 1}
    kubectl.run(
        pod("survivor", container(STAY, readinessProbe=probe), container(STAY, "side")),
        pod("counter", container(COUNT.format(4)), restartPolicy="Never"),
    )
    kubectl.apply(pod("loops", container("exit 1")), pod("waits", container(STAY, image="absent:1", imagePullPolicy="Never")))
    kubectl.until("loops", waits_for("CrashLoopBackOff"))
    kubectl.until("waits", waits_for("ErrImageNeverPull"))
    before = kubectl.get("pod", "survivor")
    ran = container_of("survivor")
    server, kubectl = killed(on_docker, server)
    # What was known is known at once, and stays true.
    after = kubectl.get("pod", "survivor")
    assert after["status"]["containerStatuses"] == before["status"]["containerStatuses"]
    assert container_of("survivor") == ran
    wait_for(lambda: kubectl("exec", "survivor", "-c", "main", "--", "echo", "hi").stdout == "hi\n", what="a command in it")
    kubectl.ends("counter")
    assert kubectl.ok("logs", "counter") == counted(40)
    assert kubectl.state("loops")["restartCount"] >= 1
    # What ends while nobody looks is found ended.
    kubectl.apply(pod("alone", container("sleep 1; echo last; exit 3"), restartPolicy="Never"))
    kubectl.until("alone", lambda pod: pod["status"].get("phase") == "Running")
    server.send_signal(signal.SIGKILL)
    server.wait()
    wait_for(lambda: not subprocess.run(["docker", "ps", "-q", "--filter", "label=coracle.pod.name=alone"],
                                        capture_output=True, text=True, check=True).stdout, what="its end")
    on_docker.serve()
    kubectl = Kubectl(on_docker)
    ended = container_status(kubectl.ends("alone", "Failed"))
    assert ended["state"]["terminated"]["exitCode"] == 3 and ended["restartCount"] == 0
    assert kubectl.ok("logs", "alone") == "last\n"
    assert kubectl.state("survivor")["restartCount"] == 0
    kubectl.ok("delete", "pods", "--all", "--timeout=30s")
    assert subprocess.run(["docker", "ps", "-aq", "--filter", f"id={ran}"], capture_output=True, text=True, check=True).stdout == ""


def test_a_pod_that_goes_is_gone_though_the_workbench_is_killed(on_docker):
    server = on_docker.serve()
    kubectl = Kubectl(on_docker)
    kubectl.run(pod("goes", container("trap '' TERM; sleep 1000"), terminationGracePeriodSeconds=4))
    ran = container_of("goes")
    kubectl.ok("delete", "pod", "goes", "--wait=false")
    server, kubectl = killed(on_docker, server)
    kubectl("wait", "pod/goes", "--for=delete", "--timeout=20s")
    kubectl.fails("get", "pod", "goes", says="not found")
    assert subprocess.run(["docker", "ps", "-aq", "--filter", f"id={ran}"], capture_output=True, text=True, check=True).stdout == ""


def networks_of(namespace):
    listing = ["docker", "network", "ls", "--filter", f"label=coracle.namespace={namespace}", "--format", "{{.Name}}"]
    return subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()


def test_a_network_that_was_not_removed_before_is_removed_at_the_next_start(on_docker):
    server = on_docker.serve()
    kubectl = Kubectl(on_docker)
    team = kubectl.namespace(f"left-{os.getpid()}")
    kubectl.apply(pod("one", container(STAY), metadata={"namespace": team}), pod("stays", container(STAY)))
    kubectl.ok("wait", "-n", team, "pod/one", "--for=condition=Ready", "--timeout=30s")
    [network] = networks_of(team)
    # Somebody else on it holds it, until after the workbench is killed.
    docker("run", "-d", "--name", network, "--network", network, "--entrypoint", "sleep", "python:3.11", "1000")
    try:
        kubectl.ok("delete", "namespace", team, "--timeout=30s")
        server.send_signal(signal.SIGKILL)
        server.wait()
    finally:
        docker("rm", "-f", network)
    assert networks_of(team) == [network]
    on_docker.serve()
    wait_for(lambda: networks_of(team) == [], what="its end")
    kubectl = Kubectl(on_docker)
    assert kubectl.ok("exec", "stays", "--", "echo", "still here") == "still here\n"
    kubectl.ok("delete", "pod", "stays")


def test_a_followed_log_neither_loses_nor_repeats(on_docker):
    server = on_docker.serve()
    kubectl = Kubectl(on_docker)
    kubectl.run(pod("counter", container(COUNT.format(5)), restartPolicy="Never"))
    following = kubectl.begin("logs", "-f", "counter")
    first = [following.stdout.readline() for _ in range(5)]
    server, kubectl = killed(on_docker, server)
    following.communicate(timeout=10)
    assert "".join(first) == counted(5)
    assert kubectl.ok("logs", "-f", "counter") == counted(50)
    stamped = kubectl.ok("logs", "counter", "--timestamps").splitlines()
    assert stamped == sorted(stamped) and len(stamped) == 50
    kubectl.ok("delete", "pod", "counter")


def test_containers_killed_behind_its_back(on_docker):
    on_docker.serve()
    kubectl = Kubectl(on_docker)
    kubectl.run(pod("struck", container(STAY)), pod("taken", container(STAY)), pod("single", container(STAY), restartPolicy="Never"))
    docker("kill", container_of("struck"))
    docker("rm", "-f", container_of("taken"))
    docker("rm", "-f", container_of("single"))
    for name in ("struck", "taken"):
        kubectl.until(name, lambda pod: container_status(pod)["restartCount"] == 1 and container_status(pod)["ready"])
        assert kubectl.state(name)["lastState"]["terminated"]["exitCode"] == 137, name
    kubectl.ends("single", "Failed")
    # The place that they share is theirs too.
    [place] = subprocess.run(
        ["docker", "ps", "-q", "--filter", "label=coracle.kind=sandbox", "--filter",
         f"label=coracle.pod={kubectl.get('pod', 'struck')['metadata']['uid']}"],
        capture_output=True, text=True, check=True).stdout.split()
    docker("rm", "-f", place, container_of("struck"))
    kubectl.until("struck", lambda pod: container_status(pod)["restartCount"] == 2 and container_status(pod)["ready"], 40)
    assert kubectl.ok("exec", "struck", "--", "hostname") == "struck\n"
    kubectl.ok("delete", "pods", "--all", "--timeout=30s")


# --- processes


def test_a_pod_of_processes(on_processes):
    on_processes.serve()
    kubectl = Kubectl(on_processes)
    script = "echo $GREETING; trap 'echo asked; exit 0' TERM; sleep 1000 & wait"
    kubectl.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"g": "hello"}})
    env = [{"name": "GREETING", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "g"}}}]
    kubectl.run(pod("plain", container(script, env=env), terminationGracePeriodSeconds=10))
    wait_for(lambda: kubectl.ok("logs", "plain") == "hello\n", what="its word")
    assert kubectl("exec", "plain", "--", "sh", "-c", "echo in; exit 4").returncode == 4
    assert kubectl("exec", "-i", "plain", "--", "cat", stdin="through").stdout == "through"
    following = kubectl.begin("logs", "-f", "plain")
    assert following.stdout.readline() == "hello\n"
    kubectl.ok("delete", "pod", "plain", seconds=20)
    assert following.communicate(timeout=10)[0] == "asked\n"
    kubectl.apply(pod("fails", container("exit 3"), restartPolicy="Never"))
    assert container_status(kubectl.ends("fails", "Failed"))["state"]["terminated"]["exitCode"] == 3
    assert list((on_processes.home / "data" / "pods").iterdir()) != []
    kubectl.ok("delete", "pods", "--all")
    wait_for(lambda: list((on_processes.home / "data" / "pods").iterdir()) == [], what="the end of all directories")


def test_what_processes_cannot_do_is_said(on_processes):
    on_processes.serve()
    kubectl = Kubectl(on_processes)
    kubectl.apply(
        pod("mounts", container(STAY, volumeMounts=[{"name": "v", "mountPath": "/somewhere/else"}]), volumes=[{"name": "v", "emptyDir": {}}]),
        pod("port", container(STAY, ports=[{"containerPort": 80, "hostPort": 8080}])),
    )
    for name in ("mounts", "port"):
        told = wait_for(lambda: [message for kind, _, message in kubectl.events(name) if kind == "Warning"], what=f"a word on {name}")  # noqa: B023
        assert "process" in told[0] or "Docker" in told[0], (name, told)
    kubectl.ok("delete", "pods", "--all")


def test_processes_go_on_without_the_workbench(on_processes):
    server = on_processes.serve()
    kubectl = Kubectl(on_processes)
    kubectl.run(pod("counter", container(COUNT.format(3)), restartPolicy="Never"), pod("stays", container(STAY)))
    server, kubectl = killed(on_processes, server)
    kubectl.ends("counter")
    assert kubectl.ok("logs", "counter") == counted(30)
    assert kubectl.state("stays")["restartCount"] == 0
    assert kubectl.ok("exec", "stays", "--", "echo", "hi") == "hi\n"
    kubectl.ok("delete", "pods", "--all")


def test_of_a_long_log_the_end_is_kept_and_followed_without_a_gap(on_docker):
    on_docker.environment["CORACLE_POD_LOG"] = "2Mi"
    server = on_docker.serve()
    kubectl = Kubectl(on_docker)
    # Six parts of 1 MB, one for each byte that it is told.
    text = "import sys\nn = 0\nwhile sys.stdin.read(1):\n    for n in range(n + 1, n + 10001): print(f'{n:099}', flush=True)\n"
    loud = {"name": "main", "image": "python:3.11", "command": ["python3", "-c", text], "stdin": True}
    kubectl.run(pod("loud", loud, restartPolicy="Never"))
    told = kubectl.begin("attach", "-i", "loud", stdin=subprocess.PIPE)
    following = kubectl.begin("logs", "-f", "loud")
    heard = []

    def part(number):
        told.stdin.write("x")
        told.stdin.flush()
        heard.extend(following.stdout.readline() for _ in range(10000))
        told_back = [told.stdout.readline() for _ in range(10000)]
        assert int(told_back[-1]) == number * 10000

    for number in range(1, 4):
        part(number)
    assert [int(line) for line in heard] == list(range(1, 30001))
    taken = sum(file.stat().st_blocks * 512 for file in on_docker.home.glob("**/main/0.log/*"))
    assert 1e6 < taken < 3.2e6
    assert kubectl.ok("logs", "loud", "--tail=2") == f"{29999:099}\n{30000:099}\n"
    assert kubectl.ok("logs", "loud", "--limit-bytes=50").startswith("0" * 50)
    kept = [int(line) for line in kubectl.ok("logs", "loud").splitlines()]
    assert kept == list(range(kept[0], 30001)) and 10000 < len(kept) < 20000
    assert kubectl.ok("logs", "loud", "--since-time=2100-01-01T00:00:00Z") == ""
    # The next life goes on with it where the last left it.
    following.kill(), told.kill()
    following.wait(), told.wait()
    server, kubectl = killed(on_docker, server)
    told = kubectl.begin("attach", "-i", "loud", stdin=subprocess.PIPE)
    following = kubectl.begin("logs", "-f", "--tail=1", "loud")
    heard = [following.stdout.readline()]
    for number in range(4, 7):
        part(number)
    assert [int(line) for line in heard] == list(range(30000, 60001))
    told.stdin.close()
    kubectl.ok("delete", "pod", "loud", "--grace-period=1", "--timeout=30s")
    assert following.wait(10) == 0 and following.stdout.read() == ""
    told.kill()
    told.wait()
