"""As much of the WebDriver protocol as the tests speak, to the driver of Tauri."""

import base64
import contextlib
import http.client
import json
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
WAITS_SECONDS = 60
# tauri-driver keeps connections to WebKit's driver, and does not ask again by itself where one that it takes has just ended.
TRIES = 4


class Refused(Exception):
    """The driver, or the page through it, says no."""


class Browser:
    """A window of the desktop, driven from outside."""

    def __init__(self, driver, application, arguments):
        self.driver = driver
        options = {"application": str(application), "args": [str(word) for word in arguments]}
        capabilities = {"alwaysMatch": {"browserName": "wry", "tauri:options": options}}
        self.session = self.ask("POST", "/session", {"capabilities": capabilities})["sessionId"]

    def ask(self, method, path, body=None):
        for _ in range(TRIES):
            with contextlib.suppress(http.client.RemoteDisconnected):
                return self.ask_once(method, path, body)
        raise Refused("the driver has lost its connection")

    def ask_once(self, method, path, body):
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.driver + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAITS_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Refused(json.load(error)["value"]["message"]) from None

    def own(self, method, path, body=None):
        return self.ask(method, f"/session/{self.session}{path}", body)

    @property
    def url(self):
        return self.own("GET", "/url")

    def run(self, script, *arguments):
        """What the script returns."""
        return self.own("POST", "/execute/sync", {"script": script, "args": arguments})

    def run_to_end(self, script):
        """What the script's last argument is called with."""
        return self.own("POST", "/execute/async", {"script": script, "args": []})

    def find(self, xpath):
        """The first such element that is there, as soon as it is."""
        return until(lambda: self._find(xpath), lambda: f"no {xpath} at {self.url}:\n{self.text}")

    def _find(self, xpath):
        found = self.own("POST", "/elements", {"using": "xpath", "value": xpath})
        return found[0][ELEMENT] if found else None

    @property
    def text(self):
        return self.run("return document.body.innerText")

    def see(self, text):
        """Waits until the page says it."""
        until(lambda: text in self.text, lambda: f"{text!r} is not at {self.url}:\n{self.text}")

    def click(self, xpath):
        # The page may draw it anew meanwhile, or something may move over it.
        until(lambda: self._clicked(xpath), lambda: f"{xpath} cannot be clicked at {self.url}")

    def _clicked(self, xpath):
        self.own("POST", f"/element/{self.find(xpath)}/click")
        return True

    def button(self, name):
        self.click(f"//button[normalize-space()='{name}' and not(@disabled)]")

    def type(self, xpath, text):
        self.own("POST", f"/element/{self.find(xpath)}/clear")
        self.own("POST", f"/element/{self.find(xpath)}/value", {"text": text})

    def choose_file(self, xpath, path):
        self.own("POST", f"/element/{self.find(xpath)}/value", {"text": str(path)})

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.own("GET", "/screenshot")))

    def close(self):
        """Ends the session. A driver that goes with the window has ended it already."""
        with contextlib.suppress(Refused):
            self.own("DELETE", "")


def until(condition, otherwise="it did not happen", seconds=WAITS_SECONDS):
    """What the condition answers, once that is something; a refusal is not yet an answer."""
    deadline = time.monotonic() + seconds
    while True:
        refused = None
        try:
            if answer := condition():
                return answer
        except Refused as refusal:
            refused = refusal
        if time.monotonic() > deadline:
            raise AssertionError(otherwise() if callable(otherwise) else otherwise) from refused
        time.sleep(0.05)
