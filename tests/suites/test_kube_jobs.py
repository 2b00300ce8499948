"""Jobs as kubectl sees them: how they complete, fail, wait and go, with the pods that they make."""

import json
import signal

import pytest
from conftest import wait_for
from kube import STAY, Kubectl, container


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    return Kubectl(docker_workbench)


@pytest.fixture(autouse=True)
def nothing_stays(request):
    yield
    if "kubectl" in request.fixturenames:
        request.getfixturevalue("kubectl").ok("delete", "jobs", "--all", "--wait=false")


# What stays until it is told to end, and has failed then.
FAILS_IN_THE_END = "trap 'exit 1' TERM; sleep 1000 & wait"


def job(name, script, image="python:3.11", env=(), **spec):
    template = {"restartPolicy": spec.pop("restartPolicy", "Never"), "terminationGracePeriodSeconds": 1,
                "containers": [container(script, image=image, env=list(env))]}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": {"spec": template}, **spec}}


def pods_of(kubectl, name):
    return kubectl.get("pods", "-l", f"batch.kubernetes.io/job-name={name}")["items"]


def phases(kubectl, name):
    return sorted(found["status"].get("phase", "") for found in pods_of(kubectl, name))


def comes_to(kubectl, name, condition, seconds=40):
    kubectl.ok("wait", f"--for=condition={condition}", f"job/{name}", f"--timeout={seconds}s", seconds=seconds + 10)
    found = kubectl.get("job", name)
    return found["status"], {entry["type"]: entry for entry in found["status"]["conditions"]}


def test_a_job_completes(kubectl):
    kubectl.apply(job("once", "echo done"))
    status, conditions = comes_to(kubectl, "once", "complete")
    assert status["succeeded"] == 1 and status["startTime"] and status["completionTime"]
    assert "active" not in status and status["uncountedTerminatedPods"] == {}
    assert list(conditions) == ["SuccessCriteriaMet", "Complete"]
    assert kubectl.ok("logs", "job/once") == "done\n"
    assert kubectl.ok("get", "job", "once", "--no-headers").split()[:3] == ["once", "Complete", "1/1"]
    reasons = [(reason, message.split(":")[0]) for _, reason, message in kubectl.events("once")]
    assert reasons == [("SuccessfulCreate", "Created pod"), ("Completed", "Job completed")]
    [made] = pods_of(kubectl, "once")
    assert made["metadata"]["name"].startswith("once-") and made["metadata"].get("finalizers") is None
    kubectl.ok("delete", "job", "once")
    wait_for(lambda: pods_of(kubectl, "once") == [], what="the end of the job's pods")


def test_many_at_once(kubectl):
    kubectl.apply(job("many", "sleep 0.5", completions=5, parallelism=2))
    most = []

    def is_over():
        found = kubectl.get("job", "many")["status"]
        most.append(found.get("active", 0))
        return found.get("succeeded") == 5

    wait_for(is_over, 60, "five completions")
    assert max(most) == 2
    assert kubectl.ok("get", "job", "many", "--no-headers").split()[1:3] in (["Complete", "5/5"], ["Running", "5/5"])
    status, _ = comes_to(kubectl, "many", "complete")
    assert status["succeeded"] == 5 and len(pods_of(kubectl, "many")) == 5


def test_indexes(kubectl):
    kubectl.apply(job("indexed", "echo $JOB_COMPLETION_INDEX $HOSTNAME", completions=3, parallelism=3, completionMode="Indexed"))
    status, _ = comes_to(kubectl, "indexed", "complete")
    assert status["completedIndexes"] == "0-2"
    for made in pods_of(kubectl, "indexed"):
        name, index = made["metadata"]["name"], made["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"]
        assert name.startswith(f"indexed-{index}-")
        assert made["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"] == index
        assert kubectl.ok("logs", name) == f"{index} indexed-{index}\n"


def test_failures_are_counted(kubectl):
    kubectl.apply(job("fails", "echo no; exit 7", backoffLimit=0))
    status, conditions = comes_to(kubectl, "fails", "failed")
    assert status["failed"] == 1
    assert conditions["Failed"]["reason"] == "BackoffLimitExceeded"
    assert conditions["Failed"]["message"] == "Job has reached the specified backoff limit"
    assert kubectl.ok("get", "job", "fails", "--no-headers").split()[1:3] == ["Failed", "0/1"]
    assert kubectl.told("fails", "BackoffLimitExceeded") == "Job has reached the specified backoff limit"
    # What failed stays to be looked at.
    assert phases(kubectl, "fails") == ["Failed"]
    assert kubectl.ok("logs", "job/fails") == "no\n"


def test_restarts_in_place_are_failures_too(kubectl):
    kubectl.apply(job("in-place", "exit 1", backoffLimit=1, restartPolicy="OnFailure"))
    _, conditions = comes_to(kubectl, "in-place", "failed")
    assert conditions["Failed"]["reason"] == "BackoffLimitExceeded"
    wait_for(lambda: pods_of(kubectl, "in-place") == [], what="the end of its pods")


def test_a_deadline(kubectl):
    kubectl.apply(job("late", STAY, activeDeadlineSeconds=2))
    status, conditions = comes_to(kubectl, "late", "failed")
    assert conditions["Failed"]["reason"] == "DeadlineExceeded"
    assert conditions["Failed"]["message"] == "Job was active longer than specified deadline"
    wait_for(lambda: pods_of(kubectl, "late") == [], what="the end of its pods")
    assert "active" not in status


def test_what_is_over_goes_after_its_time(kubectl):
    kubectl.apply(job("passes", "true", ttlSecondsAfterFinished=1))
    kubectl.ok("wait", "job/passes", "--for=delete", "--timeout=30s")
    wait_for(lambda: pods_of(kubectl, "passes") == [], what="the end of its pods")


def test_suspended_and_resumed(kubectl):
    kubectl.apply(job("rests", "echo ran", suspend=True))
    _, conditions = comes_to(kubectl, "rests", "suspended")
    assert conditions["Suspended"]["reason"] == "JobSuspended"
    assert kubectl.ok("get", "job", "rests", "--no-headers").split()[1] == "Suspended"
    assert pods_of(kubectl, "rests") == []
    kubectl.ok("patch", "job", "rests", "--type=merge", "-p", '{"spec": {"suspend": false}}')
    _, conditions = comes_to(kubectl, "rests", "complete")
    assert conditions["Suspended"]["status"] == "False"
    assert {"Suspended", "Resumed"} <= {reason for _, reason, _ in kubectl.events("rests")}


def test_suspended_while_it_runs(kubectl):
    kubectl.apply(job("halts", STAY))
    wait_for(lambda: phases(kubectl, "halts") == ["Running"], what="the pod")
    kubectl.ok("patch", "job", "halts", "--type=merge", "-p", '{"spec": {"suspend": true}}')
    wait_for(lambda: pods_of(kubectl, "halts") == [], what="the end of its pods")
    status = kubectl.get("job", "halts")["status"]
    assert "startTime" not in status and "failed" not in status


def test_failures_by_policy(kubectl):
    def policy(*rules):
        return {"podFailurePolicy": {"rules": list(rules)}}

    codes = {"onExitCodes": {"operator": "In", "values": [42]}}
    kubectl.apply(
        job("gives-up", "exit 42", backoffLimit=6, **policy({"action": "FailJob", **codes})),
        job("overlooks", "exit 42", backoffLimit=0, parallelism=1, **policy({"action": "Ignore", **codes})),
    )
    status, conditions = comes_to(kubectl, "gives-up", "failed")
    assert conditions["Failed"]["reason"] == "PodFailurePolicy" and status["failed"] == 1
    assert "exit code 42 matching FailJob rule at index 0" in conditions["Failed"]["message"]
    # One that is overlooked is made again.
    wait_for(lambda: len(pods_of(kubectl, "overlooks")) >= 2, what="another pod")
    assert "failed" not in kubectl.get("job", "overlooks")["status"]


def test_one_success_may_be_enough(kubectl):
    kubectl.apply(job("enough", f'[ "$JOB_COMPLETION_INDEX" = 0 ] && exit 0; {FAILS_IN_THE_END}', completions=3, parallelism=3,
                      completionMode="Indexed", successPolicy={"rules": [{"succeededIndexes": "0"}]}))
    status, conditions = comes_to(kubectl, "enough", "complete")
    assert conditions["SuccessCriteriaMet"]["reason"] == "SuccessPolicy"
    assert status["succeeded"] == 1


def test_indexes_fail_by_themselves(kubectl):
    kubectl.apply(job("partly", '[ "$JOB_COMPLETION_INDEX" = 1 ] && exit 1; exit 0', completions=3, parallelism=3,
                      completionMode="Indexed", backoffLimitPerIndex=0))
    status, conditions = comes_to(kubectl, "partly", "failed")
    assert (status["failedIndexes"], status["completedIndexes"]) == ("1", "0,2")
    assert conditions["Failed"]["reason"] == "FailedIndexes"


def test_a_job_is_deleted_while_it_runs(kubectl):
    kubectl.apply(job("cut", STAY, parallelism=2, completions=2))
    wait_for(lambda: phases(kubectl, "cut") == ["Running"] * 2, what="two pods")
    kubectl.ok("delete", "job", "cut", seconds=30)
    wait_for(lambda: pods_of(kubectl, "cut") == [], what="the end of its pods")
    kubectl.apply(job("orphans", STAY))
    wait_for(lambda: phases(kubectl, "orphans") == ["Running"], what="the pod")
    kubectl.ok("delete", "job", "orphans", "--cascade=orphan")
    assert phases(kubectl, "orphans") == ["Running"]
    kubectl.ok("delete", "pods", "-l", "batch.kubernetes.io/job-name=orphans")


def test_a_pod_that_is_deleted_is_made_again(kubectl):
    kubectl.apply(job("again", FAILS_IN_THE_END, backoffLimit=3))
    wait_for(lambda: phases(kubectl, "again") == ["Running"], what="the pod")
    [first] = pods_of(kubectl, "again")
    kubectl.ok("delete", "pod", first["metadata"]["name"], seconds=20)
    wait_for(lambda: [found for found in pods_of(kubectl, "again") if found["metadata"]["uid"] != first["metadata"]["uid"]
                      and found["status"].get("phase") == "Running"], 60, "another pod")
    assert kubectl.get("job", "again")["status"]["failed"] == 1


def test_what_is_wrong_is_refused(kubectl):
    kubectl.fails("create", "-f", "-", stdin=json.dumps(job("wrong", "true", restartPolicy="Always")), says='spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"')
    kubectl.apply(job("fixed", "true"))
    kubectl.fails("patch", "job", "fixed", "--type=merge", "-p", '{"spec": {"completions": 5}}', says="field is immutable")


def test_a_job_goes_on_while_the_workbench_is_away(on_docker):
    server = on_docker.serve()
    kubectl = Kubectl(on_docker)
    kubectl.apply(job("outlives", "echo begun; sleep 2; echo over", completions=2, parallelism=2))
    wait_for(lambda: phases(kubectl, "outlives") == ["Running"] * 2, what="two pods")
    before = {found["metadata"]["uid"] for found in pods_of(kubectl, "outlives")}
    server.send_signal(signal.SIGKILL)
    server.wait()
    on_docker.serve()
    kubectl = Kubectl(on_docker)
    status, _ = comes_to(kubectl, "outlives", "complete")
    assert status["succeeded"] == 2 and "failed" not in status
    made = pods_of(kubectl, "outlives")
    assert {found["metadata"]["uid"] for found in made} == before
    for found in made:
        assert found["status"]["containerStatuses"][0]["restartCount"] == 0
        assert kubectl.ok("logs", found["metadata"]["name"]) == "begun\nover\n"
    kubectl.ok("delete", "job", "outlives")


def test_a_job_of_processes(on_processes):
    on_processes.serve()
    kubectl = Kubectl(on_processes)
    kubectl.apply(job("plain", "echo $JOB_COMPLETION_INDEX", completions=2, parallelism=2, completionMode="Indexed"))
    status, _ = comes_to(kubectl, "plain", "complete")
    assert status["succeeded"] == 2
    assert sorted(kubectl.ok("logs", found["metadata"]["name"]) for found in pods_of(kubectl, "plain")) == ["0\n", "1\n"]
    kubectl.ok("delete", "job", "plain")
    wait_for(lambda: pods_of(kubectl, "plain") == [], what="the end of its pods")
