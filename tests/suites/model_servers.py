"""Inference services for tests: a server that says which model it has, and what asks it."""

import json
import urllib.error
import urllib.request

# A server of the first protocol: it answers with what it found as its model, and what it was asked.
SERVER = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = open("/mnt/models/model.txt").read().strip() if os.path.exists("/mnt/models/model.txt") else os.environ.get("MODEL", "")
        body = json.dumps({"predictions": [[model, sys.argv[1:], instance] for instance in asked["instances"]]}).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""

SMALL = {"limits": {"cpu": "100m", "memory": "100Mi"}, "requests": {"cpu": "10m", "memory": "20Mi"}}
SOON = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}


def service(name, predictor, **spec):
    predictor = {"terminationGracePeriodSeconds": 0, **predictor}
    return {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": name},
            "spec": {"predictor": predictor, **spec}}


def server(script=SERVER, **more):
    return {"image": "python:3.11", "command": ["python3", "-c", script], "resources": SMALL, "readinessProbe": SOON, **more}


def ready(kubectl, name):
    kubectl.ok("wait", "--for=condition=Ready", f"isvc/{name}", "--timeout=60s", seconds=70)


def ask(workbench, path, host="", instance=4, seconds=10):
    """What is answered from outside: status and body."""
    return ask_at(workbench.server.address, path, host, instance, seconds)


def ask_at(address, path, host="", instance=4, seconds=10):
    """What is answered at an address."""
    body = json.dumps({"instances": [instance]}).encode()
    asked = urllib.request.Request(address + path, body, {"Host": host} if host else {})
    try:
        with urllib.request.urlopen(asked, timeout=seconds) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
