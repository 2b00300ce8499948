"""Model servers behind the workbench, beside the same server asked directly and behind nginx; and how soon one wakes up."""

import json
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request

from notebooks import Kubectl, by_docker_alone, wait_for
from workbench import Workbench

PATH = "/v1/models/m:predict"
SECONDS = 3
CLIENTS = 32

# It answers whatever is asked, as fast as Python can.
SERVER = """
import asyncio
ANSWER = b'HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 21\\r\\n\\r\\n{"predictions":[1,0]}'
class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.heard = transport, b""
    def data_received(self, data):
        self.heard += data
        while b"\\r\\n\\r\\n" in self.heard:
            head, rest = self.heard.split(b"\\r\\n\\r\\n", 1)
            length = head.lower().partition(b"content-length:")[2].split(b"\\r\\n")[0]
            length = int(length or 0)
            if len(rest) < length:
                return
            self.heard = rest[length:]
            self.transport.write(ANSWER)
async def serve():
    server = await asyncio.get_running_loop().create_server(Server, "0.0.0.0", 8080)
    await server.serve_forever()
asyncio.run(serve())
"""

LOAD = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"instances":[[0,0,5,13,9,1,0,0]]}'
"""

NGINX = """
worker_processes 2; pid {folder}/pid; error_log {folder}/error.log; daemon off;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream model {{ server {server}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


def measure(folder, table):
    for tool in ("wrk", "nginx"):
        if not shutil.which(tool):
            raise SystemExit(f"`{tool}` is missing: apt-get install wrk nginx-light")
    with Workbench(folder / "home") as workbench:
        kubectl = Kubectl(workbench)
        load = folder / "load.lua"
        load.write_text(LOAD)
        kubectl("apply", "-f", "-", stdin=json.dumps(service("fast", 1)))
        kubectl("wait", "--for=condition=Ready", "isvc/fast", "--timeout=60s")
        address = pod_address(workbench, "fast")
        port = 18080
        with nginx(folder, address, port):
            ways = {
                "direct": f"http://{address}{PATH}",
                "coracle": f"{workbench.address}/serving/default/fast{PATH}",
                "nginx": f"http://127.0.0.1:{port}{PATH}",
            }
            for url in ways.values():
                wait_for(url)
            alone = {way: [] for way in ways}
            many = {way: [] for way in ways}
            for _ in range(table.repetitions):
                for way, url in ways.items():
                    alone[way].append(wrk(load, url, 1)[0])
                    many[way].append(wrk(load, url, CLIENTS)[1])
        middle = {way: statistics.median(times) for way, times in alone.items()}
        rate = {way: statistics.median(rates) for way, rates in many.items()}
        for way in ways:
            print(f"   {way}: p50 {middle[way]:.3f} ms at one client, {rate[way]:.0f} answers/s at {CLIENTS}")
        table.row("the gateway adds at one client: p50", middle["coracle"] - middle["direct"], 0.3, " ms")
        table.row("answers/s through the gateway / direct", rate["coracle"] / rate["direct"], 0.9, least=True)
        table.row("answers/s through the gateway / through nginx", rate["coracle"] / rate["nginx"], 1, least=True)
        woken, bare = [], []
        for number in range(table.repetitions):
            bare.append(by_docker_alone(["--entrypoint", "python3", "python:3.11", "-c", SERVER], f":8080{PATH}"))
            woken.append(wake(workbench, kubectl, f"sleeper-{number}"))
        print(f"   from asleep to an answer: {statistics.median(woken):.2f} s; `docker run` to an answer: {statistics.median(bare):.2f} s")
        table.row("a wake-up / `docker run` ready", statistics.median(woken) / statistics.median(bare), 1.2)


def service(name, least):
    container = {"image": "python:3.11", "command": ["python3", "-c", SERVER],
                 "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1}}
    return {
        "apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService",
        "metadata": {"name": name, "annotations": {"autoscaling.knative.dev/window": "1s"}},
        "spec": {"predictor": {"minReplicas": least, "terminationGracePeriodSeconds": 0, "containers": [container]}},
    }


def pod_address(workbench, name):
    pods = f"{workbench.address}/api/v1/namespaces/default/pods?labelSelector=serving.kserve.io/inferenceservice={name}"
    [pod] = json.load(urllib.request.urlopen(pods))["items"]
    return f"{pod['status']['podIP']}:8080"


def nginx(folder, server, port):
    own = pathlib.Path(tempfile.mkdtemp(dir=folder))
    file = own / "nginx.conf"
    file.write_text(NGINX.format(folder=own, server=server, port=port))
    return Started(["nginx", "-c", str(file), "-e", str(own / "error.log")])


class Started:
    """A program as long as the `with` block lasts."""

    def __init__(self, command):
        self.command = command

    def __enter__(self):
        self.program = subprocess.Popen(self.command)

    def __exit__(self, *_):
        self.program.terminate()
        self.program.wait(30)


def wrk(load, url, clients):
    """The median milliseconds of an answer, and how many there were in a second."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "--latency", "-s", str(load), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"{url}: {said}")
    amount, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", said).groups()
    return float(amount) * {"us": 0.001, "ms": 1, "s": 1000}[unit], float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))


def post(url):
    urllib.request.urlopen(urllib.request.Request(url, b"{}"), timeout=60).read()


def wake(workbench, kubectl, name):
    """Seconds from a request to a server that sleeps to its answer."""
    kubectl("apply", "-f", "-", stdin=json.dumps(service(name, 0)))
    kubectl("wait", "--for=condition=Ready", f"isvc/{name}", "--timeout=60s")
    kubectl("wait", "--for=delete", "pods", "-l", f"serving.kserve.io/inferenceservice={name}", "--timeout=60s")
    begin = time.monotonic()
    post(f"{workbench.address}/serving/default/{name}{PATH}")
    spent = time.monotonic() - begin
    kubectl("delete", "isvc", name)
    return spent
