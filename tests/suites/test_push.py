"""`coracle push`: images of the engine to the distribution's own registry, through what breaks off, refuses, and asks who one is."""

import base64
import json
import signal
import subprocess
import threading
import time
import urllib.parse
import uuid

import pytest
from conftest import BINARY, wait_for
from registry import Cut, Front, build, docker, noise, registry  # noqa: F401

MIB = 1 << 20

# More than the pieces in which layers go, of 16 MiB, so that some are whole when it breaks off in the middle.
LARGE = 40 * MIB


@pytest.fixture
def front(registry):  # noqa: F811
    front = Front(registry)
    yield front
    front.close()


@pytest.fixture
def images(on_docker):
    """Names for images of a test, which go with it."""
    names = []

    def name():
        names.append(f"coracle.test/push-{uuid.uuid4().hex[:8]}:1")
        return names[-1]

    yield name
    subprocess.run(["docker", "rmi", "--force", *names], capture_output=True, timeout=120)


@pytest.fixture
def large(images):
    """An image of one layer that takes several pieces, and other bytes each time."""
    name = images()
    build(name, noise(LARGE, uuid.uuid4().int))
    return name


@pytest.fixture
def push(on_docker, tmp_path):
    """Pushes with Docker's credentials from a folder that has none unless a test puts some there."""
    folder = tmp_path / "docker"
    folder.mkdir()
    on_docker.environment["DOCKER_CONFIG"] = str(folder)

    def push(image, destination, code=0):
        result = on_docker("push", image, destination, "-o", "json")
        assert result.returncode == code, result.stderr
        assert "panicked" not in result.stderr, result.stderr
        return json.loads(result.stdout) if code == 0 else json.loads(result.stdout or result.stderr)["error"]

    push.folder = folder
    return push


def repository():
    """One that nobody pushed to before."""
    return f"team/{uuid.uuid4().hex[:8]}"


def states(answer):
    return sorted(layer["state"] for layer in answer["layers"] if layer["layer"] > 0)


def test_what_is_pushed_is_whole_by_its_digests_and_pulled_as_the_same_image(push, registry, images):  # noqa: F811
    name, place = images(), repository()
    image_id = build(name, noise(3 * MIB, 1), b"the same line\n" * 200_000, b"")
    answer = push(name, f"{registry.address}/{place}:v1")
    digest, config, layers = registry.verify(place, "v1")
    told = answer["pushed"]
    assert (told["digest"], told["id"], told["layers"]) == (digest, config, len(set(layers)))
    assert told["reference"] == f"{registry.address}/{place}:v1" and config == image_id
    assert states(answer) == ["sent"] * 3
    docker("rmi", "--force", name)
    pulled = f"{registry.address}/{place}@{digest}"
    docker("pull", "--quiet", pulled)
    try:
        assert docker("image", "inspect", "--format", "{{.Id}}", pulled) == image_id
    finally:
        docker("rmi", "--force", image_id)


def test_what_is_there_is_not_sent_again(push, front, images):
    name, grown, place = images(), images(), repository()
    build(name, noise(2 * MIB, 2), noise(MIB, 3))
    first = push(name, f"{front.address}/{place}:1")
    assert states(first) == ["sent", "sent"] and front.received >= 3 * MIB
    assert first["pushed"]["bytes_sent"] == front.received

    front.received = 0
    again = push(name, f"{front.address}/{place}:2")
    assert states(again) == ["there", "there"]
    assert again["pushed"]["digest"] == first["pushed"]["digest"]
    assert (front.received, again["pushed"]["bytes_sent"], again["pushed"]["layers_there"]) == (0, 0, 2)

    build(grown, noise(MIB, 4), base=name)
    more = push(grown, f"{front.address}/{place}:3")
    assert states(more) == ["sent", "there", "there"]
    assert MIB < front.received < 1.1 * MIB

    front.received = 0
    elsewhere = push(name, f"{front.address}/{repository()}:1")
    assert states(elsewhere) == ["mounted", "mounted"]
    assert {layer["from"] for layer in elsewhere["layers"] if layer["layer"] > 0} == {place}
    # The config alone went there.
    assert front.received < 64 << 10


def asks_for(user, password, challenge='Basic realm="registry"'):  # noqa: F811
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def fault(method, path, headers):
        if headers.get("Authorization") != wanted:
            return 401, [("WWW-Authenticate", challenge)], b'{"errors": [{"code": "UNAUTHORIZED", "message": "who are you"}]}'

    return fault


def login(folder, address, user, password):
    """As `docker login` leaves it."""
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {address: {"auth": auth}}}))


def test_who_pushes_is_who_docker_knows(push, front, images):
    name, place = images(), repository()
    build(name, noise(MIB, 5))
    front.faults.append(asks_for("ada", "hush"))
    nobody = push(name, f"{front.address}/{place}:1", code=1)
    assert nobody["code"] == "registry" and "(401)" in nobody["message"] and "who are you" in nobody["message"], nobody
    assert "somebody unnamed" in nobody["message"] and f"docker login {front.address}" in nobody["hint"], nobody
    login(push.folder, front.address, "ada", "wrong")
    wrong = push(name, f"{front.address}/{place}:1", code=1)
    assert "(401)" in wrong["message"] and "ada" in wrong["message"], wrong
    assert "wrong" not in json.dumps(wrong)
    login(push.folder, front.address, "ada", "hush")
    assert states(push(name, f"{front.address}/{place}:1")) == ["sent"]


def test_a_token_is_asked_for_what_is_pushed(push, front, images):
    name, place = images(), repository()
    build(name, noise(MIB, 6))
    login(push.folder, front.address, "ada", "hush")
    scopes = []

    def token(method, path, headers):
        url = urllib.parse.urlparse(path)
        if url.path != "/token":
            if headers.get("Authorization") == "Bearer one-token":
                return None
            challenge = f'Bearer realm="http://{front.address}/token",service="tests"'
            if url.path != "/v2/":
                challenge += f',scope="repository:{place}:pull,push"'
            return 401, [("WWW-Authenticate", challenge)], b"{}"
        refused = asks_for("ada", "hush")(method, path, headers)
        if refused:
            return refused
        scopes.extend(urllib.parse.parse_qs(url.query).get("scope", []))
        return 200, [("Content-Type", "application/json")], b'{"token": "one-token"}'

    front.faults.append(token)
    assert states(push(name, f"{front.address}/{place}:1")) == ["sent"]
    assert scopes and all(scope.startswith(f"repository:{place}:") and "push" in scope for scope in scopes), scopes


def test_who_may_not_push_is_told_so(push, front, images):
    name, place = images(), repository()
    build(name, b"x")
    login(push.folder, front.address, "ada", "hush")
    body = b'{"errors": [{"code": "DENIED", "message": "readers only"}]}'
    front.faults.append(lambda method, path, headers: (403, [], body) if method == "POST" else None)
    refused = push(name, f"{front.address}/{place}:1", code=1)
    assert refused["code"] == "registry" and "(403)" in refused["message"] and "readers only" in refused["message"], refused
    assert place in refused["message"] and front.address in refused["message"], refused


def test_a_registry_that_makes_no_repositories_is_told_so(push, front, images):
    name, place = images(), repository()
    build(name, b"x")
    body = b'{"errors": [{"code": "NAME_UNKNOWN", "message": "no such name"}]}'
    front.faults.append(lambda method, path, headers: (404, [], body) if method == "POST" else None)
    refused = push(name, f"{front.address}/{place}:1", code=1)
    assert refused["code"] == "registry" and f"has no repository `{place}`" in refused["message"], refused


def test_what_is_not_there_is_named(push, images):
    unknown = push("coracle.test/never-built:1", "127.0.0.1:1/team/x:1", code=4)
    assert "coracle.test/never-built:1" in unknown["message"], unknown
    name = images()
    build(name, b"x")
    begin = time.monotonic()
    unreachable = push(name, "127.0.0.1:1/team/x:1", code=1)
    assert unreachable["code"] == "registry" and "127.0.0.1:1" in unreachable["message"], unreachable
    # A name that is wrong is told before one has given up waiting.
    assert time.monotonic() - begin < 15
    bad = push(name, "team/x:1", code=2)
    assert "names no registry" in bad["message"], bad


def test_a_registry_that_asks_for_patience_gets_it(push, front, images):
    name, place = images(), repository()
    build(name, noise(MIB, 7))
    refusals = [2, 1]

    def busy(method, path, headers):
        if method == "POST" and refusals:
            return 429, [("Retry-After", str(refusals.pop(0)))], b"{}"

    front.faults.append(busy)
    assert states(push(name, f"{front.address}/{place}:1")) == ["sent"]
    begun = [at for at, method, _ in front.asked if method == "POST"]
    # The third and last of the layer's; the config's comes after it.
    assert begun[1] - begun[0] >= 2 and begun[2] - begun[1] >= 1


@pytest.mark.parametrize("part", [0.5, 0.6])
@pytest.mark.parametrize("size", [4 * MIB, LARGE])
def test_a_layer_that_broke_off_goes_on_where_it_was(push, front, registry, images, size, part):  # noqa: F811
    name, place = images(), repository()
    build(name, noise(size, uuid.uuid4().int))

    def cut():
        raise Cut

    front.at.append((int(size * part), cut))
    answer = push(name, f"{front.address}/{place}:1")
    assert front.at == [], "it never broke off"
    again = front.received - size * part
    assert (1 - part) * size - 256 * 1024 < again <= (1.1 - part) * size + 256 * 1024, again / size
    assert registry.verify(place, "1")[0] == answer["pushed"]["digest"]


def test_a_registry_that_is_started_anew_gets_the_rest(push, front, registry, large):  # noqa: F811
    place = repository()

    def restart():
        registry.kill()
        assert registry.up().returncode == 0

    front.at.append((LARGE // 2, restart))
    answer = push(large, f"{front.address}/{place}:1")
    assert front.at == []
    assert front.received <= 1.6 * LARGE
    assert registry.verify(place, "1")[0] == answer["pushed"]["digest"]


def test_after_a_registry_that_died_the_same_command_finishes(push, front, registry, large):  # noqa: F811
    place = repository()
    front.at.append((LARGE // 2, registry.kill))
    try:
        died = push(large, f"{front.address}/{place}:1", code=1)
        assert died["code"] == "registry" and front.address in died["message"], died
        assert "goes on" in died["hint"], died
    finally:
        # Other tests push there too, whatever became of this one.
        again = registry.up()
    assert again.returncode == 0, again.stderr
    front.received = 0
    answer = push(large, f"{front.address}/{place}:1")
    assert front.received <= 0.6 * LARGE
    assert registry.verify(place, "1")[0] == answer["pushed"]["digest"]


@pytest.mark.parametrize("of_server", [False, True], ids=["alone", "on a workbench"])
def test_after_an_interrupt_the_same_command_finishes(on_docker, push, front, registry, large, of_server):  # noqa: F811
    place, go_on = repository(), threading.Event()
    if of_server:
        on_docker.serve()
    front.at.append((LARGE // 2, lambda: go_on.wait(60)))
    pushing = subprocess.Popen(
        [BINARY, "push", large, f"{front.address}/{place}:1"], env=on_docker.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    try:
        wait_for(lambda: not front.at, 60, "half of the layer")
        pushing.send_signal(signal.SIGINT)
        told, notes = pushing.communicate(timeout=30)
    finally:
        go_on.set()
        pushing.kill()
    assert (pushing.returncode, told) == (130, ""), notes
    assert "the same command again goes on" in notes
    front.received = 0
    answer = push(large, f"{front.address}/{place}:1")
    assert front.received <= 0.6 * LARGE
    assert registry.verify(place, "1")[0] == answer["pushed"]["digest"]
