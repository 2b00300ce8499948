"""A second conversation for the replayer of recorded conversations: `replay.py BASE --steps steps.py --against recorded.jsonl`.

What it asks: server-side apply and strategic patches of lists, statuses, what pods, jobs, claims and secrets may not be,
pages of one moment, forms of answers, watches with initial events, deletions with their options, rules of metadata. The
answers beside it are those of a Kubernetes 1.34.4 with its controller manager and the Notebook definition.
"""

NS = "more"
CORE = f"/api/v1/namespaces/{NS}"
KF = f"/apis/kubeflow.org/v1/namespaces/{NS}"
BATCH = f"/apis/batch/v1/namespaces/{NS}"

def steps():
    s = []
    add = lambda label, method, path, body=None, **o: s.append((label, method, path, body, o))
    add("ns", "POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NS}})
    # The namespace gets its service account, without which pods are refused there.
    add("wait sa", "GET", CORE + "/configmaps?watch=true&timeoutSeconds=2&fieldSelector=metadata.name%3Dnone", watch=True)
    # server-side apply on structured kinds
    svc = lambda ports, **m: {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc", **m}, "spec": {"selector": {"a": "b"}, "ports": ports}}
    add("ssa service", "PATCH", CORE + "/services/svc?fieldManager=red", svc([{"name": "a", "port": 80}, {"name": "b", "port": 81}]), type=APPLY)
    add("ssa service blue adds", "PATCH", CORE + "/services/svc?fieldManager=blue", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc"}, "spec": {"ports": [{"name": "c", "port": 82}]}}, type=APPLY)
    add("ssa service red drops b", "PATCH", CORE + "/services/svc?fieldManager=red", svc([{"name": "a", "port": 80}]), type=APPLY)
    add("ssa service blue conflicts", "PATCH", CORE + "/services/svc?fieldManager=blue", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc"}, "spec": {"ports": [{"name": "x", "port": 80}]}}, type=APPLY)
    add("ssa service sees", "GET", CORE + "/services/svc")
    add("ssa labels", "PATCH", CORE + "/services/svc?fieldManager=green", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc", "labels": {"x": "1"}}}, type=APPLY)
    add("ssa managed fields given", "PATCH", CORE + "/services/svc?fieldManager=green", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc", "managedFields": [{"manager": "x", "operation": "Apply"}]}}, type=APPLY)
    add("strategic ports", "PATCH", CORE + "/services/svc", {"spec": {"ports": [{"port": 80, "targetPort": 99}]}}, type=STRATEGIC)
    add("strategic delete port", "PATCH", CORE + "/services/svc", {"spec": {"ports": [{"port": 82, "$patch": "delete"}]}}, type=STRATEGIC)
    add("strategic replace", "PATCH", CORE + "/services/svc", {"spec": {"selector": {"$patch": "replace", "z": "1"}}}, type=STRATEGIC)
    add("service cluster ip change", "PATCH", CORE + "/services/svc", {"spec": {"clusterIP": "10.0.0.1"}}, type=MERGE)
    add("service status", "GET", CORE + "/services/svc/status")
    add("service delete", "DELETE", CORE + "/services/svc")
    # pods
    add("pod", "POST", CORE + "/pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"l": "1"}}, "spec": {"schedulerName": "none", "containers": [{"name": "main", "image": "x:1", "env": [{"name": "A", "value": "1"}], "resources": {"limits": {"cpu": "0.5"}}}]}})
    add("pod ssa", "PATCH", CORE + "/pods/p?fieldManager=red", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "annotations": {"q": "r"}}}, type=APPLY)
    add("pod image by ssa conflict", "PATCH", CORE + "/pods/p?fieldManager=red", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "main", "image": "y:1"}]}}, type=APPLY)
    add("pod status patch", "PATCH", CORE + "/pods/p/status", {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}, type=STRATEGIC)
    add("pod status keeps spec", "PATCH", CORE + "/pods/p/status", {"spec": {"nodeName": "x"}, "metadata": {"labels": {"via": "status"}}}, type=MERGE)
    add("pod put status bad", "PATCH", CORE + "/pods/p/status", {"status": {"phase": 3}}, type=MERGE)
    add("pod phases", "GET", CORE + "/pods?fieldSelector=status.phase%3DRunning,metadata.name%3Dp")
    add("pod not phase", "GET", CORE + "/pods?fieldSelector=status.phase!%3DRunning")
    add("pod bad field", "GET", CORE + "/pods?fieldSelector=spec.foo%3Dx")
    add("pod exec bad", "GET", CORE + "/pods/none/exec?command=ls&stdout=1")
    add("pod portforward none", "GET", CORE + "/pods/none/portforward")
    add("pod log unknown container", "GET", CORE + "/pods/p/log?container=zzz")
    add("pod log bad tail", "GET", CORE + "/pods/p/log?tailLines=x")
    add("pod ephemeral", "GET", CORE + "/pods/p/zzz")
    add("pod delete dry", "DELETE", CORE + "/pods/p?dryRun=All")
    add("pods delete collection", "DELETE", CORE + "/pods?labelSelector=l")
    add("pods left", "GET", CORE + "/pods?labelSelector=l")
    # jobs
    job_ = lambda name, **spec: {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"suspend": True, "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "x:1"}]}}, **spec}}
    add("job", "POST", BATCH + "/jobs", job_("j"))
    add("job template change", "PATCH", BATCH + "/jobs/j", {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "y:2"}]}}}}, type=STRATEGIC)
    add("job indexed without completions", "POST", BATCH + "/jobs", job_("j2", completionMode="Indexed"))
    add("job manual selector", "POST", BATCH + "/jobs", job_("j3", selector={"matchLabels": {"a": "b"}}))
    add("job policy", "POST", BATCH + "/jobs", job_("j4", podFailurePolicy={"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}]}))
    add("job policy bad", "POST", BATCH + "/jobs", job_("j5", podFailurePolicy={"rules": [{"action": "Nope", "onExitCodes": {"operator": "In", "values": [0]}}]}))
    add("job scale", "GET", BATCH + "/jobs/j/scale")
    add("job delete", "DELETE", BATCH + "/jobs/j")
    add("job delete background", "DELETE", BATCH + "/jobs/j4?propagationPolicy=Background")
    add("job bad policy", "DELETE", BATCH + "/jobs/j4?propagationPolicy=Never")
    # claims
    pvc = lambda n, **k: {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": n}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "nope", **k}}
    add("claim", "POST", CORE + "/persistentvolumeclaims", pvc("c"))
    add("claim mode", "POST", CORE + "/persistentvolumeclaims", pvc("c2", accessModes=["Sometimes"]))
    add("claim shrink", "PATCH", CORE + "/persistentvolumeclaims/c", {"spec": {"resources": {"requests": {"storage": "1Mi"}}}}, type=MERGE)
    add("claim class change", "PATCH", CORE + "/persistentvolumeclaims/c", {"spec": {"storageClassName": "other"}}, type=MERGE)
    add("claim delete", "DELETE", CORE + "/persistentvolumeclaims/c")
    # secrets
    sec = lambda n, **k: {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": n}, **k}
    add("secret tls", "POST", CORE + "/secrets", sec("t", type="kubernetes.io/tls", data={"tls.crt": "", "tls.key": ""}))
    add("secret tls missing", "POST", CORE + "/secrets", sec("t2", type="kubernetes.io/tls", data={}))
    add("secret docker", "POST", CORE + "/secrets", sec("d", type="kubernetes.io/dockerconfigjson", stringData={".dockerconfigjson": "{"}))
    add("secret type change", "PATCH", CORE + "/secrets/t", {"type": "Opaque"}, type=MERGE)
    add("secret bad key", "POST", CORE + "/secrets", sec("k", stringData={"a/b": "c"}))
    # events
    add("event new", "POST", CORE + "/events", {"apiVersion": "v1", "kind": "Event", "metadata": {"generateName": "gen-"}, "involvedObject": {"kind": "Pod", "name": "p", "namespace": NS}, "reason": "R", "message": "m", "type": "Normal", "count": 3})
    add("event wrong ns", "POST", CORE + "/events", {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e2"}, "involvedObject": {"kind": "Pod", "name": "p", "namespace": "other"}, "reason": "R"})
    # lists
    for i in range(5):
        add(f"cm {i}", "POST", CORE + "/configmaps", cm(f"c{i}", labels={"k": "v"}))
    add("page one", "GET", CORE + "/configmaps?limit=2&labelSelector=k", capture="continue")
    add("cm between", "POST", CORE + "/configmaps", cm("c2x", labels={"k": "v"}))
    add("page two", "GET", CORE + "/configmaps?limit=2&labelSelector=k&continue={continue}")
    add("list future", "GET", CORE + "/configmaps?resourceVersion=999999999&resourceVersionMatch=Exact&limit=1&timeoutSeconds=1")
    add("list bad rv", "GET", CORE + "/configmaps?resourceVersion=x")
    add("list bad match", "GET", CORE + "/configmaps?resourceVersionMatch=Exact")
    add("list neg limit", "GET", CORE + "/configmaps?limit=-1&labelSelector=none")
    add("list bad limit", "GET", CORE + "/configmaps?limit=x")
    add("get with rv", "GET", CORE + "/configmaps/c0?resourceVersion=0")
    add("table none", "GET", CORE + "/configmaps?includeObject=None&labelSelector=k", accept=TABLE)
    add("table object", "GET", CORE + "/configmaps/c0?includeObject=Object", accept=TABLE)
    add("proto only", "GET", CORE + "/configmaps/c0", accept="application/xml")
    # watch
    add("rv", "GET", CORE + "/configmaps?labelSelector=w", capture="listrv")
    add("w1", "POST", CORE + "/configmaps", cm("w1", labels={"w": "1"}))
    add("watch send initial", "GET", CORE + "/configmaps?labelSelector=w&watch=true&timeoutSeconds=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan", watch=True)
    add("watch initial without match", "GET", CORE + "/configmaps?watch=true&timeoutSeconds=1&sendInitialEvents=true")
    add("watch metadata", "GET", CORE + "/configmaps?labelSelector=w&watch=true&timeoutSeconds=1&resourceVersion={listrv}", watch=True, accept=PARTIAL)
    add("watch one", "GET", CORE + "/configmaps/w1?watch=true&timeoutSeconds=1")
    # deletion
    add("fg owner", "POST", CORE + "/configmaps", cm("own"), capture="rv")
    add("delete foreground", "DELETE", CORE + "/configmaps/own?propagationPolicy=Foreground")
    add("delete orphan and bool", "DELETE", CORE + "/configmaps/c0", {"orphanDependents": True, "propagationPolicy": "Orphan"})
    add("delete grace neg", "DELETE", CORE + "/configmaps/c0", {"gracePeriodSeconds": -1})
    add("delete bad body", "DELETE", CORE + "/configmaps/c1", b"{")
    add("delete wrong kind body", "DELETE", CORE + "/configmaps/c1", {"kind": "Pod", "apiVersion": "v1"})
    add("delete rv mismatch", "DELETE", CORE + "/configmaps/c1", {"preconditions": {"resourceVersion": "1"}})
    add("delete options full", "DELETE", CORE + "/configmaps/c1", {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"})
    # metadata rules
    add("create with uid", "POST", CORE + "/configmaps", cm("u", uid="00000000-0000-0000-0000-000000000001", creationTimestamp="2001-01-01T00:00:00Z"))
    add("create with rv", "POST", CORE + "/configmaps", cm("v", resourceVersion="5"))
    add("create with generation", "POST", CORE + "/configmaps", cm("g", generation=7))
    add("put uid", "PUT", CORE + "/configmaps/u", cm("u", uid="00000000-0000-0000-0000-000000000002"))
    add("bad finalizer", "POST", CORE + "/configmaps", cm("f", finalizers=["nope"]))
    add("bad owner", "POST", CORE + "/configmaps", cm("o", ownerReferences=[{"apiVersion": "v1", "kind": "ConfigMap", "name": "x"}]))
    add("two controllers", "POST", CORE + "/configmaps", cm("o2", ownerReferences=[{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1", "controller": True}, {"apiVersion": "v1", "kind": "ConfigMap", "name": "y", "uid": "2", "controller": True}]))
    add("big annotation", "POST", CORE + "/configmaps", cm("a", annotations={"x": "y" * 300000}))
    add("bad annotation key", "POST", CORE + "/configmaps", cm("a2", annotations={"bad key!": "y"}))
    add("cm bad key", "POST", CORE + "/configmaps", cm("bk", {"a b": "1"}))
    add("cm too large", "POST", CORE + "/configmaps", cm("big", {"a": "x" * 1100000}))
    add("cm immutable", "POST", CORE + "/configmaps", {**cm("im"), "immutable": True})
    add("cm immutable change", "PATCH", CORE + "/configmaps/im", {"data": {"a": "2"}}, type=MERGE)
    # notebooks
    nb = lambda n, **m: {"apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": n, **m}, "spec": {"template": {"spec": {"containers": [{"name": n, "image": "absent:1"}]}}}}
    stopped = {"annotations": {"kubeflow-resource-stopped": "x"}}
    add("nb", "POST", KF + "/notebooks", nb("n", **stopped))
    add("nb put without rv", "PUT", KF + "/notebooks/n", nb("n", **stopped))
    add("nb json patch", "PATCH", KF + "/notebooks/n", [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}], type=JSONP)
    add("nb unknown field strict", "POST", KF + "/notebooks?fieldValidation=Strict", {**nb("s", **stopped), "colour": "red"})
    add("nb unknown field", "POST", KF + "/notebooks", {**nb("s", **stopped), "colour": "red"})
    add("nb bad name", "POST", KF + "/notebooks", nb("Bad_Name"))
    add("nb yaml", "POST", KF + "/notebooks", b"apiVersion: kubeflow.org/v1\nkind: Notebook\nmetadata: {name: y, annotations: {kubeflow-resource-stopped: x}}\nspec: {template: {spec: {containers: [{name: y, image: a}]}}}\n", type="application/yaml")
    add("nb missing", "GET", KF + "/notebooks/none")
    add("nb delete collection", "DELETE", KF + "/notebooks")
    # odd
    add("post to name", "POST", CORE + "/configmaps/x", cm("x"))
    add("put collection", "PUT", CORE + "/pods")
    add("patch collection", "PATCH", CORE + "/pods", {}, type=MERGE)
    add("delete namespaces", "DELETE", "/api/v1/namespaces")
    add("ns finalize get", "GET", f"/api/v1/namespaces/{NS}/finalize")
    add("ns status", "GET", f"/api/v1/namespaces/{NS}/status")
    add("namespaced without ns", "POST", "/api/v1/configmaps", cm("x"))
    add("cluster in ns", "GET", CORE + "/nodes")
    add("unknown subresource", "GET", CORE + "/configmaps/c2/foo")
    add("access", "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {}})
    add("access get", "GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
    add("rules", "POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": NS}}, keys=True)
    add("ns delete", "DELETE", f"/api/v1/namespaces/{NS}")
    return s
