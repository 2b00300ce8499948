"""A deployment of five objects that is disturbed in the middle ends in a state that has a name, says what was done and what was not, and
the same command again finishes the work. A real API server, with a proxy before it that does harm by rule."""

import contextlib
import json
import time

import fault_proxy
import pytest
import yaml
from conftest import wait_for
from fault_proxy import Rule, answers, certificate, cuts, does, judging, sends, stalls, stops

from cluster import cluster, in_namespace  # noqa: F401

NAMES = ["a", "b", "c", "d", "e"]

# Longer than an answer is waited for, with the record that is written afterwards, and much shorter than all tries would take.
HUNG_SECONDS = 100


class Sender:
    """The command, by way of the proxy, with five objects of one revision or another."""

    def __init__(self, coracle, kubectl, proxy, folder):
        self.coracle, self.kubectl, self.proxy, self.folder = coracle, kubectl, proxy, folder
        self.kubeconfig = proxy.config()

    def __call__(self, *words, code=0, seconds=120):
        self.coracle.environment["KUBECONFIG"] = str(self.kubeconfig)
        answer = self.coracle("-o", "json", *words, "--context", "admin", "-n", self.kubectl.home, seconds=seconds)
        assert answer.returncode == code, f"{words}\n{answer.stdout}\n{answer.stderr}"
        return json.loads(answer.stdout or answer.stderr.splitlines()[-1])

    def file(self, revision="1", *others):
        maps = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"revision": revision}}
                for name in NAMES]
        path = self.folder / "five.yaml"
        path.write_text(yaml.safe_dump_all([*maps[: len(NAMES) - len(others)], *others]))
        return path

    def deploy(self, *rules, revision="1", code=0, **options):
        self.proxy.start(*rules)
        return self("deploy", self.file(revision), "--yes", code=code, **options)

    def of(self, verb, *rules, code=0):
        self.proxy.start(*rules)
        return self(verb, "five", code=code)

    def there(self):
        """The revisions of the objects that the cluster has."""
        found = self.kubectl.get("configmaps")["items"]
        return {one["metadata"]["name"]: one["data"]["revision"] for one in found if one["metadata"]["name"] in NAMES}


def done(deployed):
    return {one["object"]["name"]: one["done"]["state"] for one in deployed["outcomes"]}


def refusal(deployed):
    """Why the first object that was refused was."""
    return next(one["done"]["refusal"] for one in deployed["outcomes"] if one["done"]["state"] == "refused")


def each(*states):
    return dict(zip(NAMES, states, strict=True))


@pytest.fixture
def sender(on_processes, in_namespace, tmp_path):  # noqa: F811
    on_processes.serve()
    folder = tmp_path / "proxy"
    folder.mkdir()
    proxy = fault_proxy.FaultProxy(folder, in_namespace.config)
    yield Sender(on_processes, in_namespace, proxy, folder)
    proxy.stop()


def test_a_server_that_stops_after_the_third_object(sender):
    broken = sender.deploy(Rule(sends, stops, spared=3), code=1)
    assert done(broken) == each("created", "created", "created", "not-reached", "not-reached")
    assert broken["record_problem"]
    assert set(sender.there()) == {"a", "b", "c"}
    assert done(sender.deploy()) == each("unchanged", "unchanged", "unchanged", "created", "created")
    assert set(sender.there()) == set(NAMES)


def test_going_back_and_removing_are_finished_after_the_server_stopped_in_them(sender):
    sender.deploy()
    sender.deploy(revision="2")
    broken = sender.of("rollback", Rule(sends, stops, spared=2), code=1)
    assert sorted(done(broken).values()) == ["not-reached"] * 3 + ["restored"] * 2
    assert sorted(sender.there().values()) == ["1", "1", "2", "2", "2"]
    assert set(done(sender.of("rollback")).values()) <= {"restored", "unchanged"}
    assert sender.there() == each(*"11111")

    def removes(method, path):
        return method == "DELETE"

    broken = sender.of("undeploy", Rule(removes, stops, spared=2), code=1)
    assert sorted(done(broken).values()) == ["deleted"] * 2 + ["not-reached"] * 3
    assert len(sender.there()) == 3
    assert set(done(sender.of("undeploy")).values()) <= {"deleted", "gone"}
    assert sender.there() == {}


def test_an_answer_that_breaks_off_once_is_asked_for_again(sender):
    assert done(sender.deploy(Rule(sends, cuts, spared=2, times=1))) == each(*["created"] * 5)
    assert sender.there() == each(*"11111")


def test_an_object_that_was_applied_without_our_hearing_of_it_is_found_so(sender):
    broken = sender.deploy(Rule(sends, cuts, spared=2), code=1)
    assert done(broken) == each("created", "created", "not-reached", "not-reached", "not-reached")
    assert set(sender.there()) == {"a", "b", "c"}
    assert done(sender.deploy()) == each("unchanged", "unchanged", "unchanged", "created", "created")
    # It is ours, whoever heard of it.
    sender.of("undeploy")
    assert sender.there() == {}


def test_credentials_that_end_in_the_middle(sender):
    expired = answers(401, "Unauthorized", "Unauthorized")
    broken = sender.deploy(Rule(sends, expired, spared=2), code=1)
    assert done(broken) == each("created", "created", "refused", "not-reached", "not-reached")
    assert refusal(broken)["kind"] == "unauthorized" and "log in" in json.dumps(broken)
    # Nothing more was asked with them, but to write down how far it came.
    assert sum(sends(*one) for one in sender.proxy.asked) == 3
    assert done(sender.deploy()) == each("unchanged", "unchanged", "created", "created", "created")


def test_an_account_that_is_removed_in_the_middle(sender):
    kubectl = sender.kubectl
    kubectl.ok("create", "serviceaccount", "robot")
    kubectl.ok("create", "role", "robot", "--verb=*", "--resource=configmaps,secrets")
    kubectl.ok("create", "rolebinding", "robot", "--role=robot", f"--serviceaccount={kubectl.home}:robot")
    token = kubectl.ok("create", "token", "robot").strip()
    listed = f"/api/v1/namespaces/{kubectl.home}/configmaps"
    wait_for(lambda: sender.proxy.code_of(listed, token) == 200, 20, what="the account's rights")
    whole = sender.kubeconfig.read_text()
    document = yaml.safe_load(whole)
    next(user for user in document["users"] if user["name"] == "admin")["user"] = {"token": token}
    sender.kubeconfig.write_text(yaml.safe_dump(document))

    def remove():
        kubectl.ok("delete", "serviceaccount", "robot")
        # Servers remember for some seconds whom they have accepted.
        wait_for(lambda: sender.proxy.code_of(listed, token) == 401, 25, what="the token's end")

    broken = sender.deploy(Rule(sends, does(remove), spared=2, times=1), code=1)
    assert done(broken) == each("created", "created", "refused", "not-reached", "not-reached")
    assert refusal(broken)["kind"] == "unauthorized"
    sender.kubeconfig.write_text(whole)
    assert done(sender.deploy()) == each("unchanged", "unchanged", "created", "created", "created")


def test_a_namespace_that_is_deleted_in_the_middle(sender):
    kubectl = sender.kubectl

    def leave():
        kubectl.ok("delete", "namespace", kubectl.home, "--wait=false")
        made = ("create", "configmap", "late", "--dry-run=server")
        wait_for(lambda: "being terminated" in kubectl(*made).stderr, 20, what="the namespace's end")

    broken = sender.deploy(Rule(sends, does(leave), spared=3, times=1), code=1)
    assert done(broken) == each("created", "created", "created", "refused", "refused")
    assert refusal(broken)["kind"] == "namespace-terminating"


def test_a_server_that_has_no_room_or_fails_once_is_asked_again(sender):
    busy = answers(429, "TooManyRequests", "too many requests", **{"Retry-After": "3"})
    failed = answers(500, "InternalError", "etcdserver: leader changed")
    begun = time.monotonic()
    sent = sender.deploy(Rule(sends, busy, spared=1, times=1), Rule(sends, failed, spared=3, times=1))
    assert time.monotonic() - begun >= 3
    assert done(sent) == each(*["created"] * 5)


def test_an_object_at_which_the_server_fails_is_named_and_the_others_are_sent(sender):
    def third(method, path):
        return sends(method, path) and "/configmaps/c?" in path

    broken = sender.deploy(Rule(third, answers(500, "InternalError", "etcdserver: request timed out")), code=1)
    assert done(broken) == each("created", "created", "refused", "created", "created")
    assert refusal(broken)["kind"] == "server-failed" and "etcdserver" in refusal(broken)["message"]
    assert done(sender.deploy())["c"] == "created"


def test_a_server_that_hangs_is_given_up_in_bounded_time(sender):
    begun = time.monotonic()
    broken = sender.deploy(Rule(sends, stalls, spared=3), code=1, seconds=300)
    assert time.monotonic() - begun < HUNG_SECONDS
    assert done(broken) == each("created", "created", "created", "not-reached", "not-reached")
    sender.proxy.stop()
    assert done(sender.deploy()) == each("unchanged", "unchanged", "unchanged", "created", "created")


def test_a_context_that_vanishes_between_what_is_shown_and_what_is_sent(sender):
    whole = sender.kubeconfig.read_text()
    assert sender("deploy", sender.file(), "--dry-run")["is_fine"]
    document = yaml.safe_load(whole)
    document["contexts"] = [entry for entry in document["contexts"] if entry["name"] != "admin"]
    sender.kubeconfig.write_text(yaml.safe_dump(document))
    error = sender.deploy(code=4)["error"]
    assert "there is no context `admin`" in error["message"]
    assert sender.proxy.asked == [] and sender.there() == {}
    sender.kubeconfig.write_text(whole)
    assert done(sender.deploy()) == each(*["created"] * 5)


def test_a_kind_of_another_version_is_named_with_those_there_are(sender):
    notebook = {"apiVersion": "kubeflow.org/v1alpha9", "kind": "Notebook", "metadata": {"name": "e"},
                "spec": {"template": {"spec": {"containers": [{"name": "e", "image": "python:3.11"}]}}}}
    broken = sender("deploy", sender.file("1", notebook), "--yes", code=1)
    assert done(broken) == each("created", "created", "created", "created", "refused")
    assert refusal(broken)["kind"] == "kind-missing" and "kubeflow.org/v1" in refusal(broken)["message"]
    served = {**notebook, "apiVersion": "kubeflow.org/v1"}
    assert done(sender("deploy", sender.file("1", served), "--yes"))["e"] == "created"


@contextlib.contextmanager
def policy(kubectl, expression, message):
    """A rule of the cluster's own for the config maps of a namespace."""
    name = f"{kubectl.home}.tests.coracle.dev"
    version = "admissionregistration.k8s.io/v1"
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}]
    validation = {"expression": expression, "message": message}
    kubectl.apply(
        {"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
         "spec": {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": rules}, "validations": [validation]}},
        {"apiVersion": version, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name},
         "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": {
             "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": kubectl.home}}}}},
    )
    try:
        yield
    finally:
        kubectl.ok("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)


def test_a_policy_of_the_cluster_that_says_no_is_named_in_its_own_words(sender):
    with policy(sender.kubectl, "object.metadata.name != 'c'", "no third ones"):
        # The server hears of the policy a moment later.
        refuses = ["create", "configmap", "c", "--dry-run=server"]
        wait_for(lambda: "no third ones" in sender.kubectl(*refuses).stderr, 30, what="the policy")
        broken = sender.deploy(code=1)
        assert done(broken) == each("created", "created", "refused", "created", "created")
        assert "no third ones" in refusal(broken)["message"] and refusal(broken)["kind"] == "admission"
    wait_for(lambda: sender.kubectl(*refuses).returncode == 0, 30, what="its end")
    assert done(sender.deploy())["c"] == "created"


def test_a_webhook_that_says_no_is_named_in_its_own_words(sender):
    kubectl = sender.kubectl
    name = f"{kubectl.home}.tests.coracle.dev"
    folder = sender.folder

    def judge(request):
        return "not on Fridays" if request["name"] == "c" else None

    with judging(folder, judge) as url:
        kubectl.apply({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": name},
            "webhooks": [{
                "name": name, "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 5,
                "clientConfig": {"url": url, "caBundle": certificate(folder)},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": kubectl.home}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}],
            }],
        })
        try:
            refuses = ["create", "configmap", "c", "--dry-run=server"]
            wait_for(lambda: "not on Fridays" in kubectl(*refuses).stderr, 30, what="the webhook")
            broken = sender.deploy(code=1)
            assert done(broken) == each("created", "created", "refused", "created", "created")
            assert refusal(broken)["kind"] == "admission" and "not on Fridays" in refusal(broken)["message"]
        finally:
            kubectl.ok("delete", "validatingwebhookconfiguration", name)
        wait_for(lambda: kubectl(*refuses).returncode == 0, 30, what="its end")
    assert done(sender.deploy())["c"] == "created"
