#!/usr/bin/env python3
"""Records what a Kubernetes API server answers to the requests of cases.py, for the test beside this file.

  record.py BASE_URL --token T > answers.jsonl

Creates a namespace `kinds` with a service account `default`, and leaves it. Each object is made and deleted again, so
that what is recorded is what was kept.
"""
import argparse, copy, json, ssl, sys, urllib.error, urllib.request

from cases import NAMESPACE, cases

SERVER_SET = ("managedFields", "resourceVersion", "creationTimestamp", "generation", "selfLink")


class Server:
    def __init__(self, url, token):
        self.url, self.token = url, token
        self.context = ssl._create_unverified_context()

    def call(self, method, path, body=None):
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, headers=headers, data=data)
        try:
            answer = urllib.request.urlopen(request, context=self.context)
        except urllib.error.HTTPError as error:
            answer = error
        warnings = [w.split('"', 1)[1].rsplit('"', 1)[0].replace('\\"', '"') for w in answer.headers.get_all("Warning") or []]
        return answer.code, json.loads(answer.read()), warnings


def path_of(resource, namespaced):
    group, version, plural = resource
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    return f"{root}/namespaces/{NAMESPACE}/{plural}" if namespaced else f"{root}/{plural}"


def stripped(value):
    value = copy.deepcopy(value)
    for field in SERVER_SET:
        value["metadata"].pop(field, None)
    return value


def outcome(code, answer, warnings):
    if code < 300:
        return {"code": code, "object": stripped(answer), "warnings": warnings}
    causes = answer.get("details", {}).get("causes", [])
    return {"code": code, "message": answer["message"],
            "causes": [[c.get("field", ""), c.get("reason", ""), c.get("message", "")] for c in causes]}


def record(server, case):
    namespaced = case["resource"][2] != "namespaces"
    path = path_of(case["resource"], namespaced)
    line = {"label": case["label"], "resource": case["resource"], "body": case["body"]}
    if not namespaced:
        return {**line, **outcome(*server.call("POST", path + "?dryRun=All", case["body"]))}
    name = case["body"].get("metadata", {}).get("name", "")
    code, stored, warnings = server.call("POST", path, case["body"])
    if code >= 300:
        if "change" in case:
            raise SystemExit(f"{case['label']}: {stored}")
        return {**line, **outcome(code, stored, warnings)}
    try:
        if "status" in case:
            body = {**stored, "status": case["status"], "metadata": {**stored["metadata"], "resourceVersion": None}}
            code, stored, _ = server.call("PUT", f"{path}/{name}/status", body)
            if code >= 300:
                raise SystemExit(f"{case['label']}: {stored}")
        if "change" not in case:
            return {**line, **outcome(code, stored, warnings)}
        body = copy.deepcopy(stored)
        for field in ("managedFields", "resourceVersion"):
            body["metadata"].pop(field, None)
        case["change"](body)
        if "part" in case:
            line["part"] = case["part"]
            body["metadata"]["resourceVersion"] = server.call("GET", f"{path}/{name}")[1]["metadata"]["resourceVersion"]
        elif namespaced and case["resource"][0] == "kubeflow.org":
            body["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"]
        result = server.call("PUT", f"{path}/{name}" + ("/" + case["part"] if "part" in case else ""), body)
        return {**line, "old": stripped(stored), "body": stripped(body), **outcome(*result)}
    finally:
        for _ in range(2):
            server.call("DELETE", f"{path}/{name}", {"gracePeriodSeconds": 0, "propagationPolicy": "Background"})
            code, left, _ = server.call("GET", f"{path}/{name}")
            if code == 404:
                break
            left["metadata"]["finalizers"] = []
            server.call("PUT", f"{path}/{name}", left)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--token", required=True)
    parser.add_argument("--only", default="", help="the beginning of the labels to record")
    arguments = parser.parse_args()
    server = Server(arguments.url, arguments.token)
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    server.call("POST", f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", {"metadata": {"name": "default"}})
    for case in cases():
        if not case["label"].startswith(arguments.only):
            continue
        line = record(server, case)
        for _ in range(20):
            # A controller was quicker than this script: what it looks at was no longer as it was made.
            if "status" not in case or line.get("causes", [[""]])[0][0] != "spec":
                break
            line = record(server, case)
        if line["code"] == 400:
            print(f"{line['label']}: 400 {line['message']}", file=sys.stderr)
            continue
        print(json.dumps(line, sort_keys=True))


if __name__ == "__main__":
    main()
