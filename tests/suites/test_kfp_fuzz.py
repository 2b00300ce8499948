"""A few of the made-up requests of `tests/conformance/fuzz`, which sends 20,000."""

import os
import subprocess
import sys

import pytest
from conftest import BINARY, ROOT


@pytest.mark.parametrize("api,number", [("kfp", 1000), ("workbench", 300)])
def test_made_up_requests_are_answered_without_failures(api, number):
    sent = subprocess.run(
        [sys.executable, ROOT / "tests" / "conformance" / "fuzz", api, "--requests", str(number), "--seed", "3"],
        env={**os.environ, "CORACLE_BIN": BINARY}, capture_output=True, text=True, timeout=600,
    )
    assert sent.returncode == 0, sent.stdout + sent.stderr[-3000:]
    last = sent.stdout.splitlines()[-1]
    assert last.endswith(" requests, 0 failures") and int(last.split()[0]) > number * 0.8, last
