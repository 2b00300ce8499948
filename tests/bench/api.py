"""Runs made by fifty clients at once through KFP's API, and lists of ten thousand of them."""

import http.client
import json
import statistics
import threading
import time
import urllib.parse

import pipelines
from workbench import Workbench

RUNS, CLIENTS, PAGE = 10_000, 50, 100
ROOT = "/apis/v2beta1"
SORTS = ("created_at", "display_name", "finished_at", "scheduled_at", "state", "storage_state", "experiment_id", "run_id",
         "description")


def measure(folder, table):
    definition = json.loads(pipelines.write(folder, "one", pipelines.layers(1, 1)).read_text())
    with Workbench(folder / "home", engine="fake") as workbench:
        version = upload(workbench, definition)
        seconds = create(workbench, definition, version)
        table.row(f"{CLIENTS} clients making runs: p99", cut(seconds), 100, " ms")
        client = Client(workbench)
        wait_until_over(client)
        orders = [f"{field} {direction}" for field in SORTS for direction in ("asc", "desc")]
        slowest = max(orders, key=lambda order: cut(listing(client, table, sort_by=order)))
        table.row(f"a page of {PAGE} of {RUNS} runs, by `{slowest}`: p99", cut(listing(client, table, sort_by=slowest)), 20, " ms")
        for operation, value in ("EQUALS", "run 7777"), ("IS_SUBSTRING", "777"):
            predicate = {"operation": operation, "key": "display_name", "string_value": value}
            found = listing(client, table, filter=json.dumps({"predicates": [predicate]}))
            table.row(f"runs whose name {operation} a text: p99", cut(found), 30, " ms")


class Client:
    """One connection that is kept."""

    def __init__(self, workbench):
        self.connection = http.client.HTTPConnection(urllib.parse.urlparse(workbench.address).netloc)

    def ask(self, method, path, body=None):
        self.connection.request(method, ROOT + path, body=None if body is None else json.dumps(body))
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, (path, answer.status, text[:500])
        return text


def upload(workbench, definition):
    boundary = "bench"
    text = (f"--{boundary}\r\nContent-Disposition: form-data; name=\"uploadfile\"; filename=\"p.yaml\"\r\n\r\n"
            f"{json.dumps(definition)}\r\n--{boundary}--\r\n")
    connection = Client(workbench).connection
    connection.request("POST", f"{ROOT}/pipelines/upload?name=one", body=text,
                       headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
    return {"pipeline_id": json.load(connection.getresponse())["pipeline_id"]}


def create(workbench, definition, version):
    """Makes all runs, half of them with a definition of their own; how long each took, in seconds."""
    seconds, ids, lock = [], [], threading.Lock()
    numbers = iter(range(RUNS))

    def work():
        client = Client(workbench)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            source = {"pipeline_spec": definition} if number % 2 else {"pipeline_version_reference": version}
            begin = time.monotonic()
            made = json.loads(client.ask("POST", "/runs", {"display_name": f"run {number}", **source}))
            took = time.monotonic() - begin
            with lock:
                seconds.append(took)
                ids.append(made["run_id"])

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"   {len(ids)} runs made in {time.monotonic() - begin:.1f} s, p50 {statistics.median(seconds) * 1000:.1f} ms")
    names = check_complete(Client(workbench), set(ids))
    assert len(set(ids)) == RUNS and names == {f"run {number}" for number in range(RUNS)}, "runs were lost or doubled"
    return seconds


def check_complete(client, ids):
    """The names of all runs, page by page, each of which is one that was made."""
    names, token = [], ""
    while True:
        page = json.loads(client.ask("GET", f"/runs?page_size=200&page_token={urllib.parse.quote(token)}"))
        assert all(run["run_id"] in ids for run in page["runs"])
        names += [run["display_name"] for run in page["runs"]]
        token = page.get("next_page_token", "")
        if not token:
            assert len(names) == page["total_size"] == RUNS, (len(names), page["total_size"])
            return set(names)


def wait_until_over(client):
    over = urllib.parse.quote(json.dumps(
        {"predicates": [{"operation": "IN", "key": "state", "string_values": {"values": ["SUCCEEDED", "FAILED"]}}]}))
    deadline = time.monotonic() + 300
    while json.loads(client.ask("GET", f"/runs?page_size=1&filter={over}")).get("total_size") != RUNS:
        assert time.monotonic() < deadline, "the runs do not end"
        time.sleep(0.5)


def listing(client, table, **query):
    """How long each of some lists took, in seconds."""
    path = "/runs?" + urllib.parse.urlencode({"page_size": PAGE, **query})
    seconds = []
    for _ in range(20 * table.repetitions):
        begin = time.monotonic()
        client.ask("GET", path)
        seconds.append(time.monotonic() - begin)
    return seconds


def cut(seconds):
    """The 99th percentile in milliseconds."""
    return statistics.quantiles(seconds, n=100)[98] * 1000
