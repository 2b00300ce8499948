"""The real window, driven through WebKit's driver: what people do in it, and what it may not do."""

import json
import pathlib
import shutil
import subprocess

import pytest
from conftest import EXAMPLES
from webdriver import Refused, until

HELLO = EXAMPLES / "hello" / "pipeline.yaml"


def test_the_journey(desktop):
    """A pipeline is uploaded, run with a parameter, watched to its end, and its log is read."""
    window = desktop.drive()
    window.see("Coracle")
    window.click("//nav//a[normalize-space()='Pipelines']")
    window.see("No pipelines yet")
    window.click("(//button[normalize-space()='Upload pipeline'])[1]")
    window.choose_file("//input[@type='file']", HELLO)
    window.click("//aside//button[@type='submit']")
    window.see("greet")
    window.button("New run")
    window.type("//label[starts-with(normalize-space(),'name')]/following::input[1]", "desktop")
    window.see('"name": "desktop"')
    window.click("//button[@type='submit']")
    window.see("hello · run 1")
    window.see("Succeeded")
    window.click("//*[@data-task='greet']//*[@role='button' or self::button]")
    window.click("//*[@role='tab'][normalize-space()='Logs']")
    window.see("hello, desktop")
    assert "succeeded" in desktop.command("runs").lower()


def test_it_speaks_a_language_in_any_locale(desktop):
    """The display's locale is C.UTF-8, under which WebKit names none and `Intl` throws."""
    window = desktop.drive()
    window.see("Coracle")
    assert window.run("return [navigator.language, new Intl.NumberFormat().format(1234.5)]") == ["en-US", "1,234.5"]


def test_a_file_is_offered_to_be_run(desktop):
    window = desktop.drive()
    window.see("Coracle")
    window.run("location.hash = '#/settings'")
    desktop.say(HELLO)
    window.see("Upload and run")
    window.see("pipeline.yaml")
    window.click("//aside//button[@type='submit']")
    until(lambda: "#/new-run?" in window.url, lambda: window.url)
    window.see("of hello")
    assert desktop.json("runs")["runs"] == []


def test_a_file_on_the_command_line_waits_for_the_page(desktop):
    file = desktop.home / "archive.zip"
    shutil.make_archive(str(file.with_suffix("")), "zip", HELLO.parent, HELLO.name)
    window = desktop.drive(file)
    window.see("Upload and run")
    window.see("archive.zip")
    window.type("//label[starts-with(normalize-space(),'Name of the pipeline')]/following::input[1]", "zipped")
    window.click("//aside//button[@type='submit']")
    window.see("of zipped")


def test_a_link_shows_its_run(desktop):
    window = desktop.drive()
    window.see("Coracle")
    run = desktop.json("run", HELLO, "--detach", "--name", "greeting")["run_id"]
    desktop.say(f"coracle://run/{run}")
    until(lambda: window.url.endswith(f"#/runs/{run}"), lambda: window.url)
    window.see("greeting")
    desktop.say("coracle://run/../secrets")
    assert window.url.endswith(f"#/runs/{run}")


def test_pages_cannot_call_the_desktop(desktop):
    """Nothing is granted to them: no command of Tauri's and of no plugin of it can be called."""
    window = desktop.drive()
    window.see("Coracle")
    for command in ("plugin:window|close", "plugin:event|listen", "plugin:webview|create_webview_window", "plugin:window-state|save_window_state", "plugin:resources|close"):
        said = window.run_to_end(
            f"const done = arguments[arguments.length - 1];"
            f"window.__TAURI_INTERNALS__.invoke({command!r}, {{}}).then(() => done('done'), (error) => done(String(error)))"
        )
        assert "not allowed" in said, (command, said)


def test_only_the_workbench_is_shown(desktop):
    window = desktop.drive()
    window.see("Coracle")
    own = window.url
    for address in ("http://localhost:1/", "file:///etc/passwd"):
        window.run(f"location.href = {address!r}")
        window.see("Coracle")
        assert window.url.split("#")[0] == own.split("#")[0]
    with pytest.raises(Refused):
        window.run("return eval('1')")


def test_it_joins_a_workbench_and_goes_on_as_one(desktop):
    """A workbench that runs already is shown, goes on when the desktop ends, and is followed by the desktop when it ends."""
    server, joined = desktop.serve()
    window = desktop.drive()
    window.see("Coracle")
    assert window.url.startswith(joined)
    server.terminate()
    server.wait(20)
    until(lambda: not window.url.startswith(joined), "the window stays where nobody answers")
    window.see("Coracle")
    assert window.url.startswith(desktop.workbench()["address"])
    desktop.command("runs")


def put_link(window, attributes):
    window.run(f"document.body.insertAdjacentHTML('afterbegin', `<a id='link' style='position: fixed; z-index: 9999; top: 0; background: white' {attributes}>a link</a>`)")
    window.click("//a[@id='link']")


def test_a_download_is_kept_and_told(desktop):
    window = desktop.drive()
    window.see("Coracle")
    told = desktop.machine.bus.notifications
    before = len(told)
    put_link(window, "href='/apis/coracle/v1/openapi.json' download='described.json'")
    file = desktop.machine.folder / "downloads" / "described.json"
    until(lambda: len(told) > before, "nothing is told")
    assert (told[-1]["title"], told[-1]["text"]) == ("described.json is saved", str(file.parent))
    assert json.loads(file.read_text())["openapi"]
    assert "#/" in window.url


def test_a_page_may_open_another_of_the_workbench(desktop):
    window = desktop.drive()
    window.see("Coracle")
    known = len(desktop.machine.windows())
    put_link(window, "href='/apis/coracle/v1/health' target='_blank'")
    until(lambda: len(desktop.machine.windows()) > known, desktop.machine.windows)


def test_a_file_that_is_dropped_is_offered_to_be_run(desktop):
    machine = desktop.machine
    window = desktop.drive()
    window.see("Coracle")
    machine.tool("wmctrl", "-F", "-r", "Coracle", "-e", "0,300,100,900,700")
    desktop.start(["/usr/bin/python3", pathlib.Path(__file__).parent / "drag_source.py", HELLO], stdout=subprocess.DEVNULL)
    until(lambda: machine.is_shown("Drag source"), machine.windows)
    machine.tool("wmctrl", "-F", "-r", "Drag source", "-e", "0,20,200,160,120")

    def dropped():
        """Whoever is dragged over has to answer each step, so a drag that was too quick is made again."""
        machine.tool("wmctrl", "-F", "-a", "Drag source")
        machine.tool("xdotool", "mousemove", "100", "270", "mousedown", "1")
        for step in range(1, 12):
            machine.tool("xdotool", "mousemove", "--sync", str(100 + 50 * step), str(270 + 10 * step))
        machine.tool("xdotool", "mouseup", "1")
        return "Upload and run" in window.text

    until(dropped, lambda: window.text)
    window.see("pipeline.yaml")
