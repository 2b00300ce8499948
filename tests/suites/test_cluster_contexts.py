"""Contexts are read as kubectl reads them, and a cluster is looked at before anything is sent there."""

import hashlib
import json
import os
import pathlib
import stat
import subprocess
import time

import faults
import pytest
import yaml
from conftest import Coracle, wait_for
from kube import config_map, container, pod

from cluster import cluster, in_namespace  # noqa: F401

# By the issue's numbers: the report on twenty objects.
REPORT_MS = 3000

# Longer than the command waits for an answer, and much shorter than a person does for one that never comes.
PATIENCE = 25


class Looker:
    """The command with a kubeconfig, which it may not change."""

    def __init__(self, home, kubeconfig):
        self.command = Coracle(home, "process")
        self.home = home
        self.original = yaml.safe_load(pathlib.Path(kubeconfig).read_text())

    def config(self, name="config", **changes):
        """A kubeconfig like the cluster's, with its `cluster` or `user` changed by a dictionary; its path."""
        document = json.loads(json.dumps(self.original))
        document["current-context"] = "admin"
        entries = {"cluster": document["clusters"][0]["cluster"]}
        entries["user"] = next(entry["user"] for entry in document["users"] if entry["name"] == self.user_of("admin"))
        for what, change in changes.items():
            if change.pop("anew", False):
                entries[what].clear()
            entries[what].update({key.replace("_", "-"): value for key, value in change.items()})
        path = self.home / name
        path.write_text(yaml.safe_dump(document))
        return path

    def user_of(self, context):
        return next(entry["context"]["user"] for entry in self.original["contexts"] if entry["name"] == context)

    def __call__(self, *arguments, kubeconfig, code=0, **environment):
        files = str(kubeconfig).split(os.pathsep)
        before = [hashlib.sha256(pathlib.Path(file).read_bytes()).digest() for file in files if pathlib.Path(file).is_file()]
        self.command.environment.update(KUBECONFIG=str(kubeconfig), **environment)
        result = self.command(*arguments, "-o", "json", seconds=60)
        after = [hashlib.sha256(pathlib.Path(file).read_bytes()).digest() for file in files if pathlib.Path(file).is_file()]
        assert before == after, "the kubeconfig was written to"
        assert result.returncode == code, f"exit {result.returncode}\n{result.stdout}\n{result.stderr}"
        return json.loads(result.stdout or result.stderr.splitlines()[-1])

    def preflight(self, *objects, kubeconfig=None, context="admin", namespace="default", code=None):
        """The report on some objects; its findings by code."""
        kubeconfig = kubeconfig or self.config()
        file = self.home / "objects.yaml"
        file.write_text(yaml.safe_dump_all(objects))
        arguments = ["preflight", *([file] if objects else []), "--context", context, "-n", namespace]
        self.command.environment["KUBECONFIG"] = str(kubeconfig)
        result = self.command(*arguments, "-o", "json", seconds=60)
        report = json.loads(result.stdout) if result.stdout else pytest.fail(result.stderr)
        assert result.returncode == (0 if report["is_fine"] else 1), result.stderr
        assert code is None or result.returncode == code, json.dumps(report["findings"], indent=1)
        return report


def codes(report, *severities):
    return {found["code"] for found in report["findings"] if not severities or found["severity"] in severities}


def finding(report, code):
    found = [found for found in report["findings"] if found["code"] == code]
    assert found, json.dumps(report["findings"], indent=1)
    return found[0]


@pytest.fixture
def looker(cluster, tmp_path):
    return Looker(tmp_path, cluster.config)


def test_contexts_of_all_files_are_listed_and_broken_ones_hide_none(looker):
    mine = looker.home / "mine"
    mine.write_text(yaml.safe_dump({
        "current-context": "mine",
        "clusters": [{"name": "c", "cluster": {"server": "https://mine:6443", "insecure-skip-tls-verify": True}}],
        "contexts": [
            {"name": "mine", "context": {"cluster": "c", "namespace": "team"}},
            {"name": "old-prod", "context": {"cluster": "gone"}},
        ],
    }))
    torn = looker.home / "torn"
    torn.write_text("users: [unclosed\n")
    kubeconfig = os.pathsep.join(map(str, [looker.home / "missing", torn, mine, looker.config()]))
    listed = looker("contexts", kubeconfig=kubeconfig, CORACLE_PROTECTED_CONTEXTS="*prod")
    assert listed["current"] == "mine"
    contexts = {context["name"]: context for context in listed["contexts"]}
    assert {"mine", "old-prod", "admin", "limited"} <= set(contexts)
    assert contexts["mine"]["is_current"] and contexts["mine"]["is_insecure"] and contexts["mine"]["namespace"] == "team"
    assert contexts["old-prod"]["is_protected"] and not contexts["old-prod"]["is_usable"]
    assert contexts["admin"]["is_usable"] and not contexts["admin"]["is_insecure"]
    assert [problem["code"] for problem in listed["problems"]] == ["kubeconfig-unreadable"]


def test_contexts_are_those_that_kubectl_lists(looker):
    second = looker.home / "second"
    second.write_text(yaml.safe_dump({
        "current-context": "late",
        "contexts": [{"name": "late", "context": {"cluster": "one", "user": "another"}}, {"name": "admin", "context": {"cluster": "other", "user": "other"}}],
    }))
    kubeconfig = os.pathsep.join(map(str, [looker.config(), second]))
    listed = looker("contexts", kubeconfig=kubeconfig)

    def kubectl(*arguments):
        environment = {**os.environ, "KUBECONFIG": kubeconfig}
        return subprocess.run(["kubectl", "config", *arguments], env=environment, capture_output=True, text=True, check=True).stdout

    assert [context["name"] for context in listed["contexts"]] == kubectl("get-contexts", "-o", "name").split()
    assert listed["current"] == kubectl("current-context").strip()
    merged = json.loads(kubectl("view", "-o", "json"))
    clusters = {entry["name"]: entry["context"]["cluster"] for entry in merged["contexts"]}
    assert {context["name"]: context["cluster"] for context in listed["contexts"]} == clusters


def test_cluster_tells_its_version_and_parts(looker):
    report = looker.preflight(code=0)
    assert report["version"].startswith("v1.")
    parts = {part["name"]: part for part in report["parts"]}
    assert parts["KServe"]["is_there"] and "serving.kserve.io/v1beta1" in parts["KServe"]["versions"]
    assert parts["Notebooks"]["is_there"] and "kubeflow.org/v1" in parts["Notebooks"]["versions"]
    assert parts["Katib"]["is_there"] is False


def test_context_that_has_gone_is_told_with_those_there_are(looker):
    error = looker("preflight", "--context", "vanished", kubeconfig=looker.config(), code=4)["error"]
    assert "there is no context `vanished`" in error["message"] and "admin" in error["message"]


def test_credentials_that_are_not_accepted_are_named(looker):
    report = looker.preflight(kubeconfig=looker.config(user={"anew": True, "token": "long-gone"}), code=1)
    assert "log in" in finding(report, "unauthorized")["fix"]


def test_server_whose_certificate_nobody_signed_is_not_asked(looker):
    stranger = {"anew": True, "server": looker.original["clusters"][0]["cluster"]["server"]}
    report = looker.preflight(kubeconfig=looker.config(cluster=dict(stranger)), code=1)
    assert report["version"] is None and "certificate-untrusted" in codes(report)
    trusting = looker.config(cluster={**stranger, "insecure_skip_tls_verify": True})
    report = looker.preflight(kubeconfig=trusting, code=0)
    assert report["version"] and "insecure" in codes(report, "warning")


def test_name_of_the_server_is_checked(looker):
    named = looker.config(cluster={"tls_server_name": "kubernetes.default.svc"})
    assert looker.preflight(kubeconfig=named, code=0)["version"]
    other = looker.preflight(kubeconfig=looker.config(cluster={"tls_server_name": "example.com"}), code=1)
    assert "another name" in finding(other, "certificate-untrusted")["message"]


def test_server_that_says_nothing_is_given_up(looker):
    with faults.silent() as port:
        begun = time.monotonic()
        report = looker.preflight(kubeconfig=looker.config(cluster={"server": f"https://127.0.0.1:{port}"}), code=1)
        assert time.monotonic() - begun < PATIENCE
    assert "timed-out" in codes(report)


def test_server_that_is_gone_or_another_is_named(looker):
    with faults.silent() as port:
        pass
    report = looker.preflight(kubeconfig=looker.config(cluster={"server": f"https://127.0.0.1:{port}"}), code=1)
    assert "refused" in finding(report, "unreachable")["message"].lower()
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nContent-Type: text/html\r\n\r\n<html></html>"
    with faults.plain(page) as port:
        report = looker.preflight(kubeconfig=looker.config(cluster={"server": f"https://127.0.0.1:{port}"}), code=1)
        assert "tls-failed" in codes(report)
        without_tls = {"anew": True, "server": f"http://127.0.0.1:{port}"}
        report = looker.preflight(kubeconfig=looker.config(cluster=without_tls), code=1)
        assert "not-kubernetes" in codes(report) and "plain-http" in codes(report, "warning")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_proxy_of_the_context_is_gone_through(looker, scheme):
    asked = []
    with {"http": faults.tunnel, "socks5": faults.socks}[scheme](asked) as port:
        report = looker.preflight(kubeconfig=looker.config(cluster={"proxy_url": f"{scheme}://127.0.0.1:{port}"}), code=0)
    assert report["version"] and asked
    assert set(asked) == {looker.original["clusters"][0]["cluster"]["server"].removeprefix("https://")}


def token_of(cluster, name="robot"):
    """A token of a service account that may do everything in its namespace."""
    cluster.ok("create", "serviceaccount", name)
    cluster.ok("create", "rolebinding", name, "--clusterrole=admin", f"--serviceaccount={cluster.home}:{name}")
    return cluster.ok("create", "token", name).strip()


def test_tokens_come_from_files_and_plugins(looker, in_namespace):
    token, who = token_of(in_namespace), f"system:serviceaccount:{in_namespace.home}:robot"
    file = looker.home / "token"
    file.write_text(token + "\n")
    report = looker.preflight(kubeconfig=looker.config(user={"anew": True, "tokenFile": "token"}))
    assert report["user"] == who

    def plugin(text):
        path = looker.home / "plugin"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        version = "client.authentication.k8s.io/v1"
        return looker.config(user={"anew": True, "exec": {"apiVersion": version, "command": "./plugin", "interactiveMode": "IfAvailable"}})

    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}}
    assert looker.preflight(kubeconfig=plugin(f"echo '{json.dumps(credential)}'"))["user"] == who
    report = looker.preflight(kubeconfig=plugin("echo 'your session has ended' >&2; exit 1"), code=1)
    assert "your session has ended" in finding(report, "plugin-failed")["message"]


def test_whom_requests_act_as_is_said_and_meant(looker):
    report = looker.preflight(kubeconfig=looker.config(user={"as": "somebody"}))
    assert report["user"] == "somebody" and "impersonates" in codes(report, "note")


def test_user_without_rights_is_told_which_are_missing(looker, in_namespace):
    sent, where = config_map("sent"), in_namespace.home
    report = looker.preflight(sent, context="limited", namespace=where, code=1)
    told = finding(report, "not-allowed")
    assert f"in the namespace {where}" in told["message"] and "auth can-i" in told["command"]
    unknown = [found["message"] for found in report["findings"] if found["code"] == "unknown"]
    assert any(message.startswith("whether it is there is not known") for message in unknown), report["findings"]
    in_namespace.ok("create", "role", "sender", "--verb=get,create,patch,delete", "--resource=configmaps,secrets")
    in_namespace.ok("create", "rolebinding", "sender", "--role=sender", "--user=limited")

    # The authorizer learns of a new role from its own watch.
    wait_for(lambda: "not-allowed" not in codes(looker.preflight(sent, context="limited", namespace=where)), 20)


def test_namespaces_that_are_missing_or_leaving_are_told(looker, in_namespace):
    report = looker.preflight(config_map("sent"), namespace="never-made", code=1)
    assert finding(report, "namespace-missing")["command"].endswith("create namespace never-made")
    in_namespace.apply(config_map("stays", finalizers=["tests.coracle.dev/stay"]))
    in_namespace.ok("delete", "namespace", in_namespace.home, "--wait=false")
    try:
        report = looker.preflight(config_map("sent"), namespace=in_namespace.home, code=1)
        assert "namespace-terminating" in codes(report, "error")
    finally:
        in_namespace.ok("patch", "configmap", "stays", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')


def test_kinds_and_versions_are_looked_for(looker, in_namespace):
    objects = [
        {"apiVersion": "kubeflow.org/v1alpha9", "kind": "Notebook", "metadata": {"name": "lab"}},
        {"apiVersion": "trainer.kubeflow.org/v1alpha1", "kind": "TrainJob", "metadata": {"name": "train"}},
    ]
    report = looker.preflight(*objects, namespace=in_namespace.home, code=1)
    assert "kubeflow.org/v1" in finding(report, "version-missing")["message"]
    assert "Trainer" in finding(report, "kind-missing")["fix"]


def test_quotas_and_limit_ranges_are_reckoned_with(looker, in_namespace):
    where = in_namespace.home
    asks = pod("asks", container("true", resources={"requests": {"memory": "2Gi"}, "limits": {"memory": "2Gi"}}))
    assert not {"quota-exceeded", "limit-range"} & codes(looker.preflight(asks, namespace=where))
    in_namespace.apply(
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": {"requests.memory": "1Gi"}}},
        {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "bounds"},
         "spec": {"limits": [{"type": "Container", "max": {"memory": "1536Mi"}}]}},
    )
    report = looker.preflight(asks, namespace=where, code=1)
    assert "1Gi of requests.memory" in finding(report, "quota-exceeded")["message"]
    assert "1536Mi" in finding(report, "limit-range")["message"]


def test_what_pods_need_has_to_be_there_or_sent_along(looker, in_namespace):
    where = in_namespace.home
    needs = pod("needs", container("true", envFrom=[{"configMapRef": {"name": "settings"}}]))
    report = looker.preflight(needs, namespace=where, code=1)
    assert "ConfigMap/settings" in finding(report, "reference-missing")["message"]
    assert "reference-missing" not in codes(looker.preflight(needs, config_map("settings"), namespace=where))
    in_namespace.apply(config_map("settings"))
    assert "reference-missing" not in codes(looker.preflight(needs, namespace=where))


HARDENED = {
    "allowPrivilegeEscalation": False, "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
}
SECURITY = {
    "plain": pod("p", container("true")),
    "hardened": pod("p", container("true", securityContext=HARDENED)),
    "hardened by the pod": pod(
        "p", container("true", securityContext={"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}),
        securityContext={"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}),
    "one container undoes it": pod(
        "p", container("true", securityContext={**HARDENED, "runAsNonRoot": False}), securityContext={"runAsNonRoot": True}),
    "root": pod("p", container("true", securityContext={**HARDENED, "runAsUser": 0})),
    "net bind": pod("p", container("true", securityContext={**HARDENED, "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}})),
    "chown": pod("p", container("true", securityContext={**HARDENED, "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}})),
    "sys admin": pod("p", container("true", securityContext={"capabilities": {"add": ["SYS_ADMIN"]}})),
    "privileged": pod("p", container("true", securityContext={"privileged": True})),
    "host network": pod("p", container("true"), hostNetwork=True),
    "host path": pod("p", container("true"), volumes=[{"name": "v", "hostPath": {"path": "/"}}]),
    "host port": pod("p", container("true", ports=[{"containerPort": 80, "hostPort": 80}])),
    "nfs": pod("p", container("true", securityContext=HARDENED), volumes=[{"name": "v", "nfs": {"server": "s", "path": "/"}}]),
    "empty dir": pod("p", container("true", securityContext=HARDENED), volumes=[{"name": "v", "emptyDir": {}}]),
    "unconfined": pod("p", container("true", securityContext={**HARDENED, "seccompProfile": {"type": "Unconfined"}})),
    "safe sysctl": pod("p", container("true"), securityContext={"sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]}),
    "unsafe sysctl": pod("p", container("true"), securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
    "selinux type": pod("p", container("true", securityContext={"seLinuxOptions": {"type": "spc_t"}})),
    "selinux level": pod("p", container("true", securityContext={"seLinuxOptions": {"level": "s0"}})),
    "init container": pod("p", container("true", securityContext=HARDENED), initContainers=[container("true", name="init")]),
    "probe of a host": pod("p", container("true", livenessProbe={"httpGet": {"port": 80, "host": "example.com"}})),
}


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_pod_security_is_judged_as_the_server_judges_it(looker, in_namespace, level):
    where = in_namespace.home
    in_namespace.ok("label", "namespace", where, f"pod-security.kubernetes.io/enforce={level}")
    differ = {}
    # Without a controller the account that every pod is given is not made.
    if in_namespace("get", "serviceaccount", "default").returncode != 0:
        in_namespace.ok("create", "serviceaccount", "default")
    for name, sent in SECURITY.items():
        answer = in_namespace("create", "--dry-run=server", "-f", "-", stdin=json.dumps(sent))
        assert answer.returncode == 0 or "violates PodSecurity" in answer.stderr, answer.stderr
        judged = "pod-security" in codes(looker.preflight(sent, namespace=where))
        if judged == (answer.returncode == 0):
            differ[name] = answer.stderr
    assert not differ


def test_report_on_twenty_objects_is_quick(looker, in_namespace):
    objects = [config_map(f"c{number}") for number in range(8)]
    objects += [pod(f"p{number}", container("true", envFrom=[{"configMapRef": {"name": f"c{number}"}}])) for number in range(6)]
    objects += [
        {"apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": f"n{number}"},
         "spec": {"template": {"spec": {"containers": [container("true")]}}}}
        for number in range(6)
    ]
    report = looker.preflight(*objects, namespace=in_namespace.home)
    assert report["objects"] == 20
    assert report["took_ms"] < REPORT_MS


def test_reports_are_the_same_each_time(looker, in_namespace):
    objects = [pod("p", container("true", image="registry.example.com/x")), config_map("c")]
    first, second = (looker.preflight(*objects, namespace=in_namespace.home) for _ in range(2))
    assert {**first, "took_ms": 0} == {**second, "took_ms": 0}
