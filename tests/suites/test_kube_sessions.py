"""kubectl into running pods: logs, exec, attach, copies and forwarded ports."""

import concurrent.futures
import os
import re
import socket
import subprocess
import urllib.request

import pytest
from conftest import wait_for
from kube import STAY, Kubectl, container, pod

# The two ways in which kubectl speaks into pods.
TRANSPORTS = {"websocket": "true", "spdy": "false"}


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    kubectl = Kubectl(docker_workbench)
    kubectl.run(pod("stays", container(STAY), container(STAY, "second")))
    return kubectl


@pytest.fixture(params=TRANSPORTS)
def transport(request, monkeypatch):
    for variable in ("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "KUBECTL_PORT_FORWARD_WEBSOCKETS"):
        monkeypatch.setenv(variable, TRANSPORTS[request.param])
    return request.param


# --- logs


def test_logs_by_every_option(kubectl):
    script = "echo one; sleep 0.1; echo two >&2; sleep 0.1; printf three"
    kubectl.apply(pod("speaks", container(script), restartPolicy="Never"))
    kubectl.ends("speaks")
    assert kubectl.ok("logs", "speaks") == "one\ntwo\nthree"
    assert kubectl.ok("logs", "speaks", "--tail=2") == "two\nthree"
    assert kubectl.ok("logs", "speaks", "--tail=0") == ""
    assert kubectl.ok("logs", "speaks", "--limit-bytes=5") == "one\nt"
    assert kubectl.ok("logs", "speaks", "--since=1h") == "one\ntwo\nthree"
    assert kubectl.ok("logs", "speaks", "--since-time=2100-01-01T00:00:00Z") == ""
    # A log that has ended is followed to its end.
    assert kubectl.ok("logs", "speaks", "-f") == "one\ntwo\nthree"
    stamped = kubectl.ok("logs", "speaks", "--timestamps").splitlines()
    assert [re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ", "", line) for line in stamped] == ["one", "two", "three"]
    assert stamped == sorted(stamped)
    # From a time on, to the moment.
    since = stamped[1].split()[0]
    assert kubectl.ok("logs", "speaks", f"--since-time={since}") in ("two\nthree", "one\ntwo\nthree")


def test_logs_are_followed_as_they_come(kubectl):
    script = "for i in $(seq 5); do echo line $i; sleep 0.3; done"
    kubectl.apply(pod("goes-on", container(script), restartPolicy="Never"))
    kubectl.until("goes-on", lambda pod: pod["status"].get("phase") == "Running")
    following = kubectl.begin("logs", "-f", "goes-on")
    output, errors = following.communicate(timeout=20)
    assert following.returncode == 0, errors
    assert output == "".join(f"line {number}\n" for number in range(1, 6))


def test_logs_of_several_containers(kubectl):
    kubectl.apply(pod(
        "two", container("echo from a", "a"), container("echo from b", "b"), restartPolicy="Never",
        initContainers=[container("echo before", "init")], metadata={"labels": {"logged": "1"}},
    ))
    kubectl.ends("two")
    # kubectl takes the first and says so.
    assert "Defaulted container" in kubectl("logs", "two").stderr
    assert kubectl.ok("logs", "two", "-c", "init") == "before\n"
    assert kubectl.ok("logs", "two", "-c", "b") == "from b\n"
    # It asks for one after the other, in any order.
    assert sorted(kubectl.ok("logs", "two", "--all-containers").splitlines()) == ["before", "from a", "from b"]
    assert "[pod/two/b] from b" in kubectl.ok("logs", "-l", "logged=1", "--all-containers", "--prefix")
    kubectl.fails("logs", "two", "-c", "c", says="container c is not valid for pod two")


def test_logs_of_what_is_not_there(kubectl):
    kubectl.fails("logs", "nobody", says='pods "nobody" not found')
    kubectl.apply(pod("imageless", container("", image="absent:1", imagePullPolicy="Never")))
    kubectl.told("imageless", "ErrImageNeverPull")
    kubectl.fails("logs", "imageless", says="is waiting to start: ErrImageNeverPull")
    kubectl.fails("logs", "stays", "-c", "main", "--previous", says='previous terminated container "main" in pod "stays" not found')


def test_logs_of_the_try_before(kubectl):
    kubectl.apply(pod("again", container("echo try $(cat /v/n 2>/dev/null || echo 1); echo 2 > /v/n; exit 1", volumeMounts=[
        {"name": "v", "mountPath": "/v"},
    ]), volumes=[{"name": "v", "emptyDir": {}}]))
    kubectl.until("again", lambda pod: pod["status"].get("containerStatuses", [{}])[0].get("restartCount") == 1)
    wait_for(lambda: kubectl.ok("logs", "again") == "try 2\n", what="what the second try says")
    kubectl.until("again", lambda pod: "waiting" in pod["status"]["containerStatuses"][0]["state"])
    # While it waits, the last that ran is both.
    assert kubectl.ok("logs", "again") == "try 2\n"
    assert kubectl.ok("logs", "again", "--previous") == "try 2\n"


def test_large_logs_arrive_whole(kubectl):
    kubectl.apply(pod("loud", container("seq 1 200000"), restartPolicy="Never"))
    kubectl.ends("loud")
    wanted = "".join(f"{number}\n" for number in range(1, 200001))
    assert kubectl.ok("logs", "loud") == wanted
    assert kubectl.ok("logs", "loud", "--tail=3") == "199998\n199999\n200000\n"


# --- exec


def test_commands_and_their_exit(kubectl, transport):
    def runs(*arguments, **options):
        return kubectl("exec", "stays", "-c", "main", *arguments, **options)

    both = runs("--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (both.stdout, both.returncode) == ("out\n", 3)
    assert both.stderr.splitlines() == ["err", "command terminated with exit code 3"]
    assert runs("-i", "--", "cat", stdin="through\n").stdout == "through\n"
    assert runs("-i", "--", "wc", "-c", stdin="x" * 3_000_000).stdout.strip() == "3000000"
    assert len(runs("--", "sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x").stdout) == 5_000_000
    assert runs("--", "sh", "-c", "kill -9 $$").returncode == 137
    # Arguments come as they were given.
    assert runs("--", "printf", "%s|", "a b", "", "$HOME", "ü").stdout == "a b||$HOME|ü|"


def test_commands_that_cannot_be_run(kubectl, transport):
    for terminal in ([], ["-t"]):
        unknown = kubectl("exec", *terminal, "stays", "-c", "main", "--", "no-such-program")
        assert (unknown.stdout, unknown.returncode) == ("", 1), unknown
        assert "error executing command in container: failed to exec in container: " in unknown.stderr
        assert 'exec: "no-such-program": executable file not found in $PATH' in unknown.stderr
    kubectl.fails("exec", "stays", "-c", "third", "--", "true", says="container third is not valid for pod stays")
    kubectl.fails("exec", "nobody", "--", "true", says='pods "nobody" not found')
    assert kubectl("exec", "stays", "--", "true").returncode == 0


def test_no_container_can_be_added_to_debug_with(kubectl):
    refused = kubectl.fails("debug", "stays", "--image=alpine", "--", "true")
    assert "ephemeral containers are disabled for this cluster" in refused


def test_a_terminal(kubectl, transport, tmp_path):
    command = " ".join(kubectl.arguments("exec", "-it", "stays", "-c", "second", "--", "sh"))
    typed = subprocess.run(
        ["script", "-qec", f"stty rows 33 cols 77; {command}", "/dev/null"],
        input=b"until [ \"$(stty size)\" = '33 77' ]; do sleep 0.1; done; test -t 0 && echo a terminal; exit 5\n",
        capture_output=True, timeout=30,
    )
    assert b"\na terminal" in typed.stdout, typed.stdout
    assert typed.returncode == 5


def test_a_command_ends_with_its_client(kubectl, transport):
    going = kubectl.begin("exec", "stays", "-c", "main", "--", "sh", "-c", "echo begun; exec sleep 4321")
    assert going.stdout.readline() == "begun\n"
    going.kill()
    going.wait(10)
    # The connection goes; as on a cluster the program may stay, and the pod goes on.
    assert kubectl.ok("exec", "stays", "-c", "main", "--", "echo", "still here") == "still here\n"


def test_attached_to_the_program_itself(kubectl, transport):
    name = f"reads-{transport}"
    kubectl.run(pod(name, container("while read line; do echo got $line; done; echo over", stdin=True, stdinOnce=True),
                    restartPolicy="Never"))
    attached = kubectl("attach", "-i", name, stdin="one\ntwo\n")
    assert "got one\ngot two\n" in attached.stdout, attached
    kubectl.ends(name)
    assert kubectl.ok("logs", name) == "got one\ngot two\nover\n"
    kubectl.fails("attach", name, says="ontainer")


# --- copies


def test_copies_both_ways(kubectl, transport, tmp_path):
    tree = tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "a.txt").write_text("a")
    (tree / "deep" / "b.bin").write_bytes(os.urandom(2_000_000))
    kubectl.ok("cp", tree, f"stays:/tmp/{transport}", "-c", "main")
    assert kubectl.ok("exec", "stays", "-c", "main", "--", "cat", f"/tmp/{transport}/a.txt") == "a"
    back = tmp_path / "back"
    kubectl.ok("cp", f"stays:/tmp/{transport}", back, "-c", "main")
    assert (back / "deep" / "b.bin").read_bytes() == (tree / "deep" / "b.bin").read_bytes()


# --- ports


def forwarded(kubectl, name, port):
    """A forwarded port: the process, and the port here."""
    process = kubectl.begin("port-forward", name, f":{port}")
    line = process.stdout.readline()
    found = re.search(r"127\.0\.0\.1:(\d+) ->", line)
    if not found:
        process.kill()
        raise AssertionError(line + process.stderr.read())
    return process, int(found[1])


def test_forwarded_ports_take_many_connections(kubectl, transport):
    name = f"serves-{transport}"
    serve = "cd /tmp && head -c 1000000 /dev/zero > big && exec python3 -m http.server 8000"
    kubectl.run(pod(name, container(serve, ports=[{"containerPort": 8000, "name": "web"}],
                                    readinessProbe={"httpGet": {"path": "/", "port": "web"}, "periodSeconds": 1})))
    process, port = forwarded(kubectl, f"pod/{name}", "web" if transport == "spdy" else 8000)
    try:
        def fetch(_):
            return len(urllib.request.urlopen(f"http://127.0.0.1:{port}/big", timeout=20).read())

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert set(pool.map(fetch, range(24))) == {1_000_000}
        # A client that goes in the middle harms nobody.
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall(b"GET /big HTTP/1.0\r\n\r\n")
            half.recv(10)
        assert fetch(0) == 1_000_000
    finally:
        process.terminate()
        process.wait(10)


def test_a_port_on_which_nobody_listens(kubectl, transport):
    process, port = forwarded(kubectl, "stays", 9)
    try:
        with socket.create_connection(("127.0.0.1", port)) as refused:
            refused.settimeout(10)
            assert refused.recv(10) == b""
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=10)
    assert "refused" in errors or "lost connection" in errors, errors


def test_a_service_is_forwarded_to_its_pod(kubectl):
    kubectl.run(pod("behind", container("exec python3 -m http.server 8000", readinessProbe={
        "tcpSocket": {"port": 8000}, "periodSeconds": 1}), metadata={"labels": {"app": "behind"}}))
    kubectl.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front"}, "spec": {
        "selector": {"app": "behind"}, "ports": [{"port": 80, "targetPort": 8000}]}})
    process, port = forwarded(kubectl, "svc/front", 80)
    try:
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20).status == 200
    finally:
        process.terminate()
        process.wait(10)
