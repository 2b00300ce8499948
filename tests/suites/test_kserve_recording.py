"""What a real KServe made of 77 objects, and what the workbench makes of them.

The recording lies beside the repository, in `../shared/recordings/kserve`, or where CORACLE_RECORDINGS points.
"""

import json
import os
import pathlib
import re

import pytest
from conftest import ROOT, wait_for
from kube import Kubectl

NAMESPACE = "serve"
AGENT_PORT, SERVER_PORT = 9081, 8080

# Objects that are taken as there, and deployed otherwise or not at all, and why; `docs/serving.md` says more.
OTHER = {
    "storage file": "a directory of this machine is mounted, not fetched",
    "storage oci": "containers of a pod do not see each other's processes, which models in images need",
    "no storage": "models are not loaded one after another into a server that runs",
    "storage by key": "a secret that is not there is told in the service's status, not by a replica set without pods",
    "long name": "the deployment is refused for its labels, before the service for its name",
}


def recorded():
    given = os.environ.get("CORACLE_RECORDINGS")
    place = pathlib.Path(given) if given else ROOT.parent / "shared" / "recordings"
    for found in (place / "kserve" / "recorded.jsonl", place / "recorded.jsonl"):
        if found.is_file() and found.parent.name == "kserve":
            return [without_agent(json.loads(line)) for line in found.read_text().splitlines()]
    pytest.skip(f"no recording of kserve in {place}: CORACLE_RECORDINGS can name the folder")


@pytest.fixture(scope="module")
def kubectl(docker_workbench):
    kubectl = Kubectl(docker_workbench)
    kubectl.namespace(NAMESPACE)
    return kubectl


def without_agent(line):
    """What was recorded, but for the container before a server that logs and batches: the workbench does that itself."""
    for found in line.get("pods", []):
        found["spec"]["containers"] = [one for one in found["spec"]["containers"] if one["name"] != "agent"]
    for found in line.get("services", []):
        for port in found["spec"]["ports"]:
            if port["targetPort"] == AGENT_PORT:
                port["targetPort"] = SERVER_PORT
    return line


def refused(answer):
    return re.sub(r'^Error from server( \(\w+\))?: (error when creating "STDIN": )?', "", answer.stderr.strip())


def container(found):
    """What is compared of a container: not where images are pulled from."""
    kept = {field: found[field] for field in
            ("name", "command", "args", "env", "ports", "resources", "readinessProbe", "securityContext") if found.get(field)}
    mounts = [mount for mount in found.get("volumeMounts", []) if not mount["name"].startswith("kube-api-access")]
    kept["volumeMounts"] = sorted(mounts, key=lambda mount: mount["mountPath"])
    tag = re.search(r":(v9\.9|.*-gpu)$", found["image"])
    kept["tag"] = bool(tag)
    return kept


def pod(found):
    spec = found["spec"]
    volumes = [volume for volume in spec.get("volumes", []) if not volume["name"].startswith("kube-api-access")]
    labels = {key: value for key, value in found.get("labels", found.get("metadata", {}).get("labels", {})).items()
              if key != "pod-template-hash"}
    annotations = found.get("annotations", found.get("metadata", {}).get("annotations", {}))
    return {
        "labels": labels,
        "annotations": annotations,
        "containers": [container(one) for one in spec["containers"]],
        "initContainers": [container(one) for one in spec.get("initContainers", [])],
        "volumes": sorted(volumes, key=lambda volume: volume["name"]),
    }


def service(found):
    return {"ports": found["spec"]["ports"], "selector": found["spec"]["selector"]}


def tidy(value):
    """Without what an API server leaves out where it is empty."""
    if isinstance(value, dict):
        return {key: tidy(item) for key, item in value.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        return [tidy(item) for item in value]
    return value


def listed(kubectl, what):
    items = kubectl.get(what, "-n", NAMESPACE)["items"]
    return [item for item in items if "deletionTimestamp" not in item["metadata"]]


def compare(kubectl, line):
    """What differs from the recording; nothing where all is as there."""
    made = kubectl("create", "-n", NAMESPACE, "-o", "json", "-f", "-", stdin=json.dumps(line["applied"]))
    if not line["accepted"]:
        return [] if refused(made) == line["refused"] else [("refused", refused(made) or made.stdout, line["refused"])]
    if made.returncode:
        return [("accepted", made.stderr, True)]
    differing = []
    defaulted = json.loads(made.stdout)["spec"]
    if defaulted != line["defaulted"]:
        differing.append(("defaulted", defaulted, line["defaulted"]))
    if line["applied"]["kind"] != "InferenceService" or line["label"] in OTHER:
        return differing
    name = line["applied"]["metadata"]["name"]
    status = wait_for(lambda: kubectl.get("isvc", name, "-n", NAMESPACE).get("status"), what=f"a status of {name}")
    for field in ("clusterServingRuntimeName", "servingRuntimeName", "url", "address"):
        told = status.get(field)
        # The recording has this for what looks like the end of a pod's name.
        told = re.sub(r"-[a-z0-9]{8,10}-[a-z0-9]{5}\b", "-<rand>", told) if isinstance(told, str) else told
        if told != line["status"].get(field):
            differing.append((field, status.get(field), line["status"].get(field)))
    failure = line["status"].get("modelStatus", {}).get("lastFailureInfo")
    if failure and status["modelStatus"].get("lastFailureInfo") != failure:
        differing.append(("failure", status["modelStatus"].get("lastFailureInfo"), failure))
    names = line["deployments"]
    wait_for(lambda: sorted(found["metadata"]["name"] for found in listed(kubectl, "deployments")) == names,
             what=f"the deployments of {name}: {names}")
    wanted = sorted(line["services"], key=lambda found: found["name"])
    services = {found["metadata"]["name"]: service(found) for found in listed(kubectl, "services")}
    if services != {found["name"]: service(found) for found in wanted}:
        differing.append(("services", services, [service(found) for found in wanted]))
    for found in line["pods"]:
        prefix = found["name"].removesuffix("<rand>")
        ours = wait_for(lambda prefix=prefix: [one for one in listed(kubectl, "pods") if one["metadata"]["name"].startswith(prefix)],
                          what=f"a pod {prefix}")[0]
        one, other = tidy(pod(ours)), tidy(pod(found))
        differing += [(f"pod {field}", one.get(field), other.get(field)) for field in other if one.get(field) != other.get(field)]
    return differing


def clear(kubectl, line):
    kind = line["applied"]["kind"]
    if kind not in ("InferenceService", "InferenceGraph") or not line["accepted"]:
        return
    kubectl.ok("delete", "-n", NAMESPACE, kind, line["applied"]["metadata"]["name"], "--wait=false")
    wait_for(lambda: not (listed(kubectl, "deployments") or listed(kubectl, "pods") or listed(kubectl, "services")), 60,
             "the end of it")


def test_all_objects_are_taken_refused_and_deployed_as_recorded(kubectl):
    differing = {}
    for line in recorded():
        found = compare(kubectl, line)
        if found:
            differing[line["label"]] = found
        clear(kubectl, line)
    shown = "\n".join(f"{label}: {what}\n  ours   {json.dumps(ours, sort_keys=True)}\n  theirs {json.dumps(theirs, sort_keys=True)}"
                      for label, found in differing.items() for what, ours, theirs in found)
    print(shown)
    assert list(differing) == []
