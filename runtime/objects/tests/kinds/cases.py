"""The requests whose answers are recorded: objects good and bad, and changes of good ones."""

NAMESPACE = "kinds"
PODS, JOBS = ["", "v1", "pods"], ["batch", "v1", "jobs"]
SERVICES, CLAIMS = ["", "v1", "services"], ["", "v1", "persistentvolumeclaims"]
SECRETS, CONFIG_MAPS = ["", "v1", "secrets"], ["", "v1", "configmaps"]
EVENTS, LEASES = ["", "v1", "events"], ["coordination.k8s.io", "v1", "leases"]
DEPLOYMENTS, STATEFUL_SETS, REPLICA_SETS = (["apps", "v1", plural] for plural in ("deployments", "statefulsets", "replicasets"))
NOTEBOOKS = ["kubeflow.org", "v1", "notebooks"]
NAMESPACES, ACCOUNTS = ["", "v1", "namespaces"], ["", "v1", "serviceaccounts"]


def main_container(**fields):
    return {"name": "main", "image": "python:3.11", **fields}


def pod_spec(containers=None, **fields):
    return {"containers": [main_container()] if containers is None else containers, **fields}


def named(kind, api_version, **fields):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "it", **fields.pop("metadata", {})}, **fields}


# What containers may say, each in a pod of its own. A label, and the container's fields.
CONTAINERS = [
    ("plain", {}),
    ("no tag", {"image": "python"}),
    ("latest", {"image": "python:latest"}),
    ("registry port", {"image": "localhost:5000/a/b"}),
    ("digest", {"image": "python@sha256:" + "a" * 64}),
    ("odd image", {"image": "UPPER/Case"}),
    ("image with spaces", {"image": " python "}),
    ("empty image", {"image": ""}),
    ("name upper case", {"name": "Main"}),
    ("name with dots", {"name": "a.b"}),
    ("name too long", {"name": "a" * 64}),
    ("name empty", {"name": ""}),
    ("name with underscore at end", {"name": "a_"}),
    ("pull policy", {"imagePullPolicy": "Sometimes"}),
    ("pull policy never", {"imagePullPolicy": "Never"}),
    ("termination policy", {"terminationMessagePolicy": "Shout"}),
    ("termination logs", {"terminationMessagePolicy": "FallbackToLogsOnError", "terminationMessagePath": "/x"}),
    ("restart policy", {"restartPolicy": "Always"}),
    ("port", {"ports": [{"containerPort": 8888}]}),
    ("port zero", {"ports": [{"containerPort": 0}]}),
    ("port negative", {"ports": [{"containerPort": -1}]}),
    ("port too large", {"ports": [{"containerPort": 65536}]}),
    ("port named", {"ports": [{"name": "http", "containerPort": 80}, {"name": "udp", "protocol": "UDP", "containerPort": 80}]}),
    ("port names twice", {"ports": [{"name": "a", "containerPort": 80}, {"name": "a", "containerPort": 81}]}),
    ("port name too long", {"ports": [{"name": "a" * 16, "containerPort": 80}]}),
    ("port name upper", {"ports": [{"name": "HTTP", "containerPort": 80}]}),
    ("port name digits", {"ports": [{"name": "80", "containerPort": 80}]}),
    ("port name dashes", {"ports": [{"name": "a--b", "containerPort": 80}, {"name": "-a", "containerPort": 81}]}),
    ("port protocol", {"ports": [{"containerPort": 80, "protocol": "HTTP"}]}),
    ("port host", {"ports": [{"containerPort": 80, "hostPort": 8080}]}),
    ("port host too large", {"ports": [{"containerPort": 80, "hostPort": 80800}]}),
    ("port host twice", {"ports": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81, "hostPort": 8080}]}),
    ("port host ip", {"ports": [{"containerPort": 80, "hostPort": 8080, "hostIP": "127.0.0.1"}]}),
    ("env", {"env": [{"name": "A", "value": "1"}, {"name": "B"}, {"name": "A", "value": "2"}]}),
    ("env no name", {"env": [{"value": "1"}]}),
    ("env odd name", {"env": [{"name": "a=b", "value": "1"}]}),
    ("env odd but allowed", {"env": [{"name": "1 a-b.c", "value": "1"}]}),
    ("env unprintable", {"env": [{"name": "a\u00e9", "value": "1"}]}),
    ("env from nothing", {"env": [{"name": "A", "valueFrom": {}}]}),
    ("env value and from", {"env": [{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}),
    ("env two sources", {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}, "secretKeyRef": {"name": "s", "key": "k"}}}]}),
    ("env field", {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": p}}} for p in ("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.podIP", "status.podIPs", "status.hostIPs", "metadata.labels['a']", "metadata.annotations['a/b']")]}),
    ("env field unknown", {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.color"}}}]}),
    ("env field labels", {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels"}}}]}),
    ("env field phase", {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.phase"}}}]}),
    ("env field subscript", {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name['x']"}}}]}),
    ("env field bad label", {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a b']"}}}]}),
    ("env field bad annotation", {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['A B']"}}}]}),
    ("env field empty", {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": ""}}}]}),
    ("env field version", {"env": [{"name": "A", "valueFrom": {"fieldRef": {"apiVersion": "v2", "fieldPath": "metadata.name"}}}]}),
    ("env resource", {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]}),
    ("env resource divisor", {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}}]}),
    ("env resource bad divisor", {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "2Mi"}}}]}),
    ("env resource bad cpu divisor", {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "requests.cpu", "divisor": "1k"}}}]}),
    ("env resource unknown", {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.gpu"}}}]}),
    ("env resource empty", {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": ""}}}]}),
    ("env resource hugepages", {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.hugepages-2Mi"}}}]}),
    ("env key", {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": True}}}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}),
    ("env key missing", {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": ""}}}]}),
    ("env key no name", {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"key": "k"}}}]}),
    ("env key odd", {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "a b"}}}]}),
    ("envFrom", {"envFrom": [{"configMapRef": {"name": "c"}}, {"prefix": "P_", "secretRef": {"name": "s", "optional": True}}]}),
    ("envFrom nothing", {"envFrom": [{}]}),
    ("envFrom both", {"envFrom": [{"configMapRef": {"name": "c"}, "secretRef": {"name": "s"}}]}),
    ("envFrom no name", {"envFrom": [{"configMapRef": {}}, {"secretRef": {"name": ""}}]}),
    ("envFrom prefix", {"envFrom": [{"prefix": "a=b", "configMapRef": {"name": "c"}}]}),
    ("mount missing", {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}),
    ("mount nothing", {"volumeMounts": [{}]}),
    ("command", {"command": ["sh", "-c"], "args": ["echo $(A)"], "workingDir": "/w", "stdin": True, "tty": True}),
    ("requests", {"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}),
    ("limits and requests", {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}}),
    ("guaranteed", {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}),
    ("limits of memory alone", {"resources": {"limits": {"memory": "1Gi"}}}),
    ("requests of nothing", {"resources": {"requests": {"cpu": "0"}}}),
    ("fine amounts", {"resources": {"requests": {"cpu": "100u"}}}),
    ("fractional bytes", {"resources": {"requests": {"memory": "1500m"}}}),
    ("request over limit", {"resources": {"limits": {"memory": "1Gi"}, "requests": {"memory": "2Gi"}}}),
    ("negative", {"resources": {"limits": {"cpu": "-1"}}}),
    ("unknown resource", {"resources": {"limits": {"gpu": "1"}}}),
    ("resource of quotas", {"resources": {"limits": {"pods": "1"}}}),
    ("resource of storage", {"resources": {"requests": {"storage": "1Gi"}}}),
    ("bad resource name", {"resources": {"limits": {"a b": "1"}}}),
    ("bad extended name", {"resources": {"limits": {"kubernetes.io/x": "1"}}}),
    ("requests prefix", {"resources": {"limits": {"requests.nvidia.com/gpu": "1"}}}),
    ("ephemeral storage", {"resources": {"limits": {"ephemeral-storage": "1Gi"}}}),
    ("gpu", {"resources": {"limits": {"nvidia.com/gpu": "1"}}}),
    ("gpu requested alone", {"resources": {"requests": {"nvidia.com/gpu": "1"}}}),
    ("gpu requested less", {"resources": {"limits": {"nvidia.com/gpu": "2"}, "requests": {"nvidia.com/gpu": "1"}}}),
    ("gpu part", {"resources": {"limits": {"nvidia.com/gpu": "500m"}}}),
    ("gpu nothing", {"resources": {"limits": {"nvidia.com/gpu": "0"}}}),
    ("huge pages", {"resources": {"limits": {"hugepages-2Mi": "4Mi", "cpu": "1"}}}),
    ("huge pages alone", {"resources": {"limits": {"hugepages-2Mi": "4Mi"}}}),
    ("huge pages not whole", {"resources": {"limits": {"hugepages-2Mi": "3Mi", "cpu": "1"}}}),
    ("huge pages bad size", {"resources": {"limits": {"hugepages-x": "3Mi", "cpu": "1"}}}),
    ("probe http", {"livenessProbe": {"httpGet": {"port": 80}}, "readinessProbe": {"httpGet": {"path": "/x", "port": "http", "scheme": "HTTPS", "httpHeaders": [{"name": "X-A", "value": "1"}]}}}),
    ("probe tcp exec grpc", {"livenessProbe": {"tcpSocket": {"port": 80}}, "readinessProbe": {"exec": {"command": ["true"]}}, "startupProbe": {"grpc": {"port": 80}, "failureThreshold": 30}}),
    ("probe nothing", {"livenessProbe": {}}),
    ("probe nothing at startup", {"startupProbe": {"periodSeconds": 5}}),
    ("probe two ways", {"readinessProbe": {"tcpSocket": {"port": 80}, "exec": {"command": ["true"]}}}),
    ("probe three ways", {"readinessProbe": {"tcpSocket": {"port": 80}, "httpGet": {"port": 81}, "grpc": {"port": 82}}}),
    ("probe negative", {"readinessProbe": {"tcpSocket": {"port": 80}, "initialDelaySeconds": -1, "timeoutSeconds": -2, "periodSeconds": -3, "successThreshold": -4, "failureThreshold": -5}}),
    ("probe liveness successes", {"livenessProbe": {"tcpSocket": {"port": 80}, "successThreshold": 2}}),
    ("probe startup successes", {"startupProbe": {"tcpSocket": {"port": 80}, "successThreshold": 2}}),
    ("probe readiness grace", {"readinessProbe": {"tcpSocket": {"port": 80}, "terminationGracePeriodSeconds": 5}}),
    ("probe liveness grace", {"livenessProbe": {"tcpSocket": {"port": 80}, "terminationGracePeriodSeconds": 0}}),
    ("probe port", {"livenessProbe": {"httpGet": {"path": "/", "port": 0}}}),
    ("probe no port", {"livenessProbe": {"tcpSocket": {}}}),
    ("probe port name", {"livenessProbe": {"httpGet": {"path": "/", "port": "Not_A_Port"}}}),
    ("probe port large", {"livenessProbe": {"tcpSocket": {"port": 70000}}}),
    ("probe grpc port", {"livenessProbe": {"grpc": {"port": 0}}}),
    ("probe grpc service", {"livenessProbe": {"grpc": {"port": 5, "service": "a b"}}}),
    ("probe scheme", {"livenessProbe": {"httpGet": {"path": "/", "port": 80, "scheme": "FTP"}}}),
    ("probe header", {"livenessProbe": {"httpGet": {"path": "/", "port": 80, "httpHeaders": [{"name": "a b", "value": "1"}]}}}),
    ("probe exec nothing", {"livenessProbe": {"exec": {}}}),
    ("lifecycle", {"lifecycle": {"postStart": {"exec": {"command": ["true"]}}, "preStop": {"httpGet": {"port": 80}}}}),
    ("lifecycle nothing", {"lifecycle": {"postStart": {}, "preStop": {}}}),
    ("lifecycle sleep", {"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}}),
    ("lifecycle sleep long", {"lifecycle": {"preStop": {"sleep": {"seconds": 500}}}}),
    ("lifecycle sleep negative", {"lifecycle": {"preStop": {"sleep": {"seconds": -1}}}}),
    ("lifecycle stop signal", {"lifecycle": {"stopSignal": "SIGTERM"}}),
    ("security", {"securityContext": {"runAsUser": 1000, "runAsGroup": 100, "runAsNonRoot": True, "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}),
    ("security user", {"securityContext": {"runAsUser": -1, "runAsGroup": 4294967296}}),
    ("security privileged", {"securityContext": {"privileged": True, "allowPrivilegeEscalation": False}}),
    ("security admin", {"securityContext": {"capabilities": {"add": ["CAP_SYS_ADMIN"]}, "allowPrivilegeEscalation": False}}),
    ("security seccomp", {"securityContext": {"seccompProfile": {"type": "Localhost"}}}),
    ("security seccomp local", {"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "../x"}}}),
    ("security seccomp word", {"securityContext": {"seccompProfile": {"type": "Most"}}}),
    ("security seccomp none", {"securityContext": {"seccompProfile": {"type": ""}}}),
    ("security seccomp other", {"securityContext": {"seccompProfile": {"type": "RuntimeDefault", "localhostProfile": "x"}}}),
    ("security proc", {"securityContext": {"procMount": "Half"}}),
    ("resize", {"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}),
    ("resize unknown", {"resizePolicy": [{"resourceName": "gpu", "restartPolicy": "RestartContainer"}]}),
    ("resize word", {"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "Never"}]}),
    ("resize twice", {"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "NotRequired"}, {"resourceName": "cpu", "restartPolicy": "NotRequired"}]}),
    ("device missing", {"volumeDevices": [{"name": "v", "devicePath": "/dev/x"}]}),
]

# What pods may say.
SPECS = [
    ("no containers", {"containers": []}),
    ("two containers", {"containers": [main_container(), {"name": "side", "image": "x:1"}]}),
    ("same names", {"containers": [main_container(), main_container()]}),
    ("same name in init", {"initContainers": [main_container()]}),
    ("several faults", {"containers": [{"name": "A", "image": "", "ports": [{"containerPort": 0}]}], "restartPolicy": "No", "dnsPolicy": "No"}),
    ("restart never", {"restartPolicy": "Never"}),
    ("restart empty", {"restartPolicy": ""}),
    ("dns policy", {"dnsPolicy": "Sometimes"}),
    ("dns none", {"dnsPolicy": "None"}),
    ("dns none empty", {"dnsPolicy": "None", "dnsConfig": {}}),
    ("dns none given", {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["1.1.1.1"]}}),
    ("dns config", {"dnsConfig": {"nameservers": ["1.1.1.1"], "searches": ["a.b"], "options": [{"name": "ndots", "value": "2"}]}}),
    ("dns many servers", {"dnsConfig": {"nameservers": ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"]}}),
    ("dns bad server", {"dnsConfig": {"nameservers": ["nope"], "searches": ["A_b"], "options": [{"value": "2"}]}}),
    ("node selector", {"nodeSelector": {"a": "b"}}),
    ("node selector bad", {"nodeSelector": {"a b": "c d"}}),
    ("grace", {"terminationGracePeriodSeconds": 0}),
    ("grace negative", {"terminationGracePeriodSeconds": -1}),
    ("deadline", {"activeDeadlineSeconds": 60}),
    ("deadline zero", {"activeDeadlineSeconds": 0}),
    ("deadline large", {"activeDeadlineSeconds": 3000000000}),
    ("hostname", {"hostname": "a", "subdomain": "b"}),
    ("hostname bad", {"hostname": "A.b", "subdomain": "c_d"}),
    ("node name", {"nodeName": "machine"}),
    ("node name bad", {"nodeName": "Machine_1"}),
    ("account", {"serviceAccountName": "default", "automountServiceAccountToken": False}),
    ("account old name", {"serviceAccount": "default"}),
    ("service links", {"enableServiceLinks": False}),
    ("host network", {"hostNetwork": True, "containers": [main_container(ports=[{"containerPort": 80}])]}),
    ("host network other port", {"hostNetwork": True, "containers": [main_container(ports=[{"containerPort": 80, "hostPort": 81}])]}),
    ("host ports of two", {"containers": [main_container(ports=[{"containerPort": 80, "hostPort": 80}]), {"name": "b", "image": "x:1", "ports": [{"containerPort": 81, "hostPort": 80}]}]}),
    ("share pid", {"hostPID": True, "shareProcessNamespace": True}),
    ("security", {"securityContext": {"fsGroup": 100, "runAsUser": 1000, "runAsGroup": 100, "supplementalGroups": [1], "fsGroupChangePolicy": "OnRootMismatch"}}),
    ("security bad", {"securityContext": {"fsGroup": -1, "runAsUser": -2, "runAsGroup": -3, "supplementalGroups": [-4], "fsGroupChangePolicy": "Now"}}),
    ("pull secrets", {"imagePullSecrets": [{"name": "a"}]}),
    ("pull secrets empty", {"imagePullSecrets": [{}]}),
    ("host aliases", {"hostAliases": [{"ip": "127.0.0.1", "hostnames": ["a", "b.c"]}]}),
    ("host aliases bad", {"hostAliases": [{"ip": "nope", "hostnames": ["A_"]}, {"hostnames": ["a"]}]}),
    ("priority class", {"priorityClassName": "none-such"}),
    ("priority", {"priority": 5}),
    ("priority zero", {"priority": 0}),
    ("priority system", {"priorityClassName": "system-cluster-critical"}),
    ("preemption", {"preemptionPolicy": "Never"}),
    ("preemption bad", {"preemptionPolicy": "Ever"}),
    ("scheduler", {"schedulerName": "mine"}),
    ("gates", {"readinessGates": [{"conditionType": "example.com/ready"}], "schedulingGates": [{"name": "a/b"}]}),
    ("gates bad", {"readinessGates": [{"conditionType": "a b"}], "schedulingGates": [{"name": "a"}, {"name": "a"}, {"name": ""}]}),
    ("tolerations", {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoSchedule"}, {"key": "b", "value": "c"}]}),
    ("tolerate all", {"tolerations": [{"operator": "Exists"}]}),
    ("tolerate not ready", {"tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}]}),
    ("tolerations bad", {"tolerations": [{"key": "a b", "operator": "Like"}, {"value": "x"}, {"key": "a", "operator": "Exists", "value": "x"}, {"key": "a", "effect": "Now"}, {"key": "a", "tolerationSeconds": 5}, {"key": "a", "value": "b c"}]}),
    ("spread", {"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"a": "b"}}}]}),
    ("spread bad", {"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "", "whenUnsatisfiable": "Perhaps"}]}),
    ("spread twice", {"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}] * 2}),
    ("affinity", {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}]}}, "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}}}]}}}),
    ("affinity bad nodes", {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}, "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 0, "preference": {"matchExpressions": [{"key": "a", "operator": "In"}, {"key": "a", "operator": "Near", "values": ["b"]}, {"key": "b c", "operator": "Exists", "values": ["x"]}, {"key": "a", "operator": "Gt", "values": ["1", "2"]}]}}]}}}),
    ("affinity bad pods", {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "", "labelSelector": {"matchLabels": {"a b": "c d"}, "matchExpressions": [{"key": "a", "operator": "In"}, {"key": "a", "operator": "Near"}]}}]}}}),
    ("init", {"initContainers": [{"name": "i", "image": "x:1", "command": ["true"]}]}),
    ("init sidecar", {"initContainers": [{"name": "i", "image": "x:1", "restartPolicy": "Always", "readinessProbe": {"tcpSocket": {"port": 80}}, "lifecycle": {"preStop": {"sleep": {"seconds": 1}}}}]}),
    ("init restart", {"initContainers": [{"name": "i", "image": "x:1", "restartPolicy": "Never"}]}),
    ("init probes", {"initContainers": [{"name": "i", "image": "x:1", "readinessProbe": {"tcpSocket": {"port": 80}}, "livenessProbe": {"tcpSocket": {"port": 80}}, "startupProbe": {"tcpSocket": {"port": 80}}, "lifecycle": {"preStop": {"sleep": {"seconds": 1}}}}]}),
    ("init twice", {"initContainers": [{"name": "i", "image": "x:1"}, {"name": "i", "image": "x:1"}]}),
    ("init host ports", {"initContainers": [{"name": "i", "image": "x:1", "ports": [{"containerPort": 1, "hostPort": 5}, {"containerPort": 2, "hostPort": 5}]}]}),
    ("init resources", {"initContainers": [{"name": "i", "image": "x:1", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}]}),
    ("init guaranteed", {"containers": [main_container(resources={"limits": {"cpu": "1", "memory": "1Gi"}})], "initContainers": [{"name": "i", "image": "x:1", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}]}),
    ("ephemeral", {"ephemeralContainers": [{"name": "e", "image": "x:1"}]}),
    ("token mounted by hand", {"containers": [main_container(volumeMounts=[{"name": "v", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}])], "volumes": [{"name": "v", "emptyDir": {}}]}),
    ("pod resources", {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}),
    ("os", {"os": {"name": "linux"}}),
    ("os other", {"os": {"name": "plan9"}}),
    ("overhead", {"overhead": {"cpu": "1"}}),
]

# What volumes may be; each in a pod that mounts it at /v unless other mounts are given.
VOLUMES = [
    ("nothing", {}),
    ("empty", {"emptyDir": {}}),
    ("memory", {"emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}),
    ("negative size", {"emptyDir": {"sizeLimit": "-1"}}),
    ("two sources", {"emptyDir": {}, "secret": {"secretName": "s"}}),
    ("three sources", {"emptyDir": {}, "secret": {"secretName": "s"}, "configMap": {"name": "c"}}),
    ("host path", {"hostPath": {"path": "/data"}}),
    ("host path type", {"hostPath": {"path": "/data", "type": "Directory"}}),
    ("host path odd type", {"hostPath": {"path": "/data", "type": "Folder"}}),
    ("host path up", {"hostPath": {"path": "/data/../etc"}}),
    ("host path empty", {"hostPath": {"path": ""}}),
    ("secret", {"secret": {"secretName": "s", "items": [{"key": "k", "path": "a/b"}], "optional": True}}),
    ("secret no name", {"secret": {}}),
    ("secret mode", {"secret": {"secretName": "s", "defaultMode": 512, "items": [{"key": "k", "path": "p", "mode": -1}]}}),
    ("secret items", {"secret": {"secretName": "s", "items": [{"key": "", "path": ""}, {"key": "k", "path": "/a"}, {"key": "k", "path": "../a"}, {"key": "k", "path": "..a"}, {"key": "k", "path": "a/../b"}]}}),
    ("config map", {"configMap": {"name": "c", "defaultMode": 256}}),
    ("config map no name", {"configMap": {"items": [{"key": "k", "path": "p"}]}}),
    ("claim", {"persistentVolumeClaim": {"claimName": "c", "readOnly": True}}),
    ("claim no name", {"persistentVolumeClaim": {}}),
    ("nfs", {"nfs": {"server": "s", "path": "/p"}}),
    ("nfs bad", {"nfs": {"path": "p"}}),
    ("git", {"gitRepo": {"repository": "r"}}),
    ("git up", {"gitRepo": {"repository": "", "directory": "../x"}}),
    ("downward", {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}, {"path": "cpu", "resourceFieldRef": {"containerName": "main", "resource": "limits.cpu"}}]}}),
    ("downward bad", {"downwardAPI": {"items": [{"path": "", "fieldRef": {"fieldPath": "metadata.labels"}}, {"path": "a"}, {"path": "b", "resourceFieldRef": {"resource": "limits.cpu"}}, {"path": "../c", "fieldRef": {"fieldPath": "status.podIP"}}, {"path": "d", "fieldRef": {"fieldPath": "metadata.name"}, "resourceFieldRef": {"containerName": "main", "resource": "limits.cpu"}}]}}),
    ("projected", {"projected": {"sources": [{"secret": {"name": "s"}}, {"configMap": {"name": "c", "items": [{"key": "k", "path": "p"}]}}, {"serviceAccountToken": {"path": "t"}}, {"downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}}]}}),
    ("projected bad", {"projected": {"sources": [{}, {"secret": {}}, {"configMap": {}}, {"serviceAccountToken": {"path": "", "expirationSeconds": 5}}, {"secret": {"name": "s"}, "configMap": {"name": "c"}}]}}),
    ("projected twice", {"projected": {"sources": [{"secret": {"name": "s", "items": [{"key": "k", "path": "p"}]}}, {"configMap": {"name": "c", "items": [{"key": "k", "path": "p"}]}}, {"serviceAccountToken": {"path": "p"}}, {"downwardAPI": {"items": [{"path": "p", "fieldRef": {"fieldPath": "metadata.name"}}]}}]}}),
    ("projected nothing", {"projected": {}}),
    ("ephemeral", {"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}}),
    ("ephemeral nothing", {"ephemeral": {}}),
    ("ephemeral bad", {"ephemeral": {"volumeClaimTemplate": {"spec": {}}}}),
    ("csi", {"csi": {"driver": "d.example.com"}}),
    ("name bad", {"name": "V_1", "emptyDir": {}}),
    ("name empty", {"name": "", "emptyDir": {}}),
]

MOUNTS = [
    ("twice at one path", [{"name": "v", "mountPath": "/v"}, {"name": "v", "mountPath": "/v"}]),
    ("no path", [{"name": "v"}]),
    ("relative", [{"name": "v", "mountPath": "v"}]),
    ("part", [{"name": "v", "mountPath": "/v", "subPath": "a/b", "readOnly": True}]),
    ("part up", [{"name": "v", "mountPath": "/v", "subPath": "a/../../b"}]),
    ("part absolute", [{"name": "v", "mountPath": "/v", "subPath": "/a"}]),
    ("part by expression", [{"name": "v", "mountPath": "/v", "subPathExpr": "$(A)/b"}]),
    ("part both", [{"name": "v", "mountPath": "/v", "subPath": "a", "subPathExpr": "b"}]),
    ("propagation", [{"name": "v", "mountPath": "/v", "mountPropagation": "HostToContainer"}]),
    ("propagation both ways", [{"name": "v", "mountPath": "/v", "mountPropagation": "Bidirectional"}]),
    ("propagation word", [{"name": "v", "mountPath": "/v", "mountPropagation": "Up"}]),
    ("recursive", [{"name": "v", "mountPath": "/v", "recursiveReadOnly": "Enabled"}]),
]

JOB_SPECS = [
    ("plain", {}),
    ("suspended", {"suspend": True}),
    ("parallel", {"parallelism": 3}),
    ("completions", {"completions": 3}),
    ("both", {"completions": 5, "parallelism": 2, "backoffLimit": 0, "ttlSecondsAfterFinished": 60, "activeDeadlineSeconds": 10}),
    ("negative", {"completions": -1, "parallelism": -2, "backoffLimit": -3, "ttlSecondsAfterFinished": -4, "activeDeadlineSeconds": -5}),
    ("indexed", {"completionMode": "Indexed", "completions": 3, "backoffLimitPerIndex": 1, "maxFailedIndexes": 1}),
    ("indexed without completions", {"completionMode": "Indexed", "parallelism": 3}),
    ("indexed too parallel", {"completionMode": "Indexed", "completions": 3, "parallelism": 100001}),
    ("mode", {"completionMode": "Both"}),
    ("per index", {"backoffLimitPerIndex": 1}),
    ("max failed", {"maxFailedIndexes": 1}),
    ("max failed over completions", {"completionMode": "Indexed", "completions": 3, "backoffLimitPerIndex": 1, "maxFailedIndexes": 4}),
    ("replacement", {"podReplacementPolicy": "Failed"}),
    ("replacement word", {"podReplacementPolicy": "Never"}),
    ("failure policy", {"podFailurePolicy": {"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1, 2]}}, {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]}}),
    ("failure policy bad", {"podFailurePolicy": {"rules": [{"action": "Cry", "onExitCodes": {"operator": "In", "values": [1]}}, {"action": "FailJob"}, {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": []}}]}}),
    ("failure policy and replacement", {"podFailurePolicy": {"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}}]}, "podReplacementPolicy": "TerminatingOrFailed"}),
    ("manager", {"managedBy": "example.com/me"}),
    ("manager bad", {"managedBy": "me"}),
    ("selector", {"selector": {"matchLabels": {"a": "b"}}}),
    ("manual selector missing", {"manualSelector": True}),
    ("success policy", {"completionMode": "Indexed", "completions": 3, "successPolicy": {"rules": [{"succeededCount": 1}]}}),
    ("success policy bad", {"successPolicy": {"rules": []}}),
]

JOB_TEMPLATES = [
    ("on failure", {"spec": pod_spec(restartPolicy="OnFailure")}),
    ("always", {"spec": pod_spec(restartPolicy="Always")}),
    ("no policy", {"spec": pod_spec()}),
    ("odd policy", {"spec": pod_spec(restartPolicy="Once")}),
    ("labels", {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}, "spec": pod_spec(restartPolicy="Never")}),
    ("bad labels", {"metadata": {"labels": {"a b": "c d"}, "annotations": {"e f": "g"}}, "spec": pod_spec(restartPolicy="Never")}),
    ("no image", {"spec": pod_spec([{"name": "a"}], restartPolicy="Never")}),
    ("no containers", {"spec": pod_spec([], restartPolicy="Never")}),
    ("empty", {}),
    ("limits", {"spec": pod_spec([main_container(resources={"limits": {"cpu": "1", "nvidia.com/gpu": "1"}})], restartPolicy="Never")}),
    ("own uid label", {"metadata": {"labels": {"batch.kubernetes.io/controller-uid": "x"}}, "spec": pod_spec(restartPolicy="Never")}),
    ("own name label", {"metadata": {"labels": {"job-name": "x"}}, "spec": pod_spec(restartPolicy="Never")}),
    ("host network", {"spec": pod_spec([main_container(ports=[{"containerPort": 80}])], hostNetwork=True, restartPolicy="Never")}),
]

SERVICE_SPECS = [
    ("plain", {"ports": [{"port": 80}]}),
    ("target", {"ports": [{"port": 80, "targetPort": 8888}], "selector": {"a": "b"}}),
    ("target name", {"ports": [{"port": 80, "targetPort": "http"}]}),
    ("target bad name", {"ports": [{"port": 80, "targetPort": "Not_it"}]}),
    ("target large", {"ports": [{"port": 80, "targetPort": 70000}]}),
    ("no ports", {}),
    ("port zero", {"ports": [{"port": 0}]}),
    ("port large", {"ports": [{"port": 65536}]}),
    ("protocol", {"ports": [{"port": 80, "protocol": "HTTP"}]}),
    ("two ports", {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]}),
    ("two ports no names", {"ports": [{"port": 80}, {"port": 81}]}),
    ("two ports one name", {"ports": [{"name": "a", "port": 80}, {"name": "a", "port": 81}]}),
    ("one port twice", {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 80}]}),
    ("two protocols", {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 80, "protocol": "UDP"}]}),
    ("port bad name", {"ports": [{"name": "A_b", "port": 80}]}),
    ("application protocol", {"ports": [{"port": 80, "appProtocol": "kubernetes.io/h2c"}]}),
    ("application protocol bad", {"ports": [{"port": 80, "appProtocol": "a b"}]}),
    ("headless", {"clusterIP": "None", "selector": {"a": "b"}, "ports": [{"port": 80}]}),
    ("headless no ports", {"clusterIP": "None", "selector": {"a": "b"}}),
    ("headless no selector", {"clusterIP": "None", "ports": [{"port": 80}]}),
    ("own address", {"clusterIP": "10.96.200.200", "ports": [{"port": 80}]}),
    ("bad address", {"clusterIP": "ten", "ports": [{"port": 80}]}),
    ("address list alone", {"clusterIPs": ["10.96.200.201"], "ports": [{"port": 80}]}),
    ("addresses differ", {"clusterIP": "10.96.200.202", "clusterIPs": ["10.96.200.203"], "ports": [{"port": 80}]}),
    ("node port", {"type": "NodePort", "ports": [{"port": 80}]}),
    ("node port given", {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30123}]}),
    ("node port headless", {"type": "NodePort", "clusterIP": "None", "ports": [{"port": 80}]}),
    ("node port on cluster", {"ports": [{"port": 80, "nodePort": 30123}]}),
    ("node port twice", {"type": "NodePort", "ports": [{"name": "a", "port": 80, "nodePort": 30123}, {"name": "b", "port": 81, "nodePort": 30123}]}),
    ("load balancer", {"type": "LoadBalancer", "ports": [{"port": 80}]}),
    ("load balancer no node ports", {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False, "ports": [{"port": 80}]}),
    ("load balancer kubelet", {"type": "LoadBalancer", "ports": [{"port": 10250}]}),
    ("external name", {"type": "ExternalName", "externalName": "example.com"}),
    ("external name missing", {"type": "ExternalName"}),
    ("external name bad", {"type": "ExternalName", "externalName": "a_b"}),
    ("external name address", {"type": "ExternalName", "externalName": "a.b", "clusterIP": "10.96.200.204"}),
    ("type", {"type": "Magic", "ports": [{"port": 80}]}),
    ("affinity", {"sessionAffinity": "ClientIP", "ports": [{"port": 80}]}),
    ("affinity word", {"sessionAffinity": "Cookie", "ports": [{"port": 80}]}),
    ("affinity time", {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}}, "ports": [{"port": 80}]}),
    ("affinity config", {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10}}, "ports": [{"port": 80}]}),
    ("selector bad", {"selector": {"a b": "c d"}, "ports": [{"port": 80}]}),
    ("external addresses", {"externalIPs": ["1.2.3.4"], "ports": [{"port": 80}]}),
    ("external addresses bad", {"externalIPs": ["nope", "127.0.0.1"], "ports": [{"port": 80}]}),
    ("traffic outside", {"externalTrafficPolicy": "Local", "ports": [{"port": 80}]}),
    ("traffic outside word", {"type": "NodePort", "externalTrafficPolicy": "Near", "ports": [{"port": 80}]}),
    ("traffic inside", {"internalTrafficPolicy": "Near", "ports": [{"port": 80}]}),
    ("family six", {"ipFamilies": ["IPv6"], "ports": [{"port": 80}]}),
    ("family word", {"ipFamilies": ["IPv5"], "ports": [{"port": 80}]}),
    ("dual", {"ipFamilyPolicy": "PreferDualStack", "ports": [{"port": 80}]}),
    ("family policy word", {"ipFamilyPolicy": "All", "ports": [{"port": 80}]}),
    ("source ranges on cluster", {"loadBalancerSourceRanges": ["10.0.0.0/8"], "ports": [{"port": 80}]}),
    ("publish", {"publishNotReadyAddresses": True, "ports": [{"port": 80}]}),
    ("health port", {"healthCheckNodePort": 30500, "ports": [{"port": 80}]}),
]

CLAIM_SPECS = [
    ("plain", {}),
    ("block", {"volumeMode": "Block"}),
    ("mode word", {"volumeMode": "Tape"}),
    ("no modes", {"accessModes": []}),
    ("mode unknown", {"accessModes": ["ReadSometimes"]}),
    ("modes two", {"accessModes": ["ReadWriteOnce", "ReadOnlyMany"]}),
    ("alone", {"accessModes": ["ReadWriteOncePod"]}),
    ("alone and other", {"accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]}),
    ("no size", {"resources": {}}),
    ("size zero", {"resources": {"requests": {"storage": "0"}}}),
    ("size negative", {"resources": {"requests": {"storage": "-1Gi"}}}),
    ("class", {"storageClassName": "fast"}),
    ("class empty", {"storageClassName": ""}),
    ("class bad", {"storageClassName": "A_b"}),
    ("selector", {"selector": {"matchLabels": {"a": "b"}}}),
    ("selector bad", {"selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}),
    ("volume", {"volumeName": "v"}),
    ("from claim", {"dataSource": {"kind": "PersistentVolumeClaim", "name": "other"}}),
    ("from nothing", {"dataSource": {"kind": "Nothing", "name": "other"}}),
    ("from unnamed", {"dataSource": {"kind": "PersistentVolumeClaim", "name": ""}}),
    ("limits", {"resources": {"requests": {"storage": "1Gi"}, "limits": {"storage": "2Gi"}}}),
    ("attributes", {"volumeAttributesClassName": "gold"}),
]


def set_at(path, value):
    """A change that sets what is at a path; None deletes it."""
    def change(thing):
        *steps, last = path
        for step in steps:
            thing = thing[step]
        if value is None:
            thing.pop(last, None)
        else:
            thing[last] = value
    return change


def both(*changes):
    return lambda thing: [change(thing) for change in changes]


POD_CHANGES = [
    ("nothing", {}, lambda pod: None),
    ("image", {}, set_at(("spec", "containers", 0, "image"), "python:3.12")),
    ("image empty", {}, set_at(("spec", "containers", 0, "image"), "")),
    ("command", {}, set_at(("spec", "containers", 0, "command"), ["x"])),
    ("labels", {}, set_at(("metadata", "labels"), {"a": "b"})),
    ("add container", {}, lambda pod: pod["spec"]["containers"].append({"name": "b", "image": "x"})),
    ("add init container", {}, set_at(("spec", "initContainers"), [{"name": "b", "image": "x"}])),
    ("deadline", {}, set_at(("spec", "activeDeadlineSeconds"), 60)),
    ("deadline nearer", {"activeDeadlineSeconds": 60}, set_at(("spec", "activeDeadlineSeconds"), 30)),
    ("deadline farther", {"activeDeadlineSeconds": 60}, set_at(("spec", "activeDeadlineSeconds"), 90)),
    ("deadline gone", {"activeDeadlineSeconds": 60}, set_at(("spec", "activeDeadlineSeconds"), None)),
    ("deadline negative", {}, set_at(("spec", "activeDeadlineSeconds"), -1)),
    ("toleration", {}, lambda pod: pod["spec"]["tolerations"].append({"key": "a", "operator": "Exists"})),
    ("toleration bad", {}, lambda pod: pod["spec"]["tolerations"].append({"key": "a b", "operator": "Exists"})),
    ("toleration time", {}, set_at(("spec", "tolerations", 0, "tolerationSeconds"), 5)),
    ("toleration key", {}, set_at(("spec", "tolerations", 0, "key"), "x")),
    ("tolerations gone", {}, set_at(("spec", "tolerations"), None)),
    ("grace", {}, set_at(("spec", "terminationGracePeriodSeconds"), 5)),
    ("restart policy", {}, set_at(("spec", "restartPolicy"), "Never")),
    ("node", {}, set_at(("spec", "nodeName"), "machine")),
    ("resources", {}, set_at(("spec", "containers", 0, "resources"), {"limits": {"cpu": "1"}})),
    ("env", {}, set_at(("spec", "containers", 0, "env"), [{"name": "A", "value": "1"}])),
    ("env bad", {}, set_at(("spec", "containers", 0, "env"), [{"name": "", "value": "1"}])),
    ("volumes", {}, set_at(("spec", "volumes"), None)),
    ("only what was sent", {}, lambda pod: pod.update(spec=pod_spec())),
    ("status", {}, set_at(("status", "phase"), "Running")),
    ("priority gone", {}, set_at(("spec", "priority"), None)),
    ("gate gone", {"schedulingGates": [{"name": "a"}]}, set_at(("spec", "schedulingGates"), None)),
    ("gate added", {}, set_at(("spec", "schedulingGates"), [{"name": "a"}])),
    ("gated node selector", {"schedulingGates": [{"name": "a"}]}, set_at(("spec", "nodeSelector"), {"a": "b"})),
    ("node selector", {}, set_at(("spec", "nodeSelector"), {"a": "b"})),
    ("hostname", {}, set_at(("spec", "hostname"), "x")),
    ("container name", {}, set_at(("spec", "containers", 0, "name"), "x")),
]

JOB_CHANGES = [
    ("nothing", {}, lambda job: None),
    ("parallelism", {}, set_at(("spec", "parallelism"), 5)),
    ("completions", {}, set_at(("spec", "completions"), 5)),
    ("completions gone", {}, set_at(("spec", "completions"), None)),
    ("suspend", {}, set_at(("spec", "suspend"), True)),
    ("resume", {"suspend": True}, set_at(("spec", "suspend"), False)),
    ("backoff", {}, set_at(("spec", "backoffLimit"), 1)),
    ("deadline", {}, set_at(("spec", "activeDeadlineSeconds"), 60)),
    ("ttl", {}, set_at(("spec", "ttlSecondsAfterFinished"), 60)),
    ("mode", {}, set_at(("spec", "completionMode"), "Indexed")),
    ("selector", {}, set_at(("spec", "selector"), {"matchLabels": {"a": "b"}})),
    ("selector gone", {}, set_at(("spec", "selector"), None)),
    ("image", {}, set_at(("spec", "template", "spec", "containers", 0, "image"), "x:2")),
    ("image while suspended", {"suspend": True}, set_at(("spec", "template", "spec", "containers", 0, "image"), "x:2")),
    ("node selector", {}, set_at(("spec", "template", "spec", "nodeSelector"), {"a": "b"})),
    ("node selector while suspended", {"suspend": True}, set_at(("spec", "template", "spec", "nodeSelector"), {"a": "b"})),
    ("labels while suspended", {"suspend": True}, set_at(("spec", "template", "metadata", "labels", "a"), "b")),
    ("tolerations while suspended", {"suspend": True}, set_at(("spec", "template", "spec", "tolerations"), [{"key": "a", "operator": "Exists"}])),
    ("resources while suspended", {"suspend": True}, set_at(("spec", "template", "spec", "containers", 0, "resources"), {"limits": {"cpu": "1"}})),
    ("indexed larger", {"completionMode": "Indexed", "completions": 2, "parallelism": 2}, both(set_at(("spec", "completions"), 3), set_at(("spec", "parallelism"), 3))),
    ("indexed not in tandem", {"completionMode": "Indexed", "completions": 2, "parallelism": 2}, set_at(("spec", "completions"), 3)),
    ("replacement", {}, set_at(("spec", "podReplacementPolicy"), "Failed")),
    ("manager", {}, set_at(("spec", "managedBy"), "example.com/me")),
    ("negative", {}, set_at(("spec", "backoffLimit"), -1)),
    ("status", {}, set_at(("status", "succeeded"), 1)),
    ("label of the job", {}, set_at(("metadata", "labels", "x"), "y")),
    ("manual", {}, set_at(("spec", "manualSelector"), True)),
]

SERVICE_CHANGES = [
    ("nothing", {}, lambda service: None),
    ("port", {}, set_at(("spec", "ports", 0, "port"), 81)),
    ("address", {}, both(set_at(("spec", "clusterIP"), "10.96.200.210"), set_at(("spec", "clusterIPs"), ["10.96.200.210"]))),
    ("address single", {}, set_at(("spec", "clusterIP"), "10.96.200.211")),
    ("address gone", {}, both(set_at(("spec", "clusterIP"), None), set_at(("spec", "clusterIPs"), None))),
    ("headless", {}, both(set_at(("spec", "clusterIP"), "None"), set_at(("spec", "clusterIPs"), ["None"]))),
    ("only what was sent", {}, lambda service: service.update(spec={"ports": [{"port": 80}], "selector": {"a": "b"}})),
    ("type", {}, set_at(("spec", "type"), "Magic")),
    ("external name", {}, lambda service: service.update(spec={"type": "ExternalName", "externalName": "a.b"})),
    ("from node port", {"type": "NodePort", "ports": [{"port": 80}]}, set_at(("spec", "type"), "ClusterIP")),
    ("node port kept", {"type": "NodePort", "ports": [{"port": 80}]}, set_at(("spec", "ports", 0, "nodePort"), None)),
    ("selector", {}, set_at(("spec", "selector"), {"x": "y"})),
    ("ports gone", {}, set_at(("spec", "ports"), [])),
    ("family policy", {}, set_at(("spec", "ipFamilyPolicy"), "PreferDualStack")),
    ("affinity", {}, set_at(("spec", "sessionAffinity"), "ClientIP")),
    ("status", {}, set_at(("status", "loadBalancer"), {"ingress": [{"ip": "1.2.3.4"}]})),
]

BOUND = {"phase": "Bound", "capacity": {"storage": "2Gi"}, "accessModes": ["ReadWriteOnce"]}
CLAIM_CHANGES = [
    ("nothing", {}, None, lambda claim: None),
    ("volume", {}, None, set_at(("spec", "volumeName"), "v")),
    ("volume again", {"volumeName": "v"}, None, set_at(("spec", "volumeName"), "w")),
    ("class from nothing", {}, None, set_at(("spec", "storageClassName"), "fast")),
    ("class", {"storageClassName": "slow"}, None, set_at(("spec", "storageClassName"), "fast")),
    ("class from empty", {"storageClassName": ""}, None, set_at(("spec", "storageClassName"), "fast")),
    ("modes", {}, None, set_at(("spec", "accessModes"), ["ReadWriteMany"])),
    ("mode", {}, None, set_at(("spec", "volumeMode"), "Block")),
    ("larger while pending", {}, None, set_at(("spec", "resources", "requests", "storage"), "3Gi")),
    ("smaller while pending", {}, None, set_at(("spec", "resources", "requests", "storage"), "1Mi")),
    ("smaller while bound", {"resources": {"requests": {"storage": "3Gi"}}, "volumeName": "v"}, BOUND, set_at(("spec", "resources", "requests", "storage"), "1Gi")),
    ("a little smaller while bound", {"resources": {"requests": {"storage": "4Gi"}}, "volumeName": "v"}, BOUND, set_at(("spec", "resources", "requests", "storage"), "3Gi")),
    ("size gone", {}, None, set_at(("spec", "resources", "requests"), None)),
    ("labels", {}, None, set_at(("metadata", "labels"), {"a": "b"})),
    ("status", {}, None, set_at(("status", "phase"), "Bound")),
]

SECRET_CASES = [
    ("plain", {"data": {"a": "YQ=="}}),
    ("texts", {"data": {"a": "YQ=="}, "stringData": {"a": "b", "c": "d\u00e9"}}),
    ("empty", {}),
    ("bad key", {"data": {"a b": "YQ=="}}),
    ("dots alone", {"stringData": {"..": "x"}}),
    ("empty key", {"stringData": {"": "x"}}),
    ("dots", {"stringData": {"..a": "x", ".a": "y"}}),
    ("long key", {"stringData": {"a" * 254: "x"}}),
    ("type", {"type": "example.com/mine", "stringData": {"a": "b"}}),
    ("tls", {"type": "kubernetes.io/tls", "stringData": {"tls.crt": "a"}}),
    ("tls whole", {"type": "kubernetes.io/tls", "stringData": {"tls.crt": "a", "tls.key": "b"}}),
    ("basic", {"type": "kubernetes.io/basic-auth"}),
    ("basic user", {"type": "kubernetes.io/basic-auth", "stringData": {"username": "a"}}),
    ("ssh", {"type": "kubernetes.io/ssh-auth"}),
    ("docker", {"type": "kubernetes.io/dockerconfigjson"}),
    ("docker bad", {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "nope"}}),
    ("docker whole", {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "{}"}}),
    ("docker old", {"type": "kubernetes.io/dockercfg"}),
    ("token", {"type": "kubernetes.io/service-account-token"}),
    ("immutable", {"immutable": True, "stringData": {"a": "b"}}),
]
SECRET_CHANGES = [
    ("data", {"stringData": {"a": "b"}}, set_at(("stringData",), {"a": "c"})),
    ("type", {"stringData": {"a": "b"}}, set_at(("type",), "example.com/x")),
    ("type gone", {"type": "example.com/x"}, set_at(("type",), None)),
    ("frozen data", {"immutable": True, "stringData": {"a": "b"}}, set_at(("stringData",), {"a": "c"})),
    ("thaw", {"immutable": True, "stringData": {"a": "b"}}, set_at(("immutable",), None)),
    ("thaw and data", {"immutable": True, "stringData": {"a": "b"}}, both(set_at(("immutable",), False), set_at(("data",), None))),
    ("frozen label", {"immutable": True, "stringData": {"a": "b"}}, set_at(("metadata", "labels"), {"a": "b"})),
    ("freeze", {"stringData": {"a": "b"}}, set_at(("immutable",), True)),
]
MAP_CASES = [
    ("plain", {"data": {"a": "b"}}),
    ("binary", {"binaryData": {"a": "YQ=="}}),
    ("both", {"data": {"a": "b"}, "binaryData": {"a": "YQ=="}}),
    ("bad keys", {"data": {"a b": "b"}, "binaryData": {"c/d": "YQ=="}}),
    ("immutable", {"immutable": True, "data": {"a": "b"}}),
]
MAP_CHANGES = [
    ("data", {"data": {"a": "b"}}, set_at(("data", "a"), "c")),
    ("frozen data", {"immutable": True, "data": {"a": "b"}}, set_at(("data", "a"), "c")),
    ("frozen binary", {"immutable": True, "data": {"a": "b"}}, set_at(("binaryData",), {"x": "YQ=="})),
    ("thaw", {"immutable": True, "data": {"a": "b"}}, set_at(("immutable",), None)),
    ("bad key", {"data": {"a": "b"}}, set_at(("data", "x y"), "c")),
]
EVENT_CASES = [
    ("plain", {"involvedObject": {"kind": "Pod", "name": "p", "namespace": NAMESPACE}, "reason": "R", "message": "m", "type": "Normal"}),
    ("other namespace", {"involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"}}),
    ("no namespace", {"involvedObject": {"kind": "Node", "name": "n"}}),
    ("nothing", {}),
    ("new", {"eventTime": "2026-01-01T00:00:00.000000Z", "involvedObject": {"kind": "Pod", "name": "p", "namespace": NAMESPACE}, "reason": "R", "action": "A", "reportingComponent": "c.example.com/x", "reportingInstance": "i", "type": "Normal"}),
    ("new bad", {"eventTime": "2026-01-01T00:00:00.000000Z", "involvedObject": {"kind": "Pod", "name": "p", "namespace": NAMESPACE}}),
]
LEASE_CASES = [
    ("plain", {"spec": {"holderIdentity": "me", "leaseDurationSeconds": 10, "leaseTransitions": 1}}),
    ("nothing", {}),
    ("bad", {"spec": {"holderIdentity": "", "leaseDurationSeconds": 0, "leaseTransitions": -1}}),
]
NAMESPACE_CASES = [
    ("plain", {"metadata": {"name": "some"}}),
    ("labels", {"metadata": {"name": "some", "labels": {"a": "b"}}}),
    ("finalizers", {"metadata": {"name": "some"}, "spec": {"finalizers": ["example.com/x"]}}),
    ("bad finalizers", {"metadata": {"name": "some"}, "spec": {"finalizers": ["x", "a b"]}}),
    ("status", {"metadata": {"name": "some"}, "status": {"phase": "Terminating"}}),
]


# Changes by way of the part `status`.
STATUS_CHANGES = [
    ("pod phase", PODS, set_at(("status", "phase"), "Running")),
    ("pod spec", PODS, set_at(("spec", "nodeName"), "machine")),
    ("pod labels", PODS, set_at(("metadata", "labels"), {"a": "b"})),
    ("pod quality", PODS, set_at(("status", "qosClass"), "Guaranteed")),
    ("pod quality gone", PODS, set_at(("status", "qosClass"), None)),
    ("pod nominated", PODS, set_at(("status", "nominatedNodeName"), "Bad_Name")),
    ("pod restarts", PODS, set_at(("status", "containerStatuses"), [{"name": "main", "image": "x", "imageID": "", "ready": True, "restartCount": -1, "state": {}}])),
    ("pod owner", PODS, set_at(("metadata", "ownerReferences"), [{"apiVersion": "v1", "kind": "X", "name": "x", "uid": "u"}])),
    ("job active", JOBS, set_at(("status", "active"), 1)),
    ("job negative", JOBS, set_at(("status", "active"), -1)),
    ("job spec", JOBS, set_at(("spec", "parallelism"), 9)),
    ("service", SERVICES, set_at(("status", "loadBalancer"), {"ingress": [{"ip": "1.2.3.4"}]})),
    ("service spec", SERVICES, set_at(("spec", "selector"), {"x": "y"})),
    ("claim", CLAIMS, set_at(("status", "phase"), "Bound")),
    ("claim spec", CLAIMS, set_at(("spec", "volumeName"), "v")),
    ("notebook", NOTEBOOKS, set_at(("status",), {"conditions": [], "containerState": {}, "readyReplicas": 1})),
    ("notebook labels", NOTEBOOKS, both(set_at(("status",), {"conditions": [], "containerState": {}, "readyReplicas": 1}), set_at(("metadata", "labels"), {"a": "b"}))),
    ("notebook spec", NOTEBOOKS, set_at(("spec", "template", "spec", "x"), 1)),
]

SELECTED = {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod_spec()}}
SET_CASES = [
    ("deployment", DEPLOYMENTS, "Deployment", {}),
    ("deployment recreate", DEPLOYMENTS, "Deployment", {"strategy": {"type": "Recreate"}, "replicas": 0}),
    ("deployment rolling", DEPLOYMENTS, "Deployment", {"strategy": {"rollingUpdate": {"maxSurge": 1}}}),
    ("stateful set", STATEFUL_SETS, "StatefulSet", {"serviceName": "s"}),
    ("stateful set claims", STATEFUL_SETS, "StatefulSet", {"serviceName": "s", "volumeClaimTemplates": [{"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]}),
    ("stateful set parallel", STATEFUL_SETS, "StatefulSet", {"podManagementPolicy": "Parallel", "updateStrategy": {"type": "OnDelete"}}),
    ("replica set", REPLICA_SETS, "ReplicaSet", {}),
]


def cases():
    def case(label, resource, body, **more):
        return {"label": label, "resource": resource, "body": body, **more}

    def pod(spec):
        return named("Pod", "v1", spec=spec)

    def job(spec, template=None):
        return named("Job", "batch/v1", spec={"template": template or {"spec": pod_spec(restartPolicy="Never")}, **spec})

    def service(spec):
        return named("Service", "v1", spec=spec)

    def claim(spec):
        return named("PersistentVolumeClaim", "v1", spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec})

    for label, fields in CONTAINERS:
        yield case("container " + label, PODS, pod(pod_spec([main_container(**fields)])))
    for label, fields in SPECS:
        yield case("pod " + label, PODS, pod(pod_spec(**fields)))
    for label, source in VOLUMES:
        mounts = [{"name": "v", "mountPath": "/v"}]
        yield case("volume " + label, PODS, pod(pod_spec([main_container(volumeMounts=mounts)], volumes=[{"name": "v", **source}])))
    yield case("volume twice", PODS, pod(pod_spec(volumes=[{"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}])))
    for label, mounts in MOUNTS:
        yield case("mount " + label, PODS, pod(pod_spec([main_container(volumeMounts=mounts)], volumes=[{"name": "v", "emptyDir": {}}])))
    for label, spec, change in POD_CHANGES:
        yield case("pod change " + label, PODS, pod(pod_spec(**spec)), change=change)
    for label, spec in JOB_SPECS:
        yield case("job " + label, JOBS, job(spec))
    for label, template in JOB_TEMPLATES:
        yield case("job template " + label, JOBS, job({}, template))
    yield case("job manual selector", JOBS, job({"manualSelector": True, "selector": {"matchLabels": {"a": "b"}}}, {"metadata": {"labels": {"a": "b"}}, "spec": pod_spec(restartPolicy="Never")}))
    yield case("job manual selector of others", JOBS, job({"manualSelector": True, "selector": {"matchLabels": {"a": "b"}}}))
    labelled = job({})
    labelled["metadata"]["labels"] = {"own": "label"}
    yield case("job with labels", JOBS, labelled)
    for label, spec, change in JOB_CHANGES:
        # No controller is to touch it meanwhile.
        yield case("job change " + label, JOBS, job({"managedBy": "example.com/test", **spec}), change=change)
    for label, spec in SERVICE_SPECS:
        yield case("service " + label, SERVICES, service(spec))
    for label, spec, change in SERVICE_CHANGES:
        yield case("service change " + label, SERVICES, service({"ports": [{"port": 80}], "selector": {"a": "b"}, **spec}), change=change)
    for label, spec in CLAIM_SPECS:
        yield case("claim " + label, CLAIMS, claim(spec))
    for label, spec, status, change in CLAIM_CHANGES:
        more = {"status": status} if status else {}
        yield case("claim change " + label, CLAIMS, claim(spec), change=change, **more)
    for label, fields in SECRET_CASES:
        yield case("secret " + label, SECRETS, named("Secret", "v1", **fields))
    for label, fields, change in SECRET_CHANGES:
        yield case("secret change " + label, SECRETS, named("Secret", "v1", **fields), change=change)
    for label, fields in MAP_CASES:
        yield case("config map " + label, CONFIG_MAPS, named("ConfigMap", "v1", **fields))
    for label, fields, change in MAP_CHANGES:
        yield case("config map change " + label, CONFIG_MAPS, named("ConfigMap", "v1", **fields), change=change)
    for label, fields in EVENT_CASES:
        yield case("event " + label, EVENTS, named("Event", "v1", **fields))
    for label, fields in LEASE_CASES:
        yield case("lease " + label, LEASES, named("Lease", "coordination.k8s.io/v1", **fields))
    for label, fields in NAMESPACE_CASES:
        yield case("namespace " + label, NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", **fields})
    sound = {
        "pods": pod(pod_spec()),
        "jobs": job({"managedBy": "example.com/test"}),
        "services": service({"ports": [{"port": 80}], "selector": {"a": "b"}}),
        "persistentvolumeclaims": claim({}),
        "notebooks": named("Notebook", "kubeflow.org/v1", spec={"template": {"spec": pod_spec()}}),
    }
    for label, resource, change in STATUS_CHANGES:
        yield case("status of " + label, resource, sound[resource[2]], change=change, part="status")
    for label, resource, kind, spec in SET_CASES:
        yield case("set " + label, resource, named(kind, "apps/v1", spec={**SELECTED, **spec}))
    for label, name, spec in (("long", "a" * 64, {}), ("dots", "a.b", {}), ("dots indexed", "a.b", {"completionMode": "Indexed", "completions": 1}), ("long indexed", "a" * 62, {"completionMode": "Indexed", "completions": 100})):
        yield case("job name " + label, JOBS, {**job(spec), "metadata": {"name": name}})
    yield case("pod name dots", PODS, {**sound["pods"], "metadata": {"name": "a.b"}})
    yield case("pod name long", PODS, {**sound["pods"], "metadata": {"name": "a" * 70}})
    yield case("job warned", JOBS, job({}, {"spec": pod_spec([main_container(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"}, {"name": "A", "value": "3"}])], restartPolicy="Never", imagePullSecrets=[{}], terminationGracePeriodSeconds=-1)}))
    yield case("notebook plain", NOTEBOOKS, sound["notebooks"])
    yield case("notebook status", NOTEBOOKS, {**sound["notebooks"], "status": {"conditions": [], "containerState": {}, "readyReplicas": 1}})
    yield case("account plain", ACCOUNTS, named("ServiceAccount", "v1", secrets=[{"name": "a"}], imagePullSecrets=[{"name": "b"}]))
