#!/usr/bin/env python3
"""Records objects as a Kubernetes API server writes them in protobuf and in JSON, for the test beside this file.

  record.py BASE_URL --token T > served.jsonl

Creates a namespace `protobuf` with a service account `default`, makes each object there, reads it in both forms and
removes it again. Cluster-wide objects bear a name that nothing else has. Standard library only.
"""
import argparse, base64, json, ssl, sys, time, urllib.error, urllib.request

NAMESPACE = "protobuf"
PROTOBUF = "application/vnd.kubernetes.protobuf"
CORE, APPS, BATCH = "/api/v1", "/apis/apps/v1", "/apis/batch/v1"

PROBE = {"periodSeconds": 7, "timeoutSeconds": 2, "failureThreshold": 9}
CONTAINER = {
    "name": "main", "image": "python:3.11", "command": ["python"], "args": ["-c", "print(1)"], "workingDir": "/work",
    "ports": [{"name": "http", "containerPort": 8888, "hostPort": 0}, {"containerPort": 9, "protocol": "UDP"}],
    "envFrom": [{"prefix": "A_", "configMapRef": {"name": "all", "optional": True}}, {"secretRef": {"name": "all"}}],
    "env": [{"name": "PLAIN", "value": "ä"}, {"name": "EMPTY"},
            {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
            {"name": "ONE", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": False}}},
            {"name": "TWO", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}],
    "resources": {"limits": {"cpu": "1500m", "memory": "1.5Gi", "nvidia.com/gpu": 2}, "requests": {"cpu": "100m"}},
    "volumeMounts": [{"name": "data", "mountPath": "/data", "subPath": "x", "readOnly": True, "mountPropagation": "None"}],
    "livenessProbe": {**PROBE, "httpGet": {"path": "/live", "port": "http", "httpHeaders": [{"name": "X", "value": "y"}]}},
    "readinessProbe": {**PROBE, "tcpSocket": {"port": 8888}, "successThreshold": 2},
    "startupProbe": {**PROBE, "exec": {"command": ["true"]}, "terminationGracePeriodSeconds": 4},
    "lifecycle": {"preStop": {"sleep": {"seconds": 0}}, "postStart": {"exec": {"command": ["true"]}}},
    "securityContext": {"runAsUser": 0, "privileged": False, "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]},
                        "seccompProfile": {"type": "RuntimeDefault"}},
    "stdin": True, "tty": True, "terminationMessagePolicy": "FallbackToLogsOnError",
}
POD_SPEC = {
    "containers": [CONTAINER, {"name": "side", "image": "side"}],
    "initContainers": [{"name": "init", "image": "init", "restartPolicy": "Always"}],
    "volumes": [
        {"name": "data", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}, {"name": "plain", "emptyDir": {}},
        {"name": "host", "hostPath": {"path": "/tmp", "type": "Directory"}},
        {"name": "claim", "persistentVolumeClaim": {"claimName": "c"}},
        {"name": "config", "configMap": {"name": "c", "defaultMode": 0, "items": [{"key": "k", "path": "p", "mode": 256}]}},
        {"name": "secret", "secret": {"secretName": "s", "optional": True}},
        {"name": "down", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {"name": "made", "ephemeral": {"volumeClaimTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}},
        {"name": "projected", "projected": {"sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": 600, "audience": "a"}},
            {"secret": {"name": "s"}}, {"configMap": {"name": "c", "optional": False}}]}},
        {"name": "nfs", "nfs": {"server": "s", "path": "/p"}}],
    "restartPolicy": "OnFailure", "terminationGracePeriodSeconds": 0, "activeDeadlineSeconds": 60, "dnsPolicy": "None",
    "dnsConfig": {"nameservers": ["10.0.0.1"], "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}]},
    "nodeSelector": {"disk": "ssd", "zone": ""},
    "hostname": "h", "subdomain": "s", "automountServiceAccountToken": False, "shareProcessNamespace": False,
    "securityContext": {"fsGroup": 0, "supplementalGroups": [0, 1, 4294967], "sysctls": [{"name": "a.b", "value": "1"}]},
    "imagePullSecrets": [{"name": "pull"}], "hostAliases": [{"ip": "10.0.0.2", "hostnames": ["a", "b"]}],
    "tolerations": [{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0}, {"key": "k", "value": "v"}],
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "k", "operator": "In", "values": ["a", "b"]}]}]}},
        "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 5, "podAffinityTerm": {
            "topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}}}]}},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
    "schedulingGates": [{"name": "example.com/gate"}],
}
METADATA = {"labels": {"app": "it", "empty": ""}, "annotations": {"note": "a\nb \u2028 \U0001f600", "empty": ""},
            "finalizers": ["example.com/hold"]}
TEMPLATE = {"metadata": {"labels": {"app": "it"}}, "spec": {"containers": [{"name": "main", "image": "busybox"}]}}
JOB_TEMPLATE = {"metadata": TEMPLATE["metadata"], "spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}
SELECTOR = {"matchLabels": {"app": "it"}, "matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": ""}

# Where, what kind, its fields, and a status that is written after it. Templates of a stateful set's claims are not among
# them: in JSON they say what kind they are, which the message does not.
OBJECTS = [
    (CORE, "pods", "Pod", {"spec": {"containers": [{"name": "main", "image": "busybox"}]}}, {
        "phase": "Running", "hostIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.9"}], "startTime": "2026-01-02T03:04:05Z",
        "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": None, "reason": "R", "message": "m"}],
        "containerStatuses": [{"name": "main", "ready": False, "restartCount": 3, "image": "busybox", "imageID": "",
                               "started": False, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                               "lastState": {"terminated": {"exitCode": 0, "finishedAt": "2026-01-02T03:04:05Z"}}}]}),
    (CORE, "pods", "Pod", {"metadata": METADATA, "spec": POD_SPEC}, None),
    (BATCH, "jobs", "Job", {"spec": {"template": JOB_TEMPLATE}}, None),
    (BATCH, "jobs", "Job", {"metadata": METADATA, "spec": {
        "parallelism": 0, "completions": 5, "backoffLimitPerIndex": 1, "maxFailedIndexes": 2, "completionMode": "Indexed",
        "activeDeadlineSeconds": 100, "ttlSecondsAfterFinished": 0, "suspend": True, "template": JOB_TEMPLATE,
        "podFailurePolicy": {"rules": [{"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [1, 42]}},
                                       {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]},
        "successPolicy": {"rules": [{"succeededIndexes": "0-1", "succeededCount": 1}]}}}, None),
    (BATCH, "cronjobs", "CronJob", {"spec": {
        "schedule": "0 0 * * *", "timeZone": "Etc/UTC", "suspend": True, "startingDeadlineSeconds": 0,
        "successfulJobsHistoryLimit": 0, "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": {"template": JOB_TEMPLATE}}}},
     {"lastScheduleTime": "2026-01-02T03:04:05Z", "active": [{"kind": "Job", "name": "a"}]}),
    (CORE, "services", "Service", {"spec": {"ports": [{"port": 80}]}}, None),
    (CORE, "services", "Service", {"spec": {
        "type": "NodePort", "selector": {"app": "it"}, "sessionAffinity": "ClientIP", "externalTrafficPolicy": "Local",
        "ports": [{"name": "a", "port": 80, "targetPort": "http", "appProtocol": "http"}, {"name": "b", "port": 81, "targetPort": 8081}]}}, None),
    (CORE, "services", "Service", {"spec": {"type": "ExternalName", "externalName": "example.com"}}, None),
    (CORE, "services", "Service", {"spec": {"clusterIP": "None", "publishNotReadyAddresses": True}}, None),
    (CORE, "configmaps", "ConfigMap", {}, None),
    (CORE, "configmaps", "ConfigMap", {"metadata": METADATA, "immutable": True, "data": {"a": "", "b": "ä\0"},
                                       "binaryData": {"bytes": "AP/+", "none": ""}}, None),
    (CORE, "secrets", "Secret", {"type": "Opaque", "immutable": False, "data": {"a": "AAEC/w==", "b": ""}, "stringData": {"c": "d"}}, None),
    (CORE, "serviceaccounts", "ServiceAccount", {"automountServiceAccountToken": False, "secrets": [{"name": "s"}],
                                                 "imagePullSecrets": [{"name": "p"}]}, None),
    (CORE, "events", "Event", {
        "involvedObject": {"kind": "Pod", "namespace": NAMESPACE, "name": "p", "fieldPath": "spec"}, "reason": "R", "message": "m",
        "type": "Normal", "count": 3, "firstTimestamp": "2026-01-02T03:04:05Z", "lastTimestamp": None,
        "source": {"component": "c"}}, None),
    (CORE, "events", "Event", {
        "involvedObject": {"kind": "Pod", "namespace": NAMESPACE, "name": "p"}, "eventTime": "2026-01-02T03:04:05.000006Z",
        "series": {"count": 2, "lastObservedTime": "2026-01-02T03:04:06.999999Z"}, "action": "A", "reason": "R",
        "reportingComponent": "example.com/c", "reportingInstance": "i", "type": "Warning"}, None),
    ("/apis/events.k8s.io/v1", "events", "Event", {
        "eventTime": "2026-01-02T03:04:05.000006Z", "reportingController": "example.com/c", "reportingInstance": "i",
        "action": "A", "reason": "R", "type": "Normal", "note": "n", "regarding": {"kind": "Pod", "namespace": NAMESPACE, "name": "p"}}, None),
    ("/apis/coordination.k8s.io/v1", "leases", "Lease", {"spec": {
        "holderIdentity": "me", "leaseDurationSeconds": 15, "leaseTransitions": 0,
        "acquireTime": "2026-01-02T03:04:05.000000Z", "renewTime": "2026-01-02T03:04:05.123456Z"}}, None),
    (CORE, "persistentvolumeclaims", "PersistentVolumeClaim", {"spec": {**CLAIM, "volumeMode": "Block", "selector": SELECTOR}}, {
        "phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}),
    (CORE, "endpoints", "Endpoints", {"subsets": [{"addresses": [{"ip": "10.0.0.9", "nodeName": "n"}], "ports": [{"port": 80}]}]}, None),
    (CORE, "limitranges", "LimitRange", {"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}, "default": {"cpu": "1"}}]}}, None),
    (CORE, "resourcequotas", "ResourceQuota", {"spec": {"hard": {"pods": "400", "requests.cpu": "1k"}, "scopes": ["NotTerminating"]}}, None),
    (CORE, "podtemplates", "PodTemplate", {"template": TEMPLATE}, None),
    (APPS, "deployments", "Deployment", {"spec": {
        "replicas": 0, "selector": {"matchLabels": {"app": "it"}}, "template": TEMPLATE, "paused": True,
        "strategy": {"rollingUpdate": {"maxSurge": "30%", "maxUnavailable": 0}}}}, None),
    (APPS, "deployments", "Deployment", {"spec": {
        "selector": {"matchLabels": {"app": "it"}}, "template": TEMPLATE, "strategy": {"type": "Recreate"}}}, None),
    (APPS, "replicasets", "ReplicaSet", {"spec": {"replicas": 0, "selector": SELECTOR, "template": TEMPLATE}}, None),
    (APPS, "statefulsets", "StatefulSet", {"spec": {
        "replicas": 0, "serviceName": "s", "selector": SELECTOR, "template": TEMPLATE, "ordinals": {"start": 0}}}, None),
    (APPS, "daemonsets", "DaemonSet", {"spec": {"selector": SELECTOR, "template": TEMPLATE}}, None),
    (APPS, "controllerrevisions", "ControllerRevision", {"revision": 3, "data": {"any": [1, None, "x", {}]}}, None),
    (CORE, "namespaces", "Namespace", {"metadata": {"labels": {"a": "b"}}}, None),
    (CORE, "nodes", "Node", {"spec": {"unschedulable": True, "taints": [{"key": "k", "effect": "NoSchedule"}], "podCIDR": "10.1.0.0/24"}}, {
        "capacity": {"cpu": "4", "memory": "7.5Gi"}, "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}, "nodeInfo": {"kernelVersion": "6"},
        "images": [{"names": ["a", "b"], "sizeBytes": 1 << 40}]}),
    (CORE, "persistentvolumes", "PersistentVolume", {"spec": {
        "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "hostPath": {"path": "/x"},
        "persistentVolumeReclaimPolicy": "Retain", "mountOptions": ["ro"], "claimRef": {"namespace": "n", "name": "c"}}}, None),
    ("/apis/storage.k8s.io/v1", "storageclasses", "StorageClass", {
        "provisioner": "example.com/p", "parameters": {"a": "b"}, "allowVolumeExpansion": False,
        "allowedTopologies": [{"matchLabelExpressions": [{"key": "k", "values": ["v"]}]}]}, None),
]
CLUSTER_WIDE = ("namespaces", "nodes", "persistentvolumes", "storageclasses")
# Questions, which are answered and not kept.
REVIEWS = [
    ("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "SelfSubjectAccessReview",
     {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": NAMESPACE}}}),
    ("/apis/authorization.k8s.io/v1/subjectaccessreviews", "SubjectAccessReview",
     {"spec": {"user": "u", "groups": ["g"], "extra": {"k": ["a", "b"]}, "nonResourceAttributes": {"path": "/", "verb": "get"}}}),
]


class Server:
    def __init__(self, url, token):
        self.url, self.token = url, token
        self.context = ssl._create_unverified_context()

    def call(self, method, path, body=None, accept="application/json"):
        headers = {"Authorization": "Bearer " + self.token, "Accept": accept, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, headers=headers, data=data)
        with urllib.request.urlopen(request, context=self.context) as answer:
            return answer.read()

    def pair(self, method, path, body=None):
        """What is answered in both forms."""
        return (self.call(method, path, body, PROTOBUF), json.loads(self.call(method, path, body)))

    def settled(self, path):
        """An object in both forms, of one version."""
        for _ in range(20):
            before = json.loads(self.call("GET", path))["metadata"]["resourceVersion"]
            protobuf, value = self.pair("GET", path)
            if value["metadata"]["resourceVersion"] == before:
                return protobuf, value
            time.sleep(0.2)
        raise SystemExit(f"{path} does not settle")


def quietly(action, *arguments):
    try:
        action(*arguments)
    except urllib.error.HTTPError:
        pass


def write(protobuf, value):
    json.dump({"apiVersion": value["apiVersion"], "kind": value["kind"],
               "protobuf": base64.b64encode(protobuf).decode(), "json": value}, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--token", required=True)
    args = parser.parse_args()
    server = Server(args.url, args.token)
    inside = f"{CORE}/namespaces/{NAMESPACE}"
    quietly(server.call, "POST", f"{CORE}/namespaces", {"metadata": {"name": NAMESPACE}})
    quietly(server.call, "POST", f"{inside}/serviceaccounts", {"metadata": {"name": "default"}})
    for index, (root, plural, kind, fields, status) in enumerate(OBJECTS):
        name = f"{NAMESPACE}-{index}"
        body = {"apiVersion": root.removeprefix("/apis/").removeprefix("/api/"), "kind": kind, **fields}
        body["metadata"] = {**fields.get("metadata", {}), "name": name}
        place = f"{root}/{plural}" if plural in CLUSTER_WIDE else f"{root}/namespaces/{NAMESPACE}/{plural}"
        try:
            server.call("POST", place, body)
            if status:
                write_status(server, f"{place}/{name}", status)
            write(*server.settled(f"{place}/{name}"))
            if kind == "Deployment":
                write(*server.settled(f"{place}/{name}/scale"))
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{kind} {index}: {error.read().decode()}")
        finally:
            quietly(server.call, "DELETE", f"{place}/{name}?gracePeriodSeconds=0")
            quietly(release, server, f"{place}/{name}")
    for path, kind, fields in REVIEWS:
        body = {"apiVersion": path.removeprefix("/apis/").rpartition("/")[0], "kind": kind, **fields}
        write(*server.pair("POST", path, body))


def write_status(server, path, status):
    """Writes the status of an object, which its controllers may change at the same time."""
    for _ in range(20):
        value = json.loads(server.call("GET", path))
        value["status"] = status
        try:
            return server.call("PUT", path + "/status", value)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
    raise SystemExit(f"{path} does not settle")


def release(server, path):
    """Takes the finalizers from a deleted object."""
    value = json.loads(server.call("GET", path))
    value["metadata"].pop("finalizers", None)
    server.call("PUT", path, value)


if __name__ == "__main__":
    main()
