"""What stands around the window: the tray, notifications, dialogs, and that there is one desktop."""

import os
import signal
import subprocess

import pipelines
from conftest import DESKTOP, EXAMPLES
from webdriver import until

GOES_ON = "Coracle goes on in the tray"
NOTIFIES = "Tell of failed and long runs"
AT_LOGIN = "Start at login"


def begun(desktop, name, script):
    """Begins a run and returns its id."""
    return desktop.json("run", pipelines.write(desktop.home, name, script), "--detach", "--name", name)["run_id"]


def test_the_tray_shows_what_runs_and_what_ran(desktop):
    desktop.begin("--hidden")
    until(lambda: "Nothing runs" in desktop.tray.lines(), lambda: desktop.tray.lines())
    quiet = desktop.tray.property("IconName")
    file = desktop.home / "go"
    begun(desktop, "waits", f"until [ -e {file} ]; do sleep 0.1; done")
    until(lambda: "1 run at work" in desktop.tray.lines(), lambda: desktop.tray.lines())
    assert "waits · running" in desktop.tray.lines() or "waits · waiting" in desktop.tray.lines()
    assert desktop.tray.property("IconName") != quiet
    file.touch()
    until(lambda: "waits · succeeded" in desktop.tray.lines(), lambda: desktop.tray.lines())
    assert "Nothing runs" in desktop.tray.lines()
    # The window was not asked for, and comes from the tray.
    assert not desktop.machine.is_shown("Coracle")
    desktop.tray.choose("Open Coracle")
    until(lambda: desktop.machine.is_shown("Coracle"), "the tray shows no window")


def test_a_run_that_failed_is_told_and_shown(desktop):
    window = desktop.drive()
    window.see("Coracle")
    told = desktop.machine.bus.notifications
    before = len(told)
    # In front of the window nobody has to be told.
    desktop.machine.close_window("Coracle")
    desktop.machine.press(GOES_ON, "Return")
    until(lambda: not desktop.machine.is_shown("Coracle"), "the window stays")
    begun(desktop, "fine", "true")
    run = begun(desktop, "broken", "exit 3")
    until(lambda: len(told) > before, "nothing is told")
    assert (told[-1]["title"], told[-1]["actions"]) == ("broken failed", ["default"])
    assert "3" in told[-1]["text"]
    desktop.machine.bus.click(told[-1])
    until(lambda: window.url.endswith(f"#/runs/{run}"), lambda: window.url)
    until(lambda: desktop.machine.is_shown("Coracle"), "the click shows no window")
    assert len(told) == before + 1


def test_what_is_set_is_remembered(desktop):
    process = desktop.begin("--hidden")
    login = desktop.machine.folder / "config" / "autostart" / "coracle.desktop"
    assert desktop.tray.is_on(NOTIFIES) and not desktop.tray.is_on(AT_LOGIN)
    desktop.tray.choose(NOTIFIES)
    desktop.tray.choose(AT_LOGIN)
    until(lambda: not desktop.tray.is_on(NOTIFIES) and desktop.tray.is_on(AT_LOGIN), lambda: desktop.tray.lines())
    assert f'Exec="{DESKTOP}" --hidden' in login.read_text()
    told = len(desktop.machine.bus.notifications)
    begun(desktop, "broken", "exit 3")
    until(lambda: "broken · failed" in desktop.tray.lines(), lambda: desktop.tray.lines())
    assert len(desktop.machine.bus.notifications) == told
    desktop.say("--quit")
    assert process.wait(20) == 0
    desktop.begin("--hidden")
    assert not desktop.tray.is_on(NOTIFIES) and desktop.tray.is_on(AT_LOGIN)
    desktop.tray.choose(AT_LOGIN)
    until(lambda: not login.exists(), "it still starts at login")


def test_the_window_closes_to_the_tray_and_says_so_once(desktop):
    process = desktop.begin()
    machine = desktop.machine
    until(lambda: machine.is_shown("Coracle"), "no window")
    machine.close_window("Coracle")
    machine.press(GOES_ON, "Return")
    until(lambda: not machine.is_shown("Coracle"), machine.windows)
    # Starting it again shows it, in the process that there is.
    desktop.say()
    until(lambda: machine.is_shown("Coracle"), "no window")
    machine.close_window("Coracle")
    until(lambda: not machine.is_shown("Coracle"), machine.windows)
    assert process.poll() is None


def test_the_window_is_where_it_was(desktop):
    machine = desktop.machine

    def place():
        found = machine.tool("xdotool", "search", "--onlyvisible", "--name", "^Coracle$").split()
        return machine.tool("xdotool", "getwindowgeometry", "--shell", found[0]).split()[1:5] if found else None

    process = desktop.begin()
    first = until(place, "no window")
    machine.tool("wmctrl", "-F", "-r", "Coracle", "-e", "0,120,90,900,600")
    until(lambda: "WIDTH=900" in (place() or []), place)
    moved = place()
    assert moved != first
    desktop.say("--quit")
    assert process.wait(20) == 0
    desktop.begin()
    until(lambda: place() == moved, lambda: f"{place()} and not {moved}")


def test_quitting_asks_where_it_would_stop_work(desktop):
    process = desktop.begin("--hidden")
    run = begun(desktop, "long", "sleep 600")
    until(lambda: "long · running" in desktop.tray.lines(), lambda: desktop.tray.lines())
    desktop.tray.choose("Quit")
    desktop.machine.press("Quit Coracle?", "Escape")
    until(lambda: not desktop.machine.is_shown("Quit Coracle?"), "the question stays")
    assert process.poll() is None
    desktop.say("--quit")
    desktop.machine.press("Quit Coracle?", "Return")
    assert process.wait(20) == 0
    # Its step goes on, and is taken up.
    assert desktop.json("get", run)["state"] == "RUNNING"
    desktop.begin("--hidden")
    until(lambda: "long · running" in desktop.tray.lines(), lambda: desktop.tray.lines())
    desktop.command("cancel", run)
    until(lambda: "Nothing runs" in desktop.tray.lines(), lambda: desktop.tray.lines())


def test_quitting_asks_nothing_where_another_process_works(desktop):
    desktop.serve()
    process = desktop.begin("--hidden")
    run = begun(desktop, "long", "sleep 600")
    until(lambda: "long · running" in desktop.tray.lines(), lambda: desktop.tray.lines())
    desktop.say("--quit")
    assert process.wait(20) == 0
    assert desktop.json("get", run)["state"] == "RUNNING"
    desktop.command("cancel", run)


def test_code_is_run_only_after_it_was_allowed(desktop):
    ran = desktop.home / "ran"
    script = desktop.home / "pipeline.py"
    script.write_text(f"open({str(ran)!r}, 'w')\n" + (EXAMPLES / "hello" / "pipeline.py").read_text())
    window = desktop.drive()
    window.see("Coracle")
    desktop.say(script)
    desktop.machine.press("Compile pipeline.py?", "Escape")
    until(lambda: not desktop.machine.is_shown("Compile"), "the question stays")
    assert not ran.exists()
    desktop.say(script)
    desktop.machine.press("Compile pipeline.py?", "Return")
    window.see("Upload and run")
    window.see("pipeline.yaml")
    assert ran.exists()


def test_a_termination_ends_it_in_order(desktop):
    process = desktop.begin()
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(20) == 0
    desktop.begin()


def test_without_a_display_it_says_what_needs_none(desktop):
    environment = {name: value for name, value in desktop.environment.items() if name != "DISPLAY"}
    said = subprocess.run([DESKTOP], env=environment, capture_output=True, text=True, timeout=60)
    assert said.returncode == 1
    assert "no display" in said.stderr and "coracle serve" in said.stderr
