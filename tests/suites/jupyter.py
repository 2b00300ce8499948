"""A client of Jupyter's own API: kernels over their WebSocket, as a browser's page speaks it."""

import http.cookiejar
import json
import urllib.error
import urllib.request
import uuid

import websocket
from conftest import wait_for

# The file of kernels' messages that a page and a server agree on.
CONTENT = "application/json"


class Jupyter:
    """A server of notebooks, at the address that the workbench serves it at."""

    def __init__(self, workbench, name, namespace="default"):
        self.host = workbench.removeprefix("http://")
        self.prefix = f"/notebook/{namespace}/{name}"
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def ask(self, method, path, body=None):
        """The status, and the answer as JSON where it is."""
        headers = {"Content-Type": CONTENT}
        headers.update({"X-XSRFToken": cookie.value for cookie in self.cookies if cookie.name == "_xsrf"})
        data = None if body is None else json.dumps(body).encode()
        url = f"http://{self.host}{self.prefix}{path}"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with self.opener.open(request, timeout=20) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text.startswith((b"{", b"[")) else text
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def until_it_serves(self, seconds=60):
        """Waits for the server, and opens its page, with which its cookie comes."""
        wait_for(lambda: self.ask("GET", "/api")[0] == 200, seconds, f"{self.prefix}/api")
        assert self.ask("GET", "/lab")[0] == 200
        return self

    def start_kernel(self):
        status, kernel = self.ask("POST", "/api/kernels", {"name": "python3"})
        assert status == 201, kernel
        return Kernel(self, kernel["id"])


class Kernel:
    """A kernel, over a WebSocket of its own."""

    def __init__(self, jupyter, key):
        self.jupyter = jupyter
        self.key = key
        self.session = uuid.uuid4().hex
        self.connect()

    def connect(self):
        cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jupyter.cookies)
        self.socket = websocket.create_connection(
            f"ws://{self.jupyter.host}{self.jupyter.prefix}/api/kernels/{self.key}/channels?session_id={self.session}",
            cookie=cookie, timeout=60,
        )

    def run(self, code):
        """What the code prints; an error in it is one here."""
        key = uuid.uuid4().hex
        header = {"msg_id": key, "msg_type": "execute_request", "session": self.session, "username": "", "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
                   "stop_on_error": False}
        self.socket.send(json.dumps({
            "channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": [],
        }))
        printed = []
        while True:
            message = json.loads(self.socket.recv())
            if message["parent_header"].get("msg_id") != key:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "stream" and content["name"] == "stdout":
                printed.append(content["text"])
            elif kind == "execute_result":
                printed.append(content["data"]["text/plain"])
            elif kind == "error":
                raise AssertionError("\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle":
                return "".join(printed).strip()
