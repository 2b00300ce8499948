"""A real browser, driven over its DevTools protocol."""

import json
import shutil
import subprocess
import urllib.request

import pytest
import websocket
from conftest import wait_for

# Keys that are no text, with what a page is told of them.
KEYS = {"Enter": 13, "a": 65}
CONTROL, SHIFT = 2, 8


class Browser:
    """Chromium without a window, with one page."""

    def __init__(self, directory):
        program = shutil.which("chromium") or shutil.which("google-chrome")
        if program is None:
            pytest.skip("chromium is not installed")
        self.number = 0
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--window-size=1280,900", "--remote-debugging-port=0", "--remote-allow-origins=*", "--no-proxy-server",
             f"--user-data-dir={directory}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        chosen = directory / "DevToolsActivePort"
        port = wait_for(lambda: chosen.exists() and chosen.read_text().splitlines(), 60, "the browser")[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=20) as answer:
            page = next(page for page in json.load(answer) if page["type"] == "page")
        self.socket = websocket.create_connection(page["webSocketDebuggerUrl"], timeout=60)
        self.ask("Runtime.enable")
        self.ask("Page.enable")

    def ask(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, url):
        self.ask("Page.navigate", url=url)

    def evaluate(self, expression):
        """What an expression of JavaScript gives on the page; nothing where it fails, as while the page loads."""
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return result["result"].get("value")

    def until(self, expression, seconds=60):
        try:
            return wait_for(lambda: self.evaluate(expression), seconds, expression)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.evaluate('document.body.innerText')}") from None

    def click(self, selector):
        box = f"(e => e && (r => [r.x + r.width / 2, r.y + r.height / 2])(e.getBoundingClientRect()))(document.querySelector({selector!r}))"
        x, y = self.until(box)
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def fill(self, selector, text):
        """Types until it stands there: an editor that its page makes anew loses what was typed before."""
        element = f"document.querySelector({selector!r})"

        def stands_there():
            if self.evaluate(f"{element}?.innerText.trim()") == text:
                return True
            self.click(selector)
            if self.evaluate(f"{element}.contains(document.activeElement)"):
                self.press("a", CONTROL)
                self.type(text)
            return False

        wait_for(stands_there, 60, f"{text!r} in {selector}")

    def press(self, key, modifiers=0):
        code = KEYS[key]
        for kind in ("rawKeyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, modifiers=modifiers,
                windowsVirtualKeyCode=code, nativeVirtualKeyCode=code,
            )

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)
