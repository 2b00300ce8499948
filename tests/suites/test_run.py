"""What `coracle run` and its companions do on real engines, for one person at a prompt."""

import json
import re
import time

from conftest import EXAMPLES, OUTPUT, finished, pipeline, step, tasks, wait_for


def out(text):
    """A shell text that writes the output parameter `out`, wherever the engine has it."""
    return f'printf "%s" "{text}" > "$1"'


def producer(text):
    return step(out(text), args=[OUTPUT], outputs=["out"])


def test_a_run_ends_with_its_outputs(coracle, tmp_path):
    file = pipeline(tmp_path, {"a": producer("hello")})
    run = coracle.run(file, code=0)
    assert run["state"] == "SUCCEEDED"
    assert tasks(run)["a"]["outputs"]["out"] == "hello"
    assert tasks(run)["a"]["attempts"] == 1


def test_a_second_run_comes_from_the_cache(coracle, tmp_path):
    file = pipeline(tmp_path, {"a": producer("hello")}, a={"cachingOptions": {"enableCache": True}})
    first, second = coracle.run(file), coracle.run(file)
    assert not tasks(first)["a"]["cached"]
    assert tasks(second)["a"]["cached"]
    assert tasks(second)["a"]["outputs"] == tasks(first)["a"]["outputs"]
    third = coracle.run(file, "--no-cache")
    assert not tasks(third)["a"]["cached"]


def test_why_names_what_changed(coracle, tmp_path):
    cached = {"cachingOptions": {"enableCache": True}}
    coracle.run(pipeline(tmp_path, {"a": producer("hello")}, a=cached))
    run = coracle.run(pipeline(tmp_path, {"a": producer("goodbye")}, a=cached))
    why = coracle("why", run["run_id"], "a")
    assert why.returncode == 0, why.stderr
    assert "command" in why.stdout.lower()


def test_a_failing_step_says_why_and_the_exit_code_is_one(coracle, tmp_path):
    file = pipeline(tmp_path, {"a": step(["python3", "-c", "import nothing_like_it"])})
    result = coracle("run", file)
    assert result.returncode == 1
    assert "No module named 'nothing_like_it'" in result.stdout + result.stderr
    assert "packages_to_install" in result.stdout + result.stderr


def test_logs_keep_both_streams(coracle, tmp_path):
    file = pipeline(tmp_path, {"a": step("echo to-out; echo to-err >&2")})
    run = coracle.run(file)
    logs = coracle("logs", run["run_id"], "--step", "a")
    assert logs.returncode == 0, logs.stderr
    assert "to-out" in logs.stdout and "to-err" in logs.stdout


def test_steps_without_a_common_ancestor_run_at_once(on_docker, tmp_path):
    file = pipeline(tmp_path, {name: step("sleep 1") for name in "abcd"})
    run = on_docker.run(file, code=0)
    begun = [task["started_at"] for task in run["tasks"]]
    ended = [task["finished_at"] for task in run["tasks"]]
    assert max(begun) < min(ended), f"{begun} {ended}"


def test_usage_and_absence_have_their_exit_codes(on_processes, tmp_path):
    assert on_processes("run", tmp_path / "absent.yaml").returncode in (2, 4)
    assert on_processes("frobnicate").returncode == 2
    assert on_processes("get", "00000000-0000-0000-0000-000000000000").returncode == 4
    assert on_processes("run", EXAMPLES / "hello" / "pipeline.yaml", "-p", "no-such=1").returncode == 2


def test_no_engine_is_exit_code_three(on_processes, tmp_path):
    on_processes.environment["DOCKER_HOST"] = "unix:///nonexistent/docker.sock"
    result = on_processes("run", pipeline(tmp_path, {"a": producer("x")}), "--engine", "docker")
    assert result.returncode == 3, result.stderr
    assert "/nonexistent/docker.sock" in result.stderr


def test_a_secret_reaches_the_step_and_nothing_else(on_docker, tmp_path):
    on_docker("secret", "set", "credentials", "token=s3cr3t-value").check_returncode()
    platform = {
        "exec-a": {
            "secretAsEnv": [{"secretName": "credentials", "keyToEnv": [{"secretKey": "token", "envVar": "TOKEN"}]}],
            "secretAsVolume": [{"secretName": "credentials", "mountPath": "/etc/credentials"}],
        }
    }
    file = pipeline(tmp_path, {"a": step('test "$TOKEN" = "$(cat /etc/credentials/token)" && test ${#TOKEN} = 12')}, platform=platform)
    run = on_docker.run(file, code=0)
    assert "s3cr3t" not in json.dumps(on_docker.json("get", run["run_id"]))
    assert "s3cr3t" not in on_docker("secret", "list").stdout
    assert not [path for path in on_docker.home.rglob("*") if path.is_file() and b"s3cr3t" in path.read_bytes()]


def test_limits_are_enforced_by_the_engine(on_docker, tmp_path):
    read = "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes"
    file = pipeline(
        tmp_path,
        {"a": step(f'{read} > "$1"', args=[OUTPUT], outputs=["out"], resources={"resourceMemoryLimit": "96Mi"})},
    )
    run = on_docker.run(file, code=0)
    assert tasks(run)["a"]["outputs"]["out"].strip() == str(96 << 20)


def test_a_gpu_that_is_not_there_is_refused_at_once(on_docker, tmp_path):
    accelerator = {"accelerator": {"resourceType": "nvidia.com/gpu", "resourceCount": "99"}}
    run = on_docker.run(pipeline(tmp_path, {"a": step("true", resources=accelerator)}), code=1)
    assert tasks(run)["a"]["reason"].startswith("insufficient_resources: the step asks for 99 GPU(s)")


def test_a_cancelled_run_ends_within_two_seconds(coracle, tmp_path):
    coracle.serve()
    file = pipeline(tmp_path, {"a": step("trap '' TERM; sleep 300 & wait")})
    run_id = coracle.submit(file)
    wait_for(lambda: "RUNNING" in json.dumps(coracle.json("get", run_id)["tasks"]), what="the step's start")
    begin = time.monotonic()
    assert coracle("cancel", run_id).returncode == 0
    wait_for(lambda: coracle.json("get", run_id)["state"] == "FAILED", what="the run's end")
    assert time.monotonic() - begin < 3.0


def test_a_retry_keeps_what_succeeded(on_processes, tmp_path):
    flag = tmp_path / "flag"
    file = pipeline(tmp_path, {"a": producer("kept"), "b": step(f'test -e "{flag}"')}, b={"dependentTasks": ["a"]})
    run = on_processes.run(file, code=1)
    flag.touch()
    on_processes.serve()
    assert on_processes("retry", run["run_id"]).returncode == 0
    ended = wait_for(lambda: finished(on_processes, run["run_id"]), what="the retried run's end")
    assert ended["state"] == "SUCCEEDED"
    attempts = {task["path"]: len(task["attempts"]) for task in ended["tasks"] if task["path"]}
    assert attempts == {"a": 1, "b": 2}


def test_what_a_step_used_is_what_to_ask_for_it(coracle, tmp_path):
    """It holds 64 MiB and works for as long as it runs: a request is over that, and a limit over the request."""
    work = "held = b'x' * (64 << 20)\nimport time\nend = time.process_time() + 1\nwhile time.process_time() < end: pass"
    coracle.run(pipeline(tmp_path, {"hungry": step(f'python3 -c "{work}"')}), code=0)
    (found,) = coracle.json("resources", "made")["steps"]
    mib = 1 << 20
    assert (found["task"], found["attempts"]) == ("hungry", 1)
    assert 64 * mib < found["peak_memory"] < 200 * mib
    assert 100 < found["mean_cpu"] < 1200
    suggested = found["suggested"]
    assert found["peak_memory"] * 1.15 <= suggested["memory_request"] < suggested["memory_limit"]
    assert suggested["cpu_request"] > found["mean_cpu"] and suggested["cpu_limit"] is None
    assert "hungry" in coracle("resources", "made").stdout
    assert coracle.json("resources", "nothing")["steps"] == []


def test_examples_run(on_docker):
    for name in ("hello", "loop", "exit-handler"):
        run = on_docker.run(EXAMPLES / name / "pipeline.yaml")
        assert run["state"] == "SUCCEEDED", (name, run)


def test_the_command_speaks_json_and_lists(coracle, tmp_path):
    run = coracle.run(pipeline(tmp_path, {"a": producer("x")}))
    listed = coracle.json("runs")
    rows = listed["runs"] if isinstance(listed, dict) else listed
    assert run["run_id"] in json.dumps(rows)
    assert re.fullmatch(r"[0-9a-f-]{36}", run["run_id"])
    assert coracle("doctor").returncode in (0, 1)
