"""A display, a session bus and a desktop on a home of its own, for the tests of the real window."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from bus import Bus, Tray
from webdriver import Browser, until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples"
COMMAND = os.environ["CORACLE_BIN"]
DESKTOP = os.environ["CORACLE_DESKTOP_BIN"]
DRIVER = os.environ["TAURI_DRIVER"]
SCREEN = "1440x900x24"


class Machine:
    """A display with a window manager, and a session bus with what a desktop's shell has on it."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        reading, writing = os.pipe()
        self.start(["Xvfb", "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp"], pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as answer:
            self.display = f":{answer.readline().strip()}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("CORACLE_", "XDG_", "LC_", "WAYLAND_"))},
            "DISPLAY": self.display,
            "LANG": "C.UTF-8",
            "GDK_BACKEND": "x11",
            "NO_AT_BRIDGE": "1",
            "XDG_RUNTIME_DIR": str(folder / "runtime"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_DOWNLOAD_DIR": str(folder / "downloads"),
        }
        for name in ("runtime", "config", "downloads"):
            (folder / name).mkdir(mode=0o700)
        # Where GTK and others look a folder up that has a meaning.
        (folder / "config" / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{folder / "downloads"}"\n')
        self.bus = Bus(folder / "bus")
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self.bus.address
        self.start(["openbox"], env=self.environment)
        until(lambda: "_NET_SUPPORTING_WM_CHECK" in self.tool("xprop", "-root"), "the window manager does not come")

    def start(self, command, **options):
        log = open(self.folder / "machine.log", "ab")
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **options)
        self.processes.append(process)
        return process

    def tool(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=30).stdout

    def windows(self):
        """The titles of the windows that can be seen."""
        found = self.tool("xdotool", "search", "--onlyvisible", "--name", "").split()
        names = (self.tool("xdotool", "getwindowname", window).strip() for window in found)
        return [name for name in names if name]

    def is_shown(self, title):
        return any(title in shown for shown in self.windows())

    def press(self, title, key):
        """Presses a key in the window of that title, once it has the keyboard."""
        def has_keyboard():
            active = self.tool("xdotool", "getactivewindow").strip()
            if self.tool("xdotool", "getwindowname", active).strip() != title:
                self.tool("wmctrl", "-F", "-a", title)
                return False
            # GTK hears keys by a window of its own, inside, to which it takes the focus in its own time; and by then
            # another window may have taken it.
            focused = self.tool("xdotool", "getwindowfocus", "-f").strip()
            tree = self.tool("xwininfo", "-int", "-children", "-id", focused)
            return f"Parent window id: {active} " in tree

        until(has_keyboard, lambda: f"no window {title!r} among {self.windows()}")
        self.tool("xdotool", "key", key)

    def close_window(self, title):
        """As by its button."""
        self.tool("wmctrl", "-F", "-c", title)

    def close(self):
        for process in reversed(self.processes):
            end(process)
        self.bus.close()


class Desktop:
    """The desktop on one home."""

    def __init__(self, machine, home, engine):
        self.machine, self.home = machine, home
        self.environment = {**machine.environment, "CORACLE_HOME": str(home), "CORACLE_ENGINE": engine, "CORACLE_LOG": "warn,coracle=debug", "NO_COLOR": "1", "VIRTUAL_ENV": sys.prefix}
        self.processes, self.browser = [], None

    def start(self, command, **options):
        log = open(self.home / "desktop.log", "ab")
        process = subprocess.Popen(list(map(str, command)), env=self.environment, stdin=subprocess.DEVNULL, stderr=log, start_new_session=True, **options)
        self.processes.append(process)
        return process

    def begin(self, *arguments):
        """Starts the desktop as a menu of the system does."""
        before = len(self.machine.bus.items)
        process = self.start([DESKTOP, *arguments])
        until(lambda: len(self.machine.bus.items) > before or process.poll() is not None, lambda: self.log)
        assert process.poll() is None, self.log
        return process

    @property
    def tray(self):
        return Tray(self.machine.bus)

    def drive(self, *arguments):
        """Starts the desktop by its driver."""
        with_port, native = free_port(), free_port()
        self.start([DRIVER, "--port", with_port, "--native-port", native], stdout=subprocess.DEVNULL)
        driver = f"http://127.0.0.1:{with_port}"
        until(lambda: answers(driver), "the driver does not answer")
        self.browser = Browser(driver, DESKTOP, arguments)
        return self.browser

    def say(self, *arguments):
        """Starts the desktop once more, which tells the one that runs."""
        said = subprocess.run([DESKTOP, *map(str, arguments)], env=self.environment, capture_output=True, text=True, timeout=60)
        assert said.returncode == 0, said.stderr
        return said

    def serve(self):
        """A workbench of its own beside the desktop, and where it is."""
        server = self.start([COMMAND, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        line = server.stdout.readline()
        assert line.startswith("listening on http://"), self.log
        return server, line.removeprefix("listening on ").strip()

    def command(self, *words, code=0):
        said = subprocess.run([COMMAND, *map(str, words)], env=self.environment, capture_output=True, text=True, timeout=180)
        assert said.returncode == code, said.stdout + said.stderr
        return said.stdout

    def json(self, *words):
        return json.loads(self.command(*words, "-o", "json"))

    def workbench(self):
        """What the home says of the workbench on it: its address and its process."""
        return json.loads((self.home / "data" / "workbench.json").read_text())

    @property
    def log(self):
        file = self.home / "desktop.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def close(self):
        if self.browser:
            self.browser.close()
        for process in reversed(self.processes):
            end(process)


def end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(url):
    try:
        with urllib.request.urlopen(url + "/status", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@pytest.fixture(scope="session")
def machine(tmp_path_factory):
    machine = Machine(tmp_path_factory.mktemp("machine"))
    yield machine
    machine.close()


@pytest.fixture
def desktop(machine, tmp_path):
    desktop = Desktop(machine, tmp_path, "process")
    yield desktop
    desktop.close()
    print(desktop.log)
