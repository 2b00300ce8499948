#!/usr/bin/env python3
"""Records the rows of tables in which a Kubernetes API server shows objects in many states.

  record_rows.py BASE_URL --token T > rows.jsonl

Each object is made with its status, read as a table that brings the object with it, and deleted. Times lie long enough
back that a second more or less does not show; the column of ages is left out of the comparison.
"""
import argparse, datetime, json, ssl, urllib.error, urllib.request

NAMESPACE = "kinds"
NOW = datetime.datetime.now(datetime.timezone.utc)


def ago(hours):
    return (NOW - datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro(hours):
    return ago(hours).replace("Z", ".000000Z")


def status(name="main", ready=False, restarts=0, started=None, last=None, **state):
    out = {"name": name, "image": "x", "imageID": "", "ready": ready, "restartCount": restarts, "state": state}
    if started is not None:
        out["started"] = started
    if last:
        out["lastState"] = {"terminated": {"exitCode": 1, "finishedAt": last}}
    return out


WAITING = lambda reason: {"waiting": {"reason": reason}}
ENDED = lambda code, **more: {"terminated": {"exitCode": code, **more}}
RUNNING = {"running": {"startedAt": ago(5)}}
READY = [{"type": "Ready", "status": "True"}]


def pod_states():
    one, two = ["main"], ["main", "side"]
    yield "pending", one, [], {"phase": "Pending"}
    yield "creating", one, [], {"phase": "Pending", "containerStatuses": [status(**WAITING("ContainerCreating"))]}
    yield "running", one, [], {"phase": "Running", "conditions": READY, "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "containerStatuses": [status(ready=True, **RUNNING)]}
    yield "not ready", one, [], {"phase": "Running", "containerStatuses": [status(**RUNNING)]}
    yield "crash", one, [], {"phase": "Running", "containerStatuses": [status(restarts=3, last=ago(30), **WAITING("CrashLoopBackOff"))]}
    yield "restarted", one, [], {"phase": "Running", "containerStatuses": [status(ready=True, restarts=2, last=ago(100), **RUNNING)]}
    yield "restarted with no time", one, [], {"phase": "Running", "containerStatuses": [status(ready=True, restarts=2, **RUNNING)]}
    yield "completed", one, [], {"phase": "Succeeded", "containerStatuses": [status(**ENDED(0, reason="Completed"))]}
    yield "error", one, [], {"phase": "Failed", "containerStatuses": [status(**ENDED(1, reason="Error"))]}
    yield "exit code", one, [], {"phase": "Failed", "containerStatuses": [status(**ENDED(3))]}
    yield "signal", one, [], {"phase": "Failed", "containerStatuses": [status(**ENDED(0, signal=9))]}
    yield "evicted", one, [], {"phase": "Failed", "reason": "Evicted"}
    yield "one of two ended", two, [], {"phase": "Running", "conditions": READY, "containerStatuses": [status(ready=True, **RUNNING), status("side", **ENDED(0, reason="Completed"))]}
    yield "one of two ended, first", two, [], {"phase": "Running", "conditions": READY, "containerStatuses": [status(**ENDED(0, reason="Completed")), status("side", ready=True, **RUNNING)]}
    yield "one of two ended, not ready", two, [], {"phase": "Running", "containerStatuses": [status(**ENDED(0, reason="Completed")), status("side", ready=True, **RUNNING)]}
    yield "one of two failed", two, [], {"phase": "Running", "containerStatuses": [status(**ENDED(1, reason="Error")), status("side", ready=True, **RUNNING)]}
    yield "initialising", one, ["i", "j"], {"phase": "Pending", "initContainerStatuses": [status("i", **RUNNING), status("j", **WAITING("PodInitializing"))], "containerStatuses": [status(**WAITING("PodInitializing"))]}
    yield "second of init", one, ["i", "j"], {"phase": "Pending", "initContainerStatuses": [status("i", **ENDED(0)), status("j", **RUNNING)], "containerStatuses": [status(**WAITING("PodInitializing"))]}
    yield "init error", one, ["i"], {"phase": "Pending", "initContainerStatuses": [status("i", restarts=1, last=ago(50), **ENDED(1, reason="Error"))]}
    yield "init exit code", one, ["i"], {"phase": "Pending", "initContainerStatuses": [status("i", **ENDED(4))]}
    yield "init signal", one, ["i"], {"phase": "Pending", "initContainerStatuses": [status("i", **ENDED(0 + 137, signal=9))]}
    yield "init crash", one, ["i"], {"phase": "Pending", "initContainerStatuses": [status("i", restarts=4, last=ago(60), **WAITING("CrashLoopBackOff"))]}
    yield "init pull", one, ["i"], {"phase": "Pending", "initContainerStatuses": [status("i", **WAITING("ErrImagePull"))]}
    yield "init done", one, ["i"], {"phase": "Pending", "initContainerStatuses": [status("i", ready=True, restarts=2, **ENDED(0))], "containerStatuses": [status(**WAITING("PodInitializing"))]}
    yield "initialized by condition", one, ["i"], {"phase": "Running", "conditions": [{"type": "Initialized", "status": "True"}], "initContainerStatuses": [status("i", **RUNNING)], "containerStatuses": [status(ready=True, **RUNNING)]}
    yield "sidecar", one, ["i*"], {"phase": "Running", "conditions": READY, "initContainerStatuses": [status("i", ready=True, started=True, restarts=1, last=ago(70), **RUNNING)], "containerStatuses": [status(ready=True, restarts=2, last=ago(90), **RUNNING)]}
    yield "sidecar starting", one, ["i*", "j"], {"phase": "Pending", "initContainerStatuses": [status("i", started=False, **RUNNING), status("j", **WAITING("PodInitializing"))]}
    yield "sidecar not ready", one, ["i*"], {"phase": "Running", "initContainerStatuses": [status("i", started=True, **RUNNING)], "containerStatuses": [status(ready=True, **RUNNING)]}
    yield "nominated", one, [], {"phase": "Pending", "nominatedNodeName": "machine"}
    yield "gates", one, [], {"phase": "Running", "conditions": READY + [{"type": "a/b", "status": "True"}, {"type": "c/d", "status": "False"}]}
    yield "unready by reason", one, [], {"phase": "Pending", "reason": "OutOfcpu"}


def pods():
    for label, names, inits, state in pod_states():
        spec = {"schedulerName": "none", "containers": [{"name": name, "image": "x:1"} for name in names]}
        if inits:
            spec["initContainers"] = [{"name": name.rstrip("*"), "image": "x:1", **({"restartPolicy": "Always"} if name.endswith("*") else {})} for name in inits]
        if label == "gates":
            spec["readinessGates"] = [{"conditionType": "a/b"}, {"conditionType": "c/d"}]
        yield "pod " + label, ["", "v1", "pods"], {"spec": spec}, state


def template(**metadata):
    return {"metadata": {"labels": {"a": "b"}, **metadata}, "spec": {"containers": [{"name": "one", "image": "x:1"}, {"name": "two", "image": "y:2"}]}}


def jobs():
    states = [
        ("fresh", {}, {}),
        ("active", {"parallelism": 3}, {"startTime": ago(30), "active": 1, "succeeded": 1}),
        ("one of many", {"completions": 5}, {"startTime": ago(30), "succeeded": 2}),
        ("suspended", {}, {"conditions": [{"type": "Suspended", "status": "True"}]}),
        ("not suspended", {}, {"conditions": [{"type": "Suspended", "status": "False"}]}),
        ("target", {}, {"conditions": [{"type": "FailureTarget", "status": "True"}]}),
        ("criteria", {}, {"conditions": [{"type": "SuccessCriteriaMet", "status": "True"}]}),
        ("complete", {}, {"startTime": ago(30), "completionTime": ago(29), "succeeded": 1, "conditions": [{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}]}),
        ("failed", {}, {"startTime": ago(30), "failed": 1, "conditions": [{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "True"}]}),
    ]
    for label, spec, state in states:
        of = template()
        of["spec"]["restartPolicy"] = "Never"
        yield "job " + label, ["batch", "v1", "jobs"], {"spec": {"managedBy": "example.com/test", "template": of, **spec}}, state


def sets():
    selector = {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}, {"key": "z", "operator": "DoesNotExist"}]}
    counts = {"replicas": 3, "readyReplicas": 2, "availableReplicas": 1, "updatedReplicas": 3, "observedGeneration": 1}
    for plural in ("deployments", "statefulsets", "replicasets"):
        spec = {"replicas": 3, "selector": selector, "template": template()}
        if plural == "statefulsets":
            spec["serviceName"] = "s"
        kept = dict(counts)
        if plural == "replicasets":
            kept.pop("updatedReplicas")
        yield plural, ["apps", "v1", plural], {"spec": spec}, kept


def services():
    specs = [
        ("plain", {}, None),
        ("headless", {"clusterIP": "None"}, None),
        ("no selector", {"selector": {}}, None),
        ("several ports", {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 53, "protocol": "UDP"}]}, None),
        ("node port", {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30999}]}, None),
        ("balancer pending", {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30999}]}, None),
        ("balancer", {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30999}]}, {"loadBalancer": {"ingress": [{"ip": "2.2.2.2"}, {"ip": "1.1.1.1"}, {"hostname": "long.name.example.com"}]}}),
        ("external name", {"type": "ExternalName", "externalName": "example.com", "ports": []}, None),
        ("outside", {"externalIPs": ["3.3.3.3", "4.4.4.4"]}, None),
        ("balancer outside", {"type": "LoadBalancer", "externalIPs": ["3.3.3.3"], "ports": [{"port": 80, "nodePort": 30999}]}, None),
    ]
    for label, spec, state in specs:
        yield "service " + label, ["", "v1", "services"], {"spec": {"ports": [{"port": 80}], "selector": {"b": "1", "a": "2"}, **spec}}, state


def others():
    claim = {"accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "resources": {"requests": {"storage": "1Gi"}}}
    yield "claim", ["", "v1", "persistentvolumeclaims"], {"spec": claim}, None
    bound = {"phase": "Bound", "accessModes": ["ReadOnlyMany", "ReadWriteOnce"], "capacity": {"storage": "2Gi"}}
    yield "claim bound", ["", "v1", "persistentvolumeclaims"], {"spec": {**claim, "volumeName": "v", "storageClassName": "c", "volumeAttributesClassName": "gold"}}, bound
    yield "config map", ["", "v1", "configmaps"], {"data": {"a": "1", "b": "2"}, "binaryData": {"c": "YQ=="}}, None
    yield "secret", ["", "v1", "secrets"], {"stringData": {"a": "1"}, "type": "x/y"}, None
    yield "account", ["", "v1", "serviceaccounts"], {"secrets": [{"name": "a"}]}, None
    yield "lease", ["coordination.k8s.io", "v1", "leases"], {"spec": {"holderIdentity": "me"}}, None
    for count in (0, 1, 3, 5):
        subsets = [{"addresses": [{"ip": f"10.0.0.{n + 1}"} for n in range(count)], "ports": [{"port": 80}]}] if count else []
        yield f"endpoints {count}", ["", "v1", "endpoints"], {"subsets": subsets}, None
    yield "endpoints ports", ["", "v1", "endpoints"], {"subsets": [{"addresses": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}], "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]}]}, None
    yield "endpoints no ports", ["", "v1", "endpoints"], {"subsets": [{"addresses": [{"ip": "10.0.0.1"}]}]}, None
    of = {"involvedObject": {"kind": "Pod", "name": "p", "namespace": NAMESPACE, "fieldPath": "spec.containers{a}"}, "reason": "R", "message": " m\n", "type": "Normal"}
    yield "event", ["", "v1", "events"], {**of, "firstTimestamp": ago(30), "lastTimestamp": ago(26), "count": 4, "source": {"component": "c", "host": "h"}}, None
    yield "event without times", ["", "v1", "events"], of, None
    yield "event first time", ["", "v1", "events"], {**of, "firstTimestamp": ago(30), "source": {"component": "c"}}, None
    new = {**of, "eventTime": micro(40), "reportingComponent": "a/b", "reportingInstance": "i", "action": "x"}
    yield "event new", ["", "v1", "events"], new, None
    yield "event series", ["", "v1", "events"], {**new, "series": {"count": 9, "lastObservedTime": micro(28)}}, None
    yield "event of nothing", ["", "v1", "events"], {"involvedObject": {"namespace": NAMESPACE}, "message": "m"}, None
    info = {"kubeletVersion": "v1.2.3", "osImage": "Linux", "kernelVersion": "6", "containerRuntimeVersion": "docker://1", "machineID": "", "systemUUID": "", "bootID": "", "operatingSystem": "linux", "architecture": "amd64", "kubeProxyVersion": ""}
    node = {"conditions": [{"type": "Ready", "status": "True"}], "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "ExternalIP", "address": "1.2.3.4"}], "nodeInfo": info}
    yield "node", ["", "v1", "nodes"], {"metadata": {"labels": {"node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "x"}}}, node
    yield "node closed", ["", "v1", "nodes"], {"spec": {"unschedulable": True}}, {**node, "conditions": [{"type": "Ready", "status": "Unknown"}], "addresses": []}
    yield "node unknown", ["", "v1", "nodes"], {}, None
    volume = {"capacity": {"storage": "2Gi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"], "hostPath": {"path": "/x"}, "storageClassName": "c"}
    yield "volume", ["", "v1", "persistentvolumes"], {"spec": volume}, None
    yield "volume claimed", ["", "v1", "persistentvolumes"], {"spec": {**volume, "claimRef": {"namespace": NAMESPACE, "name": "none"}}}, None
    yield "class", ["storage.k8s.io", "v1", "storageclasses"], {"provisioner": "p/q", "metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}}, None
    yield "class large", ["storage.k8s.io", "v1", "storageclasses"], {"provisioner": "p/q", "allowVolumeExpansion": True, "reclaimPolicy": "Retain", "volumeBindingMode": "WaitForFirstConsumer"}, None


CLUSTER = ("nodes", "persistentvolumes", "storageclasses")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--token", required=True)
    arguments = parser.parse_args()
    context = ssl._create_unverified_context()

    def call(method, path, body=None, accept="application/json"):
        headers = {"Authorization": "Bearer " + arguments.token, "Content-Type": "application/json", "Accept": accept}
        request = urllib.request.Request(arguments.url + path, method=method, headers=headers, data=None if body is None else json.dumps(body).encode())
        try:
            answer = urllib.request.urlopen(request, context=context)
        except urllib.error.HTTPError as error:
            answer = error
        return answer.code, json.loads(answer.read())

    for kinds in (pods(), jobs(), sets(), services(), others()):
        for label, (group, version, plural), body, state in kinds:
            root = f"/apis/{group}/{version}" if group else f"/api/{version}"
            path = f"{root}/{plural}" if plural in CLUSTER else f"{root}/namespaces/{NAMESPACE}/{plural}"
            name = f"{path}/shown"
            metadata = {"name": "shown", **body.get("metadata", {})}
            code, made = call("POST", path, {**body, "metadata": metadata})
            if code >= 300:
                raise SystemExit(f"{label}: {made}")
            try:
                if state is not None:
                    made["metadata"].pop("resourceVersion")
                    code, made = call("PUT", f"{name}/status", {**made, "status": state})
                    if code >= 300:
                        raise SystemExit(f"{label}: {made}")
                table = call("GET", f"{name}?includeObject=Object", accept="application/json;as=Table;v=v1;g=meta.k8s.io")[1]
                row = table["rows"][0]
                row["object"]["metadata"].pop("managedFields", None)
                columns = [column["name"] for column in table["columnDefinitions"]]
                now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
                print(json.dumps({"label": label, "resource": [group, version, plural], "now": now, "columns": columns, "cells": row["cells"], "object": row["object"]}, sort_keys=True))
            finally:
                for _ in range(2):
                    call("DELETE", name, {"gracePeriodSeconds": 0, "propagationPolicy": "Background"})
                    code, left = call("GET", name)
                    if code == 404:
                        break
                    left["metadata"]["finalizers"] = []
                    call("PUT", name, left)


if __name__ == "__main__":
    main()
