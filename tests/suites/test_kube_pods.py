"""Pods as kubectl sees them live: from the first image to the last word, through failures, probes and restarts."""

import json
import re
import socket

import pytest
from conftest import wait_for
from kube import STAY, Kubectl, container, container_status, pod, waits_for


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    return Kubectl(docker_workbench)


@pytest.fixture(autouse=True)
def nothing_stays(kubectl):
    """Pods of a test do not take the machine from the next."""
    yield
    kubectl.ok("delete", "pods", "--all", "--wait=false")


def reasons(kubectl, name):
    return [reason for _, reason, _ in kubectl.events(name)]


# --- from apply to delete


def test_a_pod_is_applied_shown_and_deleted(kubectl):
    kubectl.run(pod("whole", container(STAY, ports=[{"containerPort": 80}])))
    row = kubectl.ok("get", "pod", "whole", "-o", "wide", "--no-headers").split()
    assert row[:4] == ["whole", "1/1", "Running", "0"]
    found = kubectl.get("pod", "whole")
    assert found["status"]["podIP"] == row[5] and found["spec"]["nodeName"] == row[6]
    assert found["status"]["qosClass"] == "BestEffort"
    assert re.search(r"Ready +True", kubectl.ok("describe", "pod", "whole"))
    assert kubectl.events("whole") == [
        ("Normal", "Scheduled", f"Successfully assigned default/whole to {row[6]}"),
        ("Normal", "Pulled", 'Container image "python:3.11" already present on machine'),
        ("Normal", "Created", "Created container: main"),
        ("Normal", "Started", "Started container main"),
    ]
    kubectl.ok("delete", "pod", "whole")
    kubectl.fails("get", "pod", "whole", says='pods "whole" not found')
    assert kubectl.events("whole")[-1] == ("Normal", "Killing", "Stopping container main")


def test_a_watch_shows_how_a_pod_comes_and_goes(kubectl):
    watching = kubectl.begin("get", "pods", "--watch", "--no-headers", "--field-selector", "metadata.name=passes")
    try:
        kubectl.apply(pod("passes", container("sleep 0.5"), restartPolicy="Never"))
        kubectl.ends("passes")
        kubectl.ok("delete", "pod", "passes")
    finally:
        watching.terminate()
    rows = [line.split() for line in watching.communicate(timeout=10)[0].splitlines()]
    seen = [(row[1], row[2]) for row in rows]
    order = list(dict.fromkeys(seen))
    assert order[:3] == [("0/1", "Pending"), ("0/1", "ContainerCreating"), ("1/1", "Running")], rows
    assert order[3] == ("0/1", "Completed"), rows


def test_a_polite_end_is_waited_for(kubectl):
    kubectl.run(pod("polite", container("trap 'echo asked; sleep 1; echo done; exit 0' TERM; echo up; sleep 1000 & wait"),
                    terminationGracePeriodSeconds=20))
    following = kubectl.begin("logs", "-f", "polite")
    assert following.stdout.readline() == "up\n"
    deleting = kubectl.begin("delete", "pod", "polite")
    kubectl.until("polite", lambda pod: "deletionTimestamp" in pod["metadata"])
    assert kubectl.ok("get", "pod", "polite", "--no-headers").split()[2] == "Terminating"
    assert deleting.wait(15) == 0
    assert following.communicate(timeout=10)[0] == "asked\ndone\n"


def test_who_does_not_listen_is_killed(kubectl):
    kubectl.run(pod("deaf", container("trap '' TERM; sleep 1000")), pod("forced", container("trap '' TERM; sleep 1000")))
    kubectl.ok("delete", "pod", "deaf", "--grace-period=1", seconds=20)
    answer = kubectl("delete", "pod", "forced", "--grace-period=0", "--force")
    assert "Immediate deletion does not wait" in answer.stderr
    kubectl.fails("get", "pod", "forced", says="not found")
    # The name is free at once.
    kubectl.run(pod("forced", container(STAY)))


def test_a_pod_that_was_never_started_is_deleted(kubectl):
    kubectl.apply(pod("early", container(STAY, image="absent:1", imagePullPolicy="Never")))
    kubectl.ok("delete", "pod", "early", seconds=20)
    kubectl.apply(pod("gated", container(STAY), schedulingGates=[{"name": "wait"}]))
    assert kubectl.ok("get", "pod", "gated", "--no-headers").split()[2] == "SchedulingGated"
    kubectl.ok("delete", "pod", "gated", seconds=20)


def test_a_finalizer_holds_the_object_and_not_the_containers(kubectl):
    kubectl.run(pod("held", container(STAY), metadata={"finalizers": ["example.com/hold"]}))
    kubectl.ok("delete", "pod", "held", "--wait=false")
    kubectl.until("held", lambda pod: "terminated" in container_status(pod).get("state", {}))
    kubectl.ok("patch", "pod", "held", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    kubectl.ok("wait", "pod/held", "--for=delete", "--timeout=20s")


# --- init containers, sidecars, and what containers share


def test_init_containers_run_one_by_one(kubectl):
    shared = {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    kubectl.apply(pod(
        "stages", container("cat /v/said", **shared), restartPolicy="Never", volumes=[{"name": "v", "emptyDir": {}}],
        initContainers=[
            container("echo first >> /v/said", "one", **shared), container("echo second >> /v/said", "two", **shared),
        ],
    ))
    ended = kubectl.ends("stages")
    assert kubectl.ok("logs", "stages", "-c", "main") == "first\nsecond\n"
    assert [entry["state"]["terminated"]["reason"] for entry in ended["status"]["initContainerStatuses"]] == ["Completed"] * 2


def test_an_init_container_that_fails_ends_a_pod_that_is_not_restarted(kubectl):
    kubectl.apply(pod("stillborn", container("echo never"), restartPolicy="Never", initContainers=[container("exit 4", "init")]))
    kubectl.ends("stillborn", "Failed")
    assert kubectl.ok("get", "pod", "stillborn", "--no-headers").split()[2] == "Init:Error"
    kubectl.fails("logs", "stillborn", "-c", "main", says="is waiting to start: PodInitializing")


def test_a_sidecar_goes_before_and_ends_after(kubectl):
    shared = {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    side = "trap 'echo side ends; exit 0' TERM; echo side > /v/said; echo up; sleep 1000 & wait"
    kubectl.apply(pod(
        "escorted", container("cat /v/said; until [ -f /v/go ]; do sleep 0.1; done", **shared), restartPolicy="Never",
        volumes=[{"name": "v", "emptyDir": {}}],
        initContainers=[container(side, "side", restartPolicy="Always", startupProbe={
            "exec": {"command": ["test", "-f", "/v/said"]}, "periodSeconds": 1}, **shared)],
    ))
    kubectl.ready("escorted")
    assert kubectl.ok("get", "pod", "escorted", "--no-headers").split()[1] == "2/2"
    kubectl.ok("exec", "escorted", "-c", "side", "--", "touch", "/v/go")
    kubectl.ends("escorted")
    assert kubectl.ok("logs", "escorted", "-c", "main") == "side\n"
    assert kubectl.ok("logs", "escorted", "-c", "side") == "up\nside ends\n"


def test_containers_of_a_pod_share_network_and_disk(kubectl):
    mount = {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    serve = "cd /v && echo shared > page && exec python3 -m http.server 8000"
    ask = "import urllib.request as u; print(u.urlopen('http://localhost:8000/page').read().decode(), end='')"
    kubectl.run(pod("pair", container(serve, "serves", **mount, readinessProbe={
        "httpGet": {"port": 8000}, "periodSeconds": 1}), container(STAY, "asks", **mount), volumes=[{"name": "v", "emptyDir": {}}]))
    assert kubectl.ok("exec", "pair", "-c", "asks", "--", "python3", "-c", ask) == "shared\n"
    assert kubectl.ok("exec", "pair", "-c", "asks", "--", "cat", "/v/page") == "shared\n"
    hosts = {kubectl.ok("exec", "pair", "-c", name, "--", "hostname") for name in ("asks", "serves")}
    assert hosts == {"pair\n"}


# --- ends and restarts


def test_restarts_by_policy(kubectl):
    kubectl.apply(
        pod("never", container("exit 3"), restartPolicy="Never"),
        pod("on-failure", container("exit 3"), restartPolicy="OnFailure"),
        pod("well", container("exit 0"), restartPolicy="OnFailure"),
        pod("always", container("exit 0"), restartPolicy="Always"),
    )
    failed = kubectl.ends("never", "Failed")
    assert container_status(failed)["state"]["terminated"].items() >= {"exitCode": 3, "reason": "Error"}.items()
    assert container_status(kubectl.ends("well"))["restartCount"] == 0
    for name, code in (("on-failure", 3), ("always", 0)):
        kubectl.until(name, waits_for("CrashLoopBackOff"))
        state = kubectl.state(name)
        # The first restart is at once, the second waits.
        assert state["restartCount"] == 1
        assert state["lastState"]["terminated"]["exitCode"] == code
        waiting = state["state"]["waiting"]["message"]
        assert waiting.startswith(f"back-off 10s restarting failed container=main pod={name}_default("), waiting
        row = kubectl.ok("get", "pod", name, "--no-headers").split()
        assert row[1:4] == ["0/1", "CrashLoopBackOff", "1"], row
        assert "Back-off restarting failed container main in pod" in kubectl.told(name, "BackOff")


def test_memory_that_runs_out_is_named(kubectl):
    eat = "python3 -c 'x = bytearray(300 << 20)'"
    kubectl.apply(pod("hungry", container(eat, resources={"limits": {"memory": "40Mi"}}), restartPolicy="Never"))
    ended = container_status(kubectl.ends("hungry", "Failed"))["state"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


def test_a_program_that_is_not_there(kubectl):
    kubectl.apply(pod("misspelt", container("", command=["no-such-program"]), restartPolicy="Never"))
    ended = container_status(kubectl.ends("misspelt", "Failed"))["state"]["terminated"]
    assert ended["reason"] == "StartError" and ended["exitCode"] == 128
    assert 'exec: "no-such-program": executable file not found in $PATH' in ended["message"]
    assert 'exec: "no-such-program"' in kubectl.told("misspelt", "Failed")


def test_an_image_that_is_not_there(kubectl):
    image = "localhost:1/absent:1"
    kubectl.apply(
        pod("pulls", container(STAY, image=image)),
        pod("never-pulls", container(STAY, image=image, imagePullPolicy="Never")),
        pod("misnamed", container(STAY, image="Not An Image")),
    )
    kubectl.until("pulls", waits_for("ErrImagePull"))
    kubectl.until("pulls", waits_for("ImagePullBackOff"))
    told = kubectl.events("pulls")
    assert ("Normal", "Pulling", f'Pulling image "{image}"') in told
    assert any(message.startswith(f'Failed to pull image "{image}": ') for _, _, message in told), told
    assert ("Warning", "Failed", "Error: ErrImagePull") in told
    assert ("Normal", "BackOff", f'Back-off pulling image "{image}"') in told
    assert ("Warning", "Failed", "Error: ImagePullBackOff") in told
    kubectl.until("never-pulls", waits_for("ErrImageNeverPull"))
    kubectl.until("misnamed", waits_for("InvalidImageName"))
    # Another image is all that it takes.
    kubectl.ok("set", "image", "pod/pulls", "main=python:3.11")
    kubectl.ready("pulls")


def test_another_image_restarts_a_container(kubectl):
    kubectl.run(pod("changes", container(STAY)))
    kubectl.ok("set", "image", "pod/changes", "main=alpine")
    kubectl.until("changes", lambda pod: container_status(pod)["restartCount"] == 1 and container_status(pod)["ready"])
    assert kubectl.state("changes")["image"] == "alpine"
    assert "definition changed, will be restarted" in kubectl.told("changes", "Killing")


def test_last_words(kubectl):
    kubectl.apply(
        pod("writes", container("printf 'from a file' > /dev/termination-log; exit 1"), restartPolicy="Never"),
        pod("elsewhere", container("printf mine > /tmp/why", terminationMessagePath="/tmp/why"), restartPolicy="Never"),
        pod("logs", container("echo from the log; exit 1", terminationMessagePolicy="FallbackToLogsOnError"), restartPolicy="Never"),
    )
    for name, phase, message in (
        ("writes", "Failed", "from a file"), ("elsewhere", "Succeeded", "mine"), ("logs", "Failed", "from the log\n"),
    ):
        assert container_status(kubectl.ends(name, phase))["state"]["terminated"]["message"] == message


def test_a_deadline_ends_a_pod(kubectl):
    kubectl.apply(pod("late", container(STAY), activeDeadlineSeconds=2))
    ended = kubectl.ends("late", "Failed")
    assert ended["status"]["reason"] == "DeadlineExceeded"
    assert "DeadlineExceeded" in reasons(kubectl, "late")


# --- probes and hooks


def test_readiness_is_what_the_probe_says(kubectl):
    probe = {"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 1, "failureThreshold": 1}
    kubectl.apply(pod("shy", container(STAY, readinessProbe=probe)))
    assert "Readiness probe failed: cat: /tmp/ready: No such file" in kubectl.told("shy", "Unhealthy")
    row = kubectl.ok("get", "pod", "shy", "--no-headers").split()
    assert row[1:3] == ["0/1", "Running"]
    kubectl.ok("exec", "shy", "--", "touch", "/tmp/ready")
    kubectl.ready("shy")
    kubectl.ok("exec", "shy", "--", "rm", "/tmp/ready")
    kubectl.ok("wait", "--for=condition=Ready=false", "pod/shy", "--timeout=15s")
    assert kubectl.state("shy")["restartCount"] == 0


def test_a_container_that_does_not_live_is_restarted(kubectl):
    probe = {"exec": {"command": ["test", "-f", "/v/alive"]}, "periodSeconds": 1, "failureThreshold": 2}
    kubectl.apply(pod("ails", container(
        f"touch /v/alive; {STAY}", livenessProbe=probe, volumeMounts=[{"name": "v", "mountPath": "/v"}],
    ), volumes=[{"name": "v", "emptyDir": {}}]))
    kubectl.ready("ails")
    kubectl.ok("exec", "ails", "--", "rm", "/v/alive")
    kubectl.until("ails", lambda pod: container_status(pod)["restartCount"] == 1 and container_status(pod)["ready"])
    assert kubectl.told("ails", "Killing") == "Container main failed liveness probe, will be restarted"


def test_probes_over_http_and_tcp(kubectl):
    serve = "cd /tmp && touch fine && sleep 1 && exec python3 -m http.server 8000"
    web = {"ports": [{"containerPort": 8000, "name": "web"}]}
    every = {"periodSeconds": 1}
    kubectl.apply(
        pod("http", container(
            serve, **web, startupProbe={"httpGet": {"path": "/fine", "port": "web"}, "failureThreshold": 30, **every},
            livenessProbe={"httpGet": {"path": "/fine", "port": "web"}, **every},
        )),
        pod("tcp", container(serve, **web, readinessProbe={"tcpSocket": {"port": 8000}, **every})),
        pod("missing", container(serve, **web, readinessProbe={"httpGet": {"path": "/missing", "port": 8000}, **every})),
    )
    kubectl.ready("http")
    kubectl.ready("tcp")
    refused = "connect: connection refused"
    assert any(refused in message for _, reason, message in kubectl.events("tcp") if reason == "Unhealthy")
    wait_for(lambda: ("Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404")
             in kubectl.events("missing"), what="a probe that finds nothing")
    assert kubectl.state("http")["restartCount"] == 0


def test_hooks_after_the_start_and_before_the_end(kubectl):
    hooks = {
        "postStart": {"exec": {"command": ["sh", "-c", "echo began >> /v/said"]}},
        "preStop": {"exec": {"command": ["sh", "-c", "echo ends >> /proc/1/fd/1"]}},
    }
    kubectl.run(pod("hooked", container(
        f"echo up; {STAY}", lifecycle=hooks, volumeMounts=[{"name": "v", "mountPath": "/v"}],
    ), volumes=[{"name": "v", "emptyDir": {}}], terminationGracePeriodSeconds=10))
    assert kubectl.ok("exec", "hooked", "--", "cat", "/v/said") == "began\n"
    following = kubectl.begin("logs", "-f", "hooked")
    assert following.stdout.readline() == "up\n"
    kubectl.ok("delete", "pod", "hooked", seconds=20)
    assert following.communicate(timeout=10)[0] == "ends\n"
    kubectl.apply(pod("unhooked", container("sleep 1000", lifecycle={"postStart": {"exec": {"command": ["false"]}}}), restartPolicy="Never"))
    assert "PostStartHook failed" in kubectl.told("unhooked", "FailedPostStartHook")
    kubectl.ends("unhooked", "Failed")


# --- the machine


def test_limits_are_seen_inside(kubectl):
    look = """
import pathlib
def read(*paths):
    return next(pathlib.Path(path).read_text().split() for path in paths if pathlib.Path(path).exists())
print(read("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")[0])
quota = read("/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us")[0]
print(quota)
"""
    limits = {"limits": {"memory": "64Mi", "cpu": "500m"}}
    kubectl.apply(pod("bound", container("", command=["python3", "-c", look], resources=limits), restartPolicy="Never"))
    assert kubectl.ends("bound")["status"]["qosClass"] == "Guaranteed"
    assert kubectl.ok("logs", "bound").split() == [str(64 << 20), "50000"]


def test_more_than_the_machine_has(kubectl):
    kubectl.apply(pod("gpus", container(STAY, resources={"limits": {"example.com/device": "1"}})))
    message = kubectl.told("gpus", "FailedScheduling")
    assert message.startswith("0/1 nodes are available: 1 Insufficient example.com/device"), message
    assert kubectl.ok("get", "pod", "gpus", "--no-headers").split()[2] == "Pending"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_ports_of_the_machine(kubectl):
    port = free_port()

    def serves(name):
        return pod(name, container("exec python3 -m http.server 8000", ports=[{"containerPort": 8000, "hostPort": port}],
                                   readinessProbe={"tcpSocket": {"port": 8000}, "periodSeconds": 1}))

    kubectl.run(serves("holds"))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as answer:
        answer.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert answer.recv(12) == b"HTTP/1.0 200"
    kubectl.apply(serves("wants"))
    told = wait_for(lambda: [event for event in kubectl.events("wants") if event[0] == "Warning"], what="a refusal")
    assert str(port) in told[0][2] or "free ports" in told[0][2], told


# --- names


def resolves(kubectl, pod, name, *options):
    script = f"import socket; print(socket.gethostbyname({name!r}))"
    return kubectl("exec", pod, *options, "--", "python3", "-c", script)


def test_names_of_services_and_namespaces(kubectl):
    for name in ("names-a", "names-b"):
        kubectl.namespace(name)
    kubectl.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "names-a"}, "spec": {
        "selector": {"app": "web"}, "ports": [{"port": 80}]}})
    kubectl.apply(
        pod("server", container(STAY), metadata={"namespace": "names-a", "labels": {"app": "web"}}),
        pod("client", container(STAY), metadata={"namespace": "names-a"}),
        pod("stranger", container(STAY), metadata={"namespace": "names-b"}),
    )
    for name, namespace in (("server", "names-a"), ("client", "names-a"), ("stranger", "names-b")):
        kubectl.ok("wait", "--for=condition=Ready", f"pod/{name}", "-n", namespace, "--timeout=30s")
    address = kubectl.get("service", "web", "-n", "names-a")["spec"]["clusterIP"]
    for name in ("web", "web.names-a", "web.names-a.svc", "web.names-a.svc.cluster.local"):
        assert resolves(kubectl, "client", name, "-n", "names-a").stdout.strip() == address, name
    assert resolves(kubectl, "stranger", "web", "-n", "names-b").returncode != 0
    kubectl.ok("delete", "namespace", "names-a", "names-b", "--timeout=60s", seconds=70)


# --- what is merged into pods


def test_pod_defaults(kubectl):
    def default(name, **env):
        return {"apiVersion": "kubeflow.org/v1alpha1", "kind": "PodDefault", "metadata": {"name": name}, "spec": {
            "selector": {"matchLabels": {"want": "it"}}, "desc": name,
            "env": [{"name": key, "value": value} for key, value in env.items()]}}

    labels = {"metadata": {"labels": {"want": "it"}}}
    kubectl.apply(default("one", ONE="1"))
    kubectl.apply(pod("merged", container("echo $ONE"), restartPolicy="Never", **labels))
    kubectl.apply(pod("unasked", container("echo [$ONE]"), restartPolicy="Never"))
    kubectl.ends("merged")
    kubectl.ends("unasked")
    assert kubectl.ok("logs", "merged") == "1\n"
    assert kubectl.ok("logs", "unasked") == "[]\n"
    kubectl.apply(default("two", ONE="2"))
    refusal = kubectl.fails("create", "-f", "-", stdin=json.dumps(pod("torn", container("true"), **labels)))
    assert "conflict" in refusal, refusal
    kubectl.ok("delete", "poddefaults", "--all")


# --- namespaces, and what is left


def test_a_namespace_takes_its_pods_along_and_nothing_is_left(kubectl, docker_workbench):
    kubectl.namespace("goes")
    kubectl.apply(
        pod("one", container(STAY), metadata={"namespace": "goes"}),
        pod("two", container("trap '' TERM; sleep 1000"), metadata={"namespace": "goes"}),
        pod("three", container("exit 0"), restartPolicy="Never", metadata={"namespace": "goes"}),
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "claim", "namespace": "goes"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
    )
    kubectl.ok("wait", "--for=condition=Ready", "pod/one", "pod/two", "-n", "goes", "--timeout=30s")
    kubectl.ok("delete", "namespace", "goes", "--timeout=60s", seconds=70)
    kubectl.ok("delete", "pods", "--all", "-A", "--timeout=60s", seconds=70)
    home = docker_workbench.home / "data"
    wait_for(lambda: docker_workbench.holds()[0] == [], what="the end of all containers")
    wait_for(lambda: list((home / "pods").iterdir()) == [], what="the end of all directories")
    assert [path for path in home.rglob("*") if "goes" in path.parts] == []
    wait_for(lambda: docker_workbench.holds()[1] == [], what="the end of all networks")
