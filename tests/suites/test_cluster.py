"""The cluster that other suites use is a real Kubernetes: it judges, refuses, runs, and ends."""

import itertools
import json
import os
import subprocess
import urllib.request

from conftest import wait_for
from kube import container, pod
from model_servers import SMALL

from cluster import SCRIPTS, argo_cluster, cluster, in_namespace, kserve_cluster, node_cluster  # noqa: F401

READER = [
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "reader"},
     "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}]},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "reader"},
     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
     "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "limited"}]},
]


def test_api_server_is_ready_and_says_its_version(cluster):
    assert cluster.ok("get", "--raw", "/readyz") == "ok"
    version = json.loads(cluster.ok("version", "-o", "json"))["serverVersion"]
    assert (version["major"], version["minor"]) == ("1", "34")


def test_user_without_role_is_refused_until_one_is_bound(in_namespace):
    limited = in_namespace.on("limited")
    limited.fails("get", "configmaps", says='User "limited" cannot list resource "configmaps"')
    in_namespace.apply(*READER)
    # The authorizer learns of a new role from its own watch.
    wait_for(lambda: limited("get", "configmaps").returncode == 0, 10, "the role's taking hold")
    limited.fails("create", "configmap", "mine", says="is forbidden")


def test_quota_is_held_to(in_namespace):
    in_namespace.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": {"hard": {"configmaps": "1"}}})
    # What is used, a controller counts; where only the API server runs, it is to be told.
    counted = json.dumps({"status": {"hard": {"configmaps": "1"}, "used": {"configmaps": "1"}}})
    in_namespace.ok("patch", "resourcequota", "few", "--subresource=status", "--type=merge", "-p", counted)
    tries = itertools.count()
    # The server learns of a new quota from its own watch.
    wait_for(lambda: "exceeded quota: few" in in_namespace("create", "configmap", f"try-{next(tries)}").stderr, 20, "a refusal for the quota")


def test_pod_security_is_held_to(in_namespace):
    # A pod is judged once its account is there, which a controller makes.
    in_namespace.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
    in_namespace.ok("label", "namespace", in_namespace.home, "pod-security.kubernetes.io/enforce=restricted")
    in_namespace.fails("run", "free", "--image=alpine", says='violates PodSecurity "restricted:latest"')


def test_kinds_of_kubeflow_and_kserve_are_known(in_namespace):
    in_namespace.apply(
        {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": "iris"},
         "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "gs://bucket/iris"}}}},
        {"apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": "lab"},
         "spec": {"template": {"spec": {"containers": [container("true")]}}}},
    )
    # KServe's own definition, not a stand-in: it knows a field's type.
    wrong = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": "wrong"},
             "spec": {"predictor": {"minReplicas": "many"}}}
    in_namespace.fails("apply", "-f", "-", stdin=json.dumps(wrong), says="minReplicas")


def test_job_runs_and_its_log_is_read(node_cluster, in_namespace):
    in_namespace.apply({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "sum"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container("python3 -c 'print(19 + 23)'")]}}},
    })
    in_namespace.ok("wait", "--for=condition=Complete", "job/sum", "--timeout=120s", seconds=130)
    assert in_namespace.ok("logs", "job/sum") == "42\n"


def test_claim_is_bound_and_kept_from_pod_to_pod(node_cluster, in_namespace):
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
             "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    mounted = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}], "restartPolicy": "Never"}
    at = [{"name": "data", "mountPath": "/data"}]
    in_namespace.apply(claim, pod("write", container("echo kept > /data/word", volumeMounts=at), **mounted))
    in_namespace.ends("write", seconds=120)
    in_namespace.apply(pod("read", container("cat /data/word", volumeMounts=at), **mounted))
    in_namespace.ends("read", seconds=120)
    assert in_namespace.ok("logs", "read") == "kept\n"


def test_image_without_a_tag_is_pulled_from_the_registry(node_cluster, in_namespace):
    in_namespace.apply(pod("untagged", container("true", image="alpine"), restartPolicy="Never"))
    found = in_namespace.ends("untagged", seconds=120)
    # Kubernetes' own rule: without a tag it is `latest`, and that is pulled each time.
    assert found["spec"]["containers"][0]["imagePullPolicy"] == "Always"


def test_pod_reaches_the_api_through_its_service(node_cluster, in_namespace):
    ask = ("import ssl, urllib.request as r; t = open('/var/run/secrets/kubernetes.io/serviceaccount/token').read();"
           "c = ssl.create_default_context(cafile='/var/run/secrets/kubernetes.io/serviceaccount/ca.crt');"
           "print(r.urlopen(r.Request('https://kubernetes.default.svc.cluster.local/version', headers={'Authorization': 'Bearer ' + t}), context=c).status)")
    in_namespace.apply(pod("asks", container(f'python3 -c "{ask}"'), restartPolicy="Never"))
    in_namespace.ends("asks", seconds=120)
    assert in_namespace.ok("logs", "asks") == "200\n"


def test_workflow_passes_a_parameter_from_step_to_step(argo_cluster, in_namespace):
    say = {"name": "say", "container": {"image": "alpine", "command": ["sh", "-c", "printf tide > /tmp/word"]},
           "outputs": {"parameters": [{"name": "word", "valueFrom": {"path": "/tmp/word"}}]}}
    take = {"name": "take", "inputs": {"parameters": [{"name": "word"}]},
            "container": {"image": "alpine", "command": ["sh", "-c", "echo the {{inputs.parameters.word}} turns > /tmp/out"]},
            "outputs": {"parameters": [{"name": "out", "valueFrom": {"path": "/tmp/out"}}]}}
    word = [{"name": "word", "value": "{{steps.say.outputs.parameters.word}}"}]
    steps = [[{"name": "say", "template": "say"}], [{"name": "take", "template": "take", "arguments": {"parameters": word}}]]
    in_namespace.apply({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "two"},
                        "spec": {"entrypoint": "both", "templates": [{"name": "both", "steps": steps}, say, take]}})
    in_namespace.ok("wait", "workflow/two", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=180s", seconds=190)
    nodes = in_namespace.get("workflow", "two")["status"]["nodes"].values()
    outputs = {node["displayName"]: node.get("outputs", {}).get("parameters", []) for node in nodes}
    assert [parameter["value"] for parameter in outputs["take"]] == ["the tide turns"]


def test_inference_service_becomes_a_deployment_and_a_service(kserve_cluster, in_namespace):
    found = subprocess.run([SCRIPTS / "status"], capture_output=True, text=True, timeout=60)
    assert "kserve-manager" in found.stderr
    served = container("python3 -m http.server 8080", name="kserve-container", resources=SMALL)
    in_namespace.apply({"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": "files"},
                        "spec": {"predictor": {"terminationGracePeriodSeconds": 0, "containers": [served]}}})
    in_namespace.ok("wait", "--for=condition=Ready", "isvc/files", "--timeout=120s", seconds=130)
    made = in_namespace.get("service,deployment", "-l", "serving.kserve.io/inferenceservice=files")["items"]
    assert {(one["kind"], one["metadata"]["name"]) for one in made} >= {("Deployment", "files-predictor"), ("Service", "files-predictor")}
    in_namespace.ok("delete", "isvc", "files", "--timeout=60s", seconds=70)


def test_what_does_not_get_ready_is_a_failure_and_no_reason_to_skip(tmp_path):
    """A suite skips for status 3 alone: then the machine cannot have the thing."""
    never = f'. "{SCRIPTS}/lib.sh"; STATE={tmp_path}; await 0 daemon false'
    ended = subprocess.run(["bash", "-c", never], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1, ended.stderr
    assert "did not succeed in time" in ended.stderr


def test_second_cluster_stands_beside_and_ends_alone(cluster):
    port = int(os.environ.get("CORACLE_CLUSTER_PORT", "16443")) + 100
    beside = {**os.environ, "CORACLE_CLUSTER": f"beside-{os.getpid()}", "CORACLE_CLUSTER_PORT": str(port)}

    def script(*words):
        return subprocess.run([SCRIPTS / words[0], *words[1:]], env=beside, capture_output=True, text=True, timeout=300)

    try:
        begun = script("up")
        assert begun.returncode == 0, begun.stderr
        other = cluster.on()
        other.config = begun.stdout.strip()
        other.namespace("only-here")
        assert "only-here" not in cluster.ok("get", "namespaces")
        again = script("up")
        assert (again.returncode, again.stdout) == (0, begun.stdout), again.stderr
        assert "only-here" in other.ok("get", "namespaces")
        address = script("registry", "up").stdout.strip()
        with urllib.request.urlopen(f"http://{address}/v2/_catalog", timeout=10) as answer:
            assert json.loads(answer.read()) == {"repositories": []}
    finally:
        ended = script("down")
    assert ended.returncode == 0, ended.stderr
    assert script("status").returncode == 3
    assert cluster.ok("get", "--raw", "/readyz") == "ok"
