"""An engine that goes away, a clock that jumps, a laptop that sleeps, a disk that is full: named, and nothing is lost."""

import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from datetime import datetime

import pytest
from conftest import ENGINES, OUTPUT, Coracle, finished, pipeline, step, wait_for

IMAGE = "python:3.11"
ENGINE_SECONDS = 60


class Cable:
    """A socket that leads to the engine's, and can be pulled out."""

    def __init__(self, path, engine="/var/run/docker.sock"):
        self.path, self.engine, self.open = path, engine, set()
        self.plug_in()

    def plug_in(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(64)
        threading.Thread(target=self.accept, args=[self.listener], daemon=True).start()

    def pull_out(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.path.unlink()
        for end in list(self.open):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self, listener):
        while True:
            try:
                here, _ = listener.accept()
            except OSError:
                return
            there = socket.socket(socket.AF_UNIX)
            there.connect(self.engine)
            for source, target in ((here, there), (there, here)):
                self.open.add(source)
                threading.Thread(target=self.pass_on, args=[source, target], daemon=True).start()

    def pass_on(self, source, target):
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
        except OSError:
            pass
        finally:
            self.open.discard(source)
            try:
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass


def running(command, run_id, name="a"):
    """Whether a step is at work and has said so."""
    return "at work" in command("logs", run_id, "--step", name).stdout


@pytest.mark.parametrize("away", [1, 5], ids=["back before the step ends", "back after the step has ended"])
def test_an_engine_that_was_away_costs_nothing(on_docker, tmp_path, away):
    cable = Cable(tmp_path / "cable.sock")
    on_docker.environment["DOCKER_HOST"] = f"unix://{cable.path}"
    on_docker.serve()
    says = step('echo at work; sleep 3; echo done; printf kept > "$1"', args=[OUTPUT], outputs=["out"])
    run_id = on_docker.submit(pipeline(tmp_path, {"a": says, "b": step("true")}, b={"dependentTasks": ["a"]}))
    wait_for(lambda: running(on_docker, run_id), what="the step's first line")
    cable.pull_out()
    time.sleep(away)  # the time away is what is tested
    cable.plug_in()
    run = wait_for(lambda: finished(on_docker, run_id), 60, "the run's end")
    assert run["state"] == "SUCCEEDED", run
    [a] = [task for task in run["tasks"] if task["path"] == "a"]
    assert len(a["attempts"]) == 1 and a["outputs"]["parameters"]["out"] == "kept"
    assert on_docker("logs", run_id, "--step", "a").stdout.count("at work\ndone\n") == 1


class OwnEngine:
    """A Docker engine of the test's own, in a network of its own, that may be ended and started at will."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = folder / "docker.sock"

    def start(self):
        command = [
            "unshare", "--net", "sh", "-c", 'ip link set lo up; exec dockerd "$@"', "dockerd",
            "--data-root", self.folder / "data", "--exec-root", self.folder / "exec", "--iptables=false",
            "--pidfile", self.folder / "pid", "--host", f"unix://{self.socket}", "--storage-driver", "vfs",
        ]
        log = open(self.folder / "dockerd.log", "ab")
        self.process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(self.answers, ENGINE_SECONDS, f"dockerd ({self.folder}/dockerd.log)")

    def answers(self):
        assert self.process.poll() is None, (self.folder / "dockerd.log").read_text()[-2000:]
        return self.docker("version").returncode == 0

    def docker(self, *arguments, **options):
        return subprocess.run(
            ["docker", "-H", f"unix://{self.socket}", *arguments], capture_output=True, timeout=120, **options
        )

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(ENGINE_SECONDS)


@pytest.fixture(scope="module")
def own_engine(tmp_path_factory):
    if "docker" not in ENGINES:
        pytest.skip("no Docker engine answers, whose images an engine of the test's own could have")
    if os.geteuid() != 0 or not shutil.which("dockerd") or not shutil.which("unshare"):
        pytest.skip("an engine of the test's own takes root, dockerd and unshare")
    # Paths of sockets may not be long.
    folder = pathlib.Path(subprocess.check_output(["mktemp", "-d", "/tmp/coracle-engine.XXXXXX"], text=True).strip())
    engine = OwnEngine(folder)
    engine.start()
    image = subprocess.run(["docker", "save", "busybox:latest"], check=True, capture_output=True).stdout
    assert engine.docker("load", input=image).returncode == 0
    yield engine
    if engine.process.poll() is None:
        engine.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_an_engine_that_is_started_anew_in_mid_step_is_named_and_the_run_goes_on(own_engine, on_docker, tmp_path):
    on_docker.environment["DOCKER_HOST"] = f"unix://{own_engine.socket}"
    on_docker.serve()
    first = step('echo at work; printf one > "$1"', "busybox:latest", args=[OUTPUT], outputs=["out"])
    second = step("trap 'exit 143' TERM; echo at work; sleep 5 & wait", "busybox:latest")
    run_id = on_docker.submit(
        pipeline(tmp_path, {"a": first, "b": second}, b={"dependentTasks": ["a"]}), "--no-cache"
    )
    wait_for(lambda: running(on_docker, run_id, "b"), 60, "the second step's first line")
    own_engine.stop()
    own_engine.start()
    run = wait_for(lambda: finished(on_docker, run_id), 60, "the run's end")
    assert run["state"] == "FAILED"
    [b] = [task for task in run["tasks"] if task["path"] == "b"]
    assert b["reason"]["code"] == "engine_unavailable" and "coracle retry" in b["reason"]["hint"], b

    assert on_docker("retry", run_id).returncode == 0
    run = wait_for(lambda: finished(on_docker, run_id), 90, "the end of the retried run")
    attempts = {task["path"]: len(task["attempts"]) for task in run["tasks"] if task["path"]}
    assert run["state"] == "SUCCEEDED" and attempts == {"a": 1, "b": 2}


@pytest.fixture
def wall_clock(tmp_path):
    """What stands in front of a command so that its wall clock can be set, and the setter; the steady clock is true.

    That is also what a program sees of a laptop's sleep: an hour has passed by the wall, and none by the steady clock.
    """
    library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.skip("there is no libfaketime")
    file = tmp_path / "offset"
    file.write_text("+0")
    before = [
        "env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={file}", "FAKETIME_NO_CACHE=1",
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
    ]
    return before, lambda offset: file.write_text(offset)


JUMPS = {"+1h": 3600, "-1h": -3600, "+400d": 400 * 86400}


@pytest.mark.parametrize("jump", JUMPS, ids=["an hour's sleep", "an hour back", "a year on"])
def test_a_clock_that_jumps_ends_nothing_early_and_nothing_late(coracle, tmp_path, wall_clock, jump):
    before, set_clock = wall_clock
    coracle.serve(*before)
    platform = {"exec-a": {"activeDeadlineSeconds": "30"}, "exec-c": {"activeDeadlineSeconds": "2"}}
    retry = {"retryPolicy": {"maxRetryCount": 1, "backoffDuration": "1s", "backoffFactor": 1, "backoffMaxDuration": "1s"}}
    steps = {
        "a": step('echo at work; sleep 2; printf kept > "$1"', args=[OUTPUT], outputs=["out"]),
        "b": step('sleep 2; test "$KFP_RETRY_INDEX" = 1'),
        "c": step("sleep 600"),
    }
    begin = time.monotonic()
    run_id = coracle.submit(pipeline(tmp_path, steps, platform=platform, b=retry, c={"dependentTasks": ["a"]}))
    wait_for(lambda: running(coracle, run_id), what="the step's first line")
    set_clock(jump)
    run = wait_for(lambda: finished(coracle, run_id), 60, "the run's end")
    assert time.monotonic() - begin < 30
    states = {task["path"]: task["state"] for task in run["tasks"] if task["path"]}
    assert states == {"a": "SUCCEEDED", "b": "SUCCEEDED", "c": "FAILED"}
    [c] = [task for task in run["tasks"] if task["path"] == "c"]
    assert c["reason"]["code"] == "timeout"
    stamp = datetime.fromisoformat(c["finished_at"]).timestamp()
    assert stamp - time.time() == pytest.approx(JUMPS[jump], abs=60), "the workbench has not seen the jump"
    # Whoever comes later finds it at the top, whatever the clock said.
    again = coracle.submit(pipeline(tmp_path, {"a": step("true")}, "later"))
    assert coracle.json("runs")["runs"][0]["run_id"] == again or jump.startswith("-")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("a file system of the test's own takes root")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.parametrize("engine", ["docker", "process"])
def test_a_full_disk_is_named_and_the_run_goes_on_once_there_is_room(request, small_disk, tmp_path, engine):
    request.getfixturevalue("on_docker" if engine == "docker" else "on_processes")
    command = Coracle(small_disk / "home", engine)
    command.home.mkdir()
    try:
        command.serve()
        fills = step('head -c 40000000 /dev/zero > "$1"', args=["{{$.outputs.artifacts['data'].path}}"], artifacts=["data"])
        kept = step('printf kept > "$1"', args=[OUTPUT], outputs=["out"])
        file = pipeline(tmp_path, {"a": kept, "b": fills}, b={"dependentTasks": ["a"]})
        run_id = command.submit(file, "--no-cache")
        run = wait_for(lambda: finished(command, run_id), 60, "the run's end")
        [b] = [task for task in run["tasks"] if task["path"] == "b"]
        assert b["reason"]["code"] == "disk_full", b
        assert "coracle gc" in b["reason"]["hint"]
        subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)
        assert command("retry", run_id).returncode == 0
        run = wait_for(lambda: finished(command, run_id), 60, "the end of the retried run")
        assert run["state"] == "SUCCEEDED", run
        attempts = {task["path"]: len(task["attempts"]) for task in run["tasks"] if task["path"]}
        assert attempts == {"a": 1, "b": 2}
    finally:
        command.close()


def test_a_home_that_cannot_be_written_is_named(on_processes, small_disk, tmp_path):
    on_processes.environment["CORACLE_HOME"] = str(small_disk / "home")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    result = on_processes("run", pipeline(tmp_path, {"a": step("true")}))
    assert result.returncode not in (0, 101), result
    assert "read-only" in result.stderr.lower() and str(small_disk) in result.stderr


def test_a_database_of_a_newer_version_is_refused_untouched(on_processes, tmp_path):
    on_processes.run(pipeline(tmp_path, {"a": step("true")}), code=0)
    database = next(tmp_path.rglob("coracle.db"))
    with sqlite3.connect(database) as connection:
        [version] = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version + 1000}")
    connection.close()
    before = database.read_bytes()
    result = on_processes("run", pipeline(tmp_path, {"a": step("true")}))
    assert result.returncode not in (0, 101) and "newer" in result.stderr, result
    assert database.read_bytes() == before


def test_a_second_workbench_is_told_of_the_first(on_processes):
    server = on_processes.serve()
    second = on_processes("serve", "--listen", "127.0.0.1:0")
    assert second.returncode not in (0, 101)
    assert server.address in second.stderr, second.stderr
    assert on_processes("runs").returncode == 0


def sandboxes():
    listed = subprocess.run(
        ["docker", "ps", "--filter", "label=coracle.kind=sandbox", "--format", "{{.Names}}"],
        check=True, capture_output=True, text=True,
    )
    return set(listed.stdout.split())


def test_a_network_place_is_used_again_and_made_again_when_somebody_removed_it(on_docker, tmp_path):
    there = sandboxes()
    on_docker.serve()
    file = pipeline(tmp_path, {"a": step("true"), "b": step("true")}, b={"dependentTasks": ["a"]})
    on_docker.run(file, "--no-cache", code=0)
    [place] = sandboxes() - there
    on_docker.run(file, "--no-cache", code=0)
    assert sandboxes() - there == {place}
    subprocess.run(["docker", "rm", "-f", place], check=True, capture_output=True)
    run = on_docker.run(file, "--no-cache", code=0)
    assert [task["attempts"] for task in run["tasks"]] == [1, 1]
    assert sandboxes() - there == {place}
    on_docker.close()
    assert sandboxes() <= there
